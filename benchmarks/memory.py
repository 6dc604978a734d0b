"""Memory that a subscription takes for as long as it is followed."""

import asyncio
from collections.abc import Callable
import gc
from pathlib import Path
import resource
import tracemalloc

from tests import organisation_entry

from .home import home_assistant, set_up
from .isolation import prepared
from .server import nomos_with
from .table import Row, Section

SMALL, LARGE = 1, 1000

_STATM = Path("/proc/self/statm")
"""Linux alone tells how much memory a process has now."""

NOTE = (
    f"what an account of {LARGE:,} holds beyond one of {SMALL} once it is set up, with"
    " its devices, entities and states.\n"
    "   Objects: what Python has allocated (tracemalloc). Resident: how much the process"
    " grew, with what set-up needed\n   for a moment and the system did not get back."
)


def section() -> Section:
    """Measure a small account and a large one."""
    rows = [Row("objects, per subscription", _each(traced))]
    if _STATM.exists():
        rows.append(Row("resident, per subscription", _each(resident)))
    return Section("Memory", tuple(rows), NOTE)


def _each(measure: Callable[[int], int]) -> str:
    more = prepared(measure, LARGE) - prepared(measure, SMALL)
    return f"{more / (LARGE - SMALL) / 1024:.1f} KiB"


def traced(size: int) -> int:
    """Return the bytes that Python's objects take for an account of some size."""
    tracemalloc.start()
    return _growth(size, lambda: tracemalloc.get_traced_memory()[0])


def resident(size: int) -> int:
    """Return the bytes by which an account of some size makes the process grow."""
    page = resource.getpagesize()
    return _growth(size, lambda: int(_STATM.read_text().split()[1]) * page)


def _growth(size: int, read: Callable[[], int]) -> int:
    with nomos_with("happy_path", size):
        return asyncio.run(_set_up_growth(read))


async def _set_up_growth(read: Callable[[], int]) -> int:
    async with home_assistant() as hass:
        entry = organisation_entry()
        entry.add_to_hass(hass)
        gc.collect()
        before = read()
        await set_up(hass, entry)
        gc.collect()
        return read() - before
