"""What bringing years of usage into the statistics takes."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import gc
from pathlib import Path
import resource
from time import perf_counter, process_time

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import async_initialize_recorder
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import berlin_day, midnight
from tests import DAY, organisation_entry

from .home import home_assistant, set_up
from .isolation import prepared
from .server import nomos_with
from .table import Row, Section

SIZES = (1, 10)
"""Numbers of subscriptions."""

YEARS, QUARTER_YEAR = 3 * 365, 91
"""Days; ten subscriptions go back for less where it has to be quick."""

ENOUGH_TIME = 2.0
"""How many times as long as storing the same rows."""

ENOUGH_MEMORY = 50
"""MiB more than before."""

ENOUGH_OF_THE_LOOP = 20.0
"""Milliseconds for which nothing else runs in the event loop."""

BEAT = 0.002
"""Seconds between two looks at the clock and the memory."""

FULL = 2
"""The generation of a garbage collection that looks at all objects there are."""

_STATM = Path("/proc/self/statm")
"""Linux alone tells how much memory a process has now."""

NOTE = (
    "from the beginning of a set-up to the last row, with a recorder that keeps a file;\n"
    "   the API runs in another process, but waiting for its answers counts. Bare insert: the\n"
    "   same rows once more into the same recorder, all of a statistic at once. Memory: how\n"
    "   much the process grew at most, with all that the recorder takes. Longest block: how\n"
    "   late a timer of the event loop was at most, once the account is set up; threads have\n"
    "   their share in it. Full garbage collections are apart: they look at all that Home\n"
    "   Assistant holds, and come whenever enough was allocated since the last one, by\n"
    "   whomever."
)


@dataclass
class Watch:
    """What something takes while it goes on."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    block: float = 0.0
    """Milliseconds by which a timer was late at most, full collections apart."""
    collections: list[float] = field(default_factory=list)
    """Milliseconds that each full garbage collection took."""
    collecting_since: float | None = None

    @property
    def collected(self) -> float:
        """Milliseconds that full garbage collections have taken so far."""
        since = self.collecting_since
        # A thread that has just collected everything may not have noted its end.
        current = 0.0 if since is None else perf_counter() - since
        return sum(self.collections) + current * 1000

    def collecting(self, phase: str, info: dict[str, int]) -> None:
        """Note a garbage collection, as Python announces it."""
        if info["generation"] < FULL:
            return
        if phase == "stop":
            self.collections.append(self.collected - sum(self.collections))
        self.collecting_since = perf_counter() if phase == "start" else None

    growth: float = 0.0
    """MiB by which the process grew at most."""


@dataclass(frozen=True)
class Cost:
    """What an import took, and what storing the same rows takes."""

    rows: int
    backfill: Watch
    bare: Watch


def section(quick: bool) -> Section:
    """Measure one subscription, and ten."""
    rows: list[Row] = []
    for size in SIZES:
        days = QUARTER_YEAR if quick and size > 1 else YEARS
        rows += _rows(f"{size} × {days} days", prepared(cost_of, size, days))
    return Section("Back-fill of usage", tuple(rows), NOTE)


def _rows(title: str, cost: Cost) -> Iterable[Row]:
    backfill, bare = cost.backfill, cost.bare
    ratio = backfill.seconds / bare.seconds
    yield Row(
        f"{title}: time",
        f"{ratio:.2f} × bare insert ({backfill.seconds:.1f} s, {cost.rows:,} rows)",
        f"< {ENOUGH_TIME:g} ×",
        ratio < ENOUGH_TIME,
    )
    yield Row(
        f"{title}: CPU time",
        f"{backfill.cpu_seconds / bare.cpu_seconds:.2f} × bare insert"
        f" ({backfill.cpu_seconds:.1f} s)",
    )
    if _STATM.exists():
        yield Row(
            f"{title}: memory above idle",
            f"{backfill.growth:.1f} MiB",
            f"< {ENOUGH_MEMORY} MiB",
            backfill.growth < ENOUGH_MEMORY,
        )
    yield Row(
        f"{title}: longest block",
        f"{backfill.block:.1f} ms (bare insert: {bare.block:.1f} ms)",
        f"< {ENOUGH_OF_THE_LOOP:g} ms",
        backfill.block < ENOUGH_OF_THE_LOOP,
    )
    yield Row(
        f"{title}: full garbage collections",
        f"{len(backfill.collections)}, {max(backfill.collections, default=0):.0f} ms"
        f" at most (bare insert: {len(bare.collections)})",
    )


