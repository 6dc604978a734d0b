"""Tests of usage."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    DAY,
    HOUR,
    QUARTER,
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
from custom_components.nomos_energy.nomos.usage import Usage, parse_usage
from simulator import Simulator, scenarios
from tests.nomos.common import LONG_DAY, SHORT_DAY, WINTER_DAY, price_series, warnings

START = midnight(WINTER_DAY)


def an_answer(items: Any, resolution: Any = "15min") -> dict[str, Any]:
    """Return an answer of the usage endpoint."""
    return {
        "object": "usage",
        "meter_type": "smart",
        "resolution": resolution,
        "data": items,
    }


def an_item(**changes: Any) -> dict[str, Any]:
    """Return a quarter-hour as the API sends it, with some fields changed."""
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
    """Return WINTER_DAY with the values of its first quarter-hours."""
    usage = [
        Usage(START + index * QUARTER, used, is_final)
        for index, used in enumerate(energy)
        if used is not None
    ]
    prices = price_series(cents or [])
    return measured({WINTER_DAY: UsageDay.unknown(WINTER_DAY)}, usage, prices)[
        WINTER_DAY
    ]


# Answers of the API


def test_item() -> None:
    """Start, energy and type of a quarter-hour are parsed."""
    preliminary = an_item(type="preliminary", usage=0)
    usage = parse_usage(an_answer([an_item(), preliminary]))
    assert usage == (Usage(START, 0.25), Usage(START, 0.0, is_final=False))


@pytest.mark.parametrize("resolution", ["hour", "day", "month", "5min", None, {}])
def test_other_resolution(resolution: Any) -> None:
    """Usage of another resolution is ignored."""
    assert parse_usage(an_answer([an_item()], resolution)) == ()


@pytest.mark.parametrize("items", [None, {}, "none", 5])
def test_invalid_answer(items: Any) -> None:
    """An answer without a list raises an error."""
    with pytest.raises(NomosResponseError):
        parse_usage(an_answer(items))


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
        an_item(usage=100_000),
    ],
)
def test_invalid_item(item: Any, caplog: pytest.LogCaptureFixture) -> None:
    """An invalid item leaves a gap and is logged once."""
    good = an_item(start="2026-11-23T23:15:00.000Z")
    assert parse_usage(an_answer([item, good, item])) == (Usage(START + QUARTER, 0.25),)
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
def test_any_items(items: list[Any]) -> None:
    """Any list of items is parsed and can be added up."""
    usage = parse_usage(an_answer(items))
    days = {berlin_day(each.start) for each in usage}
    wanted = {day: UsageDay.unknown(day) for day in days}
    for hour in hours_of(measured(wanted, usage, price_series([])).values()).values():
        assert hour.energy >= 0
        assert hour.cost == 0


@pytest.mark.parametrize(
    ("day", "count"), [(WINTER_DAY, 96), (LONG_DAY, 100), (SHORT_DAY, 92)]
)
async def test_client_usage(
    client: NomosClient,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    day: date,
    count: int,
) -> None:
    """The client returns the quarter-hours of the day only."""
    home = simulator.add(scenarios.smart_already(start_at=midnight(date(2026, 1, 1))))
    freezer.move_to(midnight(day) + 2 * DAY)
    usage = await client.usage(home.subscription_id, day, day)
    assert [each.start for each in usage] == [
        midnight(day) + index * QUARTER for index in range(count)
    ]


# Days


def test_unknown_day() -> None:
    """A day without known values has no hours."""
    day = UsageDay.unknown(WINTER_DAY)
    assert (day.is_measured, day.is_closed) == (False, False)
    assert day.measured_until is None
    assert day.hours() == {}


@pytest.mark.parametrize(
    ("day", "count"), [(WINTER_DAY, 24), (LONG_DAY, 25), (SHORT_DAY, 23)]
)
def test_hours_of_a_day(day: date, count: int) -> None:
    """A day has the hours from midnight to midnight in Berlin."""
    quarters = [
        Usage(midnight(day) + index * QUARTER, 0.25) for index in range(count * 4)
    ]
    known = UsageDay.unknown(day).updated(quarters, ())
    assert known.is_measured
    assert list(known.hours()) == [
        midnight(day) + index * HOUR for index in range(count)
    ]
    assert set(known.hours().values()) == {HourUsage(1.0, 0.0)}
    assert known.measured_until == midnight(day + DAY)


def test_cost() -> None:
    """Each quarter-hour has its own price; without one its cost is left out."""
    day = a_day([1.0, 1.0, None, 2.0, None, None, None, None, 0.5], [10, None, 99, 20])
    assert day.hours() == {
        START: HourUsage(4.0, 0.5),
        START + 2 * HOUR: HourUsage(0.5, 0.0),
    }
    assert day.total == HourUsage(4.5, 0.5)
    assert not day.is_priced
    assert day.measured_until == START + 9 * QUARTER


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
    """A day is closed if all values are known and final."""
    assert a_day(energy, cents, is_final=is_final).is_closed is is_closed


def test_final_day() -> None:
    """A day is final if all of its values are."""
    usage = [Usage(START + index * QUARTER, 0.1) for index in range(95)]
    last = Usage(START + 95 * QUARTER, 0.1, is_final=False)
    day = UsageDay.unknown(WINTER_DAY).updated([*usage, last], ())
    assert not day.is_final
    assert day.updated([*usage, replace(last, is_final=True)], ()).is_final


def test_inconsistent_day() -> None:
    """Usage and prices of different length raise an error."""
    day = UsageDay(WINTER_DAY, energy=(1.0,), prices=())
    for values in (lambda: day.is_priced, lambda: day.total, day.hours):
        with pytest.raises(ValueError, match="zip"):
            values()


def test_newer_values() -> None:
    """Newer values replace known ones; missing ones are kept."""
    day = a_day([0.1, 0.2, 0.3], [10, 10, 10])
    corrected = Usage(START + QUARTER, 0.9, is_final=False)
    newer = day.updated([corrected], price_series([None, 30]).prices)
    assert newer.energy[:4] == (0.1, 0.9, 0.3, None)
    assert newer.prices[:4] == (0.1, 0.3, 0.1, None)


# Sums


@given(
    st.lists(st.floats(min_value=-1000, max_value=1000), max_size=60),
    st.integers(min_value=0, max_value=60),
)
def test_add_up(states: list[float], cut: int) -> None:
    """The sums don't depend on how the states are split into portions."""
    whole = list(add_up(0.0, states))
    first = list(add_up(0.0, states[:cut]))
    second = list(add_up(first[-1] if first else 0.0, states[cut:]))
    assert first + second == whole


def test_add_up_rounds() -> None:
    """The sums start from an earlier one and have eight decimal places."""
    assert list(add_up(1.0, [0.1, 0.2, 0.123456789])) == [1.1, 1.3, 1.42345679]


def test_hourly_prices() -> None:
    """All quarter-hours of an hour have its price."""
    usage = [Usage(START + index * QUARTER, 1.0) for index in range(5)]
    days = measured(
        {WINTER_DAY: UsageDay.unknown(WINTER_DAY)},
        usage,
        price_series([10, 20], resolution="hourly"),
    )
    assert hours_of(days.values()) == {
        START: HourUsage(4.0, 0.4),
        START + HOUR: HourUsage(1.0, 0.2),
    }


def test_usage_of_other_days() -> None:
    """Usage of other days is ignored."""
    other = Usage(datetime(2026, 11, 26, tzinfo=UTC), 1.0)
    assert (
        hours_of(
            measured(
                {WINTER_DAY: UsageDay.unknown(WINTER_DAY)}, [other], price_series([])
            ).values()
        )
        == {}
    )
