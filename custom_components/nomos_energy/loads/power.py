"""Power of runs, which a limit may reduce for a time, and what they cost by that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..nomos import HOUR, QUARTER, PriceSeries
from .planner import NOTHING, Span, average_price, clipped

ALL = 1 - 1e-6
"""Share of the power that is all of it: quotients of floats are not exact."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """Time in which a load draws less than its power."""

    start: datetime
    end: datetime
    share: float
    """Share of the power, from 0 to 1."""

    @property
    def span(self) -> Span:
        """The time itself."""
        return Span(self.start, self.end)


def reduced_times(
    shares: Mapping[datetime, float], now: datetime
) -> tuple[Reduced, ...]:
    """Return the times from now on with less than all of the power.

    `shares` are those of the power by quarter-hour.
    """
    times: list[Reduced] = []
    for slot, share in sorted(shares.items()):
        start, end = max(slot, now), slot + QUARTER
        if share >= ALL or end <= start:
            continue
        if times and (times[-1].end, times[-1].share) == (start, share):
            start = times.pop().start
        times.append(Reduced(start, end, share))
    return tuple(times)


def duration(spans: Iterable[Span]) -> timedelta:
    """Return the sum of some periods."""
    return sum((each.end - each.start for each in spans), NOTHING)


def full_duration(runs: Iterable[Span], reduced: Iterable[Reduced]) -> timedelta:
    """Return the time in which a load would draw the same energy at its power."""
    spans = tuple(runs)
    lost = (duration(clipped(spans, each.span)) * (1 - each.share) for each in reduced)
    return duration(spans) - sum(lost, NOTHING)


def run_cost(
    runs: Iterable[Span],
    power: float,
    prices: PriceSeries,
    reduced: Iterable[Reduced] = (),
) -> float | None:
    """Return the cost of some runs in EUR, or None if a price is unknown.

    The power is in kW.
    """
    spans = tuple(runs)
    parts = [(spans, 1.0)]
    parts += [(tuple(clipped(spans, each.span)), each.share - 1) for each in reduced]
    cost = 0.0
    for part, share in parts:
        if not (length := duration(part)):
            continue
        if (price := average_price(part, prices)) is None:
            return None
        cost += price * power * share * (length / HOUR)
    return cost


def run_price(
    runs: Iterable[Span], prices: PriceSeries, reduced: Iterable[Reduced]
) -> float | None:
    """Return the average price (EUR/kWh) of the energy of some runs, or None."""
    spans, times = tuple(runs), tuple(reduced)
    cost = run_cost(spans, 1.0, prices, times)
    hours = full_duration(spans, times) / HOUR
    return cost / hours if cost is not None and hours > 0 else None
