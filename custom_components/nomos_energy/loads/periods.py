"""Periods of a planned load: what is announced of the hours in which it has to run."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .planner import NOTHING, Span

LEAST_LEFT = timedelta(minutes=5)
"""Run time below which nothing is left: levels and meters report in steps."""


class Shortfall(StrEnum):
    """Reason why a load does not finish within its hours."""

    TIME_TOO_SHORT = "time_too_short"
    PRICE_LIMIT_TOO_LOW = "price_limit_too_low"
    POWER_LIMIT_TOO_LOW = "power_limit_too_low"
    """Other loads need the power, within the limit for all."""


class RunEventType(StrEnum):
    """What happened to the run of a load within its hours."""

    STARTED = "started"
    FINISHED = "finished"
    COULD_NOT_FINISH = "could_not_finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """Event of a load that is to be announced once."""

    type: RunEventType
    at: datetime
    run_time: timedelta
    """How long the load has run within the hours."""
    missed: timedelta = NOTHING
    """Run time that was left at the end of the hours."""
    energy: float | None = None
    """kWh; None if the power is not known."""
    cost: float | None = None
    """EUR; None if the power or a price is not known."""
    reason: Shortfall | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Hours that have begun, and what was announced of them."""

    hours: Span
    run_time: timedelta
    """Run time that is wanted within the hours, as it was last known."""
    without: Span | None = None
    """Hours of a single run, which count apart."""
    reason: Shortfall | None = None
    """Why the plan does not cover that run time."""
    is_started: bool = False
    is_finished: bool = False

    @property
    def counted(self) -> tuple[Span, ...]:
        """Hours that count."""
        if self.without is None or not self.without.overlap(self.hours):
            return (self.hours,)
        parts = (
            Span(self.hours.start, self.without.start),
            Span(self.without.end, self.hours.end),
        )
        return tuple(each for each in parts if each.start < each.end)

    def next_event(
        self, ran: timedelta, *, is_running: bool, has_ended: bool
    ) -> RunEventType | None:
        """Return what happened since the last announcement.

        A load that runs again after it had finished, because more was wanted, starts
        once more.
        """
        if is_running:
            is_known = self.is_started and not self.is_finished
            return None if is_known else RunEventType.STARTED
        if self.is_finished:
            return None
        if self.run_time - ran < LEAST_LEFT:
            return RunEventType.FINISHED if ran else None
        return RunEventType.COULD_NOT_FINISH if has_ended else None
