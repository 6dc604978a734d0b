"""Planner: hours of a load, and its cheapest schedule."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from math import ceil
from typing import Any

from homeassistant.util import dt as dt_util
from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.loads.need import RunTime
from custom_components.nomos_energy.loads.parsing import InvalidLoadError
from custom_components.nomos_energy.loads.planner import Schedule, Span, average_price
from custom_components.nomos_energy.loads.settings import PlannedLoad
from custom_components.nomos_energy.nomos import HOUR, QUARTER, PriceSeries, midnight
from tests.nomos.common import a_price_answer, a_price_item, price_series
from tests.prices.common import pieces_of

DAY = date(2026, 11, 24)
BERLIN = "Europe/Berlin"


@pytest.fixture(autouse=True)
def berlin() -> Any:
    """Live in Germany."""
    before = dt_util.get_default_time_zone()
    zone = dt_util.get_time_zone(BERLIN)
    assert zone
    dt_util.set_default_time_zone(zone)
    yield
    dt_util.set_default_time_zone(before)


def a_load(**changes: Any) -> PlannedLoad:
    """Return an hour each day at any time, apart from some fields."""
    run_time = changes.pop("run_time", HOUR)
    return PlannedLoad(
        **{
            "name": "Wallbox",
            "subscription_id": "sub_1",
            "need": RunTime(run_time),
            "earliest": time(0),
            "latest": time(0),
            **changes,
        }
    )


def hours(load: PlannedLoad, now: str, count: int = 1) -> list[tuple[str, str]]:
    """Return the next hours of a load by the clock on the wall."""
    found = load.hours(datetime.fromisoformat(now).astimezone(UTC))
    return [
        (
            f"{dt_util.as_local(each.start):%a %H:%M}",
            f"{dt_util.as_local(each.end):%a %H:%M}",
        )
        for each, _ in zip(found, range(count), strict=False)
    ]


# Settings

STORED = {
    "subscription": "sub_1",
    "need": "run_time",
    "run_time": {"hours": 2, "minutes": 30},
    "earliest": "18:00:00",
    "latest": "07:00:00",
    "weekdays": ["mon", "sun"],
}


def test_stored_settings() -> None:
    """Settings are read with their units; what is optional may be left out or empty."""
    least = PlannedLoad(
        name="Wallbox",
        subscription_id="sub_1",
        need=RunTime(timedelta(hours=2, minutes=30)),
        earliest=time(18),
        latest=time(7),
        weekdays=frozenset({0, 6}),
    )
    assert PlannedLoad.from_data("Wallbox", STORED) == least
    empty: dict[str, Any] = {
        "shortest_piece": {},
        "upper_price": None,
        "power": None,
        "targets": [],
    }
    assert PlannedLoad.from_data("Wallbox", STORED | empty) == least
    zero = {"shortest_piece": {"hours": 0, "minutes": 0}}
    assert PlannedLoad.from_data("Wallbox", STORED | zero) == least
    full = {
        "shortest_piece": {"minutes": 45},
        "upper_price": 0.25,
        "power": 11,
        "targets": ["switch.box", "script.lamp", "switch.box"],
    }
    assert PlannedLoad.from_data("Wallbox", STORED | full) == replace(
        least,
        shortest_piece=timedelta(minutes=45),
        upper_price=0.25,
        power=11.0,
        targets=("switch.box", "script.lamp"),
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("subscription", ""),
        ("subscription", 7),
        ("run_time", None),
        ("run_time", {}),
        ("run_time", 3600),
        ("run_time", {"hours": True}),
        ("run_time", {"hours": float("nan")}),
        ("run_time", {"fortnights": 1}),
        ("run_time", {"minutes": -1}),
        ("run_time", {"hours": 24, "minutes": 1}),
        ("run_time", {"hours": 1e300}),
        ("earliest", None),
        ("earliest", "25:00"),
        ("latest", "07:00:00+02:00"),
        ("weekdays", []),
        ("weekdays", "mon"),
        ("weekdays", ["mon", "someday"]),
        ("shortest_piece", {"minutes": -15}),
        ("shortest_piece", {"hours": 25}),
        ("upper_price", "0.25"),
        ("upper_price", True),
        ("power", float("inf")),
        ("targets", "switch.wallbox"),
        ("targets", ["wallbox"]),
        ("targets", ["lock.front_door"]),
        ("targets", [7]),
        ("targets", [{}]),
    ],
)
def test_unusable_setting(setting: str, value: object) -> None:
    """The error names the setting that no plan can be made with."""
    with pytest.raises(InvalidLoadError, match=f"setting {setting} is") as caught:
        PlannedLoad.from_data("Wallbox", STORED | {setting: value})
    assert caught.value.setting == setting


@pytest.mark.parametrize(
    "changes",
    [
        {"run_time": {"minutes": 0}},
        {"run_time": {"hours": 24}},
        {"shortest_piece": {"hours": 24}},
    ],
)
def test_limits_of_settings(changes: dict[str, Any]) -> None:
    """A run time of nothing or a whole day, and a block of a day, can be planned."""
    assert PlannedLoad.from_data("Wallbox", STORED | changes)


@pytest.mark.parametrize("setting", STORED)
def test_missing_setting(setting: str) -> None:
    """A setting that is required can't be left out."""
    rest = {key: value for key, value in STORED.items() if key != setting}
    with pytest.raises(InvalidLoadError) as caught:
        PlannedLoad.from_data("Wallbox", rest)
    assert caught.value.setting == setting


