"""When the meter operators have settled a month."""

from datetime import date, timedelta

from holidays.countries.germany import Germany

SETTLED_AFTER = 8
"""Working days of the following month."""


def settled_on(day: date) -> date:
    """Return the first day on which the values of a day do not change any more.

    That is the one after the eighth working day of the following month: no weekend
    and no holiday of all Germany.
    """
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    holidays = Germany(years=following.year)
    working = 0
    while working < SETTLED_AFTER:
        working += following.weekday() < 5 and following not in holidays
        following += timedelta(days=1)
    return following
