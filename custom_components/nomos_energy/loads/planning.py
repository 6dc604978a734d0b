"""Plan of all jobs of a load: how long a run lasts, and which ones follow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from homeassistant.util import dt as dt_util

from ..nomos import QUARTER, PriceSeries
from .jobs import Job
from .need import ChargeLevel
from .periods import LEAST_LEFT, Shortfall
from .planner import NO_MARKUP, NOTHING, Span, cheap_spans, clipped, merged
from .settings import PlannedLoad


@dataclass(frozen=True, slots=True)
class Plan:
    """Pieces of all jobs, in order."""

    pieces: tuple[Span, ...] = ()
    is_fallback: bool = False
    """True if the next piece was scheduled without prices."""


def due_end(
    load: PlannedLoad, job: Job, running: Span, now: datetime, prices: PriceSeries
) -> datetime:
    """Return when a run has lasted long enough, at the latest at its planned end."""
    end = now
    if job.hours.start <= now:
        end = min(now + job.left, job.hours.end)
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
) -> Plan:
    """Return what follows the run in progress, from `begin` on.

    For `markup` see Planner.plan.
    """
    is_level = isinstance(load.need, ChargeLevel)
    current = jobs[0]
    covered = begin - now if running else NOTHING
    extra = _long_enough(load, _cheap(load, current, begin, prices, markup))
    if is_level:
        before = Span(begin, max(current.hours.start, begin))
        extra = _first(extra, before, current.left - covered)
        covered += _duration(extra)
    pieces, is_fallback = list[Span](), False
    for job in jobs:
        # A battery is charged once; everything else is needed in all hours again.
        done = covered if is_level else _in_progress(job, running, now)
        left, first = job.left - done, max(begin, job.rested_at or begin)
        if pieces and load.least_pause:
            first = max(first, pieces[-1].end + load.least_pause)
        schedule = load.plan(
            job.hours,
            first,
            left,
            prices,
            job.without,
            markup,
            starts=job.starts,
        )
        if schedule.pieces and not pieces:
            is_fallback = schedule.is_fallback
        pieces += schedule.pieces
        covered += _duration(schedule.pieces)
    pieces.sort(key=lambda piece: piece.start)
    return Plan(merged([*pieces, *extra]) if extra else tuple(pieces), is_fallback)


def shortfall_of(
    load: PlannedLoad,
    job: Job,
    plan: Plan,
    running: Span | None,
    now: datetime,
    prices: PriceSeries,
) -> Shortfall | None:
    """Return why a plan does not cover what is left of a job, or None if it does."""
    left = job.left - _in_progress(job, running, now)
    planned = _duration(clipped(plan.pieces, job.hours))
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
    if possible.duration > planned:
        return Shortfall.PRICE_LIMIT_TOO_LOW
    return Shortfall.TIME_TOO_SHORT


def _in_progress(job: Job, running: Span | None, now: datetime) -> timedelta:
    """Return how long the run in progress still counts for a job."""
    if running is None:
        return NOTHING
    rest = Span(now, running.end)
    apart = rest.overlap(job.without) if job.without else NOTHING
    return rest.overlap(job.hours) - apart


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


def _duration(spans: Iterable[Span]) -> timedelta:
    return sum((each.end - each.start for each in spans), NOTHING)


def _next_quarter(moment: datetime) -> datetime:
    length = QUARTER.total_seconds()
    return dt_util.utc_from_timestamp(ceil(moment.timestamp() / length) * length)
