"""Costs of the months, against sums that other code makes of what was measured."""

from calendar import monthrange
from datetime import date, datetime, timedelta
import itertools
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
import pytest
from sqlalchemy.exc import SQLAlchemyError

from custom_components.nomos_energy.billing import costs
from custom_components.nomos_energy.const import DOMAIN
from simulator import Household, Simulator, scenarios
from simulator.clock import midnight, quarters
from tests import (
    DAY,
    organisation_entry,
    pass_time,
    refresh,
    requests_since,
    shown,
    state,
    warnings,
)
from tests.actions import call, device_id
from tests.conftest import SetUp
from tests.usage.common import Truth, activate, live, recent_tariff, restart

BERLIN = ZoneInfo("Europe/Berlin")
FEE = 13.96
"""EUR per month that the simulator quotes for a smart meter without module 1."""

FIRST, LAST = date(2026, 10, 15), date(2026, 11, 12)
CONTRACTS = itertools.count(1)
DAYS = [FIRST + place * DAY for place in range((LAST - FIRST).days)]
PARTS = st.tuples(st.sampled_from(DAYS), st.integers(0, 91), st.integers(1, 100))
EVENTS = st.sampled_from(["correct", "fill", "price", "reimport", "restart"])


def of_days(truth: Truth, today: date) -> dict[date, tuple[float, float, bool]]:
    """Return kWh, EUR and completeness of each known day before today."""
    found = {}
    for day, usage in truth.usage.items():
        if day >= today or not any(used is not None for used in usage):
            continue
        kwh = eur = 0.0
        hours = set()
        for start, used, price in zip(
            quarters(day), usage, truth.prices[day], strict=True
        ):
            if used is not None:
                kwh += used
                eur += used * (price or 0) / 100
                hours.add(start.replace(minute=0))
        found[day] = kwh, eur, len(hours) == len(usage) // 4
    return found


