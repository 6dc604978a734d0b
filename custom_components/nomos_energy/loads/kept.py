"""Plans within a limit that are kept while nothing but the time changes.

The best plan of some hours is also the best one of what is left of them. To plan many
loads together takes time, and other plans that cost the same would only unsettle people.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

from ..nomos import QUARTER
from .allotting import Drafts, Ranges
from .draft import Draft
from .need import ChargeLevel
from .planner import START_TOLERANCE, Span, clipped
from .planning import Plan, in_progress
from .power import duration

type _Basis = tuple[object, ...]


class KeptPlans:
    """Latest plans, and what they were made from."""

    def __init__(self) -> None:
        """Initialize without a plan."""
        self._plans: dict[str, Plan] = {}
        self._basis: _Basis | None = None

    def keep(
        self, plans: Mapping[str, Plan], drafts: Drafts, ranges: Ranges, limit: float
    ) -> None:
        """Keep plans; what of them begins now becomes a run."""
        self._basis = _basis(plans, drafts, ranges, limit)
        self._plans = {
            key: replace(plan, pieces=plan.pieces[plan.begins_by(drafts[key].now) :])
            for key, plan in plans.items()
        }

    def get(
        self, drafts: Drafts, ranges: Ranges, limit: float
    ) -> dict[str, Plan] | None:
        """Return the plans if all that they were made from is as it was."""
        if self._plans.keys() != drafts.keys() or any(
            _is_missed(plan, drafts[key]) for key, plan in self._plans.items()
        ):
            return None
        is_same = self._basis == _basis(self._plans, drafts, ranges, limit)
        return dict(self._plans) if is_same else None


def _is_missed(plan: Plan, draft: Draft) -> bool:
    """Return if a piece should have begun."""
    return plan.begins_by(draft.now - START_TOLERANCE)


def _basis(
    plans: Mapping[str, Plan], drafts: Drafts, ranges: Ranges, limit: float
) -> _Basis:
    """Return what plans depend on, apart from the time."""
    loads = [
        (
            key,
            ranges[key],
            draft.load,
            draft.prices,
            draft.may_run,
            draft.reduced,
            [(job.hours, job.without) for job in draft.jobs],
            _lacking(draft, plans[key]),
        )
        for key, draft in drafts.items()
    ]
    return limit, loads


def _lacking(draft: Draft, plan: Plan) -> list[int]:
    """Return the quarter-hours that a plan lacks; those that it has too much are less."""
    if isinstance(draft.load.need, ChargeLevel):
        # Charged in any hours, a battery needs less in all of them.
        run = [Span(draft.now, draft.running.end)] if draft.running else []
        lacking = [draft.jobs[0].left - duration([*run, *plan.pieces])]
    else:
        lacking = [
            job.left
            - in_progress(job, draft.running, draft.now, draft.reduced)
            - duration(clipped(plan.pieces, job.hours))
            for job in draft.jobs
        ]
    return [ceil(each / QUARTER) for each in lacking]
