"""Expectation of what a month will cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ..nomos import DAY
from ..usage.sums import Sum

SAME_WEEKDAYS = 4
"""Number of the last same weekdays whose mean a day is expected to cost."""

UNKNOWN_UNTIL = 3
"""Day of the month up to which nothing is expected."""

LEAST_DAYS = 3
"""Number of measured days that an expectation needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Expected cost or earnings in EUR.

    `low` and `high` take the cheapest and the dearest of the same weekdays for each day
    that is not measured yet.
    """

    amount: float
    low: float
    high: float


def forecast(
    days: Mapping[date, Sum], first: date, end: date, today: date, fee: float
) -> Forecast | None:
    """Return the expectation for the days from first to end, exclusive.

    `days` are all known days before today, also of earlier months; `fee` is added. None
    in the first three days of the month, and with fewer than three measured days.
    """
    measured = {
        day: each.cost for day, each in days.items() if each.is_complete(day, day + DAY)
    }
    if today.day <= UNKNOWN_UNTIL or len(measured) < LEAST_DAYS:
        return None
    amount = low = high = fee
    day = first
    while day < end:
        if day in measured:
            costs = [measured[day]]
        else:
            # Part of the day may be known; it can't cost less than that.
            known = days[day].cost if day in days else 0.0
            costs = [max(cost, known) for cost in _alike(measured, day)]
        amount += sum(costs) / len(costs)
        low += min(costs)
        high += max(costs)
        day += DAY
    return Forecast(amount=amount, low=low, high=high)


def _alike(measured: Mapping[date, float], day: date) -> list[float]:
    """Return the costs of the last same weekdays before a day, else of all days."""
    same = sorted(
        each for each in measured if each < day and each.weekday() == day.weekday()
    )
    return [measured[each] for each in same[-SAME_WEEKDAYS:] or sorted(measured)]
