"""Tests of the prices."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulator import Household, Simulator, market, scenarios
from simulator.clock import BERLIN, DAY, QUARTER, days as days_between
from simulator.reductions import MODULE_1, MODULE_2, MODULE_3

from .common import START, Api, Clock, find_household


async def _prices(api: Api, household: Household, start: str, end: str) -> Any:
    path = f"/subscriptions/{household.subscription_id}/prices"
    answer = await api.get(path, start=start, end=end)
    assert answer.status == 200, answer.text
    return answer.json


def _moments(prices: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(item["timestamp"]) for item in prices["items"]]


async def test_one_day(api: Api, smart_household: Household) -> None:
    """A day has 96 prices, each the sum of its components."""
    prices = await _prices(api, smart_household, "2026-03-10", "2026-03-10")
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
    again = await _prices(api, smart_household, "2026-03-10", "2026-03-10")
    assert again["items"] == prices["items"]


@pytest.mark.parametrize(
    ("day", "count"),
    [("2025-03-30", 92), ("2025-10-26", 100), ("2025-10-27", 96)],
)
@pytest.mark.parametrize("hourly", [True, False])
async def test_clock_changes(
    api: Api, smart_household: Household, day: str, count: int, hourly: bool
) -> None:
    """Days of a clock change have prices without gaps or repetitions."""
    smart_household.hourly = hourly
    smart_household.start_at = datetime(2025, 1, 1, tzinfo=UTC)
    prices = await _prices(api, smart_household, day, day)
    moments = _moments(prices)
    step = timedelta(hours=1) if hourly else QUARTER
    assert len(moments) == count // (4 if hourly else 1)
    assert prices["resolution"] == ("hourly" if hourly else "15min")
    assert moments == [moments[0] + number * step for number in range(len(moments))]
    assert {str(each.astimezone(BERLIN).date()) for each in moments} == {day}


async def test_publication(api: Api, smart_household: Household, clock: Clock) -> None:
    """Tomorrow's prices appear between 14:10 and 14:20."""
    tomorrow = date(2026, 3, 17)
    published = market.published_at(tomorrow)
    local = published.astimezone(BERLIN)
    assert (local.date(), local.hour) == (date(2026, 3, 16), 14)
    assert 10 <= local.minute <= 20
    clock.moment = published - timedelta(seconds=1)
    api = await api.log_in()
    before = await _prices(api, smart_household, "2026-03-16", "2026-03-20")
    assert len(before["items"]) == 96
    assert (await _prices(api, smart_household, "2026-03-17", "2026-03-17"))[
        "items"
    ] == []
    clock.moment = published
    after = await _prices(api, smart_household, "2026-03-16", "2026-03-20")
    assert len(after["items"]) == 192
    assert after["period"] == {"start": "2026-03-16", "end": "2026-03-20"}


async def test_late_publication(
    sim: Simulator, api: Api, smart_household: Household, clock: Clock
) -> None:
    """A delay applies to the next publication; published prices stay."""
    published = market.published_at(date(2026, 3, 17))
    sim.publication_delay = timedelta(hours=3)
    assert sim.publication_delay == timedelta(hours=3)
    for late, count in (
        (timedelta(hours=3, seconds=-1), 96),
        (timedelta(hours=3), 192),
    ):
        clock.moment = published + late
        api = await api.log_in()
        prices = await _prices(api, smart_household, "2026-03-16", "2026-03-20")
        assert len(prices["items"]) == count
    sim.publication_delay = timedelta(days=2)
    # Two days later, no further prices are published.
    clock.move(days=2)
    api = await api.log_in()
    prices = await _prices(api, smart_household, "2026-03-16", "2026-03-20")
    assert len(prices["items"]) == 192
    sim.publication_delay = timedelta(0)
    prices = await _prices(api, smart_household, "2026-03-16", "2026-03-20")
    assert len(prices["items"]) == 384


@pytest.mark.parametrize("delay", [timedelta(seconds=-1), timedelta(days=31)])
def test_invalid_delays(sim: Simulator, delay: timedelta) -> None:
    """Negative delays and those over a month are refused."""
    with pytest.raises(ValueError, match="not within a month"):
        sim.publication_delay = delay


@pytest.mark.parametrize("delayed", [True, False])
async def test_publication_endpoint(
    sim: Simulator, anonymous: Api, delayed: bool
) -> None:
    """The control endpoint sets and removes the delay."""
    sim.publication_delay = timedelta(hours=1)
    body = {"minutes": 90} if delayed else {}
    answer = await anonymous.post("/_simulator/publication", body)
    assert answer.json == {"seconds": 5400 if delayed else 0}
    assert sim.publication_delay == timedelta(minutes=90 if delayed else 0)
    state = (await anonymous.get("/_simulator")).json
    assert state["publication_delay"] == answer.json["seconds"]


@pytest.mark.parametrize("minutes", ["soon", -1, 1e300, None])
async def test_invalid_delay_at_endpoint(
    sim: Simulator, anonymous: Api, minutes: object
) -> None:
    """An invalid delay is refused and changes nothing."""
    answer = await anonymous.post("/_simulator/publication", {"minutes": minutes})
    assert answer.status == 400
    assert sim.publication_delay == timedelta(0)


