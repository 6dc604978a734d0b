"""Binary sensors of all capabilities."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .collector import EntityCollector
from .grid_fees.binary_sensors import reduction_binary_sensors
from .loads.binary_sensors import load_binary_sensors
from .orders.binary_sensors import order_binary_sensors
from .prices.binary_sensors import price_binary_sensors
from .runtime import NomosConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of an account."""
    collect = EntityCollector(hass, entry, async_add_entities)
    collect.for_contracts(order_binary_sensors)
    collect.for_prices(price_binary_sensors)
    collect.for_contracts(
        reduction_binary_sensors, lambda contract: contract.has_modules
    )
    collect.for_loads(load_binary_sensors)
