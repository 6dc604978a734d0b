"""Store of the progress of usage imports."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..nomos import UsageDay
from ..store import SAVE_LATER, RecordStore, from_disk, to_disk

STORE = "usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageProgress:
    """Progress of the import of a contract's usage."""

    imported_until: date | None = None
    """First day (Berlin) that is not imported yet; None before the first import."""
    measured_until: datetime | None = None
    """End of the last known quarter-hour."""
    days: tuple[UsageDay, ...] = ()
    """The last days, and earlier ones that may still change."""

    def day(self, day: date) -> UsageDay | None:
        """Return a day if it is kept."""
        return next((each for each in self.days if each.day == day), None)


def usage_store(hass: HomeAssistant, entry: ConfigEntry) -> RecordStore[UsageProgress]:
    """Return the store of the usage imports, by subscription ID."""
    return RecordStore(hass, entry, STORE, _read, to_disk, SAVE_LATER)


def _read(data: Any) -> UsageProgress:
    progress = from_disk(UsageProgress, data)
    for day in progress.days:
        quarters = len(UsageDay.unknown(day.day).energy)
        if not len(day.energy) == len(day.prices) == quarters:
            raise ValueError("A day has another number of quarter-hours")
    return progress
