"""State of a planned load, from its plan and its past runs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from ..nomos import DAY, QUARTER, Contract, PriceSeries, SubscriptionStatus
from .draft import Draft
from .history import LoadHistory
from .jobs import Job, moments_of
from .periods import Shortfall
from .planner import Span, clipped
from .planning import Plan, due_end
from .power import run_cost, run_price
from .settings import PlannedLoad
from .state import LoadState, PlanState


def today(now: datetime) -> Span:
    """Return the current day in Home Assistant's time zone."""
    day = dt_util.as_local(now).date()
    start, end = map(dt_util.start_of_local_day, (day, day + DAY))
    return Span(dt_util.as_utc(start), dt_util.as_utc(end))


def stopped(
    history: LoadHistory,
    load: PlannedLoad,
    jobs: Sequence[Job],
    now: datetime,
    prices: PriceSeries,
    *,
    may_run: bool,
) -> LoadHistory:
    """End a run that has lasted long enough or is no longer allowed."""
    # The plan state also counts what ran earlier today.
    starts = (job.hours.start for job in jobs)
    history = history.since(min(*starts, today(now).start))
    if (running := history.running(now)) is None:
        return history
    share = history.share(now)
    end = due_end(load, jobs[0], running, now, prices, share) if may_run else now
    return history.ending(end) if end < running.end else history


def due(planned: Iterable[Span], now: datetime) -> datetime:
    """Return now, or the start of a piece that should have begun just before.

    Timers are late when Home Assistant is busy; the piece is not lost by that.
    """
    starts = (each.start for each in planned)
    return next((each for each in starts if each <= now < each + QUARTER), now)


def obstacle(contract: Contract | None, *, is_enabled: bool) -> PlanState | None:
    """Return the reason for which nothing may run at all, if there is one."""
    if not is_enabled:
        return PlanState.DISABLED
    if (
        contract is None
        or contract.smart_meter_active
        or contract.subscription.status is SubscriptionStatus.ENDED
    ):
        return None
    return PlanState.WAITING_FOR_METER


def next_change(
    now: datetime, jobs: Sequence[Job], pieces: Iterable[Span], *, each_quarter: bool
) -> datetime:
    """Return when the state of a load changes next."""
    moments = [
        today(now).end,
        *moments_of(jobs),
        *(moment for each in pieces for moment in (each.start, each.end)),
    ]
    if each_quarter:
        moments.append(now + QUARTER - timedelta(seconds=now.timestamp() % 900))
    return min(each for each in moments if each > now)


def overview(
    draft: Draft,
    plan: Plan,
    history: LoadHistory,
    shortfall: Shortfall | None,
    reduced: float | None,
    why_not: PlanState | None,
) -> LoadState:
    """Return the state of a load.

    `reduced` is the power in kW to which a run is reduced, `why_not` the obstacle.
    """
    prices, values, job = draft.prices, draft.values, draft.jobs[0]
    running = history.running(draft.now)
    pieces = (*([running] if running else []), *plan.pieces)
    runs = clipped((*history.pieces, *plan.pieces), job.hours)
    drawn = (*history.reduced_until(draft.now), *draft.reduced)
    price = run_price(runs, prices, drawn)
    return LoadState(
        plan_state=why_not or _plan_state(draft, plan, history, shortfall),
        running=running,
        pieces=pieces,
        is_fallback=plan.is_fallback,
        run_time=job.wanted,
        remaining=job.left,
        price=price,
        cost=None
        if price is None or values.power is None
        else run_cost(runs, values.power, prices, drawn),
        prices=tuple(run_price([each], prices, drawn) for each in pieces),
        amount=job.amount,
        basis=job.basis,
        level=values.known.level,
        power=values.power,
        is_latest_known=values.is_latest_known,
        shortfall=shortfall,
        reduced=reduced,
        saved=history.savings.in_month_of(draft.now),
    )


def _plan_state(
    draft: Draft, plan: Plan, history: LoadHistory, shortfall: Shortfall | None
) -> PlanState:
    now, job, day = draft.now, draft.jobs[0], today(draft.now)
    if history.by_hand(now):
        return PlanState.SWITCHED_BY_HAND
    if history.running(now):
        return PlanState.RUNNING
    if shortfall and job.hours.start < day.end:
        return PlanState.CANNOT_FINISH
    hours = job.hours if job.hours.start < day.end else day
    if any(each.start < max(hours.end, day.end) for each in plan.pieces):
        return PlanState.PROVISIONAL if plan.is_fallback else PlanState.PLANNED
    return PlanState.DONE if history.ran(hours, now) else PlanState.IDLE
