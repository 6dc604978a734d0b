"""Sensors of all capabilities."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .billing.sensors import cost_sensors, invoice_sensors
from .collector import EntityCollector
from .comparison.sensors import comparison_sensors
from .contract_sensors import end_sensors, start_sensors
from .grid_fees.sensors import module_sensors, window_sensors
from .loads.sensors import load_sensors
from .orders.sensors import order_sensors
from .prices.sensors import price_sensors
from .runtime import NomosConfigEntry
from .usage.sensors import reading_sensors, usage_sensors

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of an account."""
    collect = EntityCollector(hass, entry, async_add_entities)
    collect.for_contracts(order_sensors)
    collect.for_contracts(start_sensors)
    collect.for_contracts(end_sensors, lambda contract: contract.last_day is not None)
    collect.for_prices(price_sensors)
    collect.for_contracts(module_sensors, lambda contract: contract.has_modules)
    collect.for_prices(window_sensors, lambda contract: contract.has_grid_fee_windows)
    collect.for_usage(usage_sensors)
    collect.for_costs(cost_sensors)
    collect.for_invoices(invoice_sensors)
    collect.for_contracts(
        reading_sensors, lambda contract: contract.reading is not None
    )
    collect.for_loads(load_sensors)
    collect.for_comparisons(comparison_sensors)