@pytest.mark.parametrize("status", ["pending", "ended"])
async def test_contracts_that_are_not_active(
    sim: Simulator, api: Api, status: str
) -> None:
    """The prices of a contract that is not active are null."""
    household = sim.add(scenarios.no_order(9, status=status))
    prices = await _prices(api, household, "2026-03-10", "2026-03-10")
    assert prices["items"] is None


async def test_before_the_contract(api: Api, smart_household: Household) -> None:
    """There are no prices before the start of the contract."""
    smart_household.start_at = datetime(2026, 3, 9, 23, tzinfo=UTC)
    prices = await _prices(api, smart_household, "2026-03-08", "2026-03-10")
    assert len(prices["items"]) == 96


async def test_feed_in(sim: Simulator, api: Api) -> None:
    """Payouts have the exchange price as their only component."""
    household = find_household(sim, "feed_in")
    prices = await _prices(api, household, "2026-03-10", "2026-03-10")
    for item in prices["items"]:
        assert [part["type"] for part in item["components"]] == ["electricity"]
        assert item["amount"] == item["components"][0]["amount"]


async def test_module_3(sim: Simulator, api: Api) -> None:
    """With modules 1 and 3, the grid fee has three levels over the day."""
    household = sim.add(scenarios.smart_already(2, hourly=True))
    household.add_module(MODULE_3)
    assert set(await _grid_fees(api, household)) == {9.47}
    household.add_module(MODULE_1)
    fees = await _grid_fees(api, household)
    assert fees[0] == fees[5] < fees[6] == fees[12] < fees[17] == fees[20]
    assert fees[21] == fees[23] == fees[12] == 9.47


async def test_quarters_without_windows(sim: Simulator, api: Api) -> None:
    """Quarters of the year without windows have the standard fee all day."""
    start_at = datetime(2025, 1, 1, tzinfo=UTC)
    household = sim.add(scenarios.smart_already(2, start_at=start_at))
    household.window_quarters = (2, 3)
    for kind in (MODULE_1, MODULE_3):
        household.add_module(kind, valid_from=start_at)
    counts = []
    for day in ("2025-03-31", "2025-04-01", "2025-09-30", "2025-10-01"):
        items = (await _prices(api, household, day, day))["items"]
        counts.append(len({item["components"][1]["amount"] for item in items}))
    assert counts == [1, 3, 3, 1]


async def test_module_2(sim: Simulator, api: Api) -> None:
    """With module 2, the grid fee is 60 % lower."""
    household = sim.add(scenarios.smart_already(2))
    household.add_module(MODULE_2)
    assert set(await _grid_fees(api, household)) == {3.79}


async def test_modules_begin(sim: Simulator, api: Api) -> None:
    """A module does not change the grid fee before it is in force."""
    household = sim.add(scenarios.smart_already(2))
    module = household.add_module(MODULE_2, "ordered")
    assert set(await _grid_fees(api, household)) == {9.47}
    module.status, module.valid_from = "activated", START
    assert set(await _grid_fees(api, household)) == {9.47}


async def test_modules_end(sim: Simulator, api: Api) -> None:
    """A module applies from its start to its end, also once it has ended."""
    household = sim.add(scenarios.smart_already(2, hourly=True))
    begin = datetime(2026, 3, 10, 9, tzinfo=UTC)
    module = household.add_module(
        MODULE_2, valid_from=begin, valid_until=begin + timedelta(hours=2)
    )
    expected = [9.47] * 10 + [3.79] * 2 + [9.47] * 12
    assert await _grid_fees(api, household) == expected
    module.status = "ended"
    assert await _grid_fees(api, household) == expected
    module.status = "rejected"
    assert set(await _grid_fees(api, household)) == {9.47}
    module.status, module.valid_until = "ended", None
    assert set(await _grid_fees(api, household)) == {9.47}


async def test_modules_that_ended(sim: Simulator, api: Api) -> None:
    """A module that ends today applies until yesterday."""
    household = sim.add(scenarios.smart_already(2))
    household.add_module(MODULE_2, "ended")
    assert set(await _grid_fees(api, household, "2026-03-15")) == {3.79}
    assert set(await _grid_fees(api, household, "2026-03-16")) == {9.47}


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ((), (), [9.47] * 24),
        (range(2, 4), (), [9.47] * 2 + [1.89] * 2 + [9.47] * 20),
        ((), range(23, 24), [9.47] * 23 + [14.21]),
        ([0, 23], [12], [1.89] + [9.47] * 11 + [14.21] + [9.47] * 10 + [1.89]),
    ],
)
async def test_windows(
    sim: Simulator, api: Api, low: Any, high: Any, expected: list[float]
) -> None:
    """The windows of module 3 can be set, or left out."""
    household = sim.add(
        scenarios.smart_already(2, hourly=True, low_hours=low, high_hours=high)
    )
    for kind in (MODULE_1, MODULE_3):
        household.add_module(kind)
    assert await _grid_fees(api, household) == expected


