"""Back-fill of usage: import of past years into the statistics."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

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
from custom_components.nomos_energy.nomos import DAY, berlin_day, midnight

from .home import add_entry, home_assistant, set_up
from .isolation import fresh
from .server import serve_households
from .table import Row, Section
from .watch import INTERVAL, Watch, watching

CONTRACTS, QUICK_CONTRACTS = 10, 1
YEARS, QUARTER_YEAR = 3 * 365, 91
"""Days."""

MAX_RATIO = 2.0
"""Time in multiples of the bare insert."""

MAX_GROWTH = 50
"""MiB."""

MAX_BLOCK = 20.0
"""Milliseconds."""

NOTE = (
    "from the start of a set-up to the last row, with a recorder\n"
    "   that writes a file; the API runs in another process, but the time of its answers\n"
    "   counts. Bare insert: the same rows once more into the same recorder. Memory: largest\n"
    "   growth of the process, the recorder's included. Longest block: largest delay of a\n"
    "   timer of the event loop after the set-up; threads cause part of it. Full garbage\n"
    "   collections are excluded: they traverse all objects of Home Assistant."
)


@dataclass(frozen=True)
class Cost:
    """Cost of a back-fill, and of a bare insert of the same rows."""

    rows: int
    backfill: Watch
    bare: Watch


def section(quick: bool) -> Section:
    """Measure one back-fill."""
    contracts = QUICK_CONTRACTS if quick else CONTRACTS
    days = QUARTER_YEAR if quick else YEARS
    cost = fresh(measure_backfill, contracts, days)
    title = f"Back-fill of usage, {contracts} × {days} days"
    return Section(title, tuple(_rows(cost)), NOTE)


def _rows(cost: Cost) -> Iterable[Row]:
    backfill, bare = cost.backfill, cost.bare
    ratio = backfill.seconds / bare.seconds
    yield Row(
        "time",
        f"{ratio:.2f} × bare insert ({backfill.seconds:.1f} s, {cost.rows:,} rows)",
        f"< {MAX_RATIO:g} ×",
        ratio < MAX_RATIO,
    )
    yield Row(
        "CPU time",
        f"{backfill.cpu_seconds / bare.cpu_seconds:.2f} × bare insert"
        f" ({backfill.cpu_seconds:.1f} s)",
    )
    if backfill.growth:
        yield Row(
            "memory above idle",
            f"{backfill.growth:.1f} MiB",
            f"< {MAX_GROWTH} MiB",
            backfill.growth < MAX_GROWTH,
        )
    yield Row(
        "longest block of the event loop",
        f"{backfill.block:.1f} ms (bare insert: {bare.block:.1f} ms)",
        f"< {MAX_BLOCK:g} ms",
        backfill.block < MAX_BLOCK,
    )


def measure_backfill(contracts: int, days: int) -> Cost:
    """Measure the back-fill of some contracts over some days."""
    start = midnight(berlin_day(dt_util.utcnow()) - days * DAY)
    households = (
        {
            "scenario": "smart_already",
            "index": index,
            "street": f"Straße {index}",
            "start_at": start.isoformat(),
        }
        for index in range(1, contracts + 1)
    )
    with serve_households(*households):
        return asyncio.run(_measure(contracts, days))


async def _measure(contracts: int, days: int) -> Cost:
    async with home_assistant() as hass:
        entry = add_entry(hass)
        # Without a recorder, everything but the usage is set up.
        await set_up(hass, entry)
        await hass.config_entries.async_unload(entry.entry_id)
        recorder = await _start_recorder(hass)
        async with watching() as backfill:
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
            # Adding the entities of many contracts at once is not part of the back-fill.
            await asyncio.sleep(2 * INTERVAL)
            backfill.block = 0.0
            await hass.async_block_till_done(wait_background_tasks=True)
            await _wait_until_stored(hass, recorder)
        statistics = await recorder.async_add_executor_job(_read, hass)
        rows = sum(len(each) for _, each in statistics)
        # The last day may not be published yet; consumption and cost have 24 rows each.
        if rows < contracts * (days - 2) * 48:
            raise RuntimeError(f"There are {rows} rows only")
        async with watching() as bare:
            for metadata, each in statistics:
                copy = f"{metadata['statistic_id']}_copy"
                async_add_external_statistics(
                    hass, metadata | {"statistic_id": copy}, each
                )
            await _wait_until_stored(hass, recorder)
        return Cost(rows, backfill, bare)


async def _start_recorder(hass: HomeAssistant) -> Recorder:
    async_initialize_recorder(hass)
    url = f"sqlite:///{hass.config.path('recorder.db')}"
    if not await async_setup_component(hass, "recorder", {"recorder": {"db_url": url}}):
        raise RuntimeError("Home Assistant did not set up the recorder")
    recorder = get_instance(hass)
    await recorder.async_recorder_ready.wait()
    await _wait_until_stored(hass, recorder)
    return recorder


async def _wait_until_stored(hass: HomeAssistant, recorder: Recorder) -> None:
    await hass.async_add_executor_job(recorder.block_till_done)


def _read(hass: HomeAssistant) -> list[tuple[StatisticMetaData, list[StatisticData]]]:
    """Return all statistics of the integration as they were imported."""
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
