"""When a month's values are settled."""

from datetime import date, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.working_days import settled_on


@pytest.mark.parametrize(
    ("day", "settled"),
    [
        # Counted by hand, on a calendar of Germany.
        (date(2026, 1, 15), date(2026, 2, 12)),
        (date(2026, 10, 1), date(2026, 11, 12)),
        (date(2026, 10, 31), date(2026, 11, 12)),
        (date(2026, 11, 1), date(2026, 12, 11)),
        # New Year; Epiphany is a holiday in some states only.
        (date(2026, 12, 31), date(2027, 1, 14)),
        # Good Friday and Easter Monday.
        (date(2026, 3, 20), date(2026, 4, 15)),
        # Labour Day and Ascension.
        (date(2027, 4, 30), date(2027, 5, 14)),
        # The Third of October on a Saturday costs no working day.
        (date(2026, 9, 30), date(2026, 10, 13)),
        (date(2024, 9, 30), date(2024, 10, 12)),
    ],
)
def test_eighth_working_day(day: date, settled: date) -> None:
    """It is the day after the eighth working day of the following month."""
    assert settled_on(day) == settled


@given(st.dates(date(2020, 1, 1), date(2060, 12, 31)))
def test_any_day(day: date) -> None:
    """It is the same for all days of a month, in the next one, after a working day."""
    settled = settled_on(day)
    assert settled == settled_on(day.replace(day=1))
    assert (settled - timedelta(days=31)).replace(day=1) <= day
    assert 11 <= settled.day <= 17
    assert (settled - timedelta(days=1)).weekday() < 5