@pytest.mark.parametrize(
    ("day", "count"),
    [("2025-03-30", 92), ("2025-10-26", 100), ("2025-10-27", 96)],
)
async def test_set_prices(
    sim: Simulator, api: Api, smart_household: Household, day: str, count: int
) -> None:
    """Set prices change the energy component only."""
    smart_household.start_at = datetime(2025, 1, 1, tzinfo=UTC)
    for kind in (MODULE_1, MODULE_3):
        smart_household.add_module(kind)
    grid = [
        item["components"][1]
        for item in (await _prices(api, smart_household, day, day))["items"]
    ]
    amounts = [20.0, None, -3.25, *(number / 8 for number in range(count - 3))]
    sim.set_prices(date.fromisoformat(day), amounts)
    items = (await _prices(api, smart_household, day, day))["items"]
    assert [item["amount"] for item in items] == amounts
    assert [item["components"][1] for item in items] == grid
    assert len({part["amount"] for part in grid}) == 3
    for item in items:
        parts = {part["type"]: part["amount"] for part in item["components"]}
        assert list(parts) == ["electricity", "grid", "levies"]
        assert parts["levies"] == 6.2
        if item["amount"] is None:
            assert parts["electricity"] is None
        else:
            assert sum(parts.values()) == pytest.approx(item["amount"], abs=1e-9)
    other = str(date.fromisoformat(day) + DAY)
    items = (await _prices(api, smart_household, other, other))["items"]
    assert [item["amount"] for item in items][:3] != amounts[:3]


@pytest.mark.parametrize(
    ("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-10-27", 24)]
)
async def test_set_hourly_prices(
    sim: Simulator, api: Api, smart_household: Household, day: str, hours: int
) -> None:
    """An hourly price is the mean of its quarter-hours, or null."""
    smart_household.start_at, smart_household.hourly = (
        datetime(2025, 1, 1, tzinfo=UTC),
        True,
    )
    quarters = [1.0, 2.0, 2.0, 2.5, None, 1.0, 1.0, 1.0]
    sim.set_prices(date.fromisoformat(day), quarters + [7.0] * (4 * hours - 8))
    expected = [1.875, None] + [7.0] * (hours - 2)
    assert await _amounts(api, smart_household, day) == expected
    by_hour = [1.5, None, *(float(number) for number in range(hours - 2))]
    sim.set_prices(date.fromisoformat(day), by_hour)
    assert await _amounts(api, smart_household, day) == by_hour
    smart_household.hourly = False
    assert await _amounts(api, smart_household, day) == [
        amount for amount in by_hour for _ in range(4)
    ]


async def test_set_payouts(sim: Simulator, api: Api) -> None:
    """Payouts can be set."""
    household = find_household(sim, "feed_in")
    amounts = [8.123, None, -2.0, *[5.0] * 93]
    sim.set_prices(date(2026, 3, 10), amounts)
    items = (await _prices(api, household, "2026-03-10", "2026-03-10"))["items"]
    assert [item["amount"] for item in items] == amounts
    assert [item["components"] for item in items] == [
        [{"type": "electricity", "amount": amount}] for amount in amounts
    ]


async def test_set_prices_are_published(
    sim: Simulator, api: Api, smart_household: Household, clock: Clock
) -> None:
    """Set prices are published at the usual time."""
    sim.set_prices(date(2026, 3, 17), [1.0] * 24)
    assert await _amounts(api, smart_household, "2026-03-17") == []
    clock.moment = market.published_at(date(2026, 3, 17))
    api = await api.log_in()
    assert await _amounts(api, smart_household, "2026-03-17") == [1.0] * 96


@pytest.mark.parametrize("count", [0, 1, 25, 92, 100])
def test_set_prices_of_another_day(sim: Simulator, count: int) -> None:
    """A wrong number of prices is refused."""
    with pytest.raises(ValueError, match="has 96 quarters"):
        sim.set_prices(date(2026, 3, 10), [1.0] * count)


async def _amounts(api: Api, household: Household, day: str) -> list[float | None]:
    items = (await _prices(api, household, day, day))["items"]
    return [item["amount"] for item in items]


async def _grid_fees(
    api: Api, household: Household, day: str = "2026-03-10"
) -> list[float]:
    prices = await _prices(api, household, day, day)
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
    api: Api, smart_household: Household, query: dict[str, str], code: str
) -> None:
    """An invalid period is refused."""
    path = f"/subscriptions/{smart_household.subscription_id}/prices"
    answer = await api.get(path, **query)
    assert answer.status == 400
    assert answer.codes == [code]


def test_a_year_of_the_market() -> None:
    """Prices vary by season and weekday, and can be negative at noon."""
    days = days_between(date(2026, 1, 1), date(2027, 1, 1))
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
    # On a few of these, even the all-in price is negative.
    dark = [day for day in days if (min(year[day]) + 1.8) * 1.19 + 15.67 < 0]
    assert 0 < len(dark) < 12
    assert max(max(prices) for prices in year.values()) < 40
