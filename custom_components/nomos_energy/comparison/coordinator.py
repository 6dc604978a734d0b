"""Data update coordinator of a comparison tariff."""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import override

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import (
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_last_statistics,
    statistics_during_period,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.util import dt as dt_util, slugify
from sqlalchemy.exc import SQLAlchemyError

from ..billing.base_fee import BaseFeeSource
from ..billing.costs import CostCoordinator
from ..const import CURRENCY, DOMAIN
from ..localize import async_get_texts
from ..nomos import berlin_day, midnight
from ..usage.coordinator import UsageCoordinator
from ..usage.derived import DerivedCoordinator
from ..usage.settlement import next_month
from ..usage.statistics import async_write_rows
from ..usage.sums import async_hours
from .savings import ComparedDay, Hours, Savings, compare, compared_days, fixed_costs
from .tariff import ComparisonTariff

BEGINNING = dt_util.utc_from_timestamp(0)
"""Earlier than all stored hours."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Savings of the current month (Berlin), and since the activation."""

    month: Savings | None = None
    total: Savings | None = None


def statistic_prefix(subscription_id: str) -> str:
    """Return the beginning of the IDs of a contract's comparison statistics."""
    return f"{DOMAIN}:{slugify(subscription_id)}_comparison_"


class ComparisonCoordinator(DerivedCoordinator[Comparison]):
    """Compares the cost of a contract with that of a fixed price.

    Reads the stored usage from the first hour on that an import has changed, and writes
    the hourly cost as an external statistic. In memory are the sums of each day.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        usage: UsageCoordinator,
        costs: CostCoordinator,
        key: str,
        tariff: ComparisonTariff,
    ) -> None:
        """Initialize the coordinator; `key` is the ID of the subentry."""
        name = f"{tariff.subscription_id} comparison {key}"
        # The base fee may come later, or change.
        super().__init__(hass, entry, usage, (costs,), name, Comparison())
        self.costs = costs
        self.key = key
        self.tariff = tariff
        self._days: dict[date, ComparedDay] = {}
        self._unpriced: set[datetime] = set()
        self._changed: datetime | None = BEGINNING
        self._stop_listening.append(
            async_dispatcher_connect(hass, usage.signal_changed, self._async_note)
        )
        self.async_update_soon()

    @property
    def statistic_id(self) -> str:
        """ID of the statistic of the cost."""
        return statistic_prefix(self.subscription_id) + slugify(self.key)

    @callback
    def async_set_tariff(self, tariff: ComparisonTariff) -> None:
        """Compare with other prices."""
        self.tariff = tariff
        self._async_note(BEGINNING)
        self.async_update_soon()

    @callback
    def _async_note(self, changed: datetime) -> None:
        """Note the first hour to read again."""
        self._changed = min(changed, self._changed or changed)

    @override
    async def _async_update_data(self) -> Comparison:
        try:
            await self._async_read()
        except KeyError:
            # The contract is gone; this coordinator follows.
            return self.data
        except SQLAlchemyError as err:
            raise UpdateFailed("The recorder does not return the usage") from err
        today = berlin_day(dt_util.utcnow())
        begin = self.contract.measured_since or min(self._days, default=today)
        days = self._days
        return await self.hass.async_add_executor_job(
            lambda: Comparison(
                self._compare(days, max(today.replace(day=1), begin)),
                self._compare(days, begin),
            )
        )

    async def _async_read(self) -> None:
        """Read what has changed since the last time, and write its cost."""
        unpriced = set(self.usage.data.unpriced)
        # A missing price of zero does not change the cost.
        changed = [*(unpriced ^ self._unpriced), *filter(None, (self._changed,))]
        if not changed:
            return
        # What changes meanwhile is read the next time.
        self._changed = None
        try:
            begin = await self._async_begin(min(changed))
            days = await self._async_read_days(begin, unpriced)
        except KeyError, SQLAlchemyError:
            self._async_note(min(changed))
            raise
        kept = {day: each for day, each in self._days.items() if midnight(day) < begin}
        self._days, self._unpriced = kept | days, unpriced

    async def _async_begin(self, changed: datetime) -> datetime:
        """Return from when on to read: whole days, or all if nothing is written yet."""
        last = await get_instance(self.hass).async_add_executor_job(
            get_last_statistics, self.hass, 1, self.statistic_id, False, {"sum"}
        )
        is_written = changed > BEGINNING and self.statistic_id in last
        return midnight(berlin_day(changed)) if is_written else BEGINNING

    async def _async_read_days(
        self, begin: datetime, unpriced: AbstractSet[datetime]
    ) -> dict[date, ComparedDay]:
        hours = await self._async_hours(begin, dt_util.utcnow())
        fixed = await self.hass.async_add_executor_job(fixed_costs, hours, self.tariff)
        await self._async_write(fixed, begin)
        return await self.hass.async_add_executor_job(
            compared_days, hours, fixed, unpriced
        )

    async def async_compare(self, begin: datetime, end: datetime) -> list[Savings]:
        """Compare each month (Berlin); raises KeyError and SQLAlchemyError."""
        hours = await self._async_hours(begin, end)
        fixed = fixed_costs(hours, self.tariff)
        days = compared_days(hours, fixed, set(self.usage.data.unpriced))
        first, last = berlin_day(begin), berlin_day(end)
        months: list[Savings] = []
        while first <= last:
            until = min(midnight(next_month(first)), end)
            if savings := self._compare(days, first, until):
                months.append(savings)
            first = next_month(first)
        return months

    async def _async_hours(self, begin: datetime, end: datetime) -> Hours:
        return await async_hours(
            self.hass, self.contracts, self.subscription_id, begin, end
        )

    def _compare(
        self,
        days: Mapping[date, ComparedDay],
        first: date,
        end: datetime | None = None,
    ) -> Savings | None:
        """Compare the usage from a day (Berlin) on, as far as it is measured."""
        measured = self.usage.data.measured_until
        if measured is None:
            return None
        until = min(measured, end) if end else measured
        return compare(days, self.tariff, self._base_fee, first, until)

    def _base_fee(self, day: date) -> float | None:
        """Return the whole base fee of the contract; None if only a part is known."""
        fee = self.costs.base_fee(day)
        return fee.amount if fee and fee.source is not BaseFeeSource.PLAN else None

    async def _async_write(
        self, costs: Mapping[datetime, float], begin: datetime
    ) -> None:
        """Write the hourly cost, and clear what the tariff has no price for any more."""
        texts = await async_get_texts(self.hass)
        contract = self.contracts.names[self.subscription_id]
        metadata = StatisticMetaData(
            has_sum=True,
            mean_type=StatisticMeanType.NONE,
            name=texts["statistics_comparison"].format(
                contract=contract, tariff=self.tariff.name
            ),
            source=DOMAIN,
            statistic_id=self.statistic_id,
            unit_class=None,
            unit_of_measurement=CURRENCY,
        )
        if begin == BEGINNING:
            if await self._async_is_stale(min(costs, default=dt_util.utcnow())):
                await async_clear(self.hass, [self.statistic_id])
            # Its name may have changed without any row.
            async_add_external_statistics(self.hass, metadata, ())
        await async_write_rows(self.hass, metadata, costs)

    async def _async_is_stale(self, first: datetime) -> bool:
        """Return if there are hours before the first one."""
        found = await get_instance(self.hass).async_add_executor_job(
            partial(
                statistics_during_period,
                self.hass,
                BEGINNING,
                first,
                {self.statistic_id},
                "hour",
                None,
                {"state"},
            )
        )
        return bool(found)


async def async_clear(hass: HomeAssistant, statistic_ids: list[str]) -> None:
    """Clear statistics; return once they are gone."""
    cleared = hass.loop.create_future()

    def note() -> None:
        hass.loop.call_soon_threadsafe(cleared.set_result, None)

    get_instance(hass).async_clear_statistics(statistic_ids, on_done=note)
    await cleared
