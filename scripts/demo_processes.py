"""Processes, and waiting for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import os
from pathlib import Path
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import Any, NoReturn

STOP_LIMIT = 20
"""Seconds in which a process has to end by itself when asked to."""

RESTART_EXIT_CODE = 100
"""Home Assistant ends with it to be started again."""


class DemoError(Exception):
    """The demo cannot go on; the text says why, for whoever started it."""

    def __init__(self, reason: str, log: Path | None = None) -> None:
        """Initialize the error."""
        super().__init__(reason)
        self.log = log
        """Where more can be read."""


def say(text: str) -> None:
    """Tell what is going on, beside the result."""
    print(f"\033[2m{text}\033[0m" if sys.stderr.isatty() else text, file=sys.stderr)


@asynccontextmanager
async def phase(
    text: str, detail: Callable[[], str] = lambda: ""
) -> AsyncIterator[None]:
    """Show that something is going on, and for how long."""
    started = time.monotonic()

    async def tick() -> None:
        while True:
            line = f"{text} … {time.monotonic() - started:.0f}s {detail()}"
            line = line[: shutil.get_terminal_size().columns - 1]
            print(f"\r\033[K\033[2m{line}\033[0m", end="", file=sys.stderr, flush=True)
            await asyncio.sleep(0.5)

    ticker = asyncio.create_task(tick()) if sys.stderr.isatty() else None
    try:
        yield
    finally:
        if ticker:
            ticker.cancel()
            print("\r\033[K", end="", file=sys.stderr, flush=True)
    say(f"{text}: {time.monotonic() - started:.0f} s")


async def until[T](
    check: Callable[[], Awaitable[T | None]], what: str, limit: float
) -> T:
    """Ask again and again until there is an answer."""
    deadline = time.monotonic() + limit
    while (answer := await check()) is None:
        if time.monotonic() > deadline:
            raise DemoError(f"{what}: not within {limit:.0f} seconds.")
        await asyncio.sleep(0.25)
    return answer


def log_tail(log: Path, lines: int = 30) -> str:
    """Return the end of a log."""
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""


@dataclass(slots=True)
class Child:
    """A process that writes a log and forms a group of its own.

    The group keeps Ctrl-C from reaching it directly, and finds what it starts
    in turn.
    """

    name: str
    command: list[str]
    log: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, or start it again."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def ended(self) -> int:
        """Wait for the process to end."""
        assert self.process
        while (code := self.process.poll()) is None:
            await asyncio.sleep(0.2)
        return code

    async def watch(self) -> NoReturn:
        """Complain when the process ends by itself."""
        while True:
            code = await self.ended()
            if code != RESTART_EXIT_CODE:
                raise DemoError(
                    f"{self.name} ended by itself, with exit code {code}.", self.log
                )
            self.start()

    async def stop(self, grace: float = 5) -> None:
        """End the process and whatever it started."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ended(), STOP_LIMIT)
        # An installer that is just copying files is better left to finish.
        deadline = time.monotonic() + grace
        while self.group_is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        self.kill()
        await self.ended()

    def kill(self) -> None:
        """End the process and whatever it started, without asking."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def group_is_alive(self) -> bool:
        """Tell whether anything of it is still running."""
        assert self.process
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True


async def while_running[T](work: Coroutine[Any, Any, T], *children: Child) -> T:
    """Do the work, unless one of the processes ends meanwhile."""
    task = asyncio.create_task(work)
    watchers = [asyncio.create_task(child.watch()) for child in children]
    try:
        await asyncio.wait([task, *watchers], return_when=asyncio.FIRST_COMPLETED)
        if task.done() and task.exception():
            # Maybe because of a process that has only just ended.
            await asyncio.wait(watchers, timeout=1)
        for watcher in watchers:
            if watcher.done():
                await watcher
        return await task
    finally:
        for pending in (task, *watchers):
            pending.cancel()
        await asyncio.gather(task, *watchers, return_exceptions=True)


def is_free(port: int) -> bool:
    """Tell whether nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose_port(wanted: int | None) -> int:
    """Choose Home Assistant's port: its usual one or the next free one."""
    if wanted is None:
        return next(port for port in range(8123, 65536) if is_free(port))
    if not is_free(wanted):
        raise DemoError(f"Port {wanted} is in use.")
    return wanted


def any_free_port() -> int:
    """Choose a port that nobody has asked for."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
