"""What quarter-hours of usage say about a day, and what is read from an answer."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    HourUsage,
    NomosClient,
    NomosResponseError,
    UsageDay,
    add_up,
    berlin_day,
    hours_of,
    measured,
    midnight,
)
from custom_components.nomos_energy.nomos.usage import Usage, read_usage
from simulator import Simulator, scenarios
from tests.nomos.conftest import warnings
from tests.nomos.test_prices import series

QUARTER = timedelta(minutes=15)
WINTER = date(2026, 11, 24)
BEGIN = midnight(WINTER)
LONG, SHORT = date(2026, 10, 25), date(2027, 3, 28)
"""Days on which the clocks are changed."""


def an_answer(items: Any, resolution: Any = "15min") -> dict[str, Any]:
    """Return an answer of the API."""
    return {
        "object": "usage",
        "meter_type": "smart",
        "resolution": resolution,
        "data": items,
    }


def an_item(**changes: Any) -> dict[str, Any]:
    """Return a quarter-hour as the API writes it."""
    return {
        "start": "2026-11-23T23:00:00.000Z",
        "usage": 0.25,
        "type": "final",
        **changes,
    }


def a_day(
    energy: list[float | None],
    cents: list[float | None] | None = None,
    *,
    is_final: bool = True,
) -> UsageDay:
    """Return a winter's day that begins like this; nothing is known of its rest."""
    usage = [
        Usage(BEGIN + place * QUARTER, used, is_final)
        for place, used in enumerate(energy)
        if used is not None
    ]
    prices = series(cents or [])
    return measured({WINTER: UsageDay.unknown(WINTER)}, usage, prices)[WINTER]


# Reading


def test_item() -> None:
    """A quarter-hour tells when it begins, how much it was, and if that is certain."""
    preliminary = an_item(type="preliminary", usage=0)
    usage = read_usage(an_answer([an_item(), preliminary]))
    assert usage == (Usage(BEGIN, 0.25), Usage(BEGIN, 0.0, is_final=False))


@pytest.mark.parametrize("resolution", ["hour", "day", "month", "5min", None, {}])
def test_meter_without_quarters(resolution: Any) -> None:
    """What is not measured by the quarter-hour is not cut into such."""
    assert read_usage(an_answer([an_item()], resolution)) == ()


@pytest.mark.parametrize("items", [None, {}, "none", 5])
def test_answer_that_is_none(items: Any) -> None:
    """Whoever sends no list did not answer."""
    with pytest.raises(NomosResponseError):
        read_usage(an_answer(items))


@pytest.mark.parametrize(
    "item",
    [
        None,
        [],
        {},
        an_item(start=None),
        an_item(start="yesterday"),
        an_item(start="2026-11-23T23:07:00.000Z"),
        an_item(usage=None),
        an_item(usage="0.25"),
        an_item(usage=True),
        an_item(usage=-0.25),
        an_item(usage=float("nan")),
        an_item(usage=float("inf")),
        an_item(usage=10**400),
    ],
)
def test_item_that_is_a_gap(item: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A value that can't be read is none, not zero; the others are good."""
    good = an_item(start="2026-11-23T23:15:00.000Z")
    assert read_usage(an_answer([item, good, item])) == (Usage(BEGIN + QUARTER, 0.25),)
    assert len(warnings(caplog)) == 1


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.integers(),
            st.dictionaries(
                st.sampled_from(["start", "usage", "type"]),
                st.one_of(
                    st.none(),
                    st.booleans(),
                    st.integers(),
                    st.floats(),
                    st.text(),
                    st.datetimes().map(datetime.isoformat),
                    st.lists(st.none()),
                ),
            ),
        )
    )
)
def test_nothing_else_is_raised(items: list[Any]) -> None:
    """Whatever a list has in it, what is read can be added up."""
    usage = read_usage(an_answer(items))
    days = {berlin_day(each.start) for each in usage}
    wanted = {day: UsageDay.unknown(day) for day in days}
    for hour in hours_of(measured(wanted, usage, series([])).values()).values():
        assert hour.energy >= 0
        assert hour.cost == 0


@pytest.mark.parametrize(("day", "count"), [(WINTER, 96), (LONG, 100), (SHORT, 92)])
async def test_days_of_the_simulator(
    client: NomosClient,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    day: date,
    count: int,
) -> None:
    """A day comes whole, whatever the clocks do, and nothing of its neighbours."""
    home = simulator.add(scenarios.smart_already(start_at=midnight(date(2026, 1, 1))))
    freezer.move_to(midnight(day) + timedelta(days=2))
    usage = await client.usage(home.subscription_id, day, day)
    assert [each.start for each in usage] == [
        midnight(day) + place * QUARTER for place in range(count)
    ]


# A day


