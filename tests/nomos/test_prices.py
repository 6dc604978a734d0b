"""What prices say about a day, and what is read from an answer."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    GridFeeWindow,
    NomosClient,
    NomosResponseError,
    PriceDay,
    PriceSeries,
    berlin_day,
    midnight,
)
from simulator import Simulator, scenarios
from tests.nomos.conftest import warnings

QUARTER = timedelta(minutes=15)
WINTER = date(2026, 11, 24)
LONG, SHORT = date(2026, 10, 25), date(2027, 3, 28)
"""Days on which the clocks are changed."""


def an_item(start: datetime, amount: Any, grid: Any = 9.47) -> dict[str, Any]:
    """Return an interval as the API writes it."""
    return {
        "timestamp": start.isoformat().replace("+00:00", "Z"),
        "amount": amount,
        "components": [
            {"type": "electricity", "amount": 8.77},
            {"type": "grid", "amount": grid},
            {"type": "levies", "amount": 6.2},
        ],
    }


def an_answer(items: Any, resolution: str = "15min", **changes: Any) -> dict[str, Any]:
    """Return an answer of the API."""
    return {
        "object": "price",
        "unit": "ct/kWh",
        "currency": "EUR",
        "resolution": resolution,
        "reference": "EPEX Day-Ahead",
        "items": items,
        **changes,
    }


def series(
    amounts: list[Any],
    day: date = WINTER,
    resolution: str = "15min",
    grid: list[Any] | None = None,
) -> PriceSeries:
    """Return prices in ct/kWh from the beginning of a day on."""
    length = QUARTER if resolution == "15min" else 4 * QUARTER
    grid = grid or [9.47] * len(amounts)
    return PriceSeries.from_json(
        an_answer(
            [
                an_item(midnight(day) + place * length, amount, fee)
                for place, (amount, fee) in enumerate(zip(amounts, grid, strict=True))
            ],
            resolution,
        )
    )


def a_day(amounts: list[Any], **details: Any) -> PriceDay:
    """Return a day with these prices in ct/kWh."""
    return series(amounts, **details).day(details.get("day", WINTER))


# Reading


def test_units() -> None:
    """Cents become euros without the noise of binary fractions."""
    (price,) = series([24.44]).prices
    assert (price.amount, price.energy, price.grid, price.levies) == (
        0.2444,
        0.0877,
        0.0947,
        0.062,
    )
    assert price.start == midnight(WINTER)
    assert price.end - price.start == QUARTER


@pytest.mark.parametrize("items", [None, []])
def test_no_items(items: Any) -> None:
    """A contract that is not active has no prices, which is no error."""
    prices = PriceSeries.from_json(an_answer(items))
    assert prices.prices == ()
    assert prices.end is None
    assert prices.at(midnight(WINTER)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"unit": "EUR/MWh"},
        {"unit": None},
        {"currency": "CHF"},
        {"resolution": "5min"},
        {"resolution": None},
        {"items": {"timestamp": "2026-11-24T00:00:00Z"}},
        {"items": "none"},
    ],
)
def test_answer_that_would_mislead(changes: dict[str, Any]) -> None:
    """Prices that may mean something else are no prices."""
    with pytest.raises(NomosResponseError):
        PriceSeries.from_json(an_answer([]) | changes)


@pytest.mark.parametrize(
    "amount", [None, "24.44", True, [], {}, float("nan"), float("inf"), 10**400, 1e9]
)
def test_amount_that_is_none(amount: Any) -> None:
    """What is no plausible number is unknown, and never nothing."""
    (price,) = series([amount], grid=[amount]).prices
    assert price.amount is None
    assert price.grid is None
    assert price.energy == 0.0877


@pytest.mark.parametrize("amount", [0, 0.0, -12.5, 400])
def test_amount_that_is_one(amount: float) -> None:
    """Nothing and less than nothing are prices."""
    (price,) = series([amount]).prices
    assert price.amount == amount / 100


@pytest.mark.parametrize(
    "components",
    [None, "none", [], [None], [{"type": "carbon", "amount": 1}], [{"amount": 1}]],
)
def test_components_that_are_not_there(components: Any) -> None:
    """A price is good without its parts, and with parts that are new."""
    item = {**an_item(midnight(WINTER), 20), "components": components}
    (price,) = PriceSeries.from_json(an_answer([item])).prices
    assert (price.amount, price.energy, price.grid, price.levies) == (
        0.2,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    "item",
    [
        None,
        "none",
        {},
        {"amount": 20},
        {"timestamp": "soon", "amount": 20},
        {"timestamp": None, "amount": 20},
        {"timestamp": "2026-11-24T00:07:00Z", "amount": 20},
    ],
)
def test_item_without_a_time(item: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It leaves a gap, is said once, and does not keep the others back."""
    start = midnight(WINTER)
    items = [an_item(start, 20), item, item, an_item(start + 2 * QUARTER, 22)]
    prices = PriceSeries.from_json(an_answer(items))
    assert [each.amount for each in prices.prices] == [0.2, 0.22]
    assert prices.at(start + QUARTER) is None
    assert len(warnings(caplog)) == 1


