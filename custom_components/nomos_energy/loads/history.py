"""Store of what planned loads did, and of what was set for them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, valid_entity_id

from ..disk import Damage, from_disk, to_disk
from ..nomos import DAY, HOUR
from ..store import SAVE_SOON, RecordStore
from .known import NOTHING_KNOWN, Known, parse_latest_state
from .need import FULL, HIGHEST_ENERGY, HIGHEST_POWER, LOWEST_POWER, NeedKind
from .numbers import NumberTarget
from .periods import Period, RunEvent
from .planner import NOTHING, Span, clipped
from .power import Reduced, duration, full_duration
from .savings import NO_SAVINGS, Savings

STORE = "loads"

LONGEST_PIECE = DAY + HOUR
"""Hours last a day at most, which has 25 hours when the clock is put back."""


LONGEST_ONCE = 7 * DAY
"""Longest period for a single run; prices are known for two days at most."""

LARGEST = {
    NeedKind.RUN_TIME: LONGEST_PIECE / HOUR,
    NeedKind.ENERGY: HIGHEST_ENERGY,
    NeedKind.CHARGE_LEVEL: FULL,
}
"""Largest amount of each kind of need, in hours, kWh or percent."""


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
    numbers: tuple[NumberTarget, ...] = ()
    """Numbers among them, with the values that they get when they go off."""
    by_hand: tuple[str, ...] = ()
    """Targets that somebody changed during the run that began at `run`."""
    run: datetime | None = None
    missed: tuple[Missed, ...] = ()
    """Latest run that each target missed, until it is switched on again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Amount that replaces the planned one until some moment."""

    kind: NeedKind
    amount: float
    """Hours, kWh or percent."""
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Single run."""

    kind: NeedKind
    amount: float
    """Hours, kWh or percent."""
    start: datetime
    end: datetime

    @property
    def hours(self) -> Span:
        """Period in which the load may run."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadHistory:
    """Past runs and settings of a planned load."""

    is_enabled: bool = True
    today: Amount | None = None
    once: Once | None = None
    known: Known = NOTHING_KNOWN
    pieces: tuple[Span, ...] = ()
    """Recent runs; the last one may be in progress."""
    reduced: tuple[Reduced, ...] = ()
    """Parts of these runs that a limit reduced."""
    switched: Switched = Switched()
    periods: tuple[Period, ...] = ()
    """Hours in progress; a single run may lie within others."""
    actions_run: datetime | None = None
    """Start of the run whose first actions ran, until its last ones do."""
    news: tuple[RunEvent, ...] = ()
    """Events that are not announced yet."""
    savings: Savings = NO_SAVINGS

    def running(self, now: datetime) -> Span | None:
        """Return the run in progress."""
        last = self.pieces[-1] if self.pieces else None
        return last if last and last.end > now else None

    def by_hand(self, now: datetime) -> bool:
        """Return if a target was switched by hand during the run in progress."""
        running, switched = self.running(now), self.switched
        return bool(running and switched.by_hand and switched.run == running.start)

    def is_continued(self, start: datetime) -> bool:
        """Return if the run in progress continues the one that began at a moment."""
        *past, last = self.pieces
        return any(each.start == start and each.end == last.start for each in past)

    def ran(self, hours: Span, now: datetime) -> timedelta:
        """Return the run time within some hours up to a moment."""
        until = Span(hours.start, max(min(now, hours.end), hours.start))
        return sum((each.overlap(until) for each in self.pieces), timedelta(0))

    def lost(self, hours: Span, now: datetime) -> timedelta:
        """Return the run time that the limit took within some hours, at full power."""
        runs = [Span(each.start, each.end) for each in self.reduced_until(now)]
        inside = clipped(runs, hours)
        return duration(inside) - full_duration(inside, self.reduced)

    def reduced_until(self, now: datetime) -> tuple[Reduced, ...]:
        """Return the reduced parts of runs up to a moment."""
        return tuple(
            replace(each, end=min(each.end, now))
            for each in self.reduced
            if each.start < now
        )

    def share(self, now: datetime) -> float:
        """Return the share of the power that the run in progress may draw."""
        shares = (each.share for each in self.reduced if each.start <= now < each.end)
        return next(shares, 1.0)

    def reduced_to(self, share: float | None, now: datetime) -> Self:
        """Return the history with another power of the run in progress."""
        running = self.running(now)
        end = running.end if running else now
        last = self.reduced[-1] if self.reduced else None
        if last and last.end == end and last.share == share:
            return self
        past = self.reduced_until(now)
        begun = () if share is None or not running else (Reduced(now, end, share),)
        return replace(self, reduced=past + begun)

    def updated(self, now: datetime, kind: NeedKind, known: Known) -> Self:
        """Return the history with the states of now, without amounts that are over."""
        if known.same_as(self.known) and self.running(now) is None:
            # The moment alone is not worth a write: nothing ran meanwhile.
            known = self.known
        today, once = self.today, self.once
        if today and (today.kind is not kind or today.until <= now):
            today = None
        # Until the hours around it are over, its run does not count for them.
        if once and (once.kind is not kind or once.end <= now - LONGEST_PIECE):
            once = None
        return replace(self, known=known, today=today, once=once)

    def since(self, moment: datetime) -> Self:
        """Return the history without runs that ended before a moment."""
        pieces = tuple(each for each in self.pieces if each.end > moment)
        reduced = tuple(each for each in self.reduced if each.end > moment)
        return replace(self, pieces=pieces, reduced=reduced)

    def with_news(self, event: RunEvent) -> Self:
        """Return the history with another event; without those of the day before."""
        recent = (each for each in self.news if event.at - each.at < DAY)
        return replace(self, news=(*recent, event))

    def ending(self, end: datetime) -> Self:
        """Return the history with another end of the last run."""
        *past, last = self.pieces
        return replace(self, pieces=(*past, Span(last.start, end)))

    def with_piece(self, piece: Span) -> Self:
        """Return the history with another run."""
        return replace(self, pieces=(*self.pieces, piece))


def load_store(hass: HomeAssistant, entry: ConfigEntry) -> RecordStore[LoadHistory]:
    """Return the store of the planned loads, by subentry ID."""
    return RecordStore(hass, entry, STORE, _read, to_disk, SAVE_SOON, is_durable=True)


def _read(data: Any, damage: Damage) -> LoadHistory:
    history = from_disk(LoadHistory, data, damage)
    pieces = tuple(
        each
        for each in history.pieces
        if timedelta(0) <= each.end - each.start <= LONGEST_PIECE
    )
    damage.parts += len(history.pieces) - len(pieces)
    reduced = tuple(
        each
        for each in history.reduced
        if 0 <= each.share <= 1 and NOTHING <= each.end - each.start <= LONGEST_PIECE
    )
    damage.parts += len(history.reduced) - len(reduced)
    history = replace(history, reduced=reduced)
    history = replace(
        history, pieces=pieces, switched=_read_switched(history.switched, damage)
    )
    today, once, known = history.today, history.once, history.known
    if today and not _is_amount(today):
        damage.parts += 1
        today = None
    if once and not (
        _is_amount(once) and NOTHING < once.end - once.start <= LONGEST_ONCE
    ):
        damage.parts += 1
        once = None
    if not _is_known(known):
        damage.parts += 1
        known = NOTHING_KNOWN
    return replace(history, today=today, once=once, known=known)


def _is_amount(amount: Amount | Once) -> bool:
    return 0 <= amount.amount <= LARGEST[amount.kind]


def _is_known(known: Known) -> bool:
    """Return if each last known state is one that an entity can have."""
    if known.latest is not None:
        try:
            parse_latest_state(known.latest)
        except ValueError:
            return False
    percents = [each for each in (known.level, known.target) if each is not None]
    return all(0 <= each <= FULL for each in percents) and (
        (known.power is None or LOWEST_POWER <= known.power <= HIGHEST_POWER)
        and (known.limit is None or known.limit >= 0)
    )


def _read_switched(switched: Switched, damage: Damage) -> Switched:
    """Leave out what no entity can have as its ID."""
    valid = replace(
        switched,
        on=tuple(filter(valid_entity_id, switched.on)),
        by_hand=tuple(filter(valid_entity_id, switched.by_hand)),
        missed=tuple(each for each in switched.missed if valid_entity_id(each.entity)),
        numbers=tuple(
            each for each in switched.numbers if valid_entity_id(each.entity)
        ),
    )
    for name in ("on", "by_hand", "missed", "numbers"):
        damage.parts += len(getattr(switched, name)) - len(getattr(valid, name))
    return valid
