"""Households with made-up usage, and the statistics that are stored of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
import itertools
import random
from typing import Any, Literal

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from simulator import Household, Simulator, scenarios
from simulator.clock import quarters
from tests import DAY, pass_time

type Period = Literal["hour", "day", "month"]


type Rows = list[tuple[datetime, Any, Any]]
"""Start, state and sum of each hour."""


def ids(home: Household) -> tuple[str, str]:
    """Return the statistics of a contract: energy, and money."""
    kinds = (
        ("returned", "compensation")
        if home.type == "feed_in"
        else ("consumption", "cost")
    )
    energy, money = (f"{DOMAIN}:{home.subscription_id}_{kind}" for kind in kinds)
    return energy, money


async def rows(hass: HomeAssistant, statistic_id: str, period: Period = "hour") -> Rows:
    """Return what is stored; of longer periods by how much the sum changes."""
    state: Literal["state", "change"] = "state" if period == "hour" else "change"
    stored = await get_instance(hass).async_add_executor_job(
        partial(
            statistics_during_period,
            hass,
            dt_util.utc_from_timestamp(0),
            None,
            {statistic_id},
            period,
            None,
            {state, "sum"},
        )
    )
    return [
        (dt_util.utc_from_timestamp(row["start"]), row[state] or 0, row["sum"] or 0)
        for row in stored.get(statistic_id, ())
    ]


@dataclass
class Truth:
    """What a meter measured, and what each quarter costs in ct/kWh."""

    home: Household
    simulator: Simulator
    usage: dict[date, list[float | None]] = field(default_factory=dict)
    prices: dict[date, list[float | None]] = field(default_factory=dict)

    def tell(self, day: date) -> None:
        """Let Nomos know all of a day."""
        self.home.set_usage(day, self.usage[day])
        self.simulator.set_prices(day, self.prices[day])

    def hours(self) -> list[tuple[datetime, float, float]]:
        """Return each hour's energy in kWh and its money in EUR, gaps left out."""
        found = []
        for day in sorted(self.usage):
            pairs = list(zip(self.usage[day], self.prices[day], strict=True))
            for place in range(0, len(pairs), 4):
                hour = [
                    (used, price or 0.0)
                    for used, price in pairs[place : place + 4]
                    if used is not None
                ]
                if hour:
                    found.append(
                        (
                            quarters(day)[place],
                            sum(used for used, _ in hour),
                            sum(used * price / 100 for used, price in hour),
                        )
                    )
        return found


def live(home: Household, simulator: Simulator, first: date, last: date) -> Truth:
    """Make up days, whatever the clocks do."""
    dice = random.Random(1)
    truth = Truth(home, simulator)
    day = first
    while day <= last:
        count = len(quarters(day))
        truth.usage[day] = [round(dice.uniform(0, 0.8), 3) for _ in range(count)]
        truth.prices[day] = [round(dice.uniform(-5, 60), 2) for _ in range(count)]
        truth.tell(day)
        day += DAY
    return truth


def expected(hours: Iterable[tuple[datetime, float]]) -> Rows:
    """Return rows as they should be stored."""
    pairs = list(hours)
    sums = itertools.accumulate(state for _, state in pairs)
    return [
        (start, pytest.approx(state, abs=1e-6), pytest.approx(total, abs=1e-5))
        for (start, state), total in zip(pairs, sums, strict=True)
    ]


async def assert_true(hass: HomeAssistant, truth: Truth) -> None:
    """Compare all that is stored of a contract with what was measured."""
    energy, money = ids(truth.home)
    hours = truth.hours()
    assert await rows(hass, energy) == expected((start, kwh) for start, kwh, _ in hours)
    assert await rows(hass, money) == expected((start, eur) for start, _, eur in hours)


def recent_tariff(days: int = 10, **overrides: Any) -> Household:
    """Return a household with modules 1 and 3, and few days of usage to import."""
    since_order = timedelta(days=56 + days)
    return scenarios.dynamic_tariff(elapsed=since_order, **overrides)


def activate(
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    moment: str,
    scenario: Callable[..., Household] = scenarios.happy_path,
    index: int = 1,
) -> Household:
    """Add a contract whose meter is activated at a moment."""
    freezer.move_to(moment)
    home = simulator.add(scenario(index))
    home.advance_to("activated")
    return home


async def restart(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    storage: dict[str, Any],
    kept: dict[str, Any] | None = None,
) -> None:
    """Begin anew with what was kept, or else with all that was known."""
    await pass_time(hass, freezer, timedelta(seconds=5))
    await hass.config_entries.async_unload(entry.entry_id)
    if kept is not None:
        storage.clear()
        storage.update(kept)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
