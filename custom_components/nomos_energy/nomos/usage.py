"""What a meter measured, quarter-hour by quarter-hour, and what that cost.

Energy is in kWh and positive in both directions, money in EUR, prices in EUR/kWh.
All timestamps are in UTC; days are days in Europe/Berlin.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

from .errors import NomosResponseError
from .fields import berlin_day, parse_energy, parse_timestamp
from .once import warn_once
from .prices import DAY, Price, PriceSeries, midnight

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)

RESOLUTION = "15min"
"""How fine usage is asked for."""

ABSURD = 100_000.0
"""kWh that nobody takes within a quarter-hour."""

DIGITS = 8
"""To how many decimal places energy and money are added up."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was measured during a quarter-hour."""

    start: datetime
    energy: float
    is_final: bool = True
    """Whether the value does not change any more."""


def read_usage(data: Mapping[str, Any]) -> tuple[Usage, ...]:
    """Read an answer of the API; raises NomosResponseError if it is none.

    A meter that is not smart has no quarter-hours, which is no error. A value
    that can't be read is a gap.
    """
    items = data.get("data")
    if not isinstance(items, list):
        raise NomosResponseError("Nomos sent usage that is no list")
    if data.get("resolution") != RESOLUTION:
        return ()
    return tuple(each for each in map(_read, items) if each)


def _read(item: Any) -> Usage | None:
    record = item if isinstance(item, Mapping) else {}
    start = parse_timestamp(record.get("start"))
    energy = parse_energy(record.get("usage"), ABSURD)
    if start is None or start.timestamp() % QUARTER.total_seconds() or energy is None:
        warn_once("Leaving out a quarter-hour whose usage can't be read")
        return None
    return Usage(start, energy, record.get("type") == "final")


@dataclass(frozen=True, slots=True)
class HourUsage:
    """What an hour's known quarters add up to."""

    energy: float
    cost: float
    """Of the quarters whose price is known."""


type Quarters = tuple[float | None, ...]


@dataclass(frozen=True)
class UsageDay:
    """The quarter-hours of a day; None stands for a gap, and never for nothing."""

    day: date
    energy: Quarters
    prices: Quarters
    is_final: bool = False
    """Whether no value changes any more."""

    @classmethod
    def unknown(cls, day: date) -> Self:
        """Return a day of which nothing is known."""
        nothing = (None,) * ((midnight(day + DAY) - midnight(day)) // QUARTER)
        return cls(day, nothing, nothing)

    @property
    def is_measured(self) -> bool:
        """Whether there is no gap."""
        return None not in self.energy

    @property
    def is_priced(self) -> bool:
        """Whether there is a price for all that was measured."""
        return all(
            price is not None or energy is None
            for energy, price in zip(self.energy, self.prices, strict=True)
        )

    @property
    def is_closed(self) -> bool:
        """Whether nothing about this day can change any more."""
        return self.is_final and self.is_measured and self.is_priced

    @property
    def total(self) -> HourUsage:
        """What the known quarters add up to."""
        return _sum(zip(self.energy, self.prices, strict=True))

    @property
    def measured_until(self) -> datetime | None:
        """The end of the last quarter that is known."""
        known = [place for place, each in enumerate(self.energy) if each is not None]
        return midnight(self.day) + (known[-1] + 1) * QUARTER if known else None

    def updated(self, usage: Iterable[Usage], prices: Iterable[Price]) -> UsageDay:
        """Return the day with newer quarter-hours; what they lack is kept."""
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
        """Return the hours of which a quarter is known, by their start."""
        pairs = list(zip(self.energy, self.prices, strict=True))
        begin = midnight(self.day)
        return {
            begin + place * QUARTER: _sum(pairs[place : place + 4])
            for place in range(0, len(pairs), 4)
            if any(energy is not None for energy, _ in pairs[place : place + 4])
        }

    @classmethod
    def from_store(cls, day: str, data: Mapping[str, Any]) -> Self:
        """Read what to_store wrote; raises any error where it is something else."""
        known = cls.unknown(date.fromisoformat(day))
        energy, prices = tuple(data["energy"]), tuple(data["prices"])
        if not len(energy) == len(prices) == len(known.energy):
            raise ValueError("A day has another number of quarter-hours")
        return replace(known, energy=energy, prices=prices, is_final=data["final"])

    def to_store(self) -> dict[str, Any]:
        """Return the day as it is kept."""
        return {"energy": self.energy, "prices": self.prices, "final": self.is_final}


def _sum(quarters: Iterable[tuple[float | None, float | None]]) -> HourUsage:
    energy = cost = 0.0
    for used, price in quarters:
        energy += used or 0.0
        cost += (used or 0.0) * (price or 0.0)
    return HourUsage(round(energy, DIGITS), round(cost, DIGITS))


def add_up(begin: float, states: Iterable[float]) -> Iterable[float]:
    """Return the sums up to each state, always rounded alike.

    So they come out the same in whatever portions they are added up.
    """
    total = begin
    for state in states:
        total = round(total + state, DIGITS)
        yield total


def measured(
    days: Mapping[date, UsageDay], usage: Iterable[Usage], series: PriceSeries
) -> dict[date, UsageDay]:
    """Return days with newer usage and prices; those of other days are left out."""
    found: dict[date, list[Usage]] = {}
    for each in usage:
        found.setdefault(berlin_day(each.start), []).append(each)
    quarters = series.in_quarters()
    return {
        day: known.updated(found.get(day, ()), quarters.day(day).prices)
        for day, known in days.items()
    }


def hours_of(days: Iterable[UsageDay]) -> dict[datetime, HourUsage]:
    """Return all hours of some days of which a quarter is known, by their start."""
    return {start: hour for day in days for start, hour in day.hours().items()}