def test_order_does_not_matter() -> None:
    """Intervals are put in their order; of two for the same time the last counts."""
    start = midnight(WINTER)
    items = [
        an_item(start + QUARTER, 21),
        an_item(start, 20),
        an_item(start + QUARTER, 25),
    ]
    prices = PriceSeries.from_json(an_answer(items)).prices
    assert [each.amount for each in prices] == [0.2, 0.25]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["timestamp", "amount", "components", "type"]),
            inner | st.just("2026-11-24T00:00:00Z"),
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.lists(JSON, max_size=5), st.sampled_from(["15min", "hourly"]))
def test_nothing_else_is_raised(items: list[Any], resolution: str) -> None:
    """Whatever stands in the list, what can be read is read, and can be shown."""
    prices = PriceSeries.from_json(an_answer(items, resolution))
    for day in prices.days.values():
        for each in day.prices:
            if each.amount is not None:
                assert 0 <= day.rank(each.amount) <= 100
                assert 0 <= day.level(each.amount) <= 4
    stored = json.loads(json.dumps(prices.to_store))
    assert PriceSeries.from_store(stored) == prices


# Days


@pytest.mark.parametrize(
    ("day", "resolution", "count"),
    [
        (WINTER, "15min", 96),
        (LONG, "15min", 100),
        (SHORT, "15min", 92),
        (WINTER, "hourly", 24),
        (LONG, "hourly", 25),
        (SHORT, "hourly", 23),
    ],
)
def test_length_of_days(day: date, resolution: str, count: int) -> None:
    """A day is complete with all of its intervals, and not with one less."""
    whole = series([20] * count, day, resolution)
    assert whole.end == midnight(day + timedelta(days=1))
    assert whole.day(day).is_complete
    assert list(whole.days) == [day]
    less = series([20] * (count - 1), day, resolution).day(day)
    assert not less.is_published
    gap = series([20] * (count - 1) + [None], day, resolution).day(day)
    assert gap.is_published
    assert not gap.is_complete


@pytest.mark.parametrize("day", [WINTER, LONG, SHORT])
@pytest.mark.parametrize("hourly", [True, False])
async def test_days_of_the_simulator(
    simulator: Simulator,
    client: NomosClient,
    freezer: FrozenDateTimeFactory,
    day: date,
    hourly: bool,
) -> None:
    """What Nomos answers for a day is that day, from beginning to end."""
    home = simulator.add(
        scenarios.smart_already(hourly=hourly, start_at=midnight(date(2026, 1, 1)))
    )
    freezer.move_to(midnight(day) + timedelta(hours=20))
    prices = await client.prices(home.subscription_id, day, day + timedelta(days=1))
    assert list(prices.days) == [day, day + timedelta(days=1)]
    assert all(known.is_complete for known in prices.days.values())
    for each in prices.prices:
        parts = [each.energy, each.grid, each.levies]
        assert None not in parts
        assert each.amount == pytest.approx(sum(filter(None, parts)))
        assert berlin_day(each.start) == berlin_day(each.end - timedelta.resolution)


