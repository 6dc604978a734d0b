"""What a planned load has done in its hours: events to announce, and savings."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ..nomos import HOUR, PriceSeries
from .history import LoadHistory
from .jobs import Job
from .periods import Period, RunEvent, RunEventType, Shortfall
from .planner import NOTHING, Span, clipped
from .power import duration, full_duration, run_cost
from .savings import saved
from .state import NeedBasis


@dataclass(frozen=True, slots=True)
class Tracker:
    """Notes the progress of a load in its history, at one moment."""

    now: datetime
    prices: PriceSeries
    power: float | None
    """kW."""

    def follow(
        self, history: LoadHistory, jobs: Iterable[Job], shortfall: Shortfall | None
    ) -> LoadHistory:
        """Return the history with what has happened in the hours in progress.

        Hours that were changed meanwhile have no end to announce.
        """
        known = {each.hours: each for each in history.periods}
        periods = []
        for place, job in enumerate(jobs):
            if job.hours.start > self.now or job.basis is NeedBasis.POWER_UNKNOWN:
                periods += [known[job.hours]] if job.hours in known else []
                continue
            period = replace(
                known.get(job.hours) or Period(hours=job.hours, run_time=job.wanted),
                run_time=job.wanted,
                without=job.without,
                reason=None if place else shortfall,
            )
            history, period = self._announce(history, period, has_ended=False)
            periods.append(period)
        return replace(history, periods=tuple(periods))

    def end(self, history: LoadHistory, *, may_run: bool) -> LoadHistory:
        """Return the history without the hours that are over.

        Without permission to run, what is left was not wanted any more.
        """
        over = [each for each in history.periods if each.hours.end <= self.now]
        for period in over:
            history, _ = self._announce(history, period, has_ended=may_run)
            history = self._with_savings(history, period)
        periods = tuple(each for each in history.periods if each not in over)
        return replace(history, periods=periods)

    def _with_savings(self, history: LoadHistory, period: Period) -> LoadHistory:
        runs = self._runs(history, period)
        if not self.power or not runs:
            return history
        reduced = history.reduced_until(self.now)
        amount = saved(period.hours, runs, self.power, self.prices, reduced)
        if amount is None:
            return history
        savings = history.savings.plus(period.hours.end, amount)
        return replace(history, savings=savings)

    def _runs(self, history: LoadHistory, period: Period) -> list[Span]:
        """Return what has run so far in the hours."""
        done = Span(period.hours.start, max(self.now, period.hours.start))
        return [
            run
            for hours in period.counted
            for run in clipped(clipped(history.pieces, hours), done)
        ]

    def _announce(
        self, history: LoadHistory, period: Period, *, has_ended: bool
    ) -> tuple[LoadHistory, Period]:
        runs = self._runs(history, period)
        ran = duration(runs)
        running = history.running(self.now)
        is_running = running is not None and any(
            running.overlap(each) and each.start <= self.now < each.end
            for each in period.counted
        )
        kind = period.next_event(ran, is_running=is_running, has_ended=has_ended)
        if kind is None:
            return history, period
        event = self._event(kind, history, period, runs)
        if kind is RunEventType.STARTED:
            period = replace(period, is_started=True, is_finished=False)
        elif kind is RunEventType.FINISHED:
            period = replace(period, is_finished=True)
        return history.with_news(event), period

    def _event(
        self,
        kind: RunEventType,
        history: LoadHistory,
        period: Period,
        runs: list[Span],
    ) -> RunEvent:
        failed, ran = kind is RunEventType.COULD_NOT_FINISH, duration(runs)
        power, reduced = self.power, history.reduced_until(self.now)
        return RunEvent(
            type=kind,
            at=self.now,
            run_time=ran,
            missed=period.run_time - ran if failed else NOTHING,
            energy=power * (full_duration(runs, reduced) / HOUR) if power else None,
            cost=run_cost(runs, power, self.prices, reduced) if power else None,
            reason=(period.reason or Shortfall.TIME_TOO_SHORT) if failed else None,
        )
