"""Expectation of a month, without Home Assistant."""

from datetime import date

import pytest

from custom_components.nomos_energy.billing.forecast import Forecast, forecast
from custom_components.nomos_energy.nomos import DAY
from custom_components.nomos_energy.usage.sums import Sum

FIRST, END = date(2026, 11, 1), date(2026, 12, 1)


def days(first: date, end: date, cost: float = 1.0, hours: int = 24) -> dict[date, Sum]:
    """Return days that cost the same."""
    count = (end - first).days
    return {first + place * DAY: Sum(5.0, cost, hours) for place in range(count)}


def figures(found: Forecast) -> list[float]:
    """Return the expected amount with low and high."""
    return [found.amount, found.low, found.high]


def test_same_weekdays() -> None:
    """A day costs the mean of the last four same weekdays, and no earlier ones."""
    known = days(FIRST - 42 * DAY, date(2026, 11, 24))
    # Mondays: the first two are too long ago.
    for week, cost in enumerate((90.0, 90.0, 2.0, 4.0, 6.0, 8.0)):
        known[date(2026, 11, 23) - (5 - week) * 7 * DAY] = Sum(5.0, cost, 24)
    found = forecast(known, FIRST, END, date(2026, 11, 24), fee=10.0)
    november = sum(each.cost for day, each in known.items() if day >= FIRST)
    # The 30th is a Monday; six other days cost 1.00 each.
    assert found
    assert figures(found) == pytest.approx(
        [10 + november + 6 + monday for monday in (5, 2, 8)]
    )


@pytest.mark.parametrize("day", [1, 2, 3])
def test_first_three_days(day: int) -> None:
    """In the first three days nothing is expected."""
    known = days(FIRST - 42 * DAY, FIRST)
    assert forecast(known, FIRST, END, date(2026, 11, day), 0.0) is None
    assert forecast(known, FIRST, END, date(2026, 11, 4), 0.0)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_new_meter(count: int) -> None:
    """Three measured days are needed; a weekday without any costs what all days do."""
    begin = date(2026, 11, 10)
    known = days(begin, begin + count * DAY, cost=2.0)
    found = forecast(known, begin, END, begin + count * DAY, fee=5.0)
    if count < 3:
        assert found is None
    else:
        assert found
        assert figures(found) == pytest.approx([5 + 21 * 2] * 3)


def test_gap_is_expected_too() -> None:
    """A day with missing hours costs what such a day does, and no less than is known."""
    known = days(FIRST - 42 * DAY, date(2026, 11, 30))
    known[date(2026, 11, 11)] = Sum(1.0, 0.1, 7)
    known[date(2026, 11, 12)] = Sum(9.0, 9.0, 23)
    del known[date(2026, 11, 13)]
    found = forecast(known, FIRST, END, date(2026, 11, 30), fee=0.0)
    assert found
    assert found.amount == pytest.approx(29 + 9)


def test_contract_that_ends() -> None:
    """Nothing is expected after the end."""
    known = days(FIRST, date(2026, 11, 16))
    found = forecast(known, FIRST, date(2026, 11, 16), date(2026, 11, 20), fee=7.0)
    assert found
    assert found.amount == found.low == found.high == pytest.approx(15 + 7)
