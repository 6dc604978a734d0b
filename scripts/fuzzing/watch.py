"""Watches of a run: the log, and the time for which the event loop is blocked."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
import logging
import signal
from typing import override

from .findings import describe

MAX_BLOCK = 3
"""Seconds for which a call may block the event loop."""

PACKAGE = "custom_components.nomos_energy"


class Stuck(Exception):
    """The event loop was blocked for too long."""


@dataclass
class LogWatch(logging.Handler):
    """Log handler that collects errors and texts that must not be logged."""

    secrets: Iterable[str]
    found: list[tuple[str, str]] = field(default_factory=list)
    """Kind and details of each."""

    def __post_init__(self) -> None:
        """Initialize the handler."""
        super().__init__()

    # A dataclass with fields that are compared has no hash.
    __hash__ = logging.Handler.__hash__

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Check a record."""
        try:
            message = record.getMessage()
        except Exception as err:  # noqa: BLE001 (what a record holds is not known)
            self.found.append((f"log record of {record.name}: {err!r}", record.msg))
            return
        if record.exc_info and record.exc_info[1]:
            kind, text = describe(record.exc_info[1])
            # Coordinators add the traceback to an error that they have handled.
            if message != "Full error:":
                self.found.append((f"traceback logged: {kind}", f"{message}: {text}"))
            message += text
        elif record.name.startswith(PACKAGE) and "Unexpected error" in message:
            self.found.append(("unexpected error logged", message))
        elif record.levelno >= logging.ERROR and record.name != "asyncio":
            place = f"{record.name} {record.filename}:{record.lineno}"
            if not record.name.startswith(PACKAGE):
                self.found.append((f"error logged: {place}", message))
        for secret in self.secrets:
            if secret in message:
                place = f"{record.name} {record.filename}:{record.lineno}"
                self.found.append((f"{secret} logged: {place}", message))
        with suppress(UnicodeEncodeError):
            message.encode()
            return
        self.found.append((f"surrogate logged: {record.name}", ascii(message)))

    def take(self) -> list[tuple[str, str]]:
        """Return what was found since the last call."""
        found, self.found = self.found, []
        return found


@contextmanager
def watching_log(secrets: Iterable[str]) -> Iterator[LogWatch]:
    """Watch the log; nothing of it is printed."""
    root, package = logging.getLogger(), logging.getLogger(PACKAGE)
    handlers, watch = root.handlers, LogWatch(tuple(secrets))
    root.handlers = [watch]
    root.setLevel(logging.WARNING)
    package.setLevel(logging.DEBUG)
    try:
        yield watch
    finally:
        root.handlers = handlers


@contextmanager
def limiting_blocks() -> Iterator[None]:
    """Raise Stuck in what blocks the running event loop for too long.

    Works with the real time, also while the clock is frozen.
    """
    loop = asyncio.get_running_loop()
    missed = 0

    def answer() -> None:
        nonlocal missed
        missed = 0

    def alarm(_number: int, _frame: object) -> None:
        nonlocal missed
        missed += 1
        if missed > MAX_BLOCK:
            missed = -10
            raise Stuck(f"The event loop was blocked for {MAX_BLOCK} seconds")
        loop.call_soon_threadsafe(answer)

    known = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, known)
