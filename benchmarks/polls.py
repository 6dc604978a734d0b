"""Storage writes for price polls of 1,000 contracts."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components import nomos_energy
from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import DAY, PriceSeries, at_clock, berlin_day
from custom_components.nomos_energy.prices import store as prices_store
from custom_components.nomos_energy.prices.coordinator import PUBLICATION, SPREAD
from simulator import Household, market, scenarios

from .frozen import Stage, run_frozen
from .home import add_entry, home_assistant, set_up
from .isolation import fresh
from .table import Row, Section, spread
from .watch import Watch, watching

CONTRACTS, QUICK_CONTRACTS = 1000, 50

WRITES = 5
"""Number of measured writes."""

MAX_WRITES = 40
"""Writes of the prices for all polls of an afternoon."""

STEP = timedelta(seconds=10)
"""Less than the delay of a write, so that no two happen in one step."""

NOTE = (
    "all contracts have an open gate and no entities; a frozen clock is\n"
    f"   moved by 10 seconds over the {SPREAD // timedelta(minutes=1)} minutes in which tomorrow's prices are polled,\n"
    "   and two minutes more. One write: another series of one contract, all contracts\n"
    "   stored; real clock. Longest block: largest delay of a timer of the event loop, full\n"
    "   garbage collections excluded, which are a row of their own: each write of 1,000\n"
    "   contracts causes one. Of several writes the median (lowest – highest)."
)


@dataclass(frozen=True)
class Afternoon:
    """Polls of tomorrow's prices, and the writes that followed."""

    polls: int
    writes: int


def section(quick: bool) -> Section:
    """Count the writes, and measure one."""
    contracts = QUICK_CONTRACTS if quick else CONTRACTS
    afternoon = fresh(count_writes, contracts)
    size, watches = fresh(measure_writes, contracts)
    collected = spread(each.collected for each in watches)
    cpu = spread(each.cpu_seconds * 1000 for each in watches)
    return Section(
        f"Price polls of {contracts:,} contracts",
        (
            Row(
                f"storage writes for {afternoon.polls:,} polls",
                f"{afternoon.writes}",
                f"≤ {MAX_WRITES}",
                afternoon.polls >= contracts and afternoon.writes <= MAX_WRITES,
            ),
            Row(
                f"one write of {size / 1024**2:.1f} MiB, longest block",
                f"{spread(each.block for each in watches)} ms",
            ),
            Row("one write, full garbage collections", f"{collected} ms"),
            Row("one write, CPU time", f"{cpu} ms"),
        ),
        NOTE,
    )


def count_writes(contracts: int) -> Afternoon:
    """Return the number of polls and writes of an afternoon."""

    async def measure(stage: Stage) -> Afternoon:
        for index in range(1, contracts + 1):
            stage.simulator.add(scenarios.smart_already(index))
        entry = add_entry(stage.hass)
        await set_up(stage.hass, entry)
        begin = at_clock(berlin_day(dt_util.utcnow()), PUBLICATION)
        await stage.advance(begin - dt_util.utcnow(), DAY)
        stage.take_operations()
        file = _file(stage.hass, entry.entry_id)
        versions = [_version(file)]
        while dt_util.utcnow() < begin + SPREAD + timedelta(minutes=2):
            await stage.advance(STEP, STEP)
            if (version := _version(file)) != versions[-1]:
                versions.append(version)
        polls = stage.take_operations().count("get_prices")
        return Afternoon(polls, len(versions) - 1)

    # Entities would take most of the time, and nothing is written for them.
    with patch.object(nomos_energy, "PLATFORMS", []):
        return run_frozen(measure)


def measure_writes(contracts: int) -> tuple[int, list[Watch]]:
    """Return the size of one write in bytes, and what several ones took."""
    return asyncio.run(_measure_writes(contracts))


async def _measure_writes(contracts: int) -> tuple[int, list[Watch]]:
    now = dt_util.utcnow()
    household = scenarios.smart_already()
    household.start_at = now - 30 * DAY
    today = berlin_day(now)
    series = _prices(household, today - DAY, today + DAY, now)
    watches = []
    async with home_assistant() as hass:
        entry = add_entry(hass)
        with patch.object(prices_store, "SAVE_LATER", 0):
            store = prices_store.price_store(hass, entry)
        file = _file(hass, entry.entry_id)
        store.async_update({f"sub_{index}": series for index in range(contracts)})
        await _wait_for_write(file, None)
        for number in range(WRITES):
            version = _version(file)
            shorter = PriceSeries(series.resolution, series.intervals[number + 1 :])
            async with watching() as watch:
                store.async_set("sub_0", shorter)
                await _wait_for_write(file, version)
                await hass.async_block_till_done()
            watches.append(watch)
        return file.stat().st_size, watches


def _prices(
    household: Household, first: date, last: date, now: datetime
) -> PriceSeries:
    """Return the prices of some days, both included, as read from the API."""
    items = market.prices(household, first, last, now + 2 * DAY, market.Exchange())
    answer = {"unit": "ct/kWh", "currency": "EUR", "resolution": "15min"}
    return PriceSeries.from_json({**answer, "items": items})


def _file(hass: HomeAssistant, entry_id: str) -> Path:
    name = f"{DOMAIN}.{entry_id}.{prices_store.STORE}"
    return Path(hass.config.path(".storage", name))


def _version(file: Path) -> tuple[int, int] | None:
    """Return what differs after each write: the file is replaced."""
    if not file.exists():
        return None
    stat = file.stat()
    return stat.st_ino, stat.st_mtime_ns


async def _wait_for_write(file: Path, version: tuple[int, int] | None) -> None:
    while _version(file) == version:
        await asyncio.sleep(0.02)
