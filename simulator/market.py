"""Electricity prices: a generated day-ahead market, a grid fee and levies.

Every price follows from the day, so that it is the same in every run.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
import math
import random
from typing import Any

from .clock import BERLIN, DAY, at, berlin_day, days, quarters
from .households import Household
from .reductions import MODULE_1, MODULE_2, MODULE_3

VAT = 1.19
_MARGIN = 1.8
GRID_FEE = 9.47
LEVIES = 6.2

# Module 3 allows 10 to 40 % of the standard fee in the low window, and up to 200 % in the
# high window. The grid operator sets the hours of the windows, and the quarters of the year
# that have any: two at least.
_LOW_FACTOR, _HIGH_FACTOR = 0.2, 1.5
MODULE_2_FACTOR = 0.4

_LONGEST_DELAY = timedelta(days=30)


class Exchange:
    """Price settings of tests and the demo that replace the generated market."""

    def __init__(self) -> None:
        """Create the settings of the generated market."""
        self.delay = timedelta(0)
        self._published_until = date.min
        self._amounts: dict[date, tuple[float | None, ...]] = {}

    def set_delay(self, delay: timedelta, now: datetime) -> None:
        """Delay the next publications. Published prices stay published."""
        if not timedelta(0) <= delay <= _LONGEST_DELAY:
            raise ValueError(f"A delay of {delay} is not within a month")
        self._published_until = self.last_published(now)
        self.delay = delay

    def last_published(self, now: datetime) -> date:
        """Return the last day with published prices."""
        return max(self._published_until, _last_published(now - self.delay))

    def set_prices(self, day: date, amounts: Sequence[float | None]) -> None:
        """Set the all-in prices or payouts of a day in ct/kWh, by quarter-hour or hour."""
        count = len(quarters(day))
        if len(amounts) not in {count, count // 4}:
            raise ValueError(f"{day} has {count} quarters, not {len(amounts)}")
        times = count // len(amounts)
        self._amounts[day] = tuple(each for each in amounts for _ in range(times))

    def amounts(self, day: date) -> tuple[float | None, ...] | None:
        """Return the prices set for the quarter-hours of a day, if any."""
        return self._amounts.get(day)


def published_at(day: date) -> datetime:
    """Return the publication of a day's prices: the day before, 14:10 to 14:20."""
    minutes = random.Random(f"publication/{day}").randrange(70, 81)
    return at(day - DAY, time(13)) + timedelta(minutes=minutes)


def prices(
    household: Household, start: date, end: date, now: datetime, exchange: Exchange
) -> list[dict[str, Any]] | None:
    """Return the price items from one day to another, both included.

    Return None, as the API does, for a contract that is not active.
    """
    if household.status != "active" or not household.start_at:
        return None
    first = max(start, berlin_day(household.start_at))
    last = min(end, exchange.last_published(now))
    return [
        item
        for day in days(first, last + DAY)
        for item in _day_items(household, day, exchange.amounts(day))
    ]


def day_amounts(
    household: Household, day: date, exchange: Exchange
) -> list[float | None]:
    """Return the all-in prices of the quarter-hours of a day in ct/kWh."""
    items = _day_items(household, day, exchange.amounts(day))
    times = len(quarters(day)) // len(items)
    return [item["amount"] for item in items for _ in range(times)]


def _last_published(now: datetime) -> date:
    tomorrow = berlin_day(now) + DAY
    return tomorrow if published_at(tomorrow) <= now else tomorrow - DAY


def _day_items(
    household: Household, day: date, amounts: tuple[float | None, ...] | None
) -> list[dict[str, Any]]:
    begins, spots = quarters(day), spot_prices(day)
    size = 4 if household.hourly else 1
    places = [slice(place, place + size) for place in range(0, len(begins), size)]
    if amounts:
        return [
            _set_item(household, begins[place.start], amounts[place])
            for place in places
        ]
    return [
        _market_item(household, begins[place.start], sum(spots[place]) / size)
        for place in places
    ]


def _market_item(household: Household, begin: datetime, spot: float) -> dict[str, Any]:
    """Return a price item with the generated exchange price."""
    if household.type == "feed_in":
        electricity = round(spot, 2)
    else:
        electricity = round((spot + _MARGIN) * VAT, 2)
    others = _others(household, begin)
    amount = round(electricity + sum(others.values()), 2)
    return _item(begin, amount, {"electricity": electricity, **others})


