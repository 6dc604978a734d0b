"""Settlement of usage: how long values of a day may change."""

from datetime import date, timedelta

from ..nomos import DAY, UsageDay

SETTLEMENT_DAY = 20
"""Day of the following month until which usage may change.

Metering operators settle a month by the eighth working day of the next one.
"""

GAP_DAYS = timedelta(days=31)
"""Time after the settlement within which gaps may still be filled."""

LEAST_SHARE = 0.95
"""Share of the hours of a period that has to be known for a figure to be shown."""


def next_month(day: date) -> date:
    """Return the first day of the following month."""
    return (day.replace(day=1) + 32 * DAY).replace(day=1)


def previous_month(day: date) -> date:
    """Return the first day of the month before that of a day."""
    return (day.replace(day=1) - DAY).replace(day=1)


def first_unsettled(day: date) -> date:
    """Return the first day whose usage may still have changed on a day (Berlin)."""
    first = day.replace(day=1)
    while next_month(first).replace(day=SETTLEMENT_DAY) + GAP_DAYS >= day:
        first = (first - DAY).replace(day=1)
    return next_month(first)


def may_change(day: UsageDay, today: date) -> bool:
    """Return if a day that was imported may still change."""
    if day.is_closed:
        return False
    settled_on = next_month(day.day).replace(day=SETTLEMENT_DAY)
    patience = timedelta(0) if day.is_measured and day.is_priced else GAP_DAYS
    # Days are read a last time on the day of the settlement.
    return today <= settled_on + patience
