"""Data update coordinator of a comparison tariff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import override

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import (
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util, slugify
from sqlalchemy.exc import SQLAlchemyError

from ..billing.base_fee import BaseFeeSource
from ..billing.costs import CostCoordinator
from ..const import CURRENCY, DOMAIN, LOGGER
from ..localize import async_get_texts
from ..nomos import berlin_day
from ..usage.coordinator import UsageCoordinator
from ..usage.statistics import async_write_rows
from ..usage.sums import async_hours
from .savings import Hours, Savings, compare, fixed_costs
from .tariff import ComparisonTariff


@dataclass(frozen=True, slots=True)
class Comparison:
    """Savings of the current month (Berlin), and since the activation."""

    month: Savings | None = None
    total: Savings | None = None


def statistic_prefix(subscription_id: str) -> str:
    """Return the beginning of the IDs of a contract's comparison statistics."""
    return f"{DOMAIN}:{slugify(subscription_id)}_comparison_"


class ComparisonCoordinator(DataUpdateCoordinator[Comparison]):
    """Compares the cost of a contract with that of a fixed price.

    Computes everything from the stored usage, whenever that is imported: no request and
    no second ledger. Writes the hourly cost as an external statistic.
    """

    config_entry: ConfigEntry

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
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{tariff.subscription_id} comparison {key}",
            always_update=False,
        )
        self.data = Comparison()
        self.usage = usage
        self.costs = costs
        self.key = key
        self.tariff = tariff
        self._stop_listening: list[CALLBACK_TYPE] = [
            usage.async_add_listener(self.async_update),
            # The base fee may come later, or change.
            costs.async_add_listener(self.async_update),
        ]
        self.async_update()

    @property
    def statistic_id(self) -> str:
        """ID of the statistic of the cost."""
        return statistic_prefix(self.tariff.subscription_id) + slugify(self.key)

    @callback
    def async_set_tariff(self, tariff: ComparisonTariff) -> None:
        """Compare with other prices."""
        self.tariff = tariff
        self.async_update()

    @callback
    def async_update(self) -> None:
        """Compute everything again in the background."""
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), self.name
        )

    @override
    async def _async_update_data(self) -> Comparison:
        try:
            hours = await self.async_hours()
            fixed = await self.hass.async_add_executor_job(
                fixed_costs, hours, self.tariff
            )
            await self._async_write(fixed)
        except KeyError:
            # The contract is gone; this coordinator follows.
            return self.data
        except SQLAlchemyError as err:
            raise UpdateFailed("The recorder does not return the usage") from err
        today = berlin_day(dt_util.utcnow())
        begin = self.usage.contract.measured_since or min(
            map(berlin_day, hours), default=today
        )
        return await self.hass.async_add_executor_job(
            lambda: Comparison(
                self.compare(hours, fixed, max(today.replace(day=1), begin)),
                self.compare(hours, fixed, begin),
            )
        )

    async def async_hours(
        self, begin: datetime | None = None, end: datetime | None = None
    ) -> Hours:
        """Return the stored usage by hour; raises KeyError and SQLAlchemyError."""
        return await async_hours(
            self.hass,
            self.usage.contracts,
            self.tariff.subscription_id,
            begin or dt_util.utc_from_timestamp(0),
            end or dt_util.utcnow(),
        )

    def compare(
        self,
        hours: Hours,
        fixed: Mapping[datetime, float],
        first: date,
        end: datetime | None = None,
    ) -> Savings | None:
        """Compare the usage from a day (Berlin) on, as far as it is measured."""
        measured = self.usage.data.measured_until
        if measured is None:
            return None
        return compare(
            hours,
            fixed,
            set(self.usage.data.unpriced),
            self.tariff,
            self._base_fee,
            first,
            min(measured, end) if end else measured,
        )

    def _base_fee(self, day: date) -> float | None:
        """Return the whole base fee of the contract; None if only a part is known."""
        fee = self.costs.base_fee(day)
        return fee.amount if fee and fee.source is not BaseFeeSource.PLAN else None

    async def _async_write(self, costs: Mapping[datetime, float]) -> None:
        """Write the hourly cost, and clear what the tariff has no price for any more."""
        texts = await async_get_texts(self.hass)
        contract = self.usage.contracts.names[self.tariff.subscription_id]
        if await self._async_is_stale(min(costs, default=dt_util.utcnow())):
            await async_clear(self.hass, [self.statistic_id])
        await async_write_rows(
            self.hass,
            StatisticMetaData(
                has_sum=True,
                mean_type=StatisticMeanType.NONE,
                name=texts["statistics_comparison"].format(
                    contract=contract, tariff=self.tariff.name
                ),
                source=DOMAIN,
                statistic_id=self.statistic_id,
                unit_class=None,
                unit_of_measurement=CURRENCY,
            ),
            costs,
        )

    async def _async_is_stale(self, first: datetime) -> bool:
        """Return if there are hours before the first one."""
        found = await get_instance(self.hass).async_add_executor_job(
            partial(
                statistics_during_period,
                self.hass,
                dt_util.utc_from_timestamp(0),
                first,
                {self.statistic_id},
                "hour",
                None,
                {"state"},
            )
        )
        return bool(found)

    @override
    async def async_shutdown(self) -> None:
        """Stop comparing."""
        await super().async_shutdown()
        while self._stop_listening:
            self._stop_listening.pop()()


async def async_clear(hass: HomeAssistant, statistic_ids: list[str]) -> None:
    """Clear statistics; return once they are gone."""
    cleared = hass.loop.create_future()

    def note() -> None:
        hass.loop.call_soon_threadsafe(cleared.set_result, None)

    get_instance(hass).async_clear_statistics(statistic_ids, on_done=note)
    await cleared
