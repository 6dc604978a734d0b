"""Draft of a load's plan: all that the plan is made from, at one moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..nomos import PriceSeries
from .jobs import Job
from .known import Values
from .periods import RunEvent, Shortfall
from .planner import NO_MARKUP, START_TOLERANCE, Span, quarters_of
from .planning import Plan, plan_jobs, shortfall_of
from .power import Reduced
from .settings import PlannedLoad


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a plan is made from."""

    load: PlannedLoad
    now: datetime
    values: Values
    jobs: Sequence[Job]
    running: Span | None
    """Run in progress, which is kept."""
    begin: datetime
    """Moment from which on the plan is made."""
    prices: PriceSeries
    may_run: bool
    news: tuple[RunEvent, ...]
    """Events that are known already."""
    reduced: tuple[Reduced, ...] = ()
    """Times from now on in which a limit leaves less than the power."""

    def plan(self, markup: Mapping[datetime, float] = NO_MARKUP) -> Plan:
        """Return what follows the run in progress; see Planner.plan."""
        if not self.may_run:
            return Plan()
        return plan_jobs(
            self.load,
            self.jobs,
            self.running,
            self.now,
            self.begin,
            self.prices,
            markup,
            self.reduced,
        )

    def shortfall(self, plan: Plan) -> Shortfall | None:
        """Return why a plan does not cover what is left of the first job."""
        if not self.may_run or self._lacks(plan) is None:
            return None
        # Only other loads can take what a load would have if it were alone.
        return self._lacks(self.plan()) or Shortfall.POWER_LIMIT_TOO_LOW

    def _lacks(self, plan: Plan) -> Shortfall | None:
        return shortfall_of(
            self.load,
            self.jobs[0],
            plan,
            self.running,
            self.now,
            self.prices,
            self.reduced,
        )

    @property
    def deadline(self) -> datetime:
        """End of the first hours in which something is left to do."""
        job = next((each for each in self.jobs if each.left), self.jobs[0])
        return job.hours.end

    @property
    def slots(self) -> list[datetime]:
        """Quarter-hours in which the load may run, in order."""
        begin = self.begin - START_TOLERANCE
        spans: Iterable[Span] = (job.hours for job in self.jobs)
        if self.load.always_below is not None and self.prices.end:
            spans = (*spans, Span(begin, self.prices.end))
        slots = {
            slot
            for span in spans
            for slot in quarters_of(Span(max(span.start, begin), span.end))
        }
        return sorted(slots)
