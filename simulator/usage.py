"""Usage and feed-in of households, by quarter-hour.

Every value follows from the household's key and the day, so that it is the same in every run.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from functools import lru_cache
import math
import random
from typing import Any

from .clock import BERLIN, DAY, at, berlin_day, days, iso, midnight, quarters
from .households import Household

RESOLUTIONS = ("15min", "hour", "day", "week", "month")

# Time of day from which yesterday's values are available.
AVAILABLE_FROM = time(16)


def build_usage(
    household: Household,
    resolution: str,
    start: date | None,
    end: date | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the usage of a period as the API shows it."""
    today = berlin_day(now)
    if household.meter_type == "smart":
        start, end = start or today - DAY, end or today
        resolution = (
            _choose_resolution(start, end) if resolution == "auto" else resolution
        )
        data = list(_measured(household, resolution, start, end, now))
    else:
        resolution = "month"
        begin = berlin_day(household.start_at or now)
        start = start or max(begin, today.replace(year=today.year - 1, day=1))
        data = list(_estimated(household, start, end or today, now))
    return {
        "object": "usage",
        "meter_type": household.meter_type,
        "resolution": resolution,
        "data": data,
    }


def _choose_resolution(start: date, end: date) -> str:
    """Return the resolution for a period in which none was requested."""
    length = (end - start).days
    for limit, resolution in ((3, "15min"), (14, "hour"), (92, "day"), (366, "week")):
        if length <= limit:
            return resolution
    return "month"


def available_until(now: datetime) -> date:
    """Return the first day without values."""
    today = berlin_day(now)
    return today if now >= at(today, AVAILABLE_FROM) else today - DAY


def final_from(day: date) -> datetime:
    """Return when a day's values become final: after the next month's 8th working day.

    Public holidays count as working days.
    """
    following = next_month(day)
    working = (
        each for each in days(following, following + 20 * DAY) if _is_working_day(each)
    )
    for _ in range(7):
        next(working)
    return midnight(next(working) + DAY)


def next_month(day: date) -> date:
    """Return the first day of the month after a day."""
    return (day.replace(day=1) + 32 * DAY).replace(day=1)


def _is_working_day(day: date) -> bool:
    return day.weekday() < 5


def _measured(
    household: Household, resolution: str, start: date, end: date, now: datetime
) -> Iterator[dict[str, Any]]:
    """Yield the values of a smart meter, summed up to a resolution."""
    begin = household.smart_since or household.start_at
    if begin is None or household.status == "pending":
        return
    last = household.end_at or now
    first_day = max(start, berlin_day(begin))
    available = available_until(now) - household.days_late * DAY
    last_day = min(end, available, berlin_day(last) + DAY)
    bucket, total, final = None, 0.0, True
    for day in days(first_day, last_day):
        settled = final_from(day) <= now
        for moment, value in zip(
            quarters(day), day_quarters(household, day), strict=True
        ):
            if value is None or not begin <= moment < last:
                continue
            if (here := _bucket(moment, resolution)) != bucket:
                if bucket:
                    yield _entry(bucket, total, final=final)
                bucket, total, final = here, 0.0, True
            total += value
            final = final and settled
    if bucket:
        yield _entry(bucket, total, final=final)


def _entry(start: datetime, value: float, *, final: bool) -> dict[str, Any]:
    return {
        "start": iso(start),
        "usage": round(value, 3),
        "type": "final" if final else "preliminary",
    }


def _bucket(moment: datetime, resolution: str) -> datetime:
    """Return the start of the interval that contains a quarter-hour."""
    if resolution == "15min":
        return moment
    if resolution == "hour":
        return moment.replace(minute=0)
    return midnight(_FIRST_DAY[resolution](berlin_day(moment)))


_FIRST_DAY: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - day.weekday() * DAY,
    "month": lambda day: day.replace(day=1),
}


def _estimated(
    household: Household, start: date, end: date, now: datetime
) -> Iterator[dict[str, Any]]:
    """Yield the monthly values of an analog meter."""
    if household.start_at is None or household.status == "pending":
        return
    begin = berlin_day(household.start_at)
    while begin < end:
        following = next_month(begin)
        if midnight(following) > (household.end_at or now):
            return
        if begin >= start:
            value = sum_usage(household, begin, following)
            yield _entry(midnight(begin), value, final=final_from(begin) <= now)
        begin = following


# Load curves


def day_quarters(household: Household, day: date) -> tuple[float | None, ...]:
    """Return the kWh of each quarter-hour of a day; None is a missing value."""
    if day in household.measured:
        return household.measured[day]
    return _quarters(household.key, household.type, household.estimated_usage, day)


@lru_cache(maxsize=4096)
def _quarters(key: str, kind: str, yearly: float, day: date) -> tuple[float, ...]:
    dice = random.Random(f"quarters/{key}/{day}")
    begins = quarters(day)
    if kind == "feed_in":
        weights = [_sunlight(begin) * dice.uniform(0.75, 1.25) for begin in begins]
    else:
        weights = [_activity(begin) * dice.uniform(0.6, 1.6) for begin in begins]
    scale = _day_total(key, kind, yearly, day) / sum(weights)
    return tuple(round(weight * scale, 3) for weight in weights)


def _activity(begin: datetime) -> float:
    """Return the relative usage at a time of day."""
    local = begin.astimezone(BERLIN)
    hour = local.hour + local.minute / 60
    weekend = local.weekday() >= 5
    morning = math.exp(-(((hour - (9.5 if weekend else 7)) / 1.4) ** 2))
    noon = math.exp(-(((hour - 12.5) / 1.6) ** 2)) * (1.2 if weekend else 0.5)
    evening = math.exp(-(((hour - 19) / 2.4) ** 2))
    return 0.35 + 1.1 * morning + noon + 1.9 * evening


def _sunlight(begin: datetime) -> float:
    """Return the relative solar power at a time of day, in the middle of Germany."""
    hour = begin.hour + begin.minute / 60
    length = 12 - 4.2 * _winter(begin.date())
    # Solar noon is at about 11:20 UTC there.
    height = math.cos((hour - 11.3) / length * math.pi)
    return height**1.4 if abs(hour - 11.3) < length / 2 else 0.0


def _winter(day: date) -> float:
    """Return 1 in midwinter and -1 in midsummer."""
    return math.cos((day.timetuple().tm_yday + 10) / 365.25 * math.tau)


@lru_cache(maxsize=65536)
def _day_total(key: str, kind: str, yearly: float, day: date) -> float:
    luck = random.Random(f"day/{key}/{day}").random()
    if kind == "feed_in":
        shape = (1 - 0.82 * _winter(day)) * (0.25 + 1.5 * luck)
    else:
        shape = (1 + 0.22 * _winter(day)) * (0.8 + 0.4 * luck)
        shape *= 1.12 if day.weekday() >= 5 else 0.95
    return yearly / 365.25 * shape


def sum_usage(household: Household, start: date, end: date) -> float:
    """Return the kWh from the start of one day to the start of another."""
    result = 0.0
    while start < end:
        following = next_month(start)
        if start.day == 1 and following <= end:
            result += _month_total(
                household.key, household.type, household.estimated_usage, start
            )
            start = following
        else:
            result += _day_total(
                household.key, household.type, household.estimated_usage, start
            )
            start += DAY
    return result


@lru_cache(maxsize=16384)
def _month_total(key: str, kind: str, yearly: float, first: date) -> float:
    following = next_month(first)
    return sum(_day_total(key, kind, yearly, day) for day in days(first, following))