def cost_of(size: int, days: int) -> Cost:
    """Measure an account of some size that goes back for some days."""
    start = midnight(berlin_day(dt_util.utcnow()) - days * DAY)
    with nomos_with("smart_already", size, start_at=start.isoformat()):
        return asyncio.run(_cost(size, days))


async def _cost(size: int, days: int) -> Cost:
    async with home_assistant() as hass:
        entry = organisation_entry()
        entry.add_to_hass(hass)
        # Without a recorder, usage is left out, and the rest is not measured.
        await set_up(hass, entry)
        await hass.async_block_till_done(wait_background_tasks=True)
        await hass.config_entries.async_unload(entry.entry_id)
        recorder = await _start_recorder(hass)
        async with watching() as backfill:
            await set_up(hass, entry)
            # Adding the entities of many contracts at once is no part of it.
            await asyncio.sleep(2 * BEAT)
            backfill.block = 0.0
            await hass.async_block_till_done(wait_background_tasks=True)
            await _stored(hass, recorder)
        stored = await recorder.async_add_executor_job(_read, hass)
        rows = sum(len(each) for _, each in stored)
        # The last day may not be out yet; consumption and cost have 24 rows each.
        if rows < size * (days - 2) * 48:
            raise RuntimeError(f"There are {rows} rows only")
        async with watching() as bare:
            for metadata, each in stored:
                copy = f"{metadata['statistic_id']}_copy"
                async_add_external_statistics(
                    hass, metadata | {"statistic_id": copy}, each
                )
            await _stored(hass, recorder)
        return Cost(rows, backfill, bare)


async def _start_recorder(hass: HomeAssistant) -> Recorder:
    async_initialize_recorder(hass)
    url = f"sqlite:///{hass.config.path('recorder.db')}"
    if not await async_setup_component(hass, "recorder", {"recorder": {"db_url": url}}):
        raise RuntimeError("Home Assistant did not set up the recorder")
    recorder = get_instance(hass)
    await recorder.async_recorder_ready.wait()
    await _stored(hass, recorder)
    return recorder


async def _stored(hass: HomeAssistant, recorder: Recorder) -> None:
    await hass.async_add_executor_job(recorder.block_till_done)


def _read(hass: HomeAssistant) -> list[tuple[StatisticMetaData, list[StatisticData]]]:
    """Return all statistics as they were handed in."""
    found = get_metadata(hass, statistic_source=DOMAIN)
    rows = statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(0),
        None,
        set(found),
        "hour",
        None,
        {"state", "sum"},
    )
    return [
        (
            metadata,
            [
                StatisticData(
                    start=dt_util.utc_from_timestamp(row["start"]),
                    state=row["state"] or 0.0,
                    sum=row["sum"] or 0.0,
                )
                for row in rows[key]
            ],
        )
        for key, (_, metadata) in found.items()
    ]


@asynccontextmanager
async def watching() -> AsyncIterator[Watch]:
    """Note what goes on, until it is over."""
    gc.collect()
    watch, idle = Watch(), _resident()
    gc.callbacks.append(watch.collecting)
    task = asyncio.create_task(_watch(watch, idle))
    begin, begin_cpu = perf_counter(), process_time()
    try:
        yield watch
    finally:
        watch.seconds = perf_counter() - begin
        watch.cpu_seconds = process_time() - begin_cpu
        gc.callbacks.remove(watch.collecting)
        task.cancel()


async def _watch(watch: Watch, idle: float) -> None:
    while True:
        begin, collected = perf_counter(), watch.collected
        await asyncio.sleep(BEAT)
        late = (perf_counter() - begin - BEAT) * 1000
        watch.block = max(watch.block, late - (watch.collected - collected))
        watch.growth = max(watch.growth, _resident() - idle)


def _resident() -> float:
    """Return how many MiB the process takes, where that can be told."""
    if not _STATM.exists():
        return 0.0
    return int(_STATM.read_text().split()[1]) * resource.getpagesize() / 1024**2
