"""Clock of a Home Assistant process that is ahead, so that a quarter-hour comes soon."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
import shutil
import subprocess
import sys
import time

SOURCE = Path(__file__).with_name("clock.c")

QUARTER = 900
"""Seconds."""


def seconds_ahead(lead: int) -> int:
    """Return by how much a clock is ahead that has a quarter-hour after `lead` seconds."""
    return int(QUARTER - lead - time.time()) % QUARTER


def environment_ahead(seconds: int, folder: Path) -> dict[str, str] | None:
    """Return the environment of a process whose clock is ahead; None if it can't be.

    That takes a C compiler and Linux: Python's own functions are not all there is to
    the time of a process.
    """
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    library = folder / "clock.so"
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    return {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(seconds)}


def now_ahead(seconds: int) -> datetime:
    """Return the time by such a clock."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def next_quarter(seconds: int) -> datetime:
    """Return the start of the next quarter-hour by such a clock."""
    place = now_ahead(seconds).timestamp() // QUARTER + 1
    return datetime.fromtimestamp(place * QUARTER, UTC)


def until_quarter(seconds: int) -> float:
    """Return the seconds until that moment."""
    return (next_quarter(seconds) - now_ahead(seconds)).total_seconds()
