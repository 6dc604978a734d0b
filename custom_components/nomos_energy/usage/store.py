"""Store of the progress of usage imports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..disk import Damage, from_disk, to_disk
from ..nomos import UsageDay, berlin_day
from ..nomos.prices import MAX_PRICE
from ..nomos.usage import MAX_QUARTER_ENERGY
from ..store import SAVE_LATER, RecordStore
from .settlement import first_unsettled, may_change

STORE = "usage"

LAST_DAY_HOLDS = timedelta(days=7)
"""Age up to which a day is shown as the last one."""


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
        )

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
    )


def _is_whole(day: UsageDay) -> bool:
    """Return if a day has a valid value, or none, for each of its quarter-hours."""
    quarters = len(UsageDay.unknown(day.day).energy)
    return (
        len(day.energy) == len(day.prices) == quarters
        and all(each is None or 0 <= each < MAX_QUARTER_ENERGY for each in day.energy)
        and all(each is None or abs(each) <= MAX_PRICE for each in day.prices)
    )
