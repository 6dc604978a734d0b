"""Settlement of usage: until when a day may change."""

from dataclasses import replace
from datetime import date

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import DAY, UsageDay
from custom_components.nomos_energy.usage.settlement import (
    first_unsettled,
    may_change,
    next_month,
    previous_month,
)

NOVEMBER = date(2026, 11, 3)
QUARTERS = 96


def a_day(
    day: date = NOVEMBER,
    energy: float | None = 0.1,
    price: float | None = 0.3,
    *,
    is_final: bool = False,
) -> UsageDay:
    """Return a day on which a last quarter-hour may be unknown."""
    return UsageDay(
        day,
        (0.1,) * (QUARTERS - 1) + (energy,),
        (0.3,) * (QUARTERS - 1) + (price,),
        is_final=is_final,
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 1), date(2026, 12, 1)),
        (date(2026, 11, 30), date(2026, 12, 1)),
        (date(2026, 12, 31), date(2027, 1, 1)),
        (date(2028, 1, 31), date(2028, 2, 1)),
    ],
)
def test_next_month(day: date, expected: date) -> None:
    """Months differ in length, and the year may end."""
    assert next_month(day) == expected


@pytest.mark.parametrize(
    ("day", "today", "expected"),
    [
        # Complete: until the 20th of the following month
        (a_day(), date(2026, 11, 4), True),
        (a_day(), date(2026, 12, 20), True),
        (a_day(), date(2026, 12, 21), False),
        (a_day(date(2026, 11, 30)), date(2026, 12, 20), True),
        (a_day(date(2026, 11, 30)), date(2026, 12, 21), False),
        (a_day(date(2026, 12, 1)), date(2027, 1, 20), True),
        # With a gap: 31 days longer
        (a_day(energy=None), date(2027, 1, 20), True),
        (a_day(energy=None), date(2027, 1, 21), False),
        (a_day(price=None), date(2027, 1, 20), True),
        (a_day(price=None), date(2027, 1, 21), False),
        # Final: never, unless something is missing
        (a_day(is_final=True), date(2026, 11, 4), False),
        (a_day(price=None, is_final=True), date(2026, 11, 4), True),
    ],
)
def test_may_change(day: UsageDay, today: date, expected: bool) -> None:
    """A day is read until it is settled, and longer while something is missing."""
    assert may_change(day, today) is expected


@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_months(day: date) -> None:
    """A month begins the day after the one before it has ended."""
    assert previous_month(next_month(day)) == day.replace(day=1)
    assert next_month(previous_month(day)) == day.replace(day=1)
    assert previous_month(day) < day.replace(day=1) <= day < next_month(day)


@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_first_unsettled(today: date) -> None:
    """It is the first day that may change: those before are settled, gaps or not."""
    first = first_unsettled(today)
    assert may_change(replace(a_day(energy=None), day=first), today)
    assert not may_change(replace(a_day(energy=None), day=first - DAY), today)
