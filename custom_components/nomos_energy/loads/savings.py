"""What planned loads saved against a start at once, by the prices really paid."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from ..nomos import PriceSeries, berlin_day
from .planner import Span, clipped
from .power import Reduced, full_duration, run_cost


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


def saved(
    hours: Span,
    runs: Iterable[Span],
    power: float,
    prices: PriceSeries,
    reduced: Iterable[Reduced] = (),
) -> float | None:
    """Return what was saved against a start at the beginning of the hours.

    In EUR, for the same energy at full power (kW); None if a price is unknown.
    """
    inside, times = clipped(runs, hours), tuple(reduced)
    end = hours.start + full_duration(inside, times)
    at_once = run_cost([Span(hours.start, end)], power, prices)
    planned = run_cost(inside, power, prices, times)
    return None if at_once is None or planned is None else at_once - planned
