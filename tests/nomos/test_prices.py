"""Tests of prices."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    DAY,
    HOUR,
    QUARTER,
    GridFeeWindow,
    NomosClient,
    NomosResponseError,
    PriceDay,
    PriceSeries,
    berlin_day,
    midnight,
)
from simulator import Simulator, scenarios
from tests.nomos.common import (
    LONG_DAY,
    SHORT_DAY,
    WINTER_DAY,
    a_price_answer,
    a_price_item,
    price_series,
    warnings,
)


def a_day(amounts: list[Any], **details: Any) -> PriceDay:
    """Return a day with prices in ct/kWh."""
    return price_series(amounts, **details).day(details.get("day", WINTER_DAY))


# Answers of the API


def test_units() -> None:
    """Amounts are converted to EUR/kWh and rounded."""
    (price,) = price_series([24.44]).prices
    assert (price.amount, price.energy, price.grid, price.levies) == (
        0.2444,
        0.0877,
        0.0947,
        0.062,
    )
    assert price.start == midnight(WINTER_DAY)
    assert price.end - price.start == QUARTER


def test_rounding() -> None:
    """Amounts have eight decimal places."""
    (price,) = price_series([12.3456789]).prices
    assert price.amount == 0.12345679


def test_midnight() -> None:
    """A day in Berlin starts at different times in UTC."""
    assert midnight(WINTER_DAY) == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert midnight(date(2026, 7, 1)) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert midnight(WINTER_DAY).tzinfo is UTC


@pytest.mark.parametrize("items", [None, []])
def test_no_items(items: Any) -> None:
    """A contract without prices is not an error."""
    prices = PriceSeries.from_json(a_price_answer(items))
    assert prices.prices == ()
    assert prices.end is None
    assert prices.at(midnight(WINTER_DAY)) is None


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
def test_invalid_answer(changes: dict[str, Any]) -> None:
    """An answer with another unit or resolution raises an error."""
    with pytest.raises(NomosResponseError):
        PriceSeries.from_json(a_price_answer([]) | changes)


@pytest.mark.parametrize(
    "amount",
    [None, "24.44", True, [], {}, float("nan"), float("inf"), 10**400, 1e9, 100_000],
)
def test_invalid_amount(amount: Any) -> None:
    """An invalid amount is unknown, not zero."""
    series = price_series([amount], grid=[amount])
    assert not series.prices
    (interval,) = series.intervals
    assert interval.amount is None
    assert interval.grid is None
    assert interval.energy == 0.0877


@pytest.mark.parametrize("amount", [0, 0.0, -12.5, 400])
def test_valid_amount(amount: float) -> None:
    """Zero and negative amounts are valid."""
    (price,) = price_series([amount]).prices
    assert price.amount == amount / 100


@pytest.mark.parametrize(
    "components",
    [None, "none", [], [None], [{"type": "carbon", "amount": 1}], [{"amount": 1}]],
)
def test_missing_components(components: Any) -> None:
    """Components may be missing or unknown."""
    item = {**a_price_item(midnight(WINTER_DAY), 20), "components": components}
    (price,) = PriceSeries.from_json(a_price_answer([item])).prices
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
def test_invalid_timestamp(item: Any, caplog: pytest.LogCaptureFixture) -> None:
    """An item with an invalid timestamp leaves a gap and is logged once."""
    start = midnight(WINTER_DAY)
    items = [a_price_item(start, 20), item, item, a_price_item(start + 2 * QUARTER, 22)]
    prices = PriceSeries.from_json(a_price_answer(items))
    assert [each.amount for each in prices.prices] == [0.2, 0.22]
    assert prices.at(start + QUARTER) is None
    assert len(warnings(caplog)) == 1


def test_order_of_items() -> None:
    """Intervals are sorted; the last one counts for the same time."""
    start = midnight(WINTER_DAY)
    items = [
        a_price_item(start + QUARTER, 21),
        a_price_item(start, 20),
        a_price_item(start + QUARTER, 25),
    ]
    prices = PriceSeries.from_json(a_price_answer(items)).prices
    assert [each.amount for each in prices] == [0.2, 0.25]


ITEMS = st.recursive(
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


@given(st.lists(ITEMS, max_size=5), st.sampled_from(["15min", "hourly"]))
def test_any_items(items: list[Any], resolution: str) -> None:
    """Any list of items is parsed, and all prices have a rank and a level."""
    prices = PriceSeries.from_json(a_price_answer(items, resolution))
    for day in prices.days.values():
        for each in day.prices:
            if each.amount is not None:
                assert 0 <= day.rank(each.amount) <= 100
                assert 0 <= day.level(each.amount) <= 4


# Days


@pytest.mark.parametrize(
    ("day", "resolution", "count"),
    [
        (WINTER_DAY, "15min", 96),
        (LONG_DAY, "15min", 100),
        (SHORT_DAY, "15min", 92),
        (WINTER_DAY, "hourly", 24),
        (LONG_DAY, "hourly", 25),
        (SHORT_DAY, "hourly", 23),
    ],
)
def test_length_of_days(day: date, resolution: str, count: int) -> None:
    """A day is complete if all of its intervals have a price; null is none."""
    complete = price_series([20] * count, day, resolution)
    assert complete.end == midnight(day + DAY)
    assert complete.day(day).is_complete
    assert list(complete.days) == [day]
    short = price_series([20] * (count - 1), day, resolution).day(day)
    assert not short.is_complete
    null = price_series([20] * (count - 1) + [None], day, resolution)
    assert null.day(day) == short
    assert null.end == short.prices[-1].end


@pytest.mark.parametrize("resolution", ["15min", "hourly"])
def test_intervals_without_a_price(resolution: str) -> None:
    """An interval without a price counts as missing; its grid fee is known."""
    start = midnight(WINTER_DAY)
    series = price_series([20, None, 21, None], resolution=resolution)
    known, null, last, end = (each.start for each in series.intervals)
    assert [each.start for each in series.prices] == [known, last]
    assert series.at(null) is None
    assert (interval := series.interval_at(null))
    assert (interval.amount, interval.grid) == (None, 0.0947)
    assert series.between(start, end + HOUR) == series.prices
    assert series.end == end
    assert list(series.days) == [WINTER_DAY]
    assert null not in series.quarters
    assert series.quarters[known] == 0.2
    nothing = price_series([None] * 4, resolution=resolution)
    assert (nothing.prices, nothing.end, nothing.days) == ((), None, {})


@pytest.mark.parametrize("day", [WINTER_DAY, LONG_DAY, SHORT_DAY])
@pytest.mark.parametrize("hourly", [True, False])
async def test_client_prices(
    simulator: Simulator,
    client: NomosClient,
    freezer: FrozenDateTimeFactory,
    day: date,
    hourly: bool,
) -> None:
    """The client returns complete days."""
    home = simulator.add(
        scenarios.smart_already(hourly=hourly, start_at=midnight(date(2026, 1, 1)))
    )
    freezer.move_to(midnight(day) + 20 * HOUR)
    prices = await client.prices(home.subscription_id, day, day + DAY)
    assert list(prices.days) == [day, day + DAY]
    assert all(known.is_complete for known in prices.days.values())
    for each in prices.prices:
        parts = [each.energy, each.grid, each.levies]
        assert None not in parts
        assert each.amount == pytest.approx(sum(filter(None, parts)))
        assert berlin_day(each.start) == berlin_day(each.end - timedelta.resolution)


RANKS: Mapping[str, tuple[list[Any], dict[float, float]]] = {
    "all different": (
        [10, 20, 30, 40, 50],
        {0.1: 0, 0.2: 25, 0.3: 50, 0.4: 75, 0.5: 100},
    ),
    "all equal": ([20, 20, 20], {0.2: 50}),
    "pairs": ([10, 10, 30, 30], {0.1: 100 / 6, 0.3: 500 / 6}),
    "single price": ([20], {0.2: 50}),
    "negative": ([-5, 0, 5], {-0.05: 0, 0: 50, 0.05: 100}),
    "unknown price": ([10, None, 30], {0.1: 0, 0.3: 100}),
}


@pytest.mark.parametrize(("amounts", "ranks"), RANKS.values(), ids=RANKS)
def test_rank(amounts: list[Any], ranks: dict[float, float]) -> None:
    """The lowest price has rank 0, the highest 100; equal prices share the mean."""
    day = a_day(amounts)
    assert {amount: day.rank(amount) for amount in ranks} == pytest.approx(ranks)


LEVELS: Mapping[str, tuple[list[Any], list[int]]] = {
    "flat": ([20] * 5, [2] * 5),
    "differences of half a cent": ([20, 20.5, 20, 19.5], [2, 2, 2, 2]),
    "differences above one cent": ([20, 20, 20, 18.5, 21.5], [2, 2, 2, 1, 3]),
    "differences above two and a half cents": (
        [20] * 20 + [17.2, 22.8],
        [2] * 20 + [0, 4],
    ),
    # The deviation is 10 ct, so that the limits are 5 ct and 12.5 ct.
    "steep": (
        [10, 30] * 20 + [15.5, 24.5, 14, 26, 7, 33],
        [1, 3] * 20 + [2, 2, 1, 3, 0, 4],
    ),
    "negative": ([30] * 12 + [-8] * 4, [3] * 12 + [0] * 4),
    "single price": ([20], [2]),
    "single known price": ([None, None, 20], [2]),
    # The average is 0, the deviation counts as 2 ct: the limits are 1 ct and 2.5 ct.
    "at the limits": ([0] * 92 + [1, -1, 2.5, -2.5], [2] * 92 + [3, 1, 4, 0]),
}


@pytest.mark.parametrize(("amounts", "levels"), LEVELS.values(), ids=LEVELS)
def test_level(amounts: list[Any], levels: list[int]) -> None:
    """The level depends on the distance from the average of the day."""
    day = a_day(amounts)
    found = [day.level(each.amount) for each in day.prices if each.amount is not None]
    assert found == levels


@given(
    st.lists(st.integers(-2000, 6000), min_size=1, max_size=96),
    st.integers(-1000, 1000),
)
def test_level_properties(cents: list[int], offset: int) -> None:
    """Levels increase with the price and don't change with a common offset."""
    day, other = (
        a_day([(cent + extra) / 100 for cent in cents]) for extra in (0, offset)
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
    """The first interval of several counts; unknown prices are ignored."""
    day = a_day([None, 20, 10, 10, 30, None, 30])
    assert day.lowest
    assert day.highest
    assert (day.lowest.start, day.lowest.amount) == (
        midnight(WINTER_DAY) + 2 * QUARTER,
        0.1,
    )
    assert (day.highest.start, day.highest.amount) == (
        midnight(WINTER_DAY) + 4 * QUARTER,
        0.3,
    )
    assert day.average == 0.2


def test_average_is_rounded() -> None:
    """The average has eight decimal places."""
    assert a_day([10, 10, 20]).average == 0.13333333


def test_level_on_unknown_day() -> None:
    """A price is normal on a day without known prices."""
    assert a_day([None]).level(0.2) == 2


def test_unknown_day() -> None:
    """A day without known prices has no average and no extremes."""
    for day in (price_series([]).day(WINTER_DAY), a_day([None, None])):
        assert (day.average, day.lowest, day.highest) == (None, None, None)
        assert not day.is_complete


# Series


def test_at() -> None:
    """An interval includes its start but not its end."""
    prices = price_series([20, 21])
    start = midnight(WINTER_DAY)
    assert prices.at(start - timedelta.resolution) is None
    assert prices.at(start) == prices.prices[0]
    assert prices.at(start + QUARTER - timedelta.resolution) == prices.prices[0]
    assert prices.at(start + QUARTER) == prices.prices[1]
    assert prices.at(start + 2 * QUARTER) is None


def test_newer_prices() -> None:
    """Newer prices are added and replace known ones; missing ones are kept."""
    known = price_series([20, 21, None, None])
    newer = price_series([19, None, 22, None, 23])
    assert [each.amount for each in known.updated(newer).intervals] == [
        0.19,
        0.21,
        0.22,
        None,
        0.23,
    ]
    hourly = price_series([20], resolution="hourly")
    assert hourly.updated(PriceSeries()) == hourly
    assert PriceSeries().updated(hourly) == hourly
    assert known.updated(PriceSeries()) == known
    assert PriceSeries().updated(newer) == newer


def test_newer_components() -> None:
    """Newer components are known of an interval that has no price yet."""
    known = price_series([20, None], grid=[9, None])
    newer = price_series([None, None], grid=[8, 7])
    assert [each.grid for each in known.updated(newer).intervals] == [0.09, 0.07]


def test_change_of_resolution() -> None:
    """Hourly and quarter-hourly prices are merged by quarter-hour."""
    hours = price_series([20, 30], resolution="hourly")
    assert [each.amount for each in hours.in_quarters().prices] == [0.2] * 4 + [0.3] * 4
    quarters = price_series([1, 2, 3, 4, 5])
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
    """Intervals that overlap a period are part of it."""
    prices = price_series([1, 2, 3, 4])
    start = midnight(WINTER_DAY)
    found = prices.between(start + QUARTER / 2, start + 2 * QUARTER)
    assert [each.amount for each in found] == [0.01, 0.02]
    exact = prices.between(start + QUARTER, start + 2 * QUARTER)
    assert [each.amount for each in exact] == [0.02]


@pytest.mark.parametrize("resolution", ["15min", "hourly"])
def test_since(resolution: str) -> None:
    """Earlier intervals are left out."""
    prices = price_series([1, 2, 3], resolution=resolution)
    later = prices.since(prices.prices[1].start)
    assert later == PriceSeries(prices.resolution, prices.prices[1:])


# The windows of module 3

LOW, STANDARD, HIGH = GridFeeWindow.LOW, GridFeeWindow.STANDARD, GridFeeWindow.HIGH

WINDOWS: Mapping[str, tuple[list[Any], list[GridFeeWindow | None]]] = {
    "three fees": ([2, 2, 9, 9, 14], [LOW, LOW, STANDARD, STANDARD, HIGH]),
    "low and standard": ([2, 9, 9], [LOW, STANDARD, STANDARD]),
    "low for longer": ([2, 2, 2, 9], [LOW, LOW, LOW, STANDARD]),
    "standard and high": ([9, 9, 14], [STANDARD, STANDARD, HIGH]),
    "high for longer": ([9, 14, 14], [STANDARD, HIGH, HIGH]),
    "halves": ([2, 9, 9, 2], [LOW, STANDARD, STANDARD, LOW]),
    "least low fee": ([0.9, 9], [LOW, STANDARD]),
    "largest low fee": ([4.05, 9], [LOW, STANDARD]),
    "too large for low": ([4.06, 9], [STANDARD, HIGH]),
    "double of the standard": ([7, 14], [STANDARD, HIGH]),
    "no fee": ([0, 9], [LOW, STANDARD]),
    "four fees": ([1, 2, 3, 4], [None] * 4),
    "unknown": ([2, None, 9, 9], [LOW, None, STANDARD, STANDARD]),
    "all unknown": ([None, None], [None, None]),
    # High lasts two hours at least.
    "one fee": ([9] * 96, [STANDARD] * 96),
    "one fee, less than two hours unknown": (
        [9] * 89 + [None] * 7,
        [STANDARD] * 89 + [None] * 7,
    ),
    "one fee, two hours unknown": ([9] * 88 + [None] * 8, [None] * 96),
    "one fee, two hours missing": ([9] * 88, [None] * 88),
}


@pytest.mark.parametrize(("fees", "windows"), WINDOWS.values(), ids=WINDOWS)
def test_windows(fees: list[Any], windows: list[GridFeeWindow | None]) -> None:
    """A day with up to three different grid fees has windows, with prices or not."""
    for amount in (20, None):
        series = price_series([amount] * len(fees), grid=fees)
        found = [series.grid_fee_window(each.start) for each in series.intervals]
        assert found == windows


def test_next_window() -> None:
    """A window ends where the next different one starts, also on the next day."""
    fees = [2] * 40 + [9] * 56
    start = midnight(WINTER_DAY)
    prices = price_series([20] * 96, grid=fees)
    assert prices.grid_fee_window_ends(start) == start + 40 * QUARTER
    assert prices.grid_fee_window_ends(start + 50 * QUARTER) is None
    tomorrow = price_series([None] * 96, WINTER_DAY + DAY, grid=[2] * 40 + [9] * 56)
    both = prices.updated(tomorrow)
    assert both.grid_fee_window_ends(start + 50 * QUARTER) == start + 96 * QUARTER
    assert both.grid_fee_window_ends(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_next_window_after_an_unknown_fee() -> None:
    """An unknown fee is no window that begins."""
    start = midnight(WINTER_DAY)
    prices = price_series([20] * 96, grid=[2] * 40 + [None] * 4 + [9] * 52)
    assert prices.grid_fee_window_ends(start) == start + 44 * QUARTER
