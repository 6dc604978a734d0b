"""What a planned load has to do in which hours, and how much of it is left."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from ..nomos import HOUR
from .history import Amount, LoadHistory, Once
from .known import Values
from .need import ChargeLevel, Energy, RunTime
from .planner import NOTHING, Span, clipped, merged
from .settings import PlannedLoad
from .state import NeedBasis


@dataclass(frozen=True, slots=True)
class Job:
    """Need of a load within some hours."""

    hours: Span
    amount: float | None
    """Hours, kWh or the target level in percent; None if that is not known."""
    basis: NeedBasis
    wanted: timedelta = NOTHING
    """Run time within the hours, with what ran already."""
    ran: timedelta = NOTHING
    """Run time so far."""
    without: Span | None = None
    """Hours of a single run, which count apart."""
    starts: int = 0
    """Number of pieces that the hours have had."""
    rested_at: datetime | None = None
    """End of the pause after the latest piece."""

    @property
    def left(self) -> timedelta:
        """Run time that is left."""
        return max(self.wanted - self.ran, NOTHING)


def jobs_of(
    load: PlannedLoad, values: Values, history: LoadHistory, now: datetime
) -> list[Job]:
    """Return the current or next job first, then those that follow.

    Empty if there are no hours any more.
    """
    once = history.once
    regular = list(islice(load.hours(now, values.latest), 2))
    today = history.today
    found = []
    for place, hours in enumerate(regular):
        amount = today if today and place == 0 else None
        overlaps = once and once.hours.overlap(hours)
        without = once.hours if once and overlaps else None
        found.append(_job(load, values, history, now, hours, amount, without))
    if once and once.end > now:
        found.append(_job(load, values, history, now, once.hours, once, None))
    # A single run comes before the hours around it.
    found = [_with_starts(load, history, job) for job in found]
    found.sort(key=lambda job: (max(job.hours.start, now), job.hours.end))
    return found


def _with_starts(load: PlannedLoad, history: LoadHistory, job: Job) -> Job:
    """Return a job with what pauses and starts depend on."""
    last = history.pieces[-1] if history.pieces else None
    pause = load.least_pause
    return replace(
        job,
        starts=len(merged(clipped(history.pieces, job.hours))),
        rested_at=last.end + pause if last and pause else None,
    )


def _job(
    load: PlannedLoad,
    values: Values,
    history: LoadHistory,
    now: datetime,
    hours: Span,
    amount: Amount | Once | None,
    without: Span | None,
) -> Job:
    ran = history.ran(hours, now)
    if without:
        ran -= history.ran(without, now) if without.overlap(hours) else NOTHING
    entered = amount.amount if amount else None
    need, power = load.need, values.power
    if isinstance(need, RunTime):
        hours_wanted = need.amount if entered is None else entered
        basis, wanted = NeedBasis.RUN_TIME, hours_wanted * HOUR
        return Job(hours, hours_wanted, basis, wanted, ran, without)
    if isinstance(need, Energy):
        energy = need.energy if entered is None else entered
        if not power:
            return Job(hours, energy, NeedBasis.POWER_UNKNOWN, ran, ran, without)
        wanted = energy / power * HOUR + history.lost(hours, now)
        return Job(hours, energy, NeedBasis.ENERGY, wanted, ran, without)
    target = values.target if entered is None else entered
    basis, wanted = _charging(need, values, history, hours, now, target, ran)
    return Job(hours, target, basis, wanted, ran, without)


def _charging(
    need: ChargeLevel,
    values: Values,
    history: LoadHistory,
    hours: Span,
    now: datetime,
    target: float | None,
    ran: timedelta,
) -> tuple[NeedBasis, timedelta]:
    """Return the basis and the run time of a charge within some hours."""
    known, power = values.known, values.power
    if not power:
        return NeedBasis.POWER_UNKNOWN, ran
    if known.level is None or target is None:
        return NeedBasis.ENTERED_RUN_TIME, need.run_time
    missing = need.energy(known.level, target) / power * HOUR
    if values.is_level_known:
        return NeedBasis.CHARGE_LEVEL, ran + missing
    # What ran since counts, as far as it was in these hours: a car has been driven since.
    since = max(known.level_at or hours.start, hours.start)
    before = ran - history.ran(Span(since, max(hours.end, since)), now)
    return NeedBasis.LAST_CHARGE_LEVEL, max(before, NOTHING) + missing


def moments_of(jobs: Iterable[Job]) -> Iterator[datetime]:
    """Yield when other jobs become current."""
    for job in jobs:
        yield job.hours.start
        yield job.hours.end
