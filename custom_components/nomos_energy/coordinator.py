"""Data update coordinator for the contracts of an account."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.dispatcher import (
    async_dispatcher_connect,
    async_dispatcher_send,
)
from homeassistant.util import dt as dt_util

from .connection import Connection
from .const import DOMAIN, LOGGER
from .contract_reader import AccountState, async_read_account
from .contract_store import ABSENCE, ContractRecord, updated_record
from .device import contract_devices, display_names
from .nomos import DAY, Contract, NomosClient, NomosRateLimitError
from .options import chosen_subscriptions
from .ownership import (
    SIGNAL_RELEASED,
    async_claim_contracts,
    async_release_contracts,
    async_take_contracts,
    contracts_of_others,
)
from .polling import PAUSE_MARGIN, PollingCoordinator
from .schedule import Timer, until_daily_slot
from .store import RecordStore

ANSWER_HOLDS = timedelta(days=7)
"""Age up to which an answer about an order that takes eight weeks is shown."""


class ContractCoordinator(PollingCoordinator[Mapping[str, Contract]]):
    """Polls the included contracts of an account, by subscription ID, once a day."""

    may_try_login = True

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: NomosClient,
        store: RecordStore[ContractRecord],
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(
            hass, entry, Connection(hass, entry), "contracts", always_update=False
        )
        self.update_interval = DAY
        self.data = {}
        self.client = client
        """Client for actions and set-up, which somebody waits for."""
        self.poll_client = client.without_retry()
        """Client for polls, whose next attempt comes anyway."""
        self.store = store
        self.names: Mapping[str, str] = {}
        """Display names of the contracts, unique within the account."""
        self.answered_at: datetime | None = None
        """Time of the last answer."""
        self.was_absent = False
        """True if at least one daily poll was missed before the last answer."""
        self.signal_answered = f"{DOMAIN}_{entry.entry_id}_answered"
        """Dispatched after each answer, also if no contract has changed."""
        self.left_out: frozenset[str] = frozenset()
        """IDs of the subscriptions that would be included if no other entry had them."""
        self._account = AccountState()
        self._stale: set[str] = set()
        self._expiry = Timer(hass, self._expire)
        entry.async_on_unload(
            async_dispatcher_connect(hass, SIGNAL_RELEASED, self._async_take_over)
        )

    @callback
    def async_restore(self) -> bool:
        """Restore the stored contracts; return if there are any."""
        chosen = self._chosen
        others = contracts_of_others(self.hass, self.config_entry)
        records = {
            key: record
            for key, record in self.store.records.items()
            if (chosen is None or key in chosen) and key not in others
        }
        contracts = {key: record.contract for key, record in records.items()}
        self._account = AccountState(
            contracts=contracts,
            subscriptions={key: each.subscription for key, each in contracts.items()},
            plans={each.plan.id: each.plan for each in contracts.values() if each.plan},
            # A device may be left of a contract that the store has lost.
            wanted=frozenset(
                {*contracts, *contract_devices(self.hass, self.config_entry)}
            ),
            ordered=frozenset(key for key, each in contracts.items() if each.order),
        )
        self.answered_at = max(
            (record.answered_at for record in records.values()), default=None
        )
        self._set_contracts(contracts)
        self._start_expiry()
        return bool(contracts)

    @property
    def _chosen(self) -> frozenset[str] | None:
        """IDs of the included subscriptions; None if all are included."""
        chosen = chosen_subscriptions(self.config_entry)
        return None if chosen is None else frozenset(chosen)

    @property
    def may_write(self) -> bool:
        """Return if the login may place orders."""
        return self._account.may_write

    @property
    def answer_holds(self) -> bool:
        """Return if the last answer is recent enough to show an order by it."""
        return (
            self.answered_at is not None
            and not self.connection.is_login_refused
            and dt_util.utcnow() < self.answered_at + ANSWER_HOLDS
        )

    @callback
    def mark_stale(self, key: str) -> None:
        """Read a subscription again with the next refresh."""
        self._stale.add(key)

    @callback
    def async_set_contract(self, contract: Contract) -> None:
        """Show a contract with an order that was just placed, until the next refresh."""
        if self._shutdown_requested:
            return
        key = contract.subscription.id
        self._account = replace(
            self._account, contracts={**self._account.contracts, key: contract}
        )
        self.store.async_set(key, replace(self.store.records[key], contract=contract))
        self.async_set_updated_data(self._account.contracts)

    @override
    async def _async_poll(self) -> Mapping[str, Contract]:
        now = dt_util.utcnow()
        stale = frozenset(self._stale)
        others = contracts_of_others(self.hass, self.config_entry)
        account = await async_read_account(
            self.client if self._is_first_refresh else self.poll_client,
            self._account,
            now,
            chosen=self._chosen,
            stale=stale,
            others=frozenset(others),
        )
        self.connection.async_succeeded()
        self._stale -= stale
        self._commit(account, now)
        return self._account.contracts

    @callback
    def _commit(self, account: AccountState, now: datetime) -> None:
        """Replace what is known by the result of a refresh."""
        mine = self._included(account)
        account = replace(
            account,
            contracts={
                key: each for key, each in account.contracts.items() if key in mine
            },
        )
        self.update_interval = until_daily_slot(
            self.config_entry.unique_id or self.config_entry.entry_id, now
        )
        if mine - account.contracts.keys():
            # A contract that was unreadable so far is not left out until tomorrow.
            self.update_interval = min(self.update_interval, self.longest_retry)
        self.was_absent = (
            self.answered_at is not None and now > self.answered_at + ABSENCE
        )
        self._account = account
        self.answered_at = now
        self.store.async_update(
            {
                key: updated_record(self.store.records.get(key), contract, now)
                for key, contract in account.contracts.items()
            }
        )
        devices = contract_devices(self.hass, self.config_entry)
        async_release_contracts(self.hass, self.config_entry, devices.keys() - mine)
        self._set_contracts(account.contracts)

    def _included(self, account: AccountState) -> frozenset[str]:
        """Return the IDs of the subscriptions to include that no other entry has.

        Another entry may have taken or released some during the refresh.
        """
        others = contracts_of_others(self.hass, self.config_entry)
        left_out = account.wanted & others.keys()
        if left_out - self.left_out:
            LOGGER.info(
                "%s leaves out %s of its contracts: other entries include them",
                self.config_entry.title,
                len(left_out),
            )
        self.left_out = left_out
        return account.wanted - left_out

    @callback
    def _async_take_over(self, devices: Mapping[str, DeviceEntry]) -> None:
        """Take over the contracts that another entry has released."""
        if async_take_contracts(self.hass, self.config_entry, devices, self.left_out):
            pause = self.connection.remaining_pause + PAUSE_MARGIN
            self._start_catch_up(dt_util.utcnow() + pause)

    def _set_contracts(self, contracts: Mapping[str, Contract]) -> None:
        self.data = contracts
        self.names = display_names(self.config_entry, contracts)
        async_claim_contracts(self.hass, self.config_entry, contracts, self.names)

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        super()._async_refresh_finished()
        if not self.last_update_success or self._shutdown_requested:
            return
        if isinstance(self._account.optional_error, NomosRateLimitError):
            self.connection.async_failed(self._account.optional_error)
        self._start_expiry()
        async_dispatcher_send(self.hass, self.signal_answered)

    @callback
    @override
    def _async_connection_changed(self) -> None:
        super()._async_connection_changed()
        if self.connection.is_login_refused:
            self.async_update_listeners()

    @callback
    def _start_expiry(self) -> None:
        """Update the entities when the last answer becomes too old."""
        if self.answered_at is not None:
            self._expiry.async_start(self.answered_at + ANSWER_HOLDS)

    @override
    async def async_shutdown(self) -> None:
        """Stop polling."""
        await super().async_shutdown()
        self._expiry.async_cancel()

    @callback
    def _expire(self, _now: datetime) -> None:
        self.async_update_listeners()
