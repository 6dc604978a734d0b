"""What prices cost: requests, CPU time at every border, and planning a load."""

import asyncio
from datetime import datetime, timedelta
import gc
import random
from statistics import median
from time import process_time
from unittest.mock import patch

from homeassistant.util import dt as dt_util

from custom_components.nomos_energy.coordinator import NomosCoordinator
from custom_components.nomos_energy.nomos import berlin_day, midnight
from custom_components.nomos_energy.prices.optimizer import cheapest
from simulator import scenarios
from tests import DAY, asked, organisation_entry, pass_time

from .frozen import MONTH, Stage, play
from .home import home_assistant, set_up
from .isolation import fresh, prepared
from .server import nomos_with
from .table import Row, Section

SIZES = (1, 10, 100)
"""Numbers of subscriptions with prices."""

ENOUGH_REQUESTS = 4
"""A day, tokens included."""

ENOUGH_FOR_A_TICK = 1.0
"""Milliseconds of CPU time at the border of an interval, for one subscription."""

LINEAR = 1.5
"""By how much a subscription may cost more among 100 than among 10."""

ENOUGH_FOR_A_PLAN = 2.0
"""Milliseconds of CPU time for the best window of two days."""

QUARTERS = 192
QUARTER = timedelta(minutes=15)

PLANS = {
    "one block": None,
    "pieces of an hour": 4,
    "pieces of a quarter-hour": 1,
}
"""How short a piece may be, in quarters; None: all in one."""

LATE = timedelta(hours=6)

NOTE = (
    f"requests: {MONTH} simulated days of one subscription, without those for the\n"
    "   account itself; a token counts where no request for the account came within the\n"
    "   hour before. Tick: all that the integration and Home Assistant's state machine do\n"
    "   at the border of a quarter-hour, with nobody listening to it; medians. Best window:\n"
    "   with a load profile, and of loads of all lengths the one that takes longest."
)


def section(quick: bool) -> Section:
    """Measure all of it."""
    ticks = {size: prepared(ticks_of, size, 5 if quick else 30) for size in SIZES}
    growth = (ticks[100] / 100) / (ticks[10] / 10)
    return Section(
        "Prices",
        (
            *(
                Row(
                    title,
                    f"{max(days)} at most, {sum(days) / len(days):.2f} a day",
                    f"≤ {ENOUGH_REQUESTS} a day",
                    max(days) <= ENOUGH_REQUESTS,
                )
                for title, days in (
                    ("published in time", fresh(month, timedelta(0))),
                    ("always six hours late", fresh(month, LATE)),
                )
            ),
            *(
                Row(
                    f"tick, {size}",
                    f"{cost:.2f} ms, {cost / size:.2f} ms each",
                    f"< {ENOUGH_FOR_A_TICK} ms" if size == 1 else "",
                    cost < ENOUGH_FOR_A_TICK if size == 1 else None,
                )
                for size, cost in ticks.items()
            ),
            Row(
                "tick, per subscription 100 : 10",
                f"{growth:.2f}",
                f"linear (≤ {LINEAR})",
                growth <= LINEAR,
            ),
            *(_plan_row(title, shortest, quick) for title, shortest in PLANS.items()),
        ),
        NOTE,
    )


def month(delay: timedelta) -> list[int]:
    """Return how many requests the prices of each day take."""

    async def story(stage: Stage) -> list[int]:
        stage.simulator.publication_delay = delay
        stage.simulator.add(scenarios.smart_already())
        await stage.follow()
        asked(stage.simulator)
        days = []
        for _ in range(MONTH):
            await pass_time(stage.hass, stage.freezer, DAY, timedelta(minutes=15))
            days.append(_for_prices(asked(stage.simulator)))
        return days

    return play(story)


def _for_prices(operations: list[str]) -> int:
    """Count requests for prices, each with the token that was fetched for it."""
    return sum(
        1 + (before == "create_token")
        for before, operation in zip(["", *operations], operations, strict=False)
        if operation == "get_prices"
    )


def ticks_of(size: int, repetitions: int) -> float:
    """Return the milliseconds that the border of an interval takes."""
    with nomos_with("smart_already", size):
        return asyncio.run(_ticks_of(size, repetitions))


async def _ticks_of(size: int, repetitions: int) -> float:
    async with home_assistant() as hass:
        entry = organisation_entry()
        entry.add_to_hass(hass)
        await set_up(hass, entry)
        await hass.async_block_till_done(wait_background_tasks=True)
        nomos: NomosCoordinator = entry.runtime_data
        if (
            sum(each.moment.current is not None for each in nomos.prices.values())
            < size
        ):
            raise RuntimeError("Not all prices are known")
        begin = midnight(berlin_day(dt_util.utcnow()))
        return median(
            [_tick(nomos, begin + number * QUARTER) for number in range(repetitions)]
        )


def _tick(nomos: NomosCoordinator, now: datetime) -> float:
    """Let a quarter-hour begin, as the timer of each contract does."""
    gc.collect()
    with patch.object(dt_util, "utcnow", return_value=now):
        start = process_time()
        for prices in nomos.prices.values():
            prices.async_update_listeners()
        return (process_time() - start) * 1000


def _plan_row(title: str, shortest: int | None, quick: bool) -> Row:
    """Return what the best window costs to find at most, however long the load is."""
    dice = random.Random("prices")
    prices = [round(dice.uniform(-0.05, 0.45), 4) for _ in range(QUARTERS)]
    slowest = max(
        _plan_cost(
            prices,
            [round(dice.uniform(0.2, 11), 1) for _ in range(quarters)],
            quarters if shortest is None else shortest,
            5 if quick else 25,
        )
        for quarters in range(4, QUARTERS, 4)
    )
    return Row(
        f"best window of {QUARTERS} quarters, {title}",
        f"{slowest:.2f} ms",
        f"< {ENOUGH_FOR_A_PLAN} ms",
        slowest < ENOUGH_FOR_A_PLAN,
    )


def _plan_cost(
    prices: list[float], load: list[float], shortest: int, repetitions: int
) -> float:
    costs = []
    for _ in range(repetitions):
        start = process_time()
        cheapest(prices, load, shortest)
        costs.append((process_time() - start) * 1000)
    return median(costs)