def _set_item(
    household: Household, begin: datetime, quarterly: tuple[float | None, ...]
) -> dict[str, Any]:
    """Return a price item with a set price; its energy part is the remainder."""
    others = _others(household, begin)
    known = [amount for amount in quarterly if amount is not None]
    if len(known) < len(quarterly):
        return _item(begin, None, {"electricity": None, **others})
    # Four digits keep the mean of an hour's quarters exact.
    amount = round(sum(known) / len(known), 4)
    electricity = round(amount - sum(others.values()), 4)
    return _item(begin, amount, {"electricity": electricity, **others})


def _others(household: Household, begin: datetime) -> dict[str, float]:
    """Return the price components besides the energy, in ct/kWh."""
    if household.type == "feed_in":
        return {}
    grid = round(GRID_FEE * grid_factor(household, begin), 2)
    return {"grid": grid, "levies": LEVIES}


def _item(
    begin: datetime, amount: float | None, components: dict[str, float | None]
) -> dict[str, Any]:
    return {
        "timestamp": begin.isoformat().replace("+00:00", "Z"),
        "amount": amount,
        "components": [
            {"type": kind, "amount": part} for kind, part in components.items()
        ],
    }


def grid_factor(household: Household, begin: datetime) -> float:
    """Return the factor that the modules of §14a EnWG apply to the grid fee."""
    if _in_force(household, MODULE_2, begin):
        return MODULE_2_FACTOR
    if not _in_force(household, MODULE_3, begin) or not _in_force(
        household, MODULE_1, begin
    ):
        return 1.0
    local = begin.astimezone(BERLIN)
    if (local.month + 2) // 3 not in household.window_quarters:
        return 1.0
    if local.hour in household.low_hours:
        return _LOW_FACTOR
    return _HIGH_FACTOR if local.hour in household.high_hours else 1.0


def _in_force(household: Household, kind: str, moment: datetime) -> bool:
    return any(
        module.type == kind and module.covers(moment) for module in household.modules
    )


@lru_cache(maxsize=1024)
def spot_prices(day: date) -> tuple[float, ...]:
    """Return the exchange price of each quarter-hour of a day, in ct/kWh without VAT."""
    dice = random.Random(f"spot/{day}")
    season = math.cos((day.timetuple().tm_yday - 15) / 365.25 * math.tau)
    weekend = day.weekday() >= 5
    wind = dice.uniform(-2.5, 2.5)
    sun = (1 - season) / 2 * dice.uniform(0.35, 1.25) * (1.35 if weekend else 1.0)
    level = 8.8 + 1.8 * season + wind - (1.6 if weekend else 0.0)
    surplus = _surplus(dice, season, weekend=weekend)
    return tuple(
        round(_spot(begin, level, sun, surplus) + dice.gauss(0, 0.25), 3)
        for begin in quarters(day)
    )


def _surplus(dice: random.Random, season: float, *, weekend: bool) -> float:
    """Return the price drop at noon on days with a surplus of solar power."""
    chance = dice.random()
    if season > 0.2:
        return 0.0
    if chance < (0.12 if weekend else 0.02):
        return dice.uniform(15, 24)
    return dice.uniform(2, 6) if chance < 0.3 else 0.0


def _spot(begin: datetime, level: float, sun: float, surplus: float) -> float:
    local = begin.astimezone(BERLIN)
    hour = local.hour + local.minute / 60
    morning, evening = _bump(hour, 7.75, 1.3), _bump(hour, 19.25, 1.9)
    noon, night = _bump(hour, 13.25, 2.6), _bump(hour, 3.0, 2.5)
    return (
        level
        + 4.2 * morning
        + 6.4 * evening
        - 1.7 * night
        - (9.5 * sun + surplus) * noon
        # Quarter-hours step towards the price of the next hour.
        + 0.35 * (local.minute / 15 - 1.5) * (noon - evening)
    )


def _bump(hour: float, centre: float, width: float) -> float:
    return math.exp(-(((hour - centre) / width) ** 2) / 2)
