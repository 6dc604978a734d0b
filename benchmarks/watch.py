"""Time, memory and delays of the event loop while something runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import gc
from pathlib import Path
import resource
from time import perf_counter, process_time

INTERVAL = 0.002
"""Seconds between two samples."""

FULL = 2
"""Oldest generation: its collection traverses all objects."""

_STATM = Path("/proc/self/statm")
"""Current memory of the process; Linux only."""


@dataclass
class Watch:
    """Figures of a period."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    block: float = 0.0
    """Longest delay of a timer in milliseconds, full collections excluded."""
    collections: list[float] = field(default_factory=list)
    """Duration of each full garbage collection in milliseconds."""
    growth: float = 0.0
    """Largest growth of the process in MiB; 0 if it is not known."""
    _collecting_since: float | None = None

    @property
    def collected(self) -> float:
        """Duration of all full garbage collections so far, in milliseconds."""
        since = self._collecting_since
        # A collection in another thread may not have ended yet.
        current = 0.0 if since is None else perf_counter() - since
        return sum(self.collections) + current * 1000

    def note_collection(self, phase: str, info: dict[str, int]) -> None:
        """Note the start or end of a garbage collection; a callback of gc."""
        if info["generation"] < FULL:
            return
        if phase == "stop":
            self.collections.append(self.collected - sum(self.collections))
        self._collecting_since = perf_counter() if phase == "start" else None


@asynccontextmanager
async def watching() -> AsyncIterator[Watch]:
    """Measure until the context ends."""
    gc.collect()
    watch, idle = Watch(), resident()
    gc.callbacks.append(watch.note_collection)
    task = asyncio.create_task(_sample(watch, idle))
    start, start_cpu = perf_counter(), process_time()
    try:
        yield watch
    finally:
        watch.seconds = perf_counter() - start
        watch.cpu_seconds = process_time() - start_cpu
        gc.callbacks.remove(watch.note_collection)
        task.cancel()


async def _sample(watch: Watch, idle: float) -> None:
    while True:
        start, collected = perf_counter(), watch.collected
        await asyncio.sleep(INTERVAL)
        late = (perf_counter() - start - INTERVAL) * 1000
        watch.block = max(watch.block, late - (watch.collected - collected))
        watch.growth = max(watch.growth, resident() - idle)


def resident() -> float:
    """Return the memory of the process in MiB, or 0 if it is not known."""
    if not _STATM.exists():
        return 0.0
    return int(_STATM.read_text().split()[1]) * resource.getpagesize() / 1024**2