def test_weekdays_are_needed() -> None:
    """Without a weekday the next hours would be looked for without an end."""
    for weekdays in (frozenset[int](), frozenset({7})):
        with pytest.raises(InvalidLoadError):
            a_load(weekdays=weekdays)


# When it may run


@pytest.mark.parametrize(
    ("earliest", "latest", "now", "expected"),
    [
        (time(9), time(17), "2026-11-24T08:00+01:00", ("Tue 09:00", "Tue 17:00")),
        (time(9), time(17), "2026-11-24T12:00+01:00", ("Tue 09:00", "Tue 17:00")),
        (time(9), time(17), "2026-11-24T17:00+01:00", ("Wed 09:00", "Wed 17:00")),
        (time(22), time(6), "2026-11-24T21:00+01:00", ("Tue 22:00", "Wed 06:00")),
        (time(22), time(6), "2026-11-24T05:59+01:00", ("Mon 22:00", "Tue 06:00")),
        (time(22), time(6), "2026-11-24T06:00+01:00", ("Tue 22:00", "Wed 06:00")),
        (time(0), time(0), "2026-11-24T12:00+01:00", ("Tue 00:00", "Wed 00:00")),
        (time(14), time(14), "2026-11-24T12:00+01:00", ("Mon 14:00", "Tue 14:00")),
    ],
)
def test_hours(
    earliest: time, latest: time, now: str, expected: tuple[str, str]
) -> None:
    """They may go over midnight, and go on as long as they are not over."""
    load = a_load(earliest=earliest, latest=latest)
    assert hours(load, now) == [expected]


def test_weekdays() -> None:
    """What counts is the day on which the hours begin."""
    load = a_load(earliest=time(22), latest=time(6), weekdays=frozenset({4, 5}))
    assert hours(load, "2026-11-24T12:00+01:00", 3) == [
        ("Fri 22:00", "Sat 06:00"),
        ("Sat 22:00", "Sun 06:00"),
        ("Fri 22:00", "Sat 06:00"),
    ]
    assert hours(load, "2026-11-29T05:00+01:00") == [("Sat 22:00", "Sun 06:00")]


