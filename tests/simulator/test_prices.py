"""Prices."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulator import Household, Simulator, market, scenarios
from simulator.clock import BERLIN

from .common import START, Api, Clock


@pytest.fixture
def household(sim: Simulator) -> Household:
    """Return a home with a long history."""
    return sim.household(scenarios.smart_already().subscription_id)


async def _prices(api: Api, household: Household, start: str, end: str) -> Any:
    path = f"/subscriptions/{household.subscription_id}/prices"
    answer = await api.get(path, start=start, end=end)
    assert answer.status == 200, answer.text
    return answer.json


def _moments(prices: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(item["timestamp"]) for item in prices["items"]]


async def test_one_day(api: Api, household: Household) -> None:
    """A day of Berlin, in quarters, each the sum of its components."""
    prices = await _prices(api, household, "2026-03-10", "2026-03-10")
    assert (prices["unit"], prices["currency"]) == ("ct/kWh", "EUR")
    assert prices["resolution"] == "15min"
    moments = _moments(prices)
    assert moments[0] == datetime(2026, 3, 9, 23, tzinfo=UTC)
    assert len(moments) == 96
    for item in prices["items"]:
        parts = {part["type"]: part["amount"] for part in item["components"]}
        assert set(parts) == {"electricity", "grid", "levies"}
        assert item["amount"] == pytest.approx(sum(parts.values()), abs=0.001)
    amounts = [item["amount"] for item in prices["items"]]
    assert len(set(amounts)) > 80
    assert 10 < sum(amounts) / 96 < 40
    again = await _prices(api, household, "2026-03-10", "2026-03-10")
    assert again["items"] == prices["items"]


@pytest.mark.parametrize(
    ("day", "count"),
    [("2025-03-30", 92), ("2025-10-26", 100), ("2025-10-27", 96)],
)
@pytest.mark.parametrize("hourly", [True, False])
async def test_clock_changes(
    api: Api, household: Household, day: str, count: int, hourly: bool
) -> None:
    """A day is as long as it is, and has no holes and no repetitions."""
    household.hourly = hourly
    household.start_at = datetime(2025, 1, 1, tzinfo=UTC)
    prices = await _prices(api, household, day, day)
    moments = _moments(prices)
    step = timedelta(hours=1) if hourly else timedelta(minutes=15)
    assert len(moments) == count // (4 if hourly else 1)
    assert prices["resolution"] == ("hourly" if hourly else "15min")
    assert moments == [moments[0] + number * step for number in range(len(moments))]
    assert {str(each.astimezone(BERLIN).date()) for each in moments} == {day}


async def test_publication(api: Api, household: Household, clock: Clock) -> None:
    """Tomorrow is missing until a quarter past two or so, and the day after always is."""
    tomorrow = date(2026, 3, 17)
    published = market.published_at(tomorrow)
    local = published.astimezone(BERLIN)
    assert (local.date(), local.hour) == (date(2026, 3, 16), 14)
    assert 10 <= local.minute <= 20
    clock.moment = published - timedelta(seconds=1)
    api = await api.log_in()
    before = await _prices(api, household, "2026-03-16", "2026-03-20")
    assert len(before["items"]) == 96
    assert (await _prices(api, household, "2026-03-17", "2026-03-17"))["items"] == []
    clock.moment = published
    after = await _prices(api, household, "2026-03-16", "2026-03-20")
    assert len(after["items"]) == 192
    assert after["period"] == {"start": "2026-03-16", "end": "2026-03-20"}


@pytest.mark.parametrize("status", ["pending", "ended"])
async def test_contracts_that_are_not_active(
    sim: Simulator, api: Api, status: str
) -> None:
    """Without a delivery there is no price; nothing is not an empty list."""
    household = sim.add(scenarios.no_order(9, status=status))
    prices = await _prices(api, household, "2026-03-10", "2026-03-10")
    assert prices["items"] is None


async def test_before_the_contract(api: Api, household: Household) -> None:
    """There are no prices from before the delivery began."""
    household.start_at = datetime(2026, 3, 9, 23, tzinfo=UTC)
    prices = await _prices(api, household, "2026-03-08", "2026-03-10")
    assert len(prices["items"]) == 96


async def test_feed_in(sim: Simulator, api: Api) -> None:
    """Who sells is paid what the exchange pays."""
    household = sim.household(scenarios.feed_in().subscription_id)
    prices = await _prices(api, household, "2026-03-10", "2026-03-10")
    for item in prices["items"]:
        assert [part["type"] for part in item["components"]] == ["electricity"]
        assert item["amount"] == item["components"][0]["amount"]


async def test_module_3(sim: Simulator, api: Api) -> None:
    """Under module 3 the grid fee has three levels over the day."""
    household = sim.add(scenarios.smart_already(2, hourly=True))
    household.add_module("enwg-14a-module-3")
    assert set(await _grid_fees(api, household)) == {9.47}
    household.add_module("enwg-14a-module-1")
    fees = await _grid_fees(api, household)
    assert fees[0] == fees[5] < fees[6] == fees[12] < fees[17] == fees[20]
    assert fees[21] == fees[23] == fees[12] == 9.47


async def test_module_2(sim: Simulator, api: Api) -> None:
    """Under module 2 the energy part of the grid fee is 60 % lower."""
    household = sim.add(scenarios.smart_already(2))
    household.add_module("enwg-14a-module-2")
    assert set(await _grid_fees(api, household)) == {3.79}


async def test_modules_begin(sim: Simulator, api: Api) -> None:
    """A module changes nothing before it is in force."""
    household = sim.add(scenarios.smart_already(2))
    module = household.add_module("enwg-14a-module-2", "ordered")
    assert set(await _grid_fees(api, household)) == {9.47}
    module.status, module.valid_from = "activated", START
    assert set(await _grid_fees(api, household)) == {9.47}


async def _grid_fees(api: Api, household: Household) -> list[float]:
    prices = await _prices(api, household, "2026-03-10", "2026-03-10")
    return [item["components"][1]["amount"] for item in prices["items"]]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "invalid_type"),
        ({"start": "2026-03-10"}, "invalid_type"),
        ({"start": "2026-03-10", "end": "10.03.2026"}, "invalid_format"),
        ({"start": "20260310", "end": "2026-03-10"}, "invalid_format"),
        ({"start": "2026-02-30", "end": "2026-03-10"}, "invalid_format"),
        ({"start": "2026-03-10", "end": "2026-03-09"}, "invalid_value"),
    ],
)
async def test_bad_periods(
    api: Api, household: Household, query: dict[str, str], code: str
) -> None:
    """A period is two days, in order."""
    path = f"/subscriptions/{household.subscription_id}/prices"
    answer = await api.get(path, **query)
    assert answer.status == 400
    assert answer.codes == [code]


def test_a_year_of_the_market() -> None:
    """The market has seasons, weekends, peaks, and noons that cost nothing or less."""
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    year = {day: market.spot_prices(day) for day in days}
    means = {day: sum(year[day]) / len(year[day]) for day in days}
    winter = [means[day] for day in days if day.month in {1, 12}]
    summer = [means[day] for day in days if day.month in {6, 7}]
    assert sum(winter) / len(winter) > sum(summer) / len(summer)
    workdays = [means[day] for day in days if day.weekday() < 5]
    weekends = [means[day] for day in days if day.weekday() >= 5]
    assert sum(workdays) / len(workdays) > sum(weekends) / len(weekends)
    negative = [day for day in days if min(year[day]) < 0]
    assert 10 < len(negative) < 150
    for day in negative:
        cheapest = year[day].index(min(year[day])) / 4
        assert 9 <= cheapest <= 17
    # On a few of these even the whole price is below zero.
    dark = [day for day in days if (min(year[day]) + 1.8) * 1.19 + 15.67 < 0]
    assert 0 < len(dark) < 12
    assert max(max(prices) for prices in year.values()) < 40
