"""Power of the loads that share a limit, at one moment: what each of them may draw.

Power is in kW.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from math import inf

from ..nomos import QUARTER
from .draft import Draft
from .planner import Span, quarters_of
from .planning import Plan
from .power import Reduced, reduced_times
from .sharing import Claim, draw, share

type Range = tuple[float, float]
"""Power of a load, and the least one to which it can be reduced."""

type Drafts = Mapping[str, Draft]
type Ranges = Mapping[str, Range | None]
"""By load; without a power that is known, a load is not limited."""

type Expected = Callable[[datetime], float]
"""Return the limit that a quarter-hour probably has."""


def run_of(draft: Draft) -> Span | None:
    """Return the run in progress, if it is not just over."""
    return draft.running if draft.running and draft.running.end > draft.now else None


def allot(
    limit: float, runs: Iterable[str], drafts: Drafts, ranges: Ranges
) -> dict[str, float]:
    """Return what each run may draw, that with the earliest deadline first.

    Those that get nothing have to give way. A load without a known power counts as
    nothing.
    """
    allotted = {}
    for key in sorted(runs, key=lambda each: drafts[each].deadline):
        power, least = ranges[key] or (0.0, 0.0)
        drawn = draw(power, least, limit)
        if drawn < inf:
            allotted[key] = drawn
            limit -= drawn
    return allotted


def free_power(
    drafts: Drafts, ranges: Ranges, expected: Expected
) -> dict[datetime, float]:
    """Return what the runs in progress leave of the limit, by quarter-hour."""
    limited = [(drafts[key], span) for key, span in ranges.items() if span]
    free = {slot: expected(slot) for draft, _ in limited for slot in draft.slots}
    for draft, (power, least) in limited:
        for slot in _slots_of_run(draft):
            if slot in free:
                drawn = draw(power, least, expected(slot))
                free[slot] -= drawn if drawn < inf else 0.0
    return free


def reduced_of(
    draft: Draft,
    span: Range,
    free: Mapping[datetime, float],
    expected: Expected,
    allotted: float | None,
    lasting: timedelta,
) -> tuple[Reduced, ...]:
    """Return the times in which a load draws less than its power.

    `allotted` is the power of its run in progress, for as long as `lasting`.
    """
    power, least = span
    if least >= power:
        return ()
    drawn = {slot: draw(power, least, free[slot]) for slot in draft.slots}
    if allotted is not None:
        for slot in _slots_of_run(draft):
            later = draw(power, least, expected(slot))
            drawn[slot] = allotted if slot < draft.now + lasting else later
    full = draft.values.power or power
    shares = {slot: each / full for slot, each in drawn.items() if each < inf}
    return reduced_times(shares, draft.now)


def plan_within(
    drafts: Drafts, ranges: Ranges, free: Mapping[datetime, float]
) -> dict[str, Plan]:
    """Return plans that stay within what the runs in progress leave."""
    plans = {key: draft.plan() for key, draft in drafts.items() if not ranges[key]}
    claims = {
        key: Claim(
            deadline=drafts[key].deadline,
            slots=drafts[key].slots,
            power=span[0],
            least=span[1],
            plan=drafts[key].plan,
        )
        for key, span in ranges.items()
        if span
    }
    known = next((draft.prices.quarters for draft in drafts.values()), {})
    prices = {slot: price for slot, price in known.items() if price is not None}
    shared = share(list(claims.values()), free, prices)
    return plans | dict(zip(claims, shared, strict=True))


def _slots_of_run(draft: Draft) -> Collection[datetime]:
    """Return the quarter-hours of the run in progress, also that of now."""
    if not (running := draft.running):
        return ()
    slots = quarters_of(Span(draft.now - QUARTER, running.end + QUARTER))
    return [each for each in slots if each < running.end]
