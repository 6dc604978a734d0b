"""Runtime data of an account: what lives as long as its config entry is loaded."""

from asyncio import gather
from dataclasses import dataclass, field
from datetime import datetime

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from . import contract_store as contracts_store
from .billing import store as billings_store
from .billing.coordinator import BillingCoordinator
from .billing.costs import CostCoordinator
from .billing.store import BillingRecord, billing_store
from .comparison.coordinator import ComparisonCoordinator
from .contract_store import contract_store
from .coordinator import ContractCoordinator
from .loads import history
from .loads.coordinator import LoadCoordinator
from .loads.history import LoadHistory, load_store
from .nomos import NomosClient, PriceSeries
from .prices import store as prices_store
from .prices.coordinator import PriceCoordinator
from .prices.store import price_store
from .store import RecordStore, async_remove_store
from .token_store import TokenStore
from .usage import store as usages_store
from .usage.coordinator import UsageCoordinator
from .usage.store import UsageProgress, usage_store
from .webhooks import receiver
from .webhooks.receiver import Deliveries, delivery_store

type NomosConfigEntry = ConfigEntry[NomosRuntimeData]

STORES = (
    contracts_store.STORE,
    prices_store.STORE,
    usages_store.STORE,
    billings_store.STORE,
    history.STORE,
    receiver.STORE,
)


@dataclass(slots=True, kw_only=True)
class NomosStores:
    """Stores of the capabilities."""

    prices: RecordStore[PriceSeries]
    usage: RecordStore[UsageProgress]
    billing: RecordStore[BillingRecord]
    loads: RecordStore[LoadHistory]
    deliveries: RecordStore[datetime]


@dataclass(slots=True, kw_only=True)
class NomosRuntimeData:
    """Client, coordinators and stores of an account."""

    client: NomosClient
    contracts: ContractCoordinator
    billing: BillingCoordinator
    stores: NomosStores
    prices: dict[str, PriceCoordinator] = field(default_factory=dict)
    """Price coordinators by subscription ID; one for each open gate."""
    usage: dict[str, UsageCoordinator] = field(default_factory=dict)
    """Usage coordinators by subscription ID; none without a recorder."""
    costs: dict[str, CostCoordinator] = field(default_factory=dict)
    """Cost coordinators by subscription ID; none without a recorder."""
    loads: dict[str, LoadCoordinator] = field(default_factory=dict)
    """Load coordinators by subentry ID."""
    comparisons: dict[str, ComparisonCoordinator] = field(default_factory=dict)
    """Comparison coordinators by subentry ID; none without a recorder."""
    deliveries: Deliveries | None = None
    """Statistics of the webhooks, if they are configured."""


async def async_create_runtime_data(
    hass: HomeAssistant, entry: NomosConfigEntry, client: NomosClient
) -> NomosRuntimeData:
    """Return the runtime data with loaded stores, before the first refresh."""
    contracts = contract_store(hass, entry)
    stores = NomosStores(
        prices=price_store(hass, entry),
        usage=usage_store(hass, entry),
        billing=billing_store(hass, entry),
        loads=load_store(hass, entry),
        deliveries=delivery_store(hass, entry),
    )
    await gather(
        contracts.async_load(),
        stores.prices.async_load(),
        stores.usage.async_load(),
        stores.billing.async_load(),
        stores.loads.async_load(),
        stores.deliveries.async_load(),
    )
    coordinator = ContractCoordinator(hass, entry, client, contracts)
    return NomosRuntimeData(
        client=client,
        contracts=coordinator,
        billing=BillingCoordinator(hass, entry, coordinator, stores.billing),
        stores=stores,
    )


def loaded_contracts(entry: NomosConfigEntry) -> ContractCoordinator | None:
    """Return the contracts of an account, or None if it is not loaded."""
    if entry.state is not ConfigEntryState.LOADED:
        return None
    return entry.runtime_data.contracts


async def async_remove_stores(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Remove all stores of an account."""
    await TokenStore(hass, entry).async_remove()
    for capability in STORES:
        await async_remove_store(hass, entry.entry_id, capability)


def known_prices(runtime: NomosRuntimeData, key: str) -> PriceSeries:
    """Return the prices of a contract that need no request."""
    prices = runtime.prices.get(key)
    return prices.data if prices else PriceSeries()
