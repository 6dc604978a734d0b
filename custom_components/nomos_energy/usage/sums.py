"""Sums of energy and cost by hour, day and month from the recorder's statistics.

Days and months are those in Europe/Berlin; the recorder's own days and months follow
Home Assistant's time zone.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..nomos import HOUR, HourUsage, berlin_day, midnight
from ..nomos.usage import DIGITS
from .settlement import next_month
from .statistics import async_describe


@dataclass(frozen=True, slots=True)
class Sum:
    """Energy (kWh) and cost or earnings (EUR) of the known hours of a period."""

    energy: float = 0.0
    cost: float = 0.0
    hours: int = 0
    """Number of hours with known usage."""

    @property
    def average(self) -> float | None:
        """Average price in EUR/kWh; None without energy."""
        return round(self.cost / self.energy, 6) if self.energy else None

    def is_complete(self, first: date, end: date) -> bool:
        """Return if every hour from a day (Berlin) to another, exclusive, is known."""
        return self.hours >= (midnight(end) - midnight(first)) // HOUR


async def async_hours(
    hass: HomeAssistant,
    contracts: ContractCoordinator,
    key: str,
    begin: datetime,
    end: datetime,
) -> dict[datetime, HourUsage]:
    """Return the stored hours of a contract that start from begin to end, exclusive.

    Hours without known usage are left out. Raises SQLAlchemyError, and KeyError once
    the contract is gone.
    """
    statistics = await async_describe(hass, contracts, key)
    return await get_instance(hass).async_add_executor_job(
        partial(
            _hours,
            hass,
            statistics.energy["statistic_id"],
            statistics.money["statistic_id"],
            begin,
            end,
        )
    )


def _hours(
    hass: HomeAssistant, energy: str, money: str, begin: datetime, end: datetime
) -> dict[datetime, HourUsage]:
    found = statistics_during_period(
        hass, begin, end, {energy, money}, "hour", None, {"state"}
    )
    costs = {row["start"]: row["state"] for row in found.get(money, ())}
    return {
        dt_util.utc_from_timestamp(row["start"]): HourUsage(
            row["state"] or 0.0, costs.get(row["start"]) or 0.0
        )
        for row in found.get(energy, ())
    }


def total(hours: Mapping[datetime, HourUsage]) -> Sum:
    """Return the sum of all hours."""
    return Sum(
        round(sum(each.energy for each in hours.values()), DIGITS),
        round(sum(each.cost for each in hours.values()), DIGITS),
        len(hours),
    )


def add(sums: Collection[Sum]) -> Sum:
    """Return the sum of sums."""
    return Sum(
        round(sum(each.energy for each in sums), DIGITS),
        round(sum(each.cost for each in sums), DIGITS),
        sum(each.hours for each in sums),
    )


def by_day(hours: Mapping[datetime, HourUsage]) -> dict[date, Sum]:
    """Return the sums of the days (Berlin) that have known hours."""
    return _grouped(hours, berlin_day)


def by_month(hours: Mapping[datetime, HourUsage]) -> dict[date, Sum]:
    """Return the sums of the months (Berlin) that have known hours, by first day."""
    return _grouped(hours, lambda start: berlin_day(start).replace(day=1))


def _grouped[PeriodT](
    hours: Mapping[datetime, HourUsage], period: Callable[[datetime], PeriodT]
) -> dict[PeriodT, Sum]:
    groups: dict[PeriodT, dict[datetime, HourUsage]] = {}
    for start, hour in hours.items():
        groups.setdefault(period(start), {})[start] = hour
    return {key: total(group) for key, group in groups.items()}


def days_of_month(day: date) -> int:
    """Return the number of days of the month of a day."""
    return (next_month(day) - day.replace(day=1)).days