RANKS: Mapping[str, tuple[list[Any], dict[float, float]]] = {
    "each its place": (
        [10, 20, 30, 40, 50],
        {0.1: 0, 0.2: 25, 0.3: 50, 0.4: 75, 0.5: 100},
    ),
    "all equal": ([20, 20, 20], {0.2: 50}),
    "two and two": ([10, 10, 30, 30], {0.1: 100 / 6, 0.3: 500 / 6}),
    "the only one": ([20], {0.2: 50}),
    "less than nothing": ([-5, 0, 5], {-0.05: 0, 0: 50, 0.05: 100}),
    "one unknown": ([10, None, 30], {0.1: 0, 0.3: 100}),
}


@pytest.mark.parametrize(("amounts", "ranks"), RANKS.values(), ids=RANKS)
def test_rank(amounts: list[Any], ranks: dict[float, float]) -> None:
    """The cheapest stands at 0 %, the dearest at 100 %, equal ones in their middle."""
    day = a_day(amounts)
    assert {amount: day.rank(amount) for amount in ranks} == pytest.approx(ranks)


LEVELS: Mapping[str, tuple[list[Any], list[int]]] = {
    "flat": ([20] * 5, [2] * 5),
    "flat but for half a cent": ([20, 20.5, 20, 19.5], [2, 2, 2, 2]),
    "one cent and more": ([20, 20, 20, 18.5, 21.5], [2, 2, 2, 1, 3]),
    "two and a half cents": ([20] * 20 + [17.2, 22.8], [2] * 20 + [0, 4]),
    # The deviation is 10 ct: what counts are 5 ct and 12.5 ct.
    "steep": (
        [10, 30] * 20 + [15.5, 24.5, 14, 26, 7, 33],
        [1, 3] * 20 + [2, 2, 1, 3, 0, 4],
    ),
    "below nothing": ([30] * 12 + [-8] * 4, [3] * 12 + [0] * 4),
    "the only one": ([20], [2]),
    "nothing known but one": ([None, None, 20], [2]),
}


@pytest.mark.parametrize(("amounts", "levels"), LEVELS.values(), ids=LEVELS)
def test_level(amounts: list[Any], levels: list[int]) -> None:
    """Only what stands out from its day is cheap or expensive."""
    day = a_day(amounts)
    found = [day.level(each.amount) for each in day.prices if each.amount is not None]
    assert found == levels


@given(
    st.lists(st.integers(-2000, 6000), min_size=1, max_size=96),
    st.integers(-1000, 1000),
)
def test_level_by_what_differs(cents: list[int], more: int) -> None:
    """Dearer is never a lower level, and what all prices share does not matter."""
    day, other = (
        a_day([(cent + extra) / 100 for cent in cents]) for extra in (0, more)
    )
    levels = sorted(
        (each.amount or 0, day.level(each.amount or 0)) for each in day.prices
    )
    assert [level for _, level in levels] == sorted(level for _, level in levels)
    assert day.average is not None
    for one, two in zip(day.prices, other.prices, strict=True):
        near = [
            abs(abs((one.amount or 0) - day.average) / limit - 1) < 1e-3
            for limit in (0.01, 0.025)
        ]
        spread = max(cents) - min(cents)
        if spread <= 200 and not any(near):
            assert day.level(one.amount or 0) == other.level(two.amount or 0)
    if max(cents) - min(cents) < 100:
        assert {level for _, level in levels} == {2}


def test_extremes() -> None:
    """The first of several is named; what is unknown is neither low nor high."""
    day = a_day([None, 20, 10, 10, 30, None, 30])
    assert day.lowest
    assert day.highest
    assert (day.lowest.start, day.lowest.amount) == (
        midnight(WINTER) + 2 * QUARTER,
        0.1,
    )
    assert (day.highest.start, day.highest.amount) == (
        midnight(WINTER) + 4 * QUARTER,
        0.3,
    )
    assert day.average == 0.2


def test_day_of_which_nothing_is_known() -> None:
    """There is no average of nothing, and no lowest price either."""
    for day in (series([]).day(WINTER), a_day([None, None])):
        assert (day.average, day.lowest, day.highest) == (None, None, None)
        assert not day.is_complete


# Series


def test_at() -> None:
    """An interval holds from its first moment to before its last."""
    prices = series([20, 21])
    start = midnight(WINTER)
    assert prices.at(start - timedelta.resolution) is None
    assert prices.at(start) == prices.prices[0]
    assert prices.at(start + QUARTER - timedelta.resolution) == prices.prices[0]
    assert prices.at(start + QUARTER) == prices.prices[1]
    assert prices.at(start + 2 * QUARTER) is None


