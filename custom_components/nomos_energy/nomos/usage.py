"""Usage by quarter-hour and its cost.

Energy is in kWh and positive in both directions, costs are in EUR, prices in EUR/kWh.
Timestamps are in UTC; days are days in Europe/Berlin.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

from .errors import NomosResponseError
from .fields import (
    HOUR,
    QUARTER,
    berlin_day,
    length_of,
    midnight,
    parse_energy,
    parse_timestamp,
)
from .once import warn_once
from .price_day import Price
from .prices import PriceSeries

USAGE_RESOLUTION = "15min"
"""Resolution to request."""

MAX_QUARTER_ENERGY = 100_000.0
"""kWh; a household uses less in a quarter-hour, so that higher values are invalid."""

DIGITS = 8
"""Decimal places of sums of energy and costs."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Usage of a quarter-hour."""

    start: datetime
    energy: float
    is_final: bool = True
    """The value does not change any more."""


def parse_usage(data: Mapping[str, Any]) -> tuple[Usage, ...]:
    """Parse an answer of the API; raises NomosResponseError if it is invalid.

    A meter that is not smart has no quarter-hourly usage, which is not an error. A
    value that can't be parsed leaves a gap.
    """
    items = data.get("data")
    if not isinstance(items, list):
        raise NomosResponseError("Nomos sent usage that is not a list")
    if data.get("resolution") != USAGE_RESOLUTION:
        return ()
    return tuple(each for each in map(_parse_quarter, items) if each)


def _parse_quarter(item: Any) -> Usage | None:
    record = item if isinstance(item, Mapping) else {}
    start = parse_timestamp(record.get("start"))
    energy = parse_energy(record.get("usage"), MAX_QUARTER_ENERGY)
    if start is None or start.timestamp() % QUARTER.total_seconds() or energy is None:
        warn_once("Skipping invalid usage of a quarter-hour")
        return None
    return Usage(start, energy, record.get("type") == "final")


@dataclass(frozen=True, slots=True)
class HourUsage:
    """Usage of an hour, or of another period, from its known quarter-hours."""

    energy: float
    cost: float
    """Cost of the quarter-hours with a known price."""


type Quarters = tuple[float | None, ...]


@dataclass(frozen=True)
class UsageDay:
    """Usage and prices of a day by quarter-hour; None means unknown, never zero."""

    day: date
    energy: Quarters
    prices: Quarters
    is_final: bool = False
    """No value changes any more."""

    @classmethod
    def unknown(cls, day: date) -> Self:
        """Return a day without any known usage or price."""
        unknown = (None,) * (length_of(day) // QUARTER)
        return cls(day, unknown, unknown)

    @property
    def is_measured(self) -> bool:
        """Return if the usage of every quarter-hour is known."""
        return None not in self.energy

    @property
    def is_priced(self) -> bool:
        """Return if every quarter-hour with known usage has a price."""
        return all(
            price is not None or energy is None
            for energy, price in zip(self.energy, self.prices, strict=True)
        )

    @property
    def is_closed(self) -> bool:
        """Return if the usage and its cost are complete and final."""
        return self.is_final and self.is_measured and self.is_priced

    @property
    def total(self) -> HourUsage:
        """Sum of the known quarter-hours."""
        return _sum(zip(self.energy, self.prices, strict=True))

    @property
    def measured_until(self) -> datetime | None:
        """End of the last quarter-hour with known usage."""
        known = [index for index, each in enumerate(self.energy) if each is not None]
        return midnight(self.day) + (known[-1] + 1) * QUARTER if known else None

    @property
    def known_prices(self) -> list[float]:
        """Prices of the quarter-hours whose usage is known, too."""
        return [
            price
            for energy, price in zip(self.energy, self.prices, strict=True)
            if energy is not None and price is not None
        ]

    def updated(self, usage: Iterable[Usage], prices: Iterable[Price]) -> UsageDay:
        """Return the day with newer values; known ones are kept if newer ones lack."""
        begin = midnight(self.day)
        new_energy, new_prices = list(self.energy), list(self.prices)
        finals = 0
        for used in usage:
            new_energy[(used.start - begin) // QUARTER] = used.energy
            finals += used.is_final
        for price in prices:
            if price.amount is not None:
                new_prices[(price.start - begin) // QUARTER] = price.amount
        return replace(
            self,
            energy=tuple(new_energy),
            prices=tuple(new_prices),
            is_final=self.is_final or finals >= len(new_energy),
        )

    def hours(self) -> dict[datetime, HourUsage]:
        """Return the hours with known usage by their start."""
        pairs = list(zip(self.energy, self.prices, strict=True))
        begin = midnight(self.day)
        return {
            begin + index * QUARTER: _sum(pairs[index : index + 4])
            for index in range(0, len(pairs), 4)
            if any(energy is not None for energy, _ in pairs[index : index + 4])
        }

    def unpriced_hours(self) -> set[datetime]:
        """Return the starts of the hours in which known usage lacks a price."""
        begin = midnight(self.day)
        pairs = zip(self.energy, self.prices, strict=True)
        return {
            begin + index // 4 * HOUR
            for index, (energy, price) in enumerate(pairs)
            if energy is not None and price is None
        }


def _sum(quarters: Iterable[tuple[float | None, float | None]]) -> HourUsage:
    energy = cost = 0.0
    for used, price in quarters:
        energy += used or 0.0
        cost += (used or 0.0) * (price or 0.0)
    return HourUsage(round(energy, DIGITS), round(cost, DIGITS))


def add_up(begin: float, states: Iterable[float]) -> Iterable[float]:
    """Return the running sums of states, starting from an earlier sum.

    Each sum is rounded, so that the result does not depend on how the states are split
    into portions.
    """
    total = begin
    for state in states:
        total = round(total + state, DIGITS)
        yield total


def measured(
    days: Mapping[date, UsageDay], usage: Iterable[Usage], series: PriceSeries
) -> dict[date, UsageDay]:
    """Return the days with newer usage and prices; values of other days are ignored."""
    found: dict[date, list[Usage]] = {}
    for each in usage:
        found.setdefault(berlin_day(each.start), []).append(each)
    quarters = series.in_quarters()
    return {
        day: known.updated(found.get(day, ()), quarters.day(day).prices)
        for day, known in days.items()
    }


def hours_of(days: Iterable[UsageDay]) -> dict[datetime, HourUsage]:
    """Return the hours with known usage of several days by their start."""
    return {start: hour for day in days for start, hour in day.hours().items()}
