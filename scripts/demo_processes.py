"""Child processes, ports and progress messages of the demo."""

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
"""Seconds until a terminated process is killed."""

RESTART_EXIT_CODE = 100
"""Exit code with which Home Assistant requests a restart."""


class DemoError(Exception):
    """Error that ends the demo; its text is shown to the user."""

    def __init__(self, reason: str, log: Path | None = None) -> None:
        """Initialize the error."""
        super().__init__(reason)
        self.log = log
        """Log file to show the end of."""


def report(text: str) -> None:
    """Print a progress message to standard error."""
    print(f"\033[2m{text}\033[0m" if sys.stderr.isatty() else text, file=sys.stderr)


@asynccontextmanager
async def phase(
    text: str, detail: Callable[[], str] = lambda: ""
) -> AsyncIterator[None]:
    """Show the progress and the duration of a phase."""
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
    report(f"{text}: {time.monotonic() - started:.0f} s")


async def wait_until[T](
    check: Callable[[], Awaitable[T | None]], condition: str, limit: float
) -> T:
    """Call a check until it returns a value.

    Raises DemoError, which names the condition, after the limit in seconds.
    """
    deadline = time.monotonic() + limit
    while (result := await check()) is None:
        if time.monotonic() > deadline:
            raise DemoError(f"{condition}: not within {limit:.0f} seconds.")
        await asyncio.sleep(0.25)
    return result


def log_tail(log: Path, lines: int = 30) -> str:
    """Return the last lines of a log file."""
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""


@dataclass(slots=True)
class Child:
    """Child process with a log file and its own process group.

    Ctrl-C does not reach the group directly, and the group includes the process's
    own children.
    """

    name: str
    command: list[str]
    log: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start or restart the process."""
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

    async def wait_for_end(self) -> int:
        """Wait for the end of the process; return its exit code."""
        assert self.process
        while (code := self.process.poll()) is None:
            await asyncio.sleep(0.2)
        return code

    async def supervise(self) -> NoReturn:
        """Restart the process on request; raise DemoError if it ends otherwise."""
        while True:
            code = await self.wait_for_end()
            if code != RESTART_EXIT_CODE:
                raise DemoError(
                    f"{self.name} ended unexpectedly, with exit code {code}.", self.log
                )
            self.start()

    async def stop(self, grace: float = 5) -> None:
        """Terminate the process and its children."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wait_for_end(), STOP_LIMIT)
        # Let an installer finish: killed while copying, it leaves broken packages.
        deadline = time.monotonic() + grace
        while self.is_group_alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        self.kill()
        await self.wait_for_end()

    def kill(self) -> None:
        """Kill the process and its children."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def is_group_alive(self) -> bool:
        """Return if a process of the group is running."""
        assert self.process
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True


async def run_while_alive[T](work: Coroutine[Any, Any, T], *children: Child) -> T:
    """Return the result of the work; raise DemoError if a process ends before."""
    task = asyncio.create_task(work)
    watchers = [asyncio.create_task(child.supervise()) for child in children]
    try:
        await asyncio.wait([task, *watchers], return_when=asyncio.FIRST_COMPLETED)
        if task.done() and task.exception():
            # The cause may be a process whose end is not noticed yet.
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
    """Return if a port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose_port(wanted: int | None) -> int:
    """Return the wanted port, or the first free one from 8123 on.

    Raises DemoError if the wanted port is in use.
    """
    if wanted is None:
        return next(port for port in range(8123, 65536) if is_free(port))
    if not is_free(wanted):
        raise DemoError(f"Port {wanted} is in use.")
    return wanted


def find_free_port() -> int:
    """Return a port that the system chooses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
