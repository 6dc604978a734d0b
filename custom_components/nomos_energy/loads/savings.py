"""What planned loads saved against a start at once, by the prices really paid."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ..nomos import HOUR, PriceSeries, berlin_day
from .planner import Span, average_price, clipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """Amount that a load saved in a month in Europe/Berlin."""

    month: date
    """First day of the month."""
    amount: float
    """EUR; negative if the plan was dearer than a start at once."""

    def plus(self, moment: datetime, amount: float) -> Savings:
        """Return the savings with those of a run that ended at a moment."""
        month = _month(moment)
        before = self.amount if month == self.month else 0.0
        return Savings(month=month, amount=before + amount)

    def in_month_of(self, moment: datetime) -> float:
        """Return the amount if the moment is in the same month, else zero."""
        return self.amount if _month(moment) == self.month else 0.0


NO_SAVINGS = Savings(month=date(1970, 1, 1), amount=0.0)


def _month(moment: datetime) -> date:
    return berlin_day(moment).replace(day=1)


def run_cost(runs: Iterable[Span], power: float, prices: PriceSeries) -> float | None:
    """Return the cost of some runs in EUR, or None if a price is unknown."""
    spans = tuple(runs)
    duration = sum((each.end - each.start for each in spans), timedelta(0))
    if not duration:
        return 0.0
    price = average_price(spans, prices)
    return None if price is None else price * power * (duration / HOUR)


def saved(
    hours: Span, runs: Iterable[Span], power: float, prices: PriceSeries
) -> float | None:
    """Return what was saved against running as long from the beginning of the hours.

    In EUR, at constant power (kW); None if a price is unknown.
    """
    inside = clipped(runs, hours)
    duration = sum((each.end - each.start for each in inside), timedelta(0))
    at_once = run_cost([Span(hours.start, hours.start + duration)], power, prices)
    planned = run_cost(inside, power, prices)
    return None if at_once is None or planned is None else at_once - planned
