"""Store of the progress of usage imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..disk import Damage, from_disk, to_disk
from ..nomos import UsageDay, berlin_day
from ..nomos.prices import MAX_PRICE
from ..nomos.usage import MAX_QUARTER_ENERGY
from ..store import SAVE_LATER, RecordStore
from .settlement import LEAST_SHARE, first_unsettled, may_change, previous_month

STORE = "usage"

MOST_QUARTERS = 100
"""Quarter-hours of the longest day."""

LAST_DAY_HOLDS = timedelta(days=7)
"""Age up to which a day is shown as the last one."""


@dataclass(frozen=True, slots=True)
class DayPrice:
    """Mean price of a day's quarter-hours, whatever was used in them."""

    day: date
    mean: float
    """EUR/kWh."""
    quarters: int
    """Number of quarter-hours with known usage and price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageProgress:
    """Progress of the import of a contract's usage."""

    imported_until: date | None = None
    """First day (Berlin) that is not imported yet; None before the first import."""
    measured_until: datetime | None = None
    """End of the last known quarter-hour."""
    days: tuple[UsageDay, ...] = ()
    """The days that entities may show, and earlier ones that may still change."""
    unpriced: tuple[datetime, ...] = ()
    """Hours whose cost lacks the price of a quarter-hour."""
    prices: tuple[DayPrice, ...] = ()
    """Mean prices of the days of this month and the last one."""

    def day(self, day: date) -> UsageDay | None:
        """Return a day if it is kept."""
        return next((each for each in self.days if each.day == day), None)

    def advanced(
        self, until: date, days: Mapping[date, UsageDay], today: date
    ) -> UsageProgress:
        """Return the progress after days were imported up to a day (Berlin)."""
        ends = (each.measured_until for each in days.values())
        kept = {each.day: each for each in self.days} | dict(days)
        return UsageProgress(
            imported_until=until,
            measured_until=max(
                filter(None, (self.measured_until, *ends)), default=None
            ),
            days=tuple(
                each
                for day, each in kept.items()
                if day >= today - LAST_DAY_HOLDS or may_change(each, today)
            ),
            unpriced=self._unpriced_with(days),
            prices=self._prices_with(days, today),
        )

    def _prices_with(
        self, days: Mapping[date, UsageDay], today: date
    ) -> tuple[DayPrice, ...]:
        begin = previous_month(today)
        kept = [each for each in self.prices if each.day not in days]
        for day, each in days.items():
            if prices := each.known_prices:
                kept.append(DayPrice(day, fmean(prices), len(prices)))
        return tuple(each for each in kept if each.day >= begin)

    def mean_price(self, first: date, end: date, hours: int) -> float | None:
        """Return the mean price in EUR/kWh of the days from first to end, exclusive.

        Each quarter-hour counts alike. None if the price of too many of the known
        `hours` is unknown.
        """
        days = [each for each in self.prices if first <= each.day < end]
        quarters = sum(each.quarters for each in days)
        if not quarters or quarters < 4 * LEAST_SHARE * hours:
            return None
        return round(sum(each.mean * each.quarters for each in days) / quarters, 6)

    def _unpriced_with(self, days: Mapping[date, UsageDay]) -> tuple[datetime, ...]:
        """Return the hours without a price, as of newer days."""
        kept = {each for each in self.unpriced if berlin_day(each) not in days}
        return tuple(sorted(kept.union(*(e.unpriced_hours() for e in days.values()))))

    def last_day(self, today: date) -> UsageDay | None:
        """Return the last day without a gap before a day (Berlin), if it is recent."""
        recent = (
            each
            for each in self.days
            if each.is_measured and today - LAST_DAY_HOLDS <= each.day < today
        )
        return max(recent, key=lambda each: each.day, default=None)


def usage_store(hass: HomeAssistant, entry: ConfigEntry) -> RecordStore[UsageProgress]:
    """Return the store of the usage imports, by subscription ID."""
    return RecordStore(hass, entry, STORE, _read, to_disk, SAVE_LATER)


def _read(data: Any, damage: Damage) -> UsageProgress:
    parts = damage.parts
    progress = from_disk(UsageProgress, data, damage)
    days = tuple(each for each in progress.days if _is_whole(each))
    damage.parts += len(progress.days) - len(days)
    prices = tuple(each for each in progress.prices if _is_plausible(each))
    damage.parts += len(progress.prices) - len(prices)
    if damage.parts == parts:
        return progress
    # A day that is left out may still change: it is imported again with all others
    # that may.
    until = progress.imported_until
    ends = (progress.measured_until, *(each.measured_until for each in days))
    return UsageProgress(
        imported_until=until and first_unsettled(until),
        measured_until=max(filter(None, ends), default=None),
        days=days,
        unpriced=progress.unpriced,
        prices=prices,
    )


def _is_plausible(price: DayPrice) -> bool:
    return abs(price.mean) <= MAX_PRICE and 0 < price.quarters <= MOST_QUARTERS


def _is_whole(day: UsageDay) -> bool:
    """Return if a day has a valid value, or none, for each of its quarter-hours."""
    quarters = len(UsageDay.unknown(day.day).energy)
    return (
        len(day.energy) == len(day.prices) == quarters
        and all(each is None or 0 <= each < MAX_QUARTER_ENERGY for each in day.energy)
        and all(each is None or abs(each) <= MAX_PRICE for each in day.prices)
    )