def test_newer_prices() -> None:
    """What is new is added, what changed counts, and what is missing is kept."""
    known = series([20, 21, None, None])
    newer = series([19, None, 22, None, 23])
    assert [each.amount for each in known.updated(newer).prices] == [
        0.19,
        0.21,
        0.22,
        None,
        0.23,
    ]
    assert known.updated(PriceSeries()) == known
    assert PriceSeries().updated(newer) == newer


def test_change_of_resolution() -> None:
    """Hours and quarters go together, as quarters."""
    hours = series([20, 30], resolution="hourly")
    assert [each.amount for each in hours.in_quarters().prices] == [0.2] * 4 + [0.3] * 4
    quarters = series([1, 2, 3, 4, 5])
    for both in (hours.updated(quarters), quarters.updated(hours)):
        assert both.resolution == QUARTER
        assert len(both.prices) == 8
        assert [each.end - each.start for each in both.prices] == [QUARTER] * 8
    assert [each.amount for each in hours.updated(quarters).prices] == [
        0.01,
        0.02,
        0.03,
        0.04,
        0.05,
        0.3,
        0.3,
        0.3,
    ]


def test_between() -> None:
    """An interval that only reaches into a time is part of it."""
    prices = series([1, 2, 3, 4])
    start = midnight(WINTER)
    found = prices.between(start + QUARTER / 2, start + 2 * QUARTER)
    assert [each.amount for each in found] == [0.01, 0.02]
    assert [each.amount for each in prices.since(start + 2 * QUARTER).prices] == [
        0.03,
        0.04,
    ]


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"resolution": "5min", "prices": []},
        {"resolution": "15min", "prices": [["soon", 1, 1, 1, 1]]},
        {"resolution": "15min", "prices": [[0, 1, 1, 1, 1, 1]]},
        {"resolution": "15min", "prices": [None]},
    ],
)
def test_store_that_is_none(stored: dict[str, Any]) -> None:
    """What was not written by this is not taken for prices."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        PriceSeries.from_store(stored)


# The windows of module 3

LOW, STANDARD, HIGH = GridFeeWindow.LOW, GridFeeWindow.STANDARD, GridFeeWindow.HIGH

WINDOWS: Mapping[str, tuple[list[Any], list[GridFeeWindow | None]]] = {
    "three": ([2, 2, 9, 9, 14], [LOW, LOW, STANDARD, STANDARD, HIGH]),
    "low and standard": ([2, 9, 9], [LOW, STANDARD, STANDARD]),
    "standard and high": ([9, 9, 14], [STANDARD, STANDARD, HIGH]),
    "halves": ([2, 9, 9, 2], [LOW, STANDARD, STANDARD, LOW]),
    "one": ([9, 9], [None, None]),
    "four": ([1, 2, 3, 4], [None] * 4),
    "unknown": ([2, None, 9, 9], [LOW, None, STANDARD, STANDARD]),
    "nothing": ([None, None], [None, None]),
}


@pytest.mark.parametrize(("fees", "windows"), WINDOWS.values(), ids=WINDOWS)
def test_windows(fees: list[Any], windows: list[GridFeeWindow | None]) -> None:
    """Two or three different grid fees make windows of a day."""
    prices = series([20] * len(fees), grid=fees)
    assert [prices.grid_fee_window(each.start) for each in prices.prices] == windows


def test_next_window() -> None:
    """It begins with the first interval that is in another one, also overnight."""
    fees = [2] * 40 + [9] * 56
    start = midnight(WINTER)
    prices = series([20] * 96, grid=fees)
    assert prices.grid_fee_window_ends(start) == start + 40 * QUARTER
    assert prices.grid_fee_window_ends(start + 50 * QUARTER) is None
    tomorrow = series([20] * 96, WINTER + timedelta(days=1), grid=[2] * 40 + [9] * 56)
    both = prices.updated(tomorrow)
    assert both.grid_fee_window_ends(start + 50 * QUARTER) == start + 96 * QUARTER
    assert both.grid_fee_window_ends(datetime(2026, 1, 1, tzinfo=UTC)) is None