@pytest.mark.parametrize(
    ("earliest", "latest", "now", "length"),
    [
        (time(0), time(0), "2027-03-28T01:00+01:00", 23),
        (time(0), time(0), "2026-10-25T01:00+02:00", 25),
        (time(22), time(6), "2027-03-28T01:00+01:00", 7),
        (time(22), time(6), "2026-10-25T01:00+02:00", 9),
        (time(2), time(3), "2027-03-28T00:30+01:00", 0),
    ],
)
def test_change_of_clocks(earliest: time, latest: time, now: str, length: int) -> None:
    """A night is as long as the clocks let it be."""
    load = a_load(earliest=earliest, latest=latest)
    found = next(load.hours(datetime.fromisoformat(now).astimezone(UTC)))
    if length:
        assert found.end - found.start == length * HOUR
    else:
        # There is no such hour on that day, but on the next one.
        assert found.end - found.start in (timedelta(0), HOUR)


@pytest.mark.parametrize(
    ("earliest", "latest", "room"),
    [
        (time(9), time(17), 8 * HOUR),
        (time(22), time(6), 8 * HOUR),
        (time(0), time(0), 24 * HOUR),
        (time(9, 5), time(9, 55), 2 * QUARTER),
        (time(9, 5), time(9, 20), timedelta(0)),
    ],
)
def test_room(earliest: time, latest: time, room: timedelta) -> None:
    """Full quarter-hours count."""
    assert a_load(earliest=earliest, latest=latest).longest_run_time == room


# The plan


def a_day(prices: list[Any], begin: time = time(0)) -> PriceSeries:
    """Return a day on which it costs 30 ct but for a while."""
    cents: list[Any] = [30] * 96
    place = begin.hour * 4 + begin.minute // 15
    cents[place : place + len(prices)] = prices
    return price_series(cents, DAY)


def planned(
    load: PlannedLoad, prices: PriceSeries, left: timedelta | None = None
) -> Schedule:
    """Return the plan of a day, made at its beginning."""
    begin = midnight(DAY)
    return load.plan(
        next(load.hours(begin)),
        begin,
        (load.fixed_run_time or HOUR) if left is None else left,
        prices,
    )