def test_unknown_day() -> None:
    """Nothing is known, which is not the same as nothing used."""
    day = UsageDay.unknown(WINTER)
    assert (day.is_measured, day.is_closed) == (False, False)
    assert day.measured_until is None
    assert day.hours() == {}


@pytest.mark.parametrize(("day", "count"), [(WINTER, 24), (LONG, 25), (SHORT, 23)])
def test_hours_of_a_day(day: date, count: int) -> None:
    """A day has the hours between two midnights."""
    quarters = [
        Usage(midnight(day) + place * QUARTER, 0.25) for place in range(count * 4)
    ]
    known = UsageDay.unknown(day).updated(quarters, ())
    assert known.is_measured
    assert list(known.hours()) == [
        midnight(day) + place * timedelta(hours=1) for place in range(count)
    ]
    assert set(known.hours().values()) == {HourUsage(1.0, 0.0)}
    assert known.measured_until == midnight(day + timedelta(days=1))


def test_cost() -> None:
    """Each quarter-hour has its own price; without one, energy has no cost yet."""
    day = a_day([1.0, 1.0, None, 2.0, None, None, None, None, 0.5], [10, None, 99, 20])
    assert day.hours() == {
        BEGIN: HourUsage(4.0, 0.5),
        BEGIN + timedelta(hours=2): HourUsage(0.5, 0.0),
    }
    assert day.total == HourUsage(4.5, 0.5)
    assert not day.is_priced
    assert day.measured_until == BEGIN + 9 * QUARTER


@pytest.mark.parametrize(
    ("energy", "cents", "is_final", "is_closed"),
    [
        ([0.1] * 96, [20] * 96, True, True),
        ([0.1] * 96, [20] * 96, False, False),
        ([0.1] * 96, [20] * 95, True, False),
        ([0.1] * 95, [20] * 96, True, False),
    ],
)
def test_closed_day(
    energy: list[float | None],
    cents: list[float | None],
    is_final: bool,
    is_closed: bool,
) -> None:
    """A day is done with when all of it is there, priced and certain."""
    assert a_day(energy, cents, is_final=is_final).is_closed is is_closed


def test_newer_values() -> None:
    """A correction replaces, and what it leaves out is kept."""
    day = a_day([0.1, 0.2, 0.3], [10, 10, 10])
    corrected = Usage(BEGIN + QUARTER, 0.9, is_final=False)
    newer = day.updated([corrected], series([None, 30]).prices)
    assert newer.energy[:4] == (0.1, 0.9, 0.3, None)
    assert newer.prices[:4] == (0.1, 0.3, 0.1, None)


@given(
    st.lists(
        st.one_of(st.none(), st.floats(min_value=0, max_value=50)),
        min_size=96,
        max_size=96,
    )
)
def test_store(energy: list[float | None]) -> None:
    """What is remembered is what was known."""
    day = a_day(energy, [None, *([12.5] * 50)], is_final=False)
    assert UsageDay.from_store(WINTER.isoformat(), day.to_store()) == day


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("someday", {}),
        ("2026-11-24", {"energy": [0.1] * 95}),
        ("2026-11-24", {"prices": []}),
        ("2026-10-25", {}),
    ],
)
def test_store_that_is_none(key: str, changes: dict[str, Any]) -> None:
    """A day of another length is not the one that was remembered."""
    stored = UsageDay.unknown(WINTER).to_store() | changes
    with pytest.raises(ValueError):
        UsageDay.from_store(key, stored)


# Adding up


@given(
    st.lists(st.floats(min_value=-1000, max_value=1000), max_size=60),
    st.integers(min_value=0, max_value=60),
)
def test_sums_in_portions(states: list[float], cut: int) -> None:
    """Sums are the same in whatever portions they are added up."""
    whole = list(add_up(0.0, states))
    first = list(add_up(0.0, states[:cut]))
    second = list(add_up(first[-1] if first else 0.0, states[cut:]))
    assert first + second == whole


def test_prices_by_the_hour() -> None:
    """The four quarter-hours of an hour share its price."""
    usage = [Usage(BEGIN + place * QUARTER, 1.0) for place in range(5)]
    days = measured(
        {WINTER: UsageDay.unknown(WINTER)},
        usage,
        series([10, 20], resolution="hourly"),
    )
    assert hours_of(days.values()) == {
        BEGIN: HourUsage(4.0, 0.4),
        BEGIN + timedelta(hours=1): HourUsage(1.0, 0.2),
    }


def test_only_what_is_wanted() -> None:
    """Usage of days that nobody asked for is left out."""
    other = Usage(datetime(2026, 11, 26, tzinfo=UTC), 1.0)
    assert (
        hours_of(
            measured({WINTER: UsageDay.unknown(WINTER)}, [other], series([])).values()
        )
        == {}
    )