def mean_price(days: list[date], truth: Truth) -> float | None:
    """Return the mean price in EUR/kWh, if those of 95 % of the hours are known."""
    hours = set()
    prices = []
    for day in days:
        for place, used in enumerate(truth.usage[day]):
            if used is not None:
                hours.add((day, place // 4))
                prices.append(truth.prices[day][place])
    amounts = [each / 100 for each in prices if each is not None]
    if not amounts or len(amounts) < 0.95 * 4 * len(hours):
        return None
    return sum(amounts) / len(amounts)


def fee_until(year: int, month: int, last_day: int) -> float:
    """Return the base fee from the activation to a day of a month, included."""
    first_day = FIRST.day if month == FIRST.month else 1
    return FEE * (last_day - first_day + 1) / monthrange(year, month)[1]


def expectation(truth: Truth, today: date) -> tuple[float, float, float]:
    """Return what a month is expected to cost, with low and high."""
    known = of_days(truth, today)
    length = monthrange(today.year, today.month)[1]
    totals = [fee_until(today.year, today.month, length)] * 3
    first_day = FIRST.day if today.month == FIRST.month else 1
    for number in range(first_day, length + 1):
        day = today.replace(day=number)
        _, eur, complete = known.get(day, (0.0, 0.0, False))
        if complete:
            choices = [eur]
        else:
            back = [day - 7 * weeks * DAY for weeks in range(1, 12)]
            choices = [known[each][1] for each in back if known.get(each, (0, 0, 0))[2]]
            choices = choices[:4] or [each[1] for each in known.values() if each[2]]
            choices = [max(each, eur) for each in choices]
        for place, value in enumerate(
            (sum(choices) / len(choices), min(choices), max(choices))
        ):
            totals[place] += value
    return totals[0], totals[1], totals[2]


def assert_true(
    hass: HomeAssistant, home: Household, truth: Truth, today: date
) -> None:
    """Compare the sensors with what was measured."""
    known = of_days(truth, today)
    for key, month in (
        ("cost_this_month", today.month),
        ("cost_last_month", today.month - 1),
    ):
        sums = [each for day, each in known.items() if day.month == month]
        found = shown(hass, home, key)
        if not sums and month < FIRST.month:
            assert found.state == STATE_UNKNOWN
            continue
        kwh, eur = (sum(each[place] for each in sums) for place in (0, 1))
        last = today.day if month == today.month else monthrange(today.year, month)[1]
        fee = fee_until(today.year, month, last)
        assert float(found.state) == pytest.approx(eur + fee, abs=2e-4)
        assert found.attributes["energy"] == pytest.approx(kwh, abs=2e-4)
        assert found.attributes["energy_cost"] == pytest.approx(eur, abs=2e-4)
        assert found.attributes["base_fee"] == pytest.approx(fee, abs=2e-4)
        mean = mean_price([day for day in known if day.month == month], truth)
        average = found.attributes["unweighted_average_price"]
        assert average == (mean and pytest.approx(mean, abs=2e-6))
        if kwh:
            average = found.attributes["average_price"]
            assert average == pytest.approx(eur / kwh, abs=2e-6)
    found = shown(hass, home, "expected_cost")
    if today.day <= 3:
        assert found.state == STATE_UNKNOWN
        return
    low_to_high = found.attributes["low"], found.attributes["high"]
    wanted, *limits = expectation(truth, today)
    assert float(found.state) == pytest.approx(wanted, abs=0.006)
    assert low_to_high == pytest.approx(limits, abs=0.006)


async def until(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: datetime
) -> None:
    """Let time pass up to a moment; the computer sleeps until the night before."""
    freezer.move_to(max(dt_util.utcnow(), moment - timedelta(hours=21)))
    await pass_time(hass, freezer, moment - dt_util.utcnow(), timedelta(hours=7))


@pytest.mark.usefixtures("recorder_mock")
@settings(
    max_examples=4,
    # Each example leaves its traces in the database, so none can be run a second time.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    gaps=st.lists(PARTS, max_size=6),
    unpriced=st.lists(PARTS, max_size=6),
    story=st.lists(st.tuples(EVENTS, PARTS), max_size=10),
)
async def test_any_story(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    storage: dict[str, Any],
    gaps: list[tuple[date, int, int]],
    unpriced: list[tuple[date, int, int]],
    story: list[tuple[str, tuple[date, int, int]]],
) -> None:
    """After corrections, gaps and late prices, the sums are those of the quarters."""
    index = next(CONTRACTS)
    home = activate(simulator, freezer, str(midnight(FIRST)), index=index)
    truth = live(home, simulator, FIRST, LAST)
    whole = {day: list(prices) for day, prices in truth.prices.items()}
    measured = {day: list(usage) for day, usage in truth.usage.items()}
    for values, parts in ((truth.usage, gaps), (truth.prices, unpriced)):
        for day, first, count in parts:
            for place in range(first, min(first + count, len(values[day]))):
                values[day][place] = None
    for day in truth.usage:
        truth.tell(day)
    freezer.move_to(midnight(date(2026, 10, 29)))
    # IDs of entries follow from the time, which is the same in each example.
    entry = await set_up(
        entry=organisation_entry(
            entry_id=f"story{index}", options={"subscriptions": [home.subscription_id]}
        )
    )
    for place, today in enumerate(
        (date(2026, 10, 30), date(2026, 11, 1), date(2026, 11, 4), date(2026, 11, 11))
    ):
        for event, (day, first, count) in story[place::4]:
            match event:
                case "correct":
                    for quarter in range(first, min(first + count, 92)):
                        if truth.usage[day][quarter] is not None:
                            truth.usage[day][quarter] = quarter / 50
                case "fill":
                    truth.usage[day] = list(measured[day])
                case "price":
                    truth.prices[day] = list(whole[day])
                case "reimport":
                    if midnight(day) < dt_util.utcnow():
                        device = device_id(hass, home)
                        await call(hass, "reimport_usage", device, start=str(day))
                case _:
                    await restart(hass, freezer, entry, storage)
            truth.tell(day)
        await until(hass, freezer, midnight(today) + timedelta(hours=19))
        assert_true(hass, home, truth, today)
    await hass.config_entries.async_remove(entry.entry_id)
    simulator.remove(home.subscription_id)


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland"])
async def test_months_are_those_of_berlin(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    zone: str,
) -> None:
    """A month begins at midnight in Germany, wherever Home Assistant is."""
    await hass.config.async_set_time_zone(zone)
    home = activate(simulator, freezer, str(midnight(FIRST)))
    truth = live(home, simulator, FIRST, LAST)
    freezer.move_to(midnight(date(2026, 10, 31)) + timedelta(hours=20))
    await set_up()
    assert_true(hass, home, truth, date(2026, 10, 31))
    assert shown(hass, home, "cost_this_month").attributes["month"] == "2026-10"
    await until(hass, freezer, midnight(date(2026, 11, 1)) + timedelta(minutes=1))
    found = shown(hass, home, "cost_this_month")
    assert found.attributes["month"] == "2026-11"
    # The first day's share of the base fee.
    assert float(found.state) == pytest.approx(FEE / 30, abs=1e-4)
    last = shown(hass, home, "cost_last_month")
    assert (last.attributes["month"], last.attributes["preliminary"]) == (
        "2026-10",
        True,
    )
    await until(hass, freezer, midnight(date(2026, 11, 10)) + timedelta(hours=20))
    assert_true(hass, home, truth, date(2026, 11, 10))
    for key in ("cost_this_month", "cost_last_month", "expected_cost"):
        attributes = shown(hass, home, key).attributes
        assert not {"state_class", "last_reset"} & set(attributes)


@pytest.mark.usefixtures("recorder_mock")
async def test_not_before_the_activation(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The sensors come with the active meter, and no quote is requested before."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    registry = er.async_get(hass)
    unique_id = f"{home.subscription_id}_cost_this_month"
    assert not registry.async_get_entity_id("sensor", DOMAIN, unique_id)
    assert "get_quote" not in requests_since(simulator)
    home.advance_to("activated")
    await refresh(hass, home)
    assert requests_since(simulator).count("get_quote") == 1
    assert state(hass, home, "cost_this_month") == STATE_UNKNOWN
    await pass_time(hass, freezer, 2 * DAY, timedelta(hours=3))
    assert float(state(hass, home, "cost_this_month")) > 0
    assert state(hass, home, "expected_cost") == STATE_UNKNOWN


async def test_no_recorder(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Without a recorder there are no sums, and no quote is needed."""
    home = simulator.add(recent_tariff(40))
    await set_up()
    assert "get_quote" not in requests_since(simulator)
    found = er.async_get(hass).entities
    assert not [
        each
        for each in found
        if each.endswith(("_cost_this_month", "_cost_last_month"))
    ]
    assert float(state(hass, home, "last_invoice")) > 0


@pytest.mark.usefixtures("recorder_mock")
async def test_recorder_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While the recorder does not answer, the last figures stay."""
    home = simulator.add(recent_tariff(40))
    await set_up()
    before = state(hass, home, "cost_this_month")
    with patch.object(costs, "async_hours", side_effect=SQLAlchemyError):
        await pass_time(hass, freezer, DAY, timedelta(hours=3))
    assert state(hass, home, "cost_this_month") == before
    assert "The recorder does not return the cost of the month" in warnings(caplog)
    await pass_time(hass, freezer, DAY, timedelta(hours=3))
    assert float(state(hass, home, "cost_this_month")) > float(before)


@pytest.mark.usefixtures("recorder_mock")
async def test_contract_that_ends(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The base fee ends with the contract, and nothing is expected after it."""
    home = simulator.add(recent_tariff(40, plan_price=5.99))
    home.end_at = midnight(date(2026, 11, 16))
    await set_up()
    await pass_time(hass, freezer, DAY, timedelta(hours=6))
    found = shown(hass, home, "cost_this_month")
    fee = found.attributes["base_fee_per_month"]
    assert found.attributes["base_fee"] == pytest.approx(fee / 2, abs=1e-4)
    assert float(found.state) == pytest.approx(
        float(state(hass, home, "expected_cost")), abs=0.006
    )