def slots(plan: Schedule, begin: time) -> list[tuple[int, int]]:
    """Return the pieces in quarter-hours since a time of the day."""
    start = datetime.combine(DAY, begin, dt_util.get_default_time_zone())
    return [
        ((piece.start - start) // QUARTER, (piece.end - start) // QUARTER)
        for piece in plan.pieces
    ]


MORNING = {"earliest": time(8), "latest": time(10)}
TWO_VALLEYS = [10, 10, 40, 40, 40, 10, 10, 40]


@pytest.mark.parametrize(
    ("prices", "changes", "expected", "is_fallback"),
    [
        (TWO_VALLEYS, {}, [(0, 4)], False),
        (TWO_VALLEYS, {"shortest_piece": 2 * QUARTER}, [(0, 2), (5, 7)], False),
        (TWO_VALLEYS, {"shortest_piece": 3 * QUARTER}, [(0, 4)], False),
        (TWO_VALLEYS, {"run_time": timedelta(minutes=31)}, [(0, 3)], False),
        # More than there is room for
        (TWO_VALLEYS, {"run_time": 3 * HOUR}, [(0, 8)], False),
        # An upper price
        (TWO_VALLEYS, {"upper_price": 0.1}, [(0, 2)], False),
        (
            TWO_VALLEYS,
            {"upper_price": 0.1, "shortest_piece": QUARTER},
            [(0, 2), (5, 7)],
            False,
        ),
        (
            TWO_VALLEYS,
            {"upper_price": 0.1, "shortest_piece": 3 * QUARTER},
            [],
            False,
        ),
        (TWO_VALLEYS, {"upper_price": 0.05}, [], False),
        (TWO_VALLEYS, {"upper_price": -0.05}, [], False),
        # Unknown prices
        ([None, *TWO_VALLEYS[1:]], {}, [(3, 7)], False),
        ([None] * 8, {}, [(4, 8)], True),
        ([10, None] * 4, {}, [(4, 8)], True),
        (
            [10, None] * 4,
            {"shortest_piece": QUARTER},
            [(0, 1), (2, 3), (4, 5), (6, 7)],
            False,
        ),
        ([None] * 6 + [40, 40], {"upper_price": 0.3}, [(2, 6)], True),
        ([None, 40] * 4, {"upper_price": 0.3}, [(6, 7)], True),
        ([None] * 2 + [40] * 6, {"upper_price": 0.3}, [(0, 2)], True),
        # An hour without prices is left out, more of it is waited for.
        ([None] * 4 + [40] * 4, {}, [(4, 8)], False),
        ([None] * 5 + [40, 40, 10], {"run_time": 2 * QUARTER}, [(6, 8)], True),
        ([10, 10, *[None] * 5, 40], {"run_time": 2 * QUARTER}, [(6, 8)], True),
        ([10, 10, *[None] * 4, 40, 40], {"run_time": 2 * QUARTER}, [(0, 2)], False),
        ([10, 10, 40, 40, 40, 40, None, None], {}, [(0, 4)], False),
    ],
)
def test_plan(
    prices: list[Any],
    changes: dict[str, Any],
    expected: list[tuple[int, int]],
    is_fallback: bool,
) -> None:
    """The cheapest time, for as long as is possible; the latest without prices."""
    load = a_load(**MORNING, **changes)
    plan = planned(load, a_day(prices, time(8)))
    assert slots(plan, time(8)) == expected
    assert plan.is_fallback is is_fallback


def test_day_that_is_not_published() -> None:
    """Cheap hours of today are no plan for a night of which half is unknown."""
    load = a_load(earliest=time(22), latest=time(6))
    plan = load.plan(
        next(load.hours(midnight(DAY) + 12 * HOUR)),
        midnight(DAY) + 12 * HOUR,
        HOUR,
        a_day([1] * 8, time(22)),
    )
    assert plan == Schedule(
        (Span(midnight(DAY) + 29 * HOUR, midnight(DAY) + 30 * HOUR),), is_fallback=True
    )


def in_the_evening(tomorrow: list[Any], is_missing: bool) -> Schedule:
    """Plan two hours of a night of whose second half some prices are known."""
    cents = [*[40] * 96, *tomorrow]
    items = [
        a_price_item(midnight(DAY) + place * QUARTER, cent)
        for place, cent in enumerate(cents)
        if not (is_missing and cent is None)
    ]
    load = a_load(run_time=2 * HOUR, earliest=time(18), latest=time(6))
    now = midnight(DAY) + 18 * HOUR
    series = PriceSeries.from_json(a_price_answer(items))
    return load.plan(next(load.hours(now)), now, (load.fixed_run_time or HOUR), series)


@pytest.mark.parametrize("is_missing", [False, True])
@pytest.mark.parametrize(
    ("tomorrow", "start", "is_fallback"),
    [
        ([None] * 96, 28, True),
        ([None] * 24 + [40] * 72, 28, True),
        ([10] * 8 + [None] * 88, 28, True),
        ([40] * 4 + [10] * 8 + [40] * 8 + [None] * 8 + [40] * 68, 25, False),
        ([40] * 4 + [10] * 8 + [None] * 4 + [40] * 80, 25, False),
        ([10] * 95 + [None], 24, False),
    ],
)
def test_missing_prices(
    is_missing: bool, tomorrow: list[Any], start: int, is_fallback: bool
) -> None:
    """A price that is null counts as one that is missing."""
    begin = midnight(DAY) + start * HOUR
    assert in_the_evening(tomorrow, is_missing) == Schedule(
        (Span(begin, begin + 2 * HOUR),), is_fallback
    )


def test_prices_that_end_within_the_hours() -> None:
    """Tomorrow is waited for even if little of it belongs to the hours."""
    load = a_load(earliest=time(18), latest=time(0, 15))
    now = midnight(DAY) + 18 * HOUR
    hours = next(load.hours(now))
    today = price_series([40] * 96, DAY)
    plan = load.plan(hours, now, HOUR, today)
    assert plan == Schedule((Span(hours.end - HOUR, hours.end),), is_fallback=True)
    tomorrow = price_series([None, 40], DAY + timedelta(days=1))
    plan = load.plan(hours, now, HOUR, today.updated(tomorrow))
    assert plan == Schedule((Span(now, now + HOUR),))


@pytest.mark.parametrize("left", [timedelta(0), -HOUR])
def test_nothing_left(left: timedelta) -> None:
    """Without remaining run time the schedule is empty."""
    assert planned(a_load(**MORNING), a_day(TWO_VALLEYS, time(8)), left) == Schedule()


@given(
    st.lists(
        st.one_of(st.integers(-5, 8).map(lambda each: each * 5), st.none()),
        min_size=8,
        max_size=8,
    ),
    st.integers(1, 9),
    st.one_of(st.none(), st.integers(1, 4)),
    st.one_of(st.none(), st.sampled_from([0.0, 0.1, 0.2])),
)
def test_optimum(
    prices: list[int | None],
    quarters: int,
    shortest: int | None,
    upper: float | None,
) -> None:
    """Nothing is cheaper among all that runs for as long as is possible."""
    load = a_load(
        **MORNING,
        run_time=quarters * QUARTER,
        shortest_piece=shortest and min(shortest, quarters) * QUARTER,
        upper_price=upper,
    )
    plan = planned(load, a_day(list(prices), time(8)))
    run = [slot for piece in slots(plan, time(8)) for slot in range(*piece)]
    if plan.is_fallback:
        assert None in prices
        assert len(plan.pieces) <= 1
        return

    def is_allowed(chosen: tuple[int, ...]) -> bool:
        pieces = pieces_of(chosen)
        if shortest is None and len(pieces) > 1:
            return False
        least = min(shortest or 1, quarters)
        return all(end - begin >= least for begin, end in pieces) and all(
            (price := prices[slot]) is not None
            and (upper is None or price / 100 <= upper)
            for slot in chosen
        )

    def cost(chosen: tuple[int, ...]) -> int:
        return sum(prices[slot] or 0 for slot in chosen)

    for length in range(min(quarters, 8), -1, -1):
        ways = [ways for ways in combinations(range(8), length) if is_allowed(ways)]
        if ways:
            assert len(run) == length
            assert cost(tuple(run)) == min(map(cost, ways))
            break


@given(
    st.integers(0, 7 * 60),
    st.integers(1, 8 * 60),
    st.one_of(st.none(), st.integers(1, 60)),
    st.lists(st.one_of(st.none(), st.integers(-10, 50)), min_size=32, max_size=32),
)
def test_plan_is_within_the_hours(
    minute: int, minutes: int, shortest: int | None, prices: list[int | None]
) -> None:
    """Whenever it is made, it is in the future, in order, and not longer than asked."""
    load = a_load(
        earliest=time(8),
        latest=time(16),
        shortest_piece=shortest and timedelta(minutes=shortest),
    )
    now = midnight(DAY) + 8 * HOUR + timedelta(minutes=minute)
    left = timedelta(minutes=minutes)
    here = next(load.hours(now))
    plan = load.plan(here, now, left, a_day(list(prices), time(8)))
    edges = [edge for piece in plan.pieces for edge in (piece.start, piece.end)]
    assert edges == sorted(edges)
    if edges:
        assert now - timedelta(minutes=1) <= edges[0]
        assert edges[-1] <= here.end
    total = sum((each.end - each.start for each in plan.pieces), timedelta(0))
    assert total <= ceil(left / QUARTER) * QUARTER


# What it costs


def test_average_price() -> None:
    """Parts of a quarter-hour count as long as they are."""
    prices = a_day([10, 20, None], time(8))
    begin = midnight(DAY) + 8 * HOUR
    half = QUARTER / 2
    assert average_price([Span(begin, begin + 2 * QUARTER)], prices) == pytest.approx(
        0.15
    )
    assert average_price([Span(begin + half, begin + 2 * QUARTER)], prices) == (
        pytest.approx((0.1 + 2 * 0.2) / 3)
    )
    assert average_price([Span(begin, begin + 3 * QUARTER)], prices) is None
    assert average_price([], prices) is None
