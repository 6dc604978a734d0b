"""Data update coordinator for what the months of a contract cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from sqlalchemy.exc import SQLAlchemyError

from ..const import LOGGER
from ..nomos import DAY, berlin_day, midnight
from ..options import entered_base_fee
from ..usage.coordinator import UsageCoordinator
from ..usage.derived import DerivedCoordinator
from ..usage.settlement import next_month, previous_month
from ..usage.sums import Sum, add, async_hours, by_day
from .base_fee import BaseFee, base_fee, spread
from .coordinator import BillingCoordinator
from .forecast import Forecast, forecast

LOOK_BACK = timedelta(days=42)
"""Days before today whose costs an expectation may rest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCost:
    """Cost or earnings of a month (Berlin), as far as they are known."""

    month: date
    sum: Sum
    mean_price: float | None
    """EUR/kWh: average of the same hours without regard to what was used in them."""
    fee: BaseFee | None
    fee_so_far: float
    """EUR: the base fee's share of the days that have begun."""
    measured_until: datetime | None
    is_preliminary: bool

    @property
    def cost(self) -> float:
        """Cost with base fee, or earnings, in EUR."""
        return self.sum.cost + self.fee_so_far


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs of this month and the last one; None where nothing is measured."""

    this_month: MonthCost | None = None
    last_month: MonthCost | None = None
    expected: Forecast | None = None


class CostCoordinator(DerivedCoordinator[Costs]):
    """Sums up the months of a contract."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        usage: UsageCoordinator,
        billing: BillingCoordinator,
    ) -> None:
        """Initialize the coordinator."""
        name = f"{entry.title} {usage.subscription_id} costs"
        super().__init__(hass, entry, usage, (billing,), name, Costs())
        self._billing = billing
        self.async_update_soon()

    def base_fee(self, month: date) -> BaseFee | None:
        """Return the base fee for the month of a day, if it is known."""
        key = self.subscription_id
        entered = entered_base_fee(self.config_entry, key)
        return base_fee(self.contract, self._billing.record(key).quotes, entered, month)

    def base_fee_for(self, first: date, end: date) -> tuple[float, str | None]:
        """Return the base fee (EUR) for the days from first to end, and its source."""
        amount, source, day = 0.0, None, first
        while day < end:
            until = min(next_month(day), end)
            if fee := self.base_fee(day):
                amount += spread(fee.amount, day, until)
                source = source or fee.source.value
            day = until
        return amount, source

    def is_preliminary(self, first: date, end: date) -> bool:
        """Return if the usage of some days, or its cost, is missing or may change."""
        progress = self.usage.data
        return (
            progress.imported_until is None
            or progress.imported_until < end
            or any(
                first <= each.day < end and not each.is_closed for each in progress.days
            )
        )

    @override
    async def _async_update_data(self) -> Costs:
        today = berlin_day(dt_util.utcnow())
        month, last = today.replace(day=1), previous_month(today)
        begin = min(last, today - LOOK_BACK)
        try:
            hours = await async_hours(
                self.hass,
                self.contracts,
                self.subscription_id,
                midnight(begin),
                midnight(next_month(today)),
            )
        except SQLAlchemyError:
            LOGGER.warning("The recorder does not return the cost of the month")
            return self.data
        except KeyError:
            # The contract was removed meanwhile.
            return self.data
        days = by_day(hours)
        this_month = self._month_cost(month, days, today)
        return Costs(
            this_month=this_month,
            last_month=self._month_cost(last, days, today),
            expected=self._expected(this_month, days, today),
        )

    def _month_cost(
        self, month: date, days: Mapping[date, Sum], today: date
    ) -> MonthCost | None:
        following = next_month(month)
        sums = [each for day, each in days.items() if month <= day < following]
        first, end = self._billed(month)
        until = self.usage.data.measured_until
        if first >= end or (not sums and (month < today.replace(day=1) or not until)):
            return None
        fee, measured = self.base_fee(month), add(sums)
        return MonthCost(
            month=month,
            sum=measured,
            mean_price=self.usage.data.mean_price(month, following, measured.hours),
            fee=fee,
            fee_so_far=round(
                spread(fee.amount, first, min(end, today + DAY)) if fee else 0.0, 8
            ),
            measured_until=min(until, midnight(following)) if until else None,
            is_preliminary=self.is_preliminary(first, end),
        )

    def _billed(self, month: date) -> tuple[date, date]:
        """Return the first day of a month that is billed, and the end, exclusive.

        The base fee counts from the activation on, as the measured energy does.
        """
        contract = self.contract
        end = next_month(month)
        if last := contract.last_day:
            end = min(end, last + DAY)
        return max(month, contract.measured_since or month), end

    def _expected(
        self, month: MonthCost | None, days: Mapping[date, Sum], today: date
    ) -> Forecast | None:
        if month is None:
            return None
        first, end = self._billed(month.month)
        fee = spread(month.fee.amount, first, end) if month.fee else 0.0
        return forecast(days, first, end, today, fee)
