"""Plans of loads that run for some time each day, at the least cost.

Prices are in EUR/kWh. Plans consist of quarter-hours. Moments are in UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil, inf
from types import MappingProxyType

from homeassistant.util import dt as dt_util

from ..nomos import QUARTER, PriceSeries
from ..prices.optimizer import Pieces, cheapest, total
from .pieces import cheapest_pieces

NOTHING = timedelta(0)

LONGEST_GAP = timedelta(hours=1)
"""Longest time without prices that a plan leaves out, rather than wait for them."""

NO_MARKUP: Mapping[datetime, float] = MappingProxyType({})

START_TOLERANCE = timedelta(seconds=30)
"""A quarter-hour that begins this late still counts as a whole one."""


@dataclass(frozen=True, slots=True)
class Span:
    """Period of time; the end is not included."""

    start: datetime
    end: datetime

    def overlap(self, other: Span) -> timedelta:
        """Return the duration of the overlap with another period."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        return max(shared, timedelta(0))


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times at which a load is to run."""

    pieces: tuple[Span, ...] = ()
    is_fallback: bool = False
    """True if prices are missing, so that the latest possible time is used."""

    @property
    def duration(self) -> timedelta:
        """Sum of the pieces."""
        return sum((each.end - each.start for each in self.pieces), NOTHING)


@dataclass(frozen=True, slots=True)
class Planner:
    """Rules by which a load is planned."""

    shortest_piece: timedelta | None = None
    """Least duration of a piece; None: one block."""
    upper_price: float | None = None
    """EUR/kWh."""
    least_pause: timedelta | None = None
    """Least duration of a pause between two pieces."""
    starts: int | None = None
    """Greatest number of pieces; None: no limit."""

    def plan(
        self,
        hours: Span,
        now: datetime,
        left: timedelta,
        series: PriceSeries,
        without: Span | None = None,
        markup: Mapping[datetime, float] = NO_MARKUP,
    ) -> Schedule:
        """Return the schedule for the rest of the run time, from now on.

        Nothing is planned in the period `without`.

        The cheapest of all times with a known price up to the upper price, the earliest
        of equal ones. If the rest does not fit in, as much of it as possible. While
        prices are missing, the latest time in one block; single ones are left out.
        `markup` makes quarter-hours dearer (EUR/kWh) that other loads need, too; they
        are shut at infinity.
        """
        slots = quarters_of(Span(max(hours.start, now - START_TOLERANCE), hours.end))
        wanted = min(ceil(left / QUARTER), len(slots))
        if wanted <= 0 or self.starts == 0:
            return Schedule()
        amounts = series.quarters
        prices = [amounts.get(slot) for slot in slots]
        allowed = [
            self._may_cost(price)
            and markup.get(slot, 0.0) < inf
            and not (without and without.start <= slot < without.end)
            for slot, price in zip(slots, prices, strict=True)
        ]
        usable = [
            price + markup.get(slot, 0.0) if may_run and price is not None else None
            for slot, price, may_run in zip(slots, prices, allowed, strict=True)
        ]
        length = self._most([price is not None for price in usable], wanted)
        # Where single prices are missing, the others may be enough.
        if _are_known(slots, series) and length == self._most(allowed, wanted):
            return Schedule(self._cheapest(slots, usable, length))
        return Schedule(_latest(slots, allowed, wanted), is_fallback=True)

    def _may_cost(self, price: float | None) -> bool:
        return price is None or self.upper_price is None or price <= self.upper_price

    def _shortest(self, length: int) -> int:
        """Return the least number of quarter-hours of a piece."""
        if self.shortest_piece is None:
            return length
        return min(ceil(self.shortest_piece / QUARTER), length)

    def _most(self, allowed: Sequence[bool], wanted: int) -> int:
        """Return the largest possible number of quarter-hours, up to those wanted."""
        runs = [len(list(run)) for is_free, run in groupby(allowed) if is_free]
        if self.shortest_piece is None:
            return min(wanted, max(runs, default=0))
        if self._has_rules:
            free = [0.0 if is_free else None for is_free in allowed]
            return sum(end - first for first, end in self._pieces(free, wanted))
        shortest = self._shortest(wanted)
        # Bit n is set if pieces can add up to n quarter-hours.
        totals = 1
        for run in runs:
            before = totals
            for length in range(shortest, run + 1):
                totals |= before << length
        return (totals & ((1 << wanted + 1) - 1)).bit_length() - 1

    @property
    def _has_rules(self) -> bool:
        """Return if pauses or starts are limited."""
        return self.least_pause is not None or self.starts is not None

    def _pieces(self, prices: Sequence[float | None], length: int) -> Pieces:
        shortest = self._shortest(length)
        if self.shortest_piece is None or not self._has_rules:
            return cheapest(prices, [1.0] * length, shortest) or ()
        return cheapest_pieces(
            prices,
            length,
            shortest=shortest,
            pause=max(ceil((self.least_pause or NOTHING) / QUARTER), 1),
            starts=self.starts,
        )

    def _cheapest(
        self, slots: Sequence[datetime], prices: Sequence[float | None], length: int
    ) -> tuple[Span, ...]:
        if not length:
            return ()
        pieces = self._pieces(prices, length)
        return tuple(
            Span(slots[first], slots[end - 1] + QUARTER) for first, end in pieces
        )


def _are_known(slots: Sequence[datetime], series: PriceSeries) -> bool:
    """Return if prices are known up to the last slot, without a long gap."""
    is_missing = (slot not in series.quarters for slot in slots)
    gaps = [len(list(run)) for is_gap, run in groupby(is_missing) if is_gap]
    return (
        series.end is not None
        and series.end > slots[-1]
        and max(gaps, default=0) * QUARTER <= LONGEST_GAP
    )


def _latest(
    slots: Sequence[datetime], allowed: Sequence[bool], wanted: int
) -> tuple[Span, ...]:
    """Return the longest allowed block, the latest of equal ones."""
    runs = [len(list(run)) for is_free, run in groupby(allowed) if is_free]
    length = min(wanted, max(runs, default=0))
    for first in range(len(slots) - length, -1, -1):
        if length and all(allowed[first : first + length]):
            return (Span(slots[first], slots[first + length - 1] + QUARTER),)
    return ()


def quarters_of(span: Span) -> list[datetime]:
    """Return the starts of the quarter-hours within a period."""
    length = int(QUARTER.total_seconds())
    first = ceil(span.start.timestamp() / length)
    end = int(span.end.timestamp() // length)
    return [dt_util.utc_from_timestamp(place * length) for place in range(first, end)]


def cheap_spans(
    series: PriceSeries,
    now: datetime,
    limit: float,
    markup: Mapping[datetime, float] = NO_MARKUP,
) -> tuple[Span, ...]:
    """Return the periods from now on in which a kWh costs less than a limit."""
    if series.end is None:
        return ()
    slots = quarters_of(Span(now - START_TOLERANCE, series.end))
    amounts = series.quarters
    cheap = [
        Span(slot, slot + QUARTER)
        for slot in slots
        if (price := amounts.get(slot)) is not None
        and price < limit
        and markup.get(slot, 0.0) < inf
    ]
    return merged(cheap)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the union of periods."""
    union: list[Span] = []
    for each in sorted(spans, key=lambda span: span.start):
        if union and each.start <= union[-1].end:
            union[-1] = Span(union[-1].start, max(union[-1].end, each.end))
        else:
            union.append(each)
    return tuple(union)


def clipped(spans: Iterable[Span], hours: Span) -> list[Span]:
    """Return what of some periods is within another one."""
    return [
        Span(max(each.start, hours.start), min(each.end, hours.end))
        for each in spans
        if each.overlap(hours)
    ]


def average_price(spans: Iterable[Span], series: PriceSeries) -> float | None:
    """Return the average price (EUR/kWh) at constant power, or None if unknown."""
    prices: list[float | None] = []
    seconds: list[float] = []
    length = QUARTER.total_seconds()
    for span in spans:
        start = dt_util.utc_from_timestamp(span.start.timestamp() // length * length)
        while start < span.end:
            prices.append(series.quarters.get(start))
            overlap = span.overlap(Span(start, start + QUARTER))
            seconds.append(overlap.total_seconds())
            start += QUARTER
    product = total(prices, seconds)
    duration = sum(seconds)
    return product / duration if product is not None and duration else None
