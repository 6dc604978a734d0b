"""Store of what planned loads did, and of what was set for them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..store import SAVE_SOON, RecordStore, from_disk, to_disk
from .planner import Span

STORE = "loads"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadHistory:
    """Past runs and settings of a planned load."""

    is_enabled: bool = True
    run_time: timedelta | None = None
    """Run time that replaces the planned one until `run_time_until`."""
    run_time_until: datetime | None = None
    pieces: tuple[Span, ...] = ()
    """Recent runs; the last one may be in progress."""

    def running(self, now: datetime) -> Span | None:
        """Return the run in progress."""
        last = self.pieces[-1] if self.pieces else None
        return last if last and last.end > now else None

    def ran(self, hours: Span, now: datetime) -> timedelta:
        """Return the run time within some hours up to a moment."""
        until = Span(hours.start, max(min(now, hours.end), hours.start))
        return sum((each.overlap(until) for each in self.pieces), timedelta(0))

    def since(self, moment: datetime) -> Self:
        """Return the history without runs that ended before a moment."""
        pieces = tuple(each for each in self.pieces if each.end > moment)
        return replace(self, pieces=pieces)

    def ending(self, end: datetime) -> Self:
        """Return the history with another end of the last run."""
        *past, last = self.pieces
        return replace(self, pieces=(*past, Span(last.start, end)))

    def with_piece(self, piece: Span) -> Self:
        """Return the history with another run."""
        return replace(self, pieces=(*self.pieces, piece))


def load_store(hass: HomeAssistant, entry: ConfigEntry) -> RecordStore[LoadHistory]:
    """Return the store of the planned loads, by subentry ID."""
    read = partial(from_disk, LoadHistory)
    return RecordStore(hass, entry, STORE, read, to_disk, SAVE_SOON)
