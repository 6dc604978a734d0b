"""When Nomos is asked, and what it means when it does not answer."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .const import CONF_SUBSCRIPTIONS, DOMAIN, LOGGER
from .nomos import (
    Contract,
    GridFeeReduction,
    Listing,
    MeterOrder,
    NomosAuthError,
    NomosClient,
    NomosConnectionError,
    NomosError,
    NomosForbiddenError,
    NomosNotFoundError,
    NomosRateLimitError,
    Plan,
    Subscription,
)
from .store import Memory, MemoryStore

if TYPE_CHECKING:
    from .loads.coordinator import LoadCoordinator
    from .prices.coordinator import PriceCoordinator
    from .usage.coordinator import UsageCoordinator

DAY = timedelta(days=1)

LIST_AGAIN_AFTER = timedelta(days=6, hours=12)
"""A week, as the day's moment that is nearest to it."""

ANSWER_HOLDS = timedelta(days=7)
"""How long an answer about an order that takes eight weeks is good enough."""

ABSENCE = timedelta(hours=36)
"""From when on a look at the orders was missed."""

FIRST_RETRY = timedelta(minutes=5)
LAST_RETRY = timedelta(hours=6)


@dataclass(slots=True)
class Deliveries:
    """What Nomos has delivered since the start, for diagnostics."""

    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    refused_in_a_row: int = 0
    last_accepted: datetime | None = None
    last_topic: str | None = None
    last_refused: datetime | None = None
    last_refusal: str | None = None


type NomosConfigEntry = ConfigEntry[NomosCoordinator]


