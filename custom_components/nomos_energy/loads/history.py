"""Store of what planned loads did, and of what was set for them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, valid_entity_id

from ..disk import Damage, from_disk, to_disk
from ..nomos import DAY, HOUR
from ..store import SAVE_SOON, RecordStore
from .planner import Span

STORE = "loads"

LONGEST_PIECE = DAY + HOUR
"""Hours last a day at most, which has 25 hours when the clock is put back."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Run in which a target could not be switched on."""

    entity: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """What was done to the targets of a load, by entity ID."""

    on: tuple[str, ...] = ()
    """Targets that were switched on, and not yet off again."""
    by_hand: tuple[str, ...] = ()
    """Targets that somebody switched off during the run that began at `run`."""
    run: datetime | None = None
    missed: tuple[Missed, ...] = ()
    """Latest run that each target missed, until it is switched on again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadHistory:
    """Past runs and settings of a planned load."""

    is_enabled: bool = True
    run_time: timedelta | None = None
    """Run time that replaces the planned one until `run_time_until`."""
    run_time_until: datetime | None = None
    pieces: tuple[Span, ...] = ()
    """Recent runs; the last one may be in progress."""
    switched: Switched = Switched()

    def running(self, now: datetime) -> Span | None:
        """Return the run in progress."""
        last = self.pieces[-1] if self.pieces else None
        return last if last and last.end > now else None

    def by_hand(self, now: datetime) -> bool:
        """Return if a target was switched by hand during the run in progress."""
        running, switched = self.running(now), self.switched
        return bool(running and switched.by_hand and switched.run == running.start)

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
    return RecordStore(hass, entry, STORE, _read, to_disk, SAVE_SOON)


def _read(data: Any, damage: Damage) -> LoadHistory:
    history = from_disk(LoadHistory, data, damage)
    pieces = tuple(
        each
        for each in history.pieces
        if timedelta(0) <= each.end - each.start <= LONGEST_PIECE
    )
    damage.parts += len(history.pieces) - len(pieces)
    history = replace(
        history, pieces=pieces, switched=_read_switched(history.switched, damage)
    )
    run_time = history.run_time
    if (run_time is None) is (history.run_time_until is None) and (
        run_time is None or timedelta(0) <= run_time <= LONGEST_PIECE
    ):
        return history
    # A run time without an end would replace the planned one for good.
    damage.parts += 1
    return replace(history, run_time=None, run_time_until=None)


def _read_switched(switched: Switched, damage: Damage) -> Switched:
    """Leave out what no entity can have as its ID."""
    valid = replace(
        switched,
        on=tuple(filter(valid_entity_id, switched.on)),
        by_hand=tuple(filter(valid_entity_id, switched.by_hand)),
        missed=tuple(each for each in switched.missed if valid_entity_id(each.entity)),
    )
    for name in ("on", "by_hand", "missed"):
        damage.parts += len(getattr(switched, name)) - len(getattr(valid, name))
    return valid
