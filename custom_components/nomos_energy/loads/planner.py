"""Plans of loads that run for some time each day, at the least cost.

Prices are in EUR/kWh, power in kW. Plans consist of quarter-hours. Moments are in UTC;
the hours in which a load may run are in Home Assistant's time zone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from math import ceil, isfinite
from typing import Any, Self

from homeassistant.core import split_entity_id, valid_entity_id
from homeassistant.util import dt as dt_util

from ..nomos import DAY, QUARTER, PriceSeries
from ..prices.optimizer import cheapest, total

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

TARGET_DOMAINS = (
    "switch",
    "input_boolean",
    "light",
    "fan",
    "climate",
    "water_heater",
    "humidifier",
    "script",
    "scene",
)
"""Domains of the entities that a load can switch."""

NOTHING = timedelta(0)

LONGEST_GAP = timedelta(hours=1)
"""Longest time without prices that a plan leaves out, rather than wait for them."""

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


class InvalidLoadError(ValueError):
    """A setting of a planned load is missing or can't be used."""

    def __init__(self, setting: str) -> None:
        """Initialize the error with the name of the setting."""
        super().__init__(f"The setting {setting} is invalid")
        self.setting = setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLoad:
    """Settings of a planned load, as stored in its subentry.

    Raises InvalidLoadError for settings that can't be planned.
    """

    name: str
    subscription_id: str
    run_time: timedelta
    earliest: time
    latest: time
    """End of the hours; on the next day if not after `earliest`."""
    shortest_piece: timedelta | None = None
    """Least duration of a piece; None: one block."""
    upper_price: float | None = None
    """EUR/kWh."""
    power: float | None = None
    """kW."""
    weekdays: frozenset[int] = frozenset(range(7))
    """Days on which the hours may begin; Monday is 0."""
    targets: tuple[str, ...] = ()
    """Entities that are switched by the plan."""

    @classmethod
    def from_data(cls, name: str, data: Mapping[str, Any]) -> Self:
        """Parse the data of a subentry; raises InvalidLoadError."""

        def read[T](setting: str, parse: Callable[[Any], T]) -> T:
            try:
                return parse(data[setting])
            except (ArithmeticError, LookupError, TypeError, ValueError) as err:
                raise InvalidLoadError(setting) from err

        def read_optional[T](setting: str, parse: Callable[[Any], T]) -> T | None:
            return read(setting, parse) if data.get(setting) not in (None, {}) else None

        return cls(
            name=name,
            subscription_id=read("subscription", _parse_text),
            run_time=read("run_time", _parse_duration),
            earliest=read("earliest", _parse_time),
            latest=read("latest", _parse_time),
            shortest_piece=read_optional("shortest_piece", _parse_duration) or None,
            upper_price=read_optional("upper_price", _parse_number),
            power=read_optional("power", _parse_number),
            weekdays=read("weekdays", _parse_weekdays),
            targets=read_optional("targets", _parse_targets) or (),
        )

    def __post_init__(self) -> None:
        """Refuse settings by which planning would not come to an end."""
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise InvalidLoadError("weekdays")
        if not NOTHING <= self.run_time <= DAY:
            raise InvalidLoadError("run_time")
        if self.shortest_piece and not NOTHING < self.shortest_piece <= DAY:
            raise InvalidLoadError("shortest_piece")

    @property
    def longest_run_time(self) -> timedelta:
        """Longest possible run time on a day without a clock change."""
        return len(_quarters(self._hours_of(date(2000, 1, 1), UTC))) * QUARTER

    def hours(self, now: datetime) -> Iterator[Span]:
        """Yield the periods in which the load may run: current and future ones, in order."""
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
    ) -> Schedule:
        """Return the schedule for the rest of the run time, from now on.

        The cheapest of all times with a known price up to the upper price, the earliest
        of equal ones. If the rest does not fit in, as much of it as possible. While
        prices are missing, the latest time in one block; single ones are left out.
        """
        slots = _quarters(Span(max(hours.start, now - START_TOLERANCE), hours.end))
        wanted = min(ceil(left / QUARTER), len(slots))
        if wanted <= 0:
            return Schedule()
        amounts = series.quarters
        prices = [amounts.get(slot) for slot in slots]
        allowed = [self._may_cost(price) for price in prices]
        usable = [price if self._may_cost(price) else None for price in prices]
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
        shortest = self._shortest(wanted)
        # Bit n is set if pieces can add up to n quarter-hours.
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


def _parse_text(value: Any) -> str:
    if not value or not isinstance(value, str):
        raise TypeError("A text expected")
    return str(value)


def _parse_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("A number expected")
    if not isfinite(value):
        raise ValueError("A finite number expected")
    return float(value)


def _parse_duration(value: Any) -> timedelta:
    if not isinstance(value, Mapping) or not value:
        raise TypeError("A duration expected")
    return timedelta(**{unit: _parse_number(each) for unit, each in value.items()})


def _parse_time(value: Any) -> time:
    moment = time.fromisoformat(value)
    if moment.tzinfo:
        raise ValueError("A time of day without an offset expected")
    return moment


def _parse_weekdays(value: Any) -> frozenset[int]:
    if not isinstance(value, list | tuple):
        raise TypeError("A list of weekdays expected")
    return frozenset(map(WEEKDAYS.index, value))


def _parse_targets(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError("A list of entities expected")
    for each in value:
        if not valid_entity_id(each) or split_entity_id(each)[0] not in TARGET_DOMAINS:
            raise ValueError("An entity that can be switched expected")
    return tuple(dict.fromkeys(value))


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


def _quarters(span: Span) -> list[datetime]:
    """Return the starts of the quarter-hours within a period."""
    length = int(QUARTER.total_seconds())
    first = ceil(span.start.timestamp() / length)
    end = int(span.end.timestamp() // length)
    return [dt_util.utc_from_timestamp(place * length) for place in range(first, end)]


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
