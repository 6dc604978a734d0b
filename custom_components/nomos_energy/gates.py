"""Coordinators of the contracts with an open gate: prices, usage, planned loads."""

from asyncio import gather
from collections.abc import Callable, Iterable
from functools import partial
from itertools import batched

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import DATA_INSTANCE

from .billing.costs import CostCoordinator
from .comparison.coordinator import ComparisonCoordinator
from .comparison.subentries import async_setup_comparisons
from .comparison.tariff import ComparisonTariff
from .const import DOMAIN
from .loads.coordinator import LoadCoordinator
from .loads.limit import LoadLimit
from .loads.limit_option import power_limit
from .loads.renames import async_follow_contract_settings
from .loads.settings import PlannedLoad
from .loads.subentries import async_setup_loads
from .prices.coordinator import PriceCoordinator
from .runtime import NomosConfigEntry, NomosRuntimeData, known_prices
from .usage.coordinator import UsageCoordinator
from .usage.names import async_setup_statistics_names

PARALLEL_REQUESTS = 10


@callback
def async_setup_gates(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Set up prices, usage and planned loads, for each contract when its gate opens."""
    runtime = entry.runtime_data
    update = partial(_update, hass, entry)
    entry.async_on_unload(runtime.contracts.async_add_listener(update))
    update()
    async_setup_statistics_names(hass, entry, runtime.contracts, runtime.usage)

    limits: dict[str, LoadLimit] = {}

    @callback
    def limit_of(subscription_id: str) -> LoadLimit:
        if subscription_id not in limits:
            limit = LoadLimit(hass, power_limit(entry, subscription_id))
            entry.async_on_unload(limit.async_shutdown)
            limits[subscription_id] = limit
        return limits[subscription_id]

    @callback
    def create_load(key: str, load: PlannedLoad) -> LoadCoordinator:
        prices_of_load = partial(known_prices, runtime, load.subscription_id)
        return LoadCoordinator(
            hass,
            entry,
            runtime.contracts,
            runtime.stores.loads,
            key,
            load,
            prices_of_load,
            limit_of(load.subscription_id),
        )

    async_follow_contract_settings(hass, entry)
    async_setup_loads(hass, entry, runtime.stores.loads, runtime.loads, create_load)

    @callback
    def create_comparison(key: str, tariff: ComparisonTariff) -> ComparisonCoordinator:
        subscription_id = tariff.subscription_id
        usage, costs = runtime.usage[subscription_id], runtime.costs[subscription_id]
        return ComparisonCoordinator(hass, entry, usage, costs, key, tariff)

    async_setup_comparisons(
        hass,
        entry,
        runtime.contracts,
        runtime.costs,
        runtime.comparisons,
        create_comparison,
    )


@callback
def _update(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    runtime = entry.runtime_data

    @callback
    def create_prices(key: str) -> PriceCoordinator:
        prices = PriceCoordinator(
            hass, entry, runtime.contracts, runtime.stores.prices, key
        )
        prices.async_add_listener(partial(_update_loads, runtime, key))
        return prices

    @callback
    def create_usage(key: str) -> UsageCoordinator:
        return UsageCoordinator(
            hass,
            entry,
            runtime.contracts,
            runtime.stores.usage,
            key,
            partial(known_prices, runtime, key),
        )

    @callback
    def create_costs(key: str) -> CostCoordinator:
        return CostCoordinator(hass, entry, runtime.usage[key], runtime.billing)

    runtime.stores.prices.async_retain(runtime.contracts.data)
    runtime.stores.usage.async_retain(runtime.contracts.data)
    new_prices = _follow(hass, entry, runtime.prices, create_prices)
    prices = [each for each in new_prices if each.is_due]
    # Without the recorder there is nothing to import into.
    usage = (
        _follow(hass, entry, runtime.usage, create_usage)
        if DATA_INSTANCE in hass.data
        else []
    )
    # Before the first import, so that each import is summed up.
    if runtime.usage:
        _follow(hass, entry, runtime.costs, create_costs)
    if prices or usage:
        entry.async_create_background_task(
            hass,
            _async_first_refresh(prices, usage),
            f"{DOMAIN} first prices and usage",
        )


@callback
def _follow[CoordinatorT: PriceCoordinator | UsageCoordinator | CostCoordinator](
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    known: dict[str, CoordinatorT],
    create: Callable[[str], CoordinatorT],
) -> list[CoordinatorT]:
    """Add and remove coordinators; return the new ones."""
    contracts = entry.runtime_data.contracts.data
    for key in known.keys() - contracts.keys():
        entry.async_create_task(hass, known.pop(key).async_shutdown())
    new = {
        key: create(key)
        for key, contract in contracts.items()
        if contract.smart_meter_active and key not in known
    }
    known.update(new)
    return list(new.values())


async def _async_first_refresh(
    prices: Iterable[PriceCoordinator], usage: Iterable[UsageCoordinator]
) -> None:
    """Refresh the prices first: automations wait for them, not for past usage."""
    for some in batched(prices, PARALLEL_REQUESTS, strict=False):
        await gather(*(each.async_refresh() for each in some))
    for each in usage:
        await each.async_start()


@callback
def _update_loads(runtime: NomosRuntimeData, key: str) -> None:
    """Plan the loads of a contract again when its prices have changed."""
    for load in runtime.loads.values():
        if load.load.subscription_id == key:
            load.async_prices_updated()