class NomosCoordinator(DataUpdateCoordinator[dict[str, Contract]]):
    """Knows the contracts that are followed on an account, by subscription id."""

    config_entry: NomosConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: NomosConfigEntry, client: NomosClient
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name="Nomos Energy",
            update_interval=DAY,
            always_update=False,
        )
        self.data = {}
        self.client = client
        self.memory = Memory()
        self.store = MemoryStore(hass, entry.entry_id)
        self.failures = 0
        """How often in a row Nomos did not answer."""
        self.deliveries: Deliveries | None = None
        """What Nomos delivered, where it is asked to."""
        self.may_write = False
        """Whether the login may order, and not only read."""
        self.leave_alone_until: datetime | None = None
        """Until when Nomos asked not to be asked again."""
        self.was_absent = False
        """Whether the last answer came after a time of knowing nothing."""
        self.prices: dict[str, PriceCoordinator] = {}
        """Who knows the prices of the contracts whose gate is open."""
        self.usage: dict[str, UsageCoordinator] = {}
        """Who imports their usage, where there are statistics."""
        self.loads: dict[str, LoadCoordinator] = {}
        """Who runs the planned loads, by subentry id."""
        self.signal_loads = f"{DOMAIN}_{entry.entry_id}_loads"
        """Sent when planned loads were added, changed or removed."""
        self.signal_answered = f"{DOMAIN}_{entry.entry_id}_answered"
        """Sent whenever Nomos has answered, also if nothing changed."""
        self.shared_names: set[str] = set()
        """Names that more than one contract has, as those at one address do."""
        self._subscriptions: dict[str, Subscription] = {}
        self._plans: dict[str, Plan | None] = {}
        self._listed: set[str] = set()
        self._listed_at: datetime | None = None
        self._ordered: set[str] = set()
        self._look_again_at: set[str] = set()
        self._cancel_expiry: CALLBACK_TYPE | None = None
        entry.async_on_unload(self._async_cancel_expiry)

    async def async_restore(self) -> bool:
        """Take up what was known before the restart; tell if there was anything."""
        self.memory = await self.store.async_load()
        chosen: list[str] | None = self.config_entry.options.get(CONF_SUBSCRIPTIONS)
        self.data = {
            key: contract
            for key, contract in self.memory.contracts.items()
            if chosen is None or key in chosen
        }
        self._note_shared_names()
        for key, contract in self.data.items():
            self._subscriptions[key] = contract.subscription
            if contract.plan:
                self._plans[contract.plan.id] = contract.plan
        self._listed = set(self.data)
        self._ordered = {key for key, known in self.data.items() if known.order}
        self._watch_expiry()
        return bool(self.data)

    @property
    def answered_at(self) -> datetime | None:
        """When Nomos last answered."""
        return self.memory.answered_at

    @property
    def answer_holds(self) -> bool:
        """Whether the last answer is still good enough to show an order by it."""
        return (
            self.answered_at is not None
            and not self._login_is_broken
            and dt_util.utcnow() < self.answered_at + ANSWER_HOLDS
        )

    @property
    def _login_is_broken(self) -> bool:
        return not self.last_update_success and isinstance(
            self.last_exception, ConfigEntryAuthFailed
        )

    @override
    async def _async_update_data(self) -> dict[str, Contract]:
        try:
            contracts = await self._async_read_contracts()
        except NomosError as err:
            raise self._failed(err) from err
        self.failures = 0
        self.update_interval = self._time_until_next_day()
        self._remember(contracts)
        return contracts

    def _remember(self, contracts: dict[str, Contract]) -> None:
        """Keep an answer, and what can't be learned from the next one."""
        now, memory = dt_util.utcnow(), self.memory
        self.was_absent = (
            memory.answered_at is not None and now > memory.answered_at + ABSENCE
        )
        memory.answered_at = now
        memory.contracts = contracts
        memory.prices = {
            key: prices for key, prices in memory.prices.items() if key in contracts
        }
        memory.usage = {
            key: usage for key, usage in memory.usage.items() if key in contracts
        }
        memory.announced = {
            key: order for key, order in memory.announced.items() if key in contracts
        }
        memory.appointments = {
            key: _appointments(memory.appointments.get(key, ()), contract, now)
            for key, contract in contracts.items()
        }
        self._note_shared_names()
        self.save()

    @callback
    def look_again_at(self, key: str) -> None:
        """Read a subscription again with the next look at Nomos."""
        self._look_again_at.add(key)

    def save(self) -> None:
        """Let what is known be there after a restart."""
        self.store.async_save_soon(self.memory)

    def _note_shared_names(self) -> None:
        names = Counter(contract.name for contract in self.memory.contracts.values())
        self.shared_names = {name for name, count in names.items() if count > 1}

    def _failed(self, err: NomosError) -> ConfigEntryAuthFailed | UpdateFailed:
        """Say what is wrong and when to try again: ever less often."""
        wait = min(FIRST_RETRY * 2**self.failures, LAST_RETRY)
        self.failures += 1
        if err.retry_after:
            self.leave_alone_until = dt_util.utcnow() + timedelta(
                seconds=err.retry_after
            )
        return explain(err, wait)

    def _time_until_next_day(self) -> timedelta:
        """Time until this account's moment of the day.

        Accounts ask at different moments, so that they don't all ask at once.
        """
        account = self.config_entry.unique_id or self.config_entry.entry_id
        moment = DAY * share_of(account)
        now = dt_util.utcnow()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        wait = (midnight + moment - now) % DAY
        # A timer may fire a second early, which must not make a second time of it.
        return wait if wait > timedelta(minutes=1) else wait + DAY

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        if self.last_update_success:
            self._watch_expiry()
            async_dispatcher_send(self.hass, self.signal_answered)
        elif self._login_is_broken:
            # Listeners are not told when one failure follows upon another.
            self.async_update_listeners()

    @callback
    def _watch_expiry(self) -> None:
        """Tell the entities when the last answer is too old to be shown."""
        self._async_cancel_expiry()
        if self.answered_at is not None:
            self._cancel_expiry = async_track_point_in_utc_time(
                self.hass, self._async_expire, self.answered_at + ANSWER_HOLDS
            )

    @callback
    def _async_expire(self, _now: datetime) -> None:
        self._cancel_expiry = None
        self.async_update_listeners()

    @callback
    def _async_cancel_expiry(self) -> None:
        if self._cancel_expiry:
            self._cancel_expiry()
            self._cancel_expiry = None

    async def _async_read_contracts(self) -> dict[str, Contract]:
        """Ask for what can have changed, and for nothing else."""
        chosen: list[str] | None = self.config_entry.options.get(CONF_SUBSCRIPTIONS)
        weekly = self._is_time_to_list()
        listed = chosen is None and weekly
        if listed:
            await self._async_list()
        elif weekly and chosen:
            self._listed_at, self._listed = dt_util.utcnow(), set(chosen)
        if weekly and self._nothing_can_follow():
            # The day's look at the orders goes to the subscriptions instead.
            answer = self._last_orders()
            self._look_again_at |= self._listed if chosen else set()
        else:
            answer = await self.client.meter_orders()
        orders = {order.subscription_id: order for order in answer.records}
        if chosen is None and not listed and self._has_strangers(orders):
            await self._async_list()
            listed = True
        followed = self._listed if chosen is None else set(chosen)
        hidden = {key for key in followed - orders.keys() if answer.may_hide(key)}
        for key in hidden & self.data.keys():
            if order := self.data[key].order:
                orders[key] = order

        # A list that lacks a subscription is no proof that it is gone.
        missing = self._known() - followed if listed else set[str]()
        outdated = {key for key in followed if self._is_outdated(key, orders)}
        gone = await self._async_read_subscriptions(missing | outdated)
        followed = (followed | missing) - gone
        self._listed, self._ordered = followed, set(orders)
        self._remove_devices_except(followed)
        await self._async_read_plans()
        self.may_write = await self.client.may_write()
        contracts = {
            key: Contract(
                subscription=self._subscriptions[key],
                order=orders.get(key),
                plan=self._plans[self._subscriptions[key].plan_id],
            )
            for key in sorted(followed & self._subscriptions.keys())
            # Nobody knows what an order says that was never readable.
            if key not in hidden or key in self.data
        }
        contracts = await self._async_with_reductions(contracts)
        return await self._async_with_readings(contracts, weekly)

    async def _async_with_reductions(
        self, contracts: dict[str, Contract]
    ) -> dict[str, Contract]:
        """Add the modules of §14a EnWG, which are asked for behind the gate only."""
        open_gates = {key for key, each in contracts.items() if each.has_modules}
        known = {key: contract.reductions for key, contract in self.data.items()}
        found: dict[str, tuple[GridFeeReduction, ...]] = {}
        if open_gates:
            try:
                answer = await self.client.grid_fee_reductions()
            except NomosAuthError:
                raise
            except NomosError as err:
                # The orders are good all the same.
                LOGGER.debug("Doing without new grid fee reductions: %s", err)
            else:
                for key in open_gates:
                    if not answer.may_hide(key):
                        found[key] = ()
                for each in answer.records:
                    if each.subscription_id in found:
                        found[each.subscription_id] += (each,)
        return {
            key: replace(contract, reductions=found.get(key, known.get(key, ())))
            for key, contract in contracts.items()
        }

    async def _async_with_readings(
        self, contracts: dict[str, Contract], weekly: bool
    ) -> dict[str, Contract]:
        """Add the last readings of the meters: each day behind the gate, else weekly."""
        known = self.data
        contracts = {
            key: replace(
                contract,
                reading=known[key].reading,
                counts_since=known[key].counts_since,
            )
            if key in known
            else contract
            for key, contract in contracts.items()
        }
        if not weekly and not any(each.has_prices for each in contracts.values()):
            return contracts
        # A contract that is new may have readings from before the last one known.
        is_known = bool(known) and contracts.keys() <= known.keys()
        made = [each.reading.created_at for each in known.values() if each.reading]
        try:
            readings = await self.client.meter_readings(
                contracts, max(made, default=None) if is_known else None
            )
        except NomosAuthError:
            raise
        except NomosError as err:
            LOGGER.debug("Doing without new meter readings: %s", err)
            return contracts
        return {
            key: contract.with_readings(readings) for key, contract in contracts.items()
        }

    @callback
    def async_take_up(self, contract: Contract) -> None:
        """Show what was just ordered, until Nomos is asked again."""
        self.memory.contracts = {**self.data, contract.subscription.id: contract}
        self.save()
        self.async_set_updated_data(self.memory.contracts)

    def _is_time_to_list(self) -> bool:
        return (
            self._listed_at is None
            or dt_util.utcnow() >= self._listed_at + LIST_AGAIN_AFTER
        )

    def _has_strangers(self, orders: Iterable[str]) -> bool:
        """Whether somebody ordered for a subscription that was not there before."""
        return not self._subscriptions.keys() | self._ordered >= set(orders)

    async def _async_list(self) -> None:
        """Learn which subscriptions the account has now."""
        listing = await self.client.subscriptions()
        self._listed_at = dt_util.utcnow()
        self._listed = {key for key in listing.unreadable if key is not None}
        for record in listing.records:
            self._listed.add(record.id)
            if known := self._subscriptions.get(record.id):
                self._subscriptions[record.id] = replace(
                    known,
                    status=record.status,
                    number=record.number,
                    plan_id=record.plan_id,
                    start_at=record.start_at,
                    end_at=record.end_at,
                )

    def _nothing_can_follow(self) -> bool:
        """Whether all orders have come to their end."""
        return self._listed == self.data.keys() and all(
            contract.is_settled for contract in self.data.values()
        )

    def _last_orders(self) -> Listing[MeterOrder]:
        orders = (contract.order for contract in self.data.values())
        return Listing(records=tuple(order for order in orders if order))

    def _known(self) -> set[str]:
        """Ids of all subscriptions that were heard of on this account."""
        devices = devices_of(self.hass, self.config_entry)
        return self._listed | self._subscriptions.keys() | devices.keys()

    def _is_outdated(self, key: str, orders: dict[str, MeterOrder]) -> bool:
        """Whether a subscription has to be read for what its order can't tell."""
        subscription = self._subscriptions.get(key)
        return (
            subscription is None
            or key in self._look_again_at
            or Contract(
                subscription=subscription, order=orders.get(key)
            ).needs_subscription
        )

    async def _async_read_subscriptions(self, keys: set[str]) -> set[str]:
        """Read subscriptions and return those that are gone."""
        gone = set()
        async for key, answer in self.client.subscription_details(sorted(keys)):
            self._look_again_at.discard(key)
            if isinstance(answer, Subscription):
                self._subscriptions[key] = answer
            elif isinstance(answer, NomosNotFoundError):
                self._subscriptions.pop(key, None)
                gone.add(key)
        return gone

    async def _async_read_plans(self) -> None:
        """Read new plans; without one, a contract merely lacks its portal."""
        plan_ids = {known.plan_id for known in self._subscriptions.values()}
        for plan_id in sorted(plan_ids - self._plans.keys()):
            try:
                self._plans[plan_id] = await self.client.plan(plan_id)
            except NomosError as err:
                LOGGER.debug("Doing without the plan %s: %s", plan_id, err)
                self._plans[plan_id] = None

    def _remove_devices_except(self, followed: set[str]) -> None:
        registry = dr.async_get(self.hass)
        for key, device in devices_of(self.hass, self.config_entry).items():
            if key not in followed:
                registry.async_remove_device(device.id)


