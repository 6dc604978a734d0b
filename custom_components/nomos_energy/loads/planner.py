"""Loads that run for some time each day, and the plans that cost the least.

Prices are in EUR/kWh, power in kW. Plans are made of quarter-hours. Moments are in
UTC; the hours in which a load may run are those of Home Assistant's time zone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from math import ceil
from typing import Any, NamedTuple, Self

from homeassistant.util import dt as dt_util

from ..nomos import QUARTER, PriceSeries, berlin_day
from ..prices.optimizer import cheapest

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)

LATE = timedelta(seconds=30)
"""How late a quarter-hour may begin and still count as a whole one."""


class Span(NamedTuple):
    """From when to when, the end not included."""

    start: datetime
    end: datetime

    def overlap(self, other: Span) -> timedelta:
        """Return for how long both last."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        return max(shared, timedelta(0))


@dataclass(frozen=True, slots=True)
class Plan:
    """When a load is to run."""

    pieces: tuple[Span, ...] = ()
    is_fallback: bool = False
    """Whether prices are missing, so that it is the latest hours instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLoad:
    """What somebody wants to run each day."""

    name: str
    subscription_id: str
    run_time: timedelta
    earliest: time
    latest: time
    """Until when it may run; on the next day, if that is not after `earliest`."""
    shortest_piece: timedelta | None = None
    """It may run in pieces that each last this long at least; None: in one block."""
    upper_price: float | None = None
    power: float | None = None
    weekdays: frozenset[int] = frozenset(range(7))
    """On which days its hours may begin; Monday is 0."""

    @classmethod
    def from_data(cls, name: str, data: Mapping[str, Any]) -> Self:
        """Read what the form has stored."""
        shortest = timedelta(**data.get("shortest_piece", {}))
        return cls(
            name=name,
            subscription_id=data["subscription"],
            run_time=timedelta(**data["run_time"]),
            earliest=time.fromisoformat(data["earliest"]),
            latest=time.fromisoformat(data["latest"]),
            shortest_piece=shortest or None,
            upper_price=data.get("upper_price"),
            power=data.get("power"),
            weekdays=frozenset(map(WEEKDAYS.index, data["weekdays"])),
        )

    @property
    def room(self) -> timedelta:
        """For how long it can run at most, on a day without a change of clocks."""
        return len(_quarters(self._hours_of(date(2000, 1, 1), UTC))) * QUARTER

    def hours(self, now: datetime) -> Iterator[Span]:
        """Return from when to when it may run: what is not over, in order."""
        zone = dt_util.get_default_time_zone()
        day = now.astimezone(zone).date() - DAY
        while True:
            hours = self._hours_of(day, zone)
            if day.weekday() in self.weekdays and hours.end > now:
                yield hours
            day += DAY

    def _hours_of(self, day: date, zone: tzinfo) -> Span:
        until = day if self.latest > self.earliest else day + DAY
        start = datetime.combine(day, self.earliest, zone)
        end = datetime.combine(until, self.latest, zone)
        return Span(start.astimezone(UTC), end.astimezone(UTC))

    def plan(
        self, hours: Span, now: datetime, left: timedelta, series: PriceSeries
    ) -> Plan:
        """Return when to run for what is left, within some hours and from now on.

        Of all times at which the price is known and not above the upper one, these
        are the cheapest, the earliest of equal ones. It runs for as long as is
        possible if that is less than what is left. While prices are missing, it is
        the latest time in one block.
        """
        slots = _quarters(Span(max(hours.start, now - LATE), hours.end))
        wanted = min(ceil(left / QUARTER), len(slots))
        if wanted <= 0:
            return Plan()
        amounts = series.quarters
        prices = [amounts.get(slot) for slot in slots]
        allowed = [self._may_cost(price) for price in prices]
        usable = [price if self._may_cost(price) else None for price in prices]
        length = self._most([price is not None for price in usable], wanted)
        days = {berlin_day(slot) for slot in (slots[0], slots[-1])}
        if (
            all(series.day(day).is_published for day in days)
            # A price that was left out may leave enough others.
            and length == self._most(allowed, wanted)
        ):
            return Plan(self._cheapest(slots, usable, length))
        return Plan(_latest(slots, allowed, wanted), is_fallback=True)

    def _may_cost(self, price: float | None) -> bool:
        return price is None or self.upper_price is None or price <= self.upper_price

    def _shortest(self, length: int) -> int:
        """Return how many quarter-hours a piece has to last at least."""
        if self.shortest_piece is None:
            return length
        return min(ceil(self.shortest_piece / QUARTER), length)

    def _most(self, allowed: Sequence[bool], wanted: int) -> int:
        """Return for how many quarter-hours it can run, up to those wanted."""
        runs = [len(list(run)) for is_free, run in groupby(allowed) if is_free]
        if self.shortest_piece is None:
            return min(wanted, max(runs, default=0))
        shortest = self._shortest(wanted)
        # Each bit stands for a number of quarter-hours that pieces can add up to.
        totals = 1
        for run in runs:
            before = totals
            for length in range(shortest, run + 1):
                totals |= before << length
        return (totals & ((1 << wanted + 1) - 1)).bit_length() - 1

    def _cheapest(
        self, slots: Sequence[datetime], prices: Sequence[float | None], length: int
    ) -> tuple[Span, ...]:
        if not length:
            return ()
        pieces = cheapest(prices, [1.0] * length, self._shortest(length))
        return tuple(
            Span(slots[first], slots[end - 1] + QUARTER) for first, end in pieces or ()
        )


def _latest(
    slots: Sequence[datetime], allowed: Sequence[bool], wanted: int
) -> tuple[Span, ...]:
    """Return the latest block that is allowed, as long as possible."""
    runs = [len(list(run)) for is_free, run in groupby(allowed) if is_free]
    length = min(wanted, max(runs, default=0))
    for first in range(len(slots) - length, -1, -1):
        if length and all(allowed[first : first + length]):
            return (Span(slots[first], slots[first + length - 1] + QUARTER),)
    return ()


def _quarters(span: Span) -> list[datetime]:
    """Return the beginnings of the quarter-hours that lie within."""
    length = int(QUARTER.total_seconds())
    first = ceil(span.start.timestamp() / length)
    end = int(span.end.timestamp() // length)
    return [dt_util.utc_from_timestamp(place * length) for place in range(first, end)]


def average_price(spans: Iterable[Span], series: PriceSeries) -> float | None:
    """Return what a kWh costs on average, or None if a price is not known."""
    amounts = series.quarters
    seconds = money = 0.0
    for span in spans:
        length = QUARTER.total_seconds()
        start = dt_util.utc_from_timestamp(span.start.timestamp() // length * length)
        while start < span.end:
            price = amounts.get(start)
            if price is None:
                return None
            part = span.overlap(Span(start, start + QUARTER)).total_seconds()
            seconds += part
            money += part * price
            start += QUARTER
    return money / seconds if seconds else None
