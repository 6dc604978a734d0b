"""Sources from which the platforms create the entities of an account."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .billing.coordinator import BillingCoordinator
from .billing.costs import CostCoordinator
from .comparison.coordinator import ComparisonCoordinator
from .comparison.subentries import signal_comparisons_updated
from .coordinator import ContractCoordinator
from .entity import async_add_for_each, async_add_for_each_subentry
from .loads.coordinator import LoadCoordinator
from .loads.subentries import signal_loads_updated
from .nomos import Contract
from .prices.coordinator import PriceCoordinator
from .runtime import NomosConfigEntry
from .usage.coordinator import UsageCoordinator


class EntityCollector:
    """Adds the entities of the capabilities to one platform of an account."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NomosConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        """Initialize the collector."""
        self._hass = hass
        self._entry = entry
        self._add = async_add_entities
        self._runtime = entry.runtime_data

    @callback
    def for_contracts(
        self,
        create: Callable[[ContractCoordinator, str], Iterable[Entity]],
        condition: Callable[[Contract], bool] = lambda _contract: True,
    ) -> None:
        """Add entities for each contract that meets a condition, now or later."""
        contracts = self._runtime.contracts

        def sources() -> Mapping[str, str]:
            return {key: key for key, each in contracts.data.items() if condition(each)}

        async_add_for_each(
            self._entry, contracts, self._add, sources, partial(create, contracts)
        )

    @callback
    def for_prices(
        self,
        create: Callable[[PriceCoordinator], Iterable[Entity]],
        condition: Callable[[Contract], bool] = lambda _contract: True,
    ) -> None:
        """Add entities for each contract with prices that meets a condition."""
        runtime = self._runtime

        def sources() -> Mapping[str, PriceCoordinator]:
            return {
                key: prices
                for key, prices in runtime.prices.items()
                if condition(runtime.contracts.data[key])
            }

        async_add_for_each(self._entry, runtime.contracts, self._add, sources, create)

    @callback
    def for_usage(self, create: Callable[[UsageCoordinator], Iterable[Entity]]) -> None:
        """Add entities for each contract whose usage is imported."""
        runtime = self._runtime
        async_add_for_each(
            self._entry, runtime.contracts, self._add, lambda: runtime.usage, create
        )

    @callback
    def for_costs(self, create: Callable[[CostCoordinator], Iterable[Entity]]) -> None:
        """Add entities for each contract whose costs are summed up."""
        runtime = self._runtime
        async_add_for_each(
            self._entry, runtime.contracts, self._add, lambda: runtime.costs, create
        )

    @callback
    def for_invoices(
        self, create: Callable[[BillingCoordinator, str], Iterable[Entity]]
    ) -> None:
        """Add entities for each contract that has an invoice, now or later."""
        billing = self._runtime.billing

        def sources() -> Mapping[str, str]:
            return {key: key for key, each in billing.data.items() if each.invoices}

        async_add_for_each(
            self._entry, billing, self._add, sources, partial(create, billing)
        )

    @callback
    def for_loads(self, create: Callable[[LoadCoordinator], Iterable[Entity]]) -> None:
        """Add entities for each planned load."""
        async_add_for_each_subentry(
            self._hass,
            self._entry,
            signal_loads_updated(self._entry),
            self._runtime.loads,
            self._add,
            create,
        )

    @callback
    def for_comparisons(
        self, create: Callable[[ComparisonCoordinator], Iterable[Entity]]
    ) -> None:
        """Add entities for each comparison tariff."""
        async_add_for_each_subentry(
            self._hass,
            self._entry,
            signal_comparisons_updated(self._entry),
            self._runtime.comparisons,
            self._add,
            create,
        )
