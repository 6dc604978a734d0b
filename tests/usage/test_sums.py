"""Sums of hours, without a recorder; tests/billing compares them with one."""

from datetime import date, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import HOUR, HourUsage, berlin_day, midnight
from custom_components.nomos_energy.usage.sums import (
    Sum,
    add,
    by_day,
    by_month,
    days_of_month,
    total,
)

BEGIN = midnight(date(2026, 3, 28))

HOURS = st.dictionaries(
    st.integers(0, 24 * 300).map(lambda place: BEGIN + place * HOUR),
    st.builds(HourUsage, st.floats(0, 1000), st.floats(-1000, 1000)),
    max_size=60,
)


@given(HOURS)
def test_all_add_up(hours: dict[datetime, HourUsage]) -> None:
    """Days and months add up to the total, and none of them is empty."""
    whole = total(hours)
    for groups in (by_day(hours), by_month(hours)):
        assert add(groups.values()).hours == whole.hours == len(hours)
        assert add(groups.values()).energy == pytest.approx(whole.energy, abs=1e-5)
        assert add(groups.values()).cost == pytest.approx(whole.cost, abs=1e-5)
        assert all(each.hours for each in groups.values())
    assert set(by_day(hours)) == {berlin_day(start) for start in hours}
    assert {day.replace(day=1) for day in by_day(hours)} == set(by_month(hours))


def test_midnight_is_in_germany() -> None:
    """The last hour of a month in UTC is the first or second of the next one there."""
    one = HourUsage(1.0, 0.5)
    summer, winter = midnight(date(2026, 7, 1)), midnight(date(2026, 12, 1))
    hours = {
        start + shift * HOUR: one for start in (summer, winter) for shift in (-1, 0)
    }
    assert set(by_month(hours)) == {date(2026, month, 1) for month in (6, 7, 11, 12)}


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 7, 1), 24), (date(2026, 10, 25), 25)],
)
def test_complete_day(day: date, hours: int) -> None:
    """A day is complete with all of its hours, also when the clocks change."""
    end = day + timedelta(days=1)
    assert Sum(1.0, 1.0, hours).is_complete(day, end)
    assert not Sum(1.0, 1.0, hours - 1).is_complete(day, end)


def test_average() -> None:
    """Without energy there is no average price."""
    assert Sum(4.0, 1.0, 1).average == 0.25
    assert Sum().average is None


def test_months() -> None:
    """Months have their lengths."""
    assert days_of_month(date(2028, 2, 10)) == 29
    assert days_of_month(date(2026, 12, 31)) == 31
