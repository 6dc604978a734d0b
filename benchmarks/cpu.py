"""CPU time of setting an account up and of looking again."""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from datetime import timedelta
import gc
from statistics import median
from time import process_time
from unittest.mock import patch

from homeassistant.core import HomeAssistant

from custom_components.nomos_energy import coordinator, store
from custom_components.nomos_energy.coordinator import NomosConfigEntry
from tests import organisation_entry

from .home import home_assistant, set_up
from .isolation import prepared
from .server import nomos_with
from .table import Row, Section

SIZES = {1: 9, 10: 9, 100: 5, 1000: 2}
"""Numbers of subscriptions, each with how often it is measured."""

LINEAR = 1.5
"""By how much a subscription may cost more among 1,000 than among 100.

When Python collects garbage makes a difference of a quarter or so. Ten times
as much would be quadratic.
"""

ENOUGH = 0.2
"""Milliseconds that a subscription may cost with each refresh."""

NOTE = (
    "this process alone (process_time), the API runs in another one; medians.\n"
    "   “each” divides by the subscriptions; “each further” is the slope from 1 to 1,000,"
    " so without what a request costs anyway.\n"
    "   Refreshes reuse a token. What the integration remembers is saved each time; Home\n"
    "   Assistant's registries are not."
)


@dataclass(frozen=True)
class Cost:
    """Milliseconds of CPU time for an account of some size."""

    subscriptions: int
    first: float
    """Setting it up for the first time, which fills the registries."""
    again: float
    """Setting it up as every later start of Home Assistant does."""
    refresh: float
    """A day's look at the orders that finds nothing new."""
    weekly: float
    """The same on the day that looks for new subscriptions as well."""


def section(quick: bool) -> Section:
    """Measure accounts of all sizes."""
    costs = [
        prepared(measure, size, 1 if quick else repetitions)
        for size, repetitions in SIZES.items()
    ]
    largest = max(SIZES)
    without_orders = prepared(refresh_without_orders, largest)
    return Section(
        "CPU time",
        (
            *_rows("first set-up", {each.subscriptions: each.first for each in costs}),
            *_rows("later set-up", {each.subscriptions: each.again for each in costs}),
            *_rows(
                "refresh", {each.subscriptions: each.refresh for each in costs}, ENOUGH
            ),
            *_rows(
                "weekly refresh",
                {each.subscriptions: each.weekly for each in costs},
                ENOUGH,
            ),
            _row("refresh, nothing ordered", largest, without_orders, ENOUGH),
        ),
        NOTE,
    )


def _rows(
    measure: str, costs: dict[int, float], enough: float | None = None
) -> Iterable[Row]:
    """Return a row for every size, and what they say together."""
    for size, cost in costs.items():
        yield _row(measure, size, cost)
    smallest, *_, large, largest = costs
    slope = (costs[largest] - costs[smallest]) / (largest - smallest)
    yield Row(
        f"{measure}, each further subscription",
        f"{slope:.3f} ms",
        f"< {enough} ms" if enough else "",
        slope < enough if enough else None,
    )
    growth = (costs[largest] / largest) / (costs[large] / large)
    yield Row(
        f"{measure}, per subscription {largest:,} : {large:,}",
        f"{growth:.2f}",
        f"linear (≤ {LINEAR})",
        growth <= LINEAR,
    )


def _row(measure: str, size: int, cost: float, enough: float | None = None) -> Row:
    return Row(
        f"{measure}, {size:,}",
        f"{cost:,.1f} ms, {cost / size:.3f} ms each",
        f"< {enough} ms each" if enough else "",
        cost / size < enough if enough else None,
    )


def measure(size: int, repetitions: int) -> Cost:
    """Measure an account whose orders are in progress."""
    # The first time also imports, which is another figure.
    with nomos_with("happy_path", 1):
        asyncio.run(_first_set_up())
    with nomos_with("happy_path", size):
        return asyncio.run(_measure(size, repetitions))


async def _measure(size: int, repetitions: int) -> Cost:
    firsts = [await _first_set_up() for _ in range(repetitions)]
    async with home_assistant() as hass:
        entry = organisation_entry()
        entry.add_to_hass(hass)
        await set_up(hass, entry)
        agains = []
        for _ in range(repetitions + 1):
            await hass.config_entries.async_unload(entry.entry_id)
            agains.append(await milliseconds(hass, set_up(hass, entry)))
        if len(entry.runtime_data.data) != size:
            raise RuntimeError(f"{len(entry.runtime_data.data)} of {size} were set up")
        refreshes = await _refreshes(hass, entry, 3 * repetitions)
        with patch.object(coordinator, "LIST_AGAIN_AFTER", timedelta(0)):
            weeklies = await _refreshes(hass, entry, repetitions)
    return Cost(size, *map(median, (firsts, agains, refreshes, weeklies)))


def refresh_without_orders(size: int) -> float:
    """Return what a refresh costs that has to ask for every subscription."""

    async def story() -> float:
        async with home_assistant() as hass:
            entry = organisation_entry()
            entry.add_to_hass(hass)
            await set_up(hass, entry)
            return median(await _refreshes(hass, entry, 3))

    with nomos_with("no_order", size):
        return asyncio.run(story())


async def _first_set_up() -> float:
    async with home_assistant() as hass:
        entry = organisation_entry()
        entry.add_to_hass(hass)
        return await milliseconds(hass, set_up(hass, entry))


async def _refreshes(
    hass: HomeAssistant, entry: NomosConfigEntry, repetitions: int
) -> list[float]:
    nomos = entry.runtime_data
    costs = [
        await milliseconds(hass, nomos.async_refresh()) for _ in range(repetitions)
    ]
    if not nomos.last_update_success:
        raise RuntimeError(f"A refresh failed: {nomos.last_exception}")
    return costs


async def milliseconds(hass: HomeAssistant, work: Awaitable[object]) -> float:
    """Return the CPU time of some work, and of saving what was learned by it."""
    gc.collect()
    with patch.object(store, "SAVE_DELAY", 0):
        start = process_time()
        await work
        await asyncio.sleep(0.01)
        await hass.async_block_till_done()
        return (process_time() - start) * 1000
