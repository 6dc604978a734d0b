"""Savings of the dynamic tariff, compared with a fixed price for the same consumption."""

from collections.abc import Iterable, Mapping, Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime

from ..nomos import DAY, HOUR, HourUsage, berlin_day, midnight
from ..usage.settlement import LEAST_SHARE
from ..usage.sums import days_of_month
from .tariff import ComparisonTariff, FeeOfDay

type Hours = Mapping[datetime, HourUsage]


@dataclass(frozen=True, slots=True)
class ComparedDay:
    """Sums of the hours of a day that have energy and both prices."""

    energy: float = 0.0
    """kWh."""
    dynamic: float = 0.0
    """Cost of the dynamic tariff in EUR without base fee."""
    fixed: float = 0.0
    """Cost of the comparison tariff in EUR without base fee."""
    hours: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """Comparison of the hours of a period that have energy and both prices."""

    energy: float
    """kWh."""
    dynamic: float
    """Cost of the dynamic tariff in EUR, base fee included if `has_base_fees`."""
    fixed: float
    """Cost of the comparison tariff in EUR, likewise."""
    energy_cost: float
    """Dynamic cost in EUR without base fee."""
    has_base_fees: bool
    """False if one of the base fees is unknown: neither counts then."""
    share: float
    """Share of the period's hours that is compared, from 0 to 1."""
    first: date
    """First day of the period."""
    until: datetime
    """End of the period."""

    @property
    def saved(self) -> float | None:
        """EUR; negative if the dynamic tariff costs more, None if too little is known."""
        if self.share < LEAST_SHARE:
            return None
        return round(self.fixed - self.dynamic, 4)

    @property
    def average_paid(self) -> float | None:
        """Average price paid in EUR/kWh without base fee."""
        return round(self.energy_cost / self.energy, 6) if self.energy else None


def fixed_costs(hours: Hours, tariff: ComparisonTariff) -> dict[datetime, float]:
    """Return what each hour would have cost in EUR; hours without a price are left out."""
    costs: dict[datetime, float] = {}
    for start, hour in hours.items():
        if price := tariff.on(berlin_day(start)):
            costs[start] = round(hour.energy * price.price, 8)
    return costs


def compared_days(
    hours: Hours, fixed: Mapping[datetime, float], unpriced: AbstractSet[datetime]
) -> dict[date, ComparedDay]:
    """Return the sums of the days (Berlin) that have hours to compare.

    `fixed` has the cost of the hours in the tariff, `unpriced` the hours whose dynamic
    cost is incomplete.
    """
    days: dict[date, ComparedDay] = {}
    for start, hour in hours.items():
        if start in fixed and start not in unpriced:
            day = berlin_day(start)
            before = days.get(day, ComparedDay())
            days[day] = ComparedDay(
                before.energy + hour.energy,
                before.dynamic + hour.cost,
                before.fixed + fixed[start],
                before.hours + 1,
            )
    return days


def compare(
    days: Mapping[date, ComparedDay],
    tariff: ComparisonTariff,
    dynamic_fee: FeeOfDay,
    first: date,
    end: datetime,
) -> Savings | None:
    """Compare the days from the first one (Berlin) to a moment.

    None before the first hour of the period.
    """
    begin = midnight(first)
    if end <= begin:
        return None
    compared = [
        each for day, each in days.items() if first <= day and midnight(day) < end
    ]
    fees = _fees(_days(first, end), tariff, dynamic_fee)
    dynamic_fees, fixed_fees = fees or (0.0, 0.0)
    energy_cost = sum(each.dynamic for each in compared)
    known = sum(each.hours for each in compared)
    return Savings(
        energy=round(sum(each.energy for each in compared), 8),
        dynamic=energy_cost + dynamic_fees,
        fixed=sum(each.fixed for each in compared) + fixed_fees,
        energy_cost=energy_cost,
        has_base_fees=fees is not None,
        share=min(known / ((end - begin) / HOUR), 1.0),
        first=first,
        until=end,
    )


def _days(first: date, end: datetime) -> Iterable[date]:
    """Return the days (Berlin) that have begun before a moment."""
    day = first
    while midnight(day) < end:
        yield day
        day += DAY


def _fees(
    days: Iterable[date], tariff: ComparisonTariff, dynamic_fee: FeeOfDay
) -> tuple[float, float] | None:
    """Return the base fees of the days in EUR; None unless all are known.

    The fee of a month is spread evenly over its days.
    """
    dynamic = fixed = 0.0
    for day in days:
        price, fee = tariff.on(day), dynamic_fee(day)
        if fee is None or price is None or price.base_fee is None:
            return None
        length = days_of_month(day)
        dynamic += fee / length
        fixed += price.base_fee / length
    return dynamic, fixed