def share_of(key: str) -> float:
    """Return a number from 0 to 1 that is always the same for a key.

    It spreads over a time what should not happen everywhere at once.
    """
    return int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32


def devices_of(
    hass: HomeAssistant, entry: NomosConfigEntry
) -> dict[str, dr.DeviceEntry]:
    """Return an account's devices by subscription id."""
    return {
        key: device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        for domain, key in device.identifiers
        # Planned loads have devices too.
        if domain == DOMAIN and device.config_subentry_id is None
    }


def _appointments(
    known: Iterable[datetime], contract: Contract, now: datetime
) -> list[datetime]:
    """Return past appointments and the current one; one that moved is forgotten."""
    current = contract.order.appointment_at if contract.order else None
    past = [moment for moment in known if moment <= now and moment != current]
    over = contract.is_installed or contract.is_cancelled
    if current is None or (current > now and over):
        # Who came before the appointment does not come again.
        return past
    return [*past, current]


def explain(err: NomosError, wait: timedelta) -> ConfigEntryAuthFailed | UpdateFailed:
    """Return what an error of the API means; it is tried again after some time."""
    match err:
        case NomosAuthError():
            return ConfigEntryAuthFailed(
                translation_domain=DOMAIN,
                translation_key="invalid_auth",
                translation_placeholders=placeholders_of(err),
            )
        case NomosRateLimitError():
            key = "rate_limited"
        case NomosForbiddenError():
            key = "no_permission"
        case NomosConnectionError():
            key = "cannot_connect"
        case _:
            key = "unexpected_answer"
    return UpdateFailed(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders_of(err),
        retry_after=max(wait.total_seconds(), err.retry_after or 0),
    )


def placeholders_of(err: NomosError) -> dict[str, str]:
    """Return what the texts of errors may name."""
    return {
        "status": str(err.status or "–"),
        "code": err.code or "–",
        "request_id": err.request_id or "–",
        "wait": str(round(err.retry_after or 0)),
    }
