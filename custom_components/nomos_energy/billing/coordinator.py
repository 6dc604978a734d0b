"""Data update coordinator for the invoices and quotes of an account."""

from asyncio import Lock
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..coordinator import ContractCoordinator
from ..errors import REFUSED
from ..nomos import (
    Contract,
    GridFeeModule,
    Invoice,
    Listing,
    MeterType,
    NomosClient,
    NomosError,
    NomosForbiddenError,
    NomosNotFoundError,
    NomosRateLimitError,
    NomosResponseError,
    Quote,
    berlin_day,
    settled,
)
from ..options import entered_yearly_usage
from ..schedule import is_weekly_due
from ..store import RecordStore
from .invoices import announced
from .store import BillingRecord, MonthQuote
from .yearly_usage import async_yearly_usage, is_current

INVOICES_REACH = timedelta(days=400)
"""Age of the end of a period up to which invoices are kept: a year and a month."""

QUOTES_KEPT = 24


class BillingCoordinator(DataUpdateCoordinator[Mapping[str, BillingRecord]]):
    """Requests invoices weekly and quotes monthly, by subscription ID.

    It has no schedule of its own: after each answer to the poll of the contracts, it
    requests what is due. What fails keeps its last good value until the next one.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        contracts: ContractCoordinator,
        store: RecordStore[BillingRecord],
    ) -> None:
        """Initialize the coordinator with the stored records."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{entry.title} billing",
            always_update=False,
        )
        self.contracts = contracts
        self.store = store
        self.data = store.records
        self._is_stale = False
        self._lock = Lock()

    @callback
    def async_start(self) -> None:
        """Request what is due, now and after each answer about the contracts."""
        self.config_entry.async_on_unload(
            async_dispatcher_connect(
                self.hass, self.contracts.signal_answered, self._async_answered
            )
        )
        self._async_answered()

    def record(self, key: str) -> BillingRecord:
        """Return the record of a contract; an empty one if nothing is known."""
        return self.store.records.get(key, BillingRecord())

    @callback
    def async_set(self, key: str, record: BillingRecord) -> None:
        """Replace the record of a contract."""
        self.store.async_set(key, record)
        self.data = self.store.records

    @callback
    def async_invoice_changed(self, key: str, failed_payment: str | None) -> None:
        """Read the invoices again after the next answer about the contracts.

        `failed_payment` is the ID of an invoice whose payment failed.
        """
        self._is_stale = True
        record = self.record(key)
        if failed_payment and failed_payment not in record.failed_payments:
            failed = (*record.failed_payments, failed_payment)
            self.async_set(key, replace(record, failed_payments=failed))

    @callback
    def _async_answered(self) -> None:
        self.store.async_retain(self.contracts.data)
        self.data = self.store.records
        if self._are_invoices_due or self._keys_to_quote:
            self.config_entry.async_create_background_task(
                self.hass, self._async_request(), self.name
            )

    async def _async_request(self) -> None:
        async with self._lock:
            await self.async_refresh()

    @property
    def _are_invoices_due(self) -> bool:
        now = dt_util.utcnow()
        return self._is_stale or any(
            is_weekly_due(self.record(key).listed_at, now)
            for key in self.contracts.data
        )

    @property
    def _keys_to_quote(self) -> list[str]:
        """IDs of the subscriptions without a quote of this month (Berlin).

        A quote for another usage than the household has entered since is none.
        """
        if DATA_INSTANCE not in self.hass.data:
            # The base fee is a part of costs, which need the recorder.
            return []
        month = berlin_day(dt_util.utcnow()).replace(day=1)
        return [
            key
            for key, contract in self.contracts.data.items()
            if contract.has_modules
            and contract.subscription.address
            and not any(
                each.month == month
                and is_current(each, entered_yearly_usage(self.config_entry, key))
                for each in self.record(key).quotes
            )
        ]

    @override
    async def _async_update_data(self) -> Mapping[str, BillingRecord]:
        connection = self.contracts.connection
        try:
            connection.async_check()
            if self._are_invoices_due:
                await self._async_list_invoices()
            for key in self._keys_to_quote:
                await self._async_quote(key)
        except NomosError as err:
            LOGGER.debug("Keeping the known invoices and quotes: %s", err)
            # The poll of the contracts decides if the login is valid.
            if isinstance(err, NomosRateLimitError):
                connection.async_failed(err)
        return self.store.records

    async def _async_list_invoices(self) -> None:
        now = dt_util.utcnow()
        self._is_stale = False
        since = now - INVOICES_REACH
        # An organisation has the invoices of all of its customers.
        keys = list(self.contracts.data)
        only = keys[0] if len(keys) == 1 else None
        try:
            listing = await self.contracts.poll_client.invoices(since, only)
        except NomosForbiddenError, NomosNotFoundError:
            # This login may not read invoices: ask again in a week.
            listing = None
        except NomosError:
            self._is_stale = True
            raise
        for key in self.contracts.data:
            record = self.record(key)
            if listing:
                record = _with_invoices(record, key, listing, since)
            self.async_set(key, replace(record, listed_at=now))

    async def _async_quote(self, key: str) -> None:
        """Request the quote of this month; a refusal counts as an answer."""
        if (contract := self.contracts.data.get(key)) is None:
            return
        now = dt_util.utcnow()
        usage, source = await async_yearly_usage(self.hass, self.contracts, key)
        fee: float | None = None
        try:
            quote = await _async_ask(
                self.contracts.poll_client, contract, usage, contract.in_force(now)
            )
            fee = quote.base_fee
        except NomosError as err:
            if not _is_refusal(err):
                raise
            LOGGER.debug("Nomos gives no quote: %s", err)
        record = self.record(key)
        month = berlin_day(now).replace(day=1)
        answer = MonthQuote(
            month=month,
            base_fee=fee,
            usage=usage,
            usage_source=source,
        )
        earlier = (each for each in record.quotes if each.month != month)
        quotes = (*earlier, answer)[-QUOTES_KEPT:]
        self.async_set(key, replace(record, quotes=quotes))

    async def async_quote_with(
        self, key: str, modules: Collection[GridFeeModule]
    ) -> Quote:
        """Request the quote of a contract with other modules; raises NomosError."""
        contract = self.contracts.data[key]
        usage, _ = await async_yearly_usage(self.hass, self.contracts, key)
        return await _async_ask(self.contracts.client, contract, usage, modules)


async def _async_ask(
    client: NomosClient,
    contract: Contract,
    usage: float,
    modules: Collection[GridFeeModule],
) -> Quote:
    address = contract.subscription.address
    return await client.quote(
        contract.subscription.plan_id,
        address.zip if address else "",
        usage,
        # The details of the subscription may be from before the activation.
        MeterType.SMART,
        modules,
    )


def _with_invoices(
    record: BillingRecord, key: str, listing: Listing[Invoice], since: datetime
) -> BillingRecord:
    """Return a record with the listed invoices of a contract for periods since then.

    Unreadable ones keep their last good value.
    """
    found = {each.id: each for each in listing.records if each.subscription_id == key}
    if listing.may_lack(key):
        found = {**{each.id: each for each in record.invoices}, **found}
    kept = tuple(each for each in found.values() if each.period_end > since)
    record = replace(record, invoices=kept)
    if record.is_announced:
        return record
    # What was there before the contract was set up is no news.
    return replace(record, is_announced=True, announced=announced((), settled(kept)))


def _is_refusal(err: NomosError) -> bool:
    """Return if the same request would be refused again."""
    return isinstance(err, NomosForbiddenError | NomosNotFoundError) or (
        isinstance(err, NomosResponseError) or err.status in REFUSED
    )
