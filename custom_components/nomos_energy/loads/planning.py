"""Plan of all jobs of a load: how long a run lasts, and which ones follow."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from math import ceil

from homeassistant.util import dt as dt_util

from ..nomos import QUARTER, PriceSeries
from .jobs import Job
from .need import ChargeLevel, RunTime
from .periods import LEAST_LEFT, Shortfall
from .planner import NO_MARKUP, NOTHING, Schedule, Span, cheap_spans, clipped, merged
from .power import Reduced, full_duration
from .settings import PlannedLoad

MOST_ROUNDS = 6
"""Plans that are made until reduced times are made up for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Pieces of all jobs, in order."""

    pieces: tuple[Span, ...] = ()
    is_fallback: bool = False
    """True if the next piece was scheduled without prices."""

    def begins_by(self, moment: datetime) -> bool:
        """Return if the first piece begins at a moment or before."""
        return bool(self.pieces) and self.pieces[0].start <= moment


def due_end(
    load: PlannedLoad,
    job: Job,
    running: Span,
    now: datetime,
    prices: PriceSeries,
    share: float = 1.0,
) -> datetime:
    """Return when a run has lasted long enough, at the latest at its planned end.

    `share` is that of the power which a limit leaves to the run.
    """
    end = now
    if job.hours.start <= now:
        left = job.left if is_for_time(load) or not share else job.left / share
        end = min(now + left, job.hours.end)
        if isinstance(load.need, ChargeLevel):
            # The time that is left is an estimate, and a short block wears the load.
            if job.left:
                end = min(_next_quarter(end), job.hours.end)
            end = max(end, running.start + (load.shortest_piece or NOTHING))
    cheap = _cheap(load, job, now - QUARTER, prices)
    ends = [each.end for each in cheap if each.start <= now < each.end]
    return min(max(end, *ends), running.end) if ends else min(end, running.end)


def plan_jobs(
    load: PlannedLoad,
    jobs: Sequence[Job],
    running: Span | None,
    now: datetime,
    begin: datetime,
    prices: PriceSeries,
    markup: Mapping[datetime, float] = NO_MARKUP,
    reduced: Sequence[Reduced] = (),
) -> Plan:
    """Return what follows the run in progress, from `begin` on.

    For `markup` see Planner.plan. In times that are `reduced`, energy takes longer.
    """
    is_level = isinstance(load.need, ChargeLevel)
    current = jobs[0]
    if is_for_time(load):
        reduced = ()
    covered = full_duration([Span(now, begin)], reduced) if running else NOTHING
    extra = _long_enough(load, _cheap(load, current, begin, prices, markup))
    if is_level:
        before = Span(begin, max(current.hours.start, begin))
        extra = _first(extra, before, current.left - covered)
        covered += full_duration(extra, reduced)
    pieces, is_fallback = list[Span](), False
    for job in jobs:
        # A battery is charged once; everything else is needed in all hours again.
        done = covered if is_level else in_progress(job, running, now, reduced)
        left, first = job.left - done, max(begin, job.rested_at or begin)
        if pieces and load.least_pause:
            first = max(first, pieces[-1].end + load.least_pause)
        plan = partial(
            load.plan,
            job.hours,
            first,
            series=prices,
            without=job.without,
            markup=markup,
            starts=job.starts,
        )
        schedule = _make_up(plan, left, reduced)
        if schedule.pieces and not pieces:
            is_fallback = schedule.is_fallback
        pieces += schedule.pieces
        covered += full_duration(schedule.pieces, reduced)
    pieces.sort(key=lambda piece: piece.start)
    return Plan(merged([*pieces, *extra]) if extra else tuple(pieces), is_fallback)


def shortfall_of(
    load: PlannedLoad,
    job: Job,
    plan: Plan,
    running: Span | None,
    now: datetime,
    prices: PriceSeries,
    reduced: Sequence[Reduced] = (),
) -> Shortfall | None:
    """Return why a plan does not cover what is left of a job, or None if it does."""
    if is_for_time(load):
        reduced = ()
    left = job.left - in_progress(job, running, now, reduced)
    planned = full_duration(clipped(plan.pieces, job.hours), reduced)
    if left - planned < LEAST_LEFT:
        return None
    begin = running.end if running else now
    unlimited = replace(load, upper_price=None)
    possible = unlimited.plan(
        job.hours,
        max(begin, job.rested_at or begin),
        left,
        prices,
        job.without,
        starts=job.starts,
    )
    if full_duration(possible.pieces, reduced) > planned:
        return Shortfall.PRICE_LIMIT_TOO_LOW
    return Shortfall.TIME_TOO_SHORT


def is_for_time(load: PlannedLoad) -> bool:
    """Return if a load runs for a time, whatever it draws."""
    return isinstance(load.need, RunTime)


def _make_up(
    plan: Callable[[timedelta], Schedule], left: timedelta, reduced: Sequence[Reduced]
) -> Schedule:
    """Return a schedule that is longer by what the reduced times lack."""
    schedule, wanted = plan(left), left
    for _ in range(MOST_ROUNDS if reduced else 0):
        missing = left - full_duration(schedule.pieces, reduced)
        if missing < LEAST_LEFT or schedule.duration < wanted:
            break
        wanted = schedule.duration + missing
        schedule = plan(wanted)
    return schedule


def in_progress(
    job: Job, running: Span | None, now: datetime, reduced: Iterable[Reduced]
) -> timedelta:
    """Return how long the run in progress still counts for a job, at full power."""
    if running is None:
        return NOTHING
    rest = clipped([Span(now, running.end)], job.hours)
    apart = clipped(rest, job.without) if job.without else []
    times = tuple(reduced)
    return full_duration(rest, times) - full_duration(apart, times)


def _cheap(
    load: PlannedLoad,
    job: Job,
    begin: datetime,
    prices: PriceSeries,
    markup: Mapping[datetime, float] = NO_MARKUP,
) -> tuple[Span, ...]:
    """Return the periods in which the load runs whatever the hour."""
    if load.always_below is None or (
        isinstance(load.need, ChargeLevel) and not job.left
    ):
        return ()
    return cheap_spans(prices, begin, load.always_below, markup)


def _long_enough(load: PlannedLoad, spans: Iterable[Span]) -> list[Span]:
    shortest = load.shortest_piece or NOTHING
    return [each for each in spans if each.end - each.start >= shortest]


def _first(spans: Iterable[Span], within: Span, left: timedelta) -> list[Span]:
    """Return the first times within a period, up to a duration."""
    found = []
    for each in spans:
        wanted = ceil(left / QUARTER) * QUARTER
        end = min(each.end, within.end, each.start + wanted)
        if end > each.start:
            found.append(Span(each.start, end))
            left -= end - each.start
    return found


def _next_quarter(moment: datetime) -> datetime:
    length = QUARTER.total_seconds()
    return dt_util.utc_from_timestamp(ceil(moment.timestamp() / length) * length)
