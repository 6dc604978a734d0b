"""What a household wants to know about its order, its prices and its grid fee."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import NomosConfigEntry
from .entity import async_add_for_each_contract
from .grid_fee_sensors import module_sensors, window_sensors
from .order_sensors import order_sensors
from .price_sensors import price_sensors

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of an account."""
    async_add_for_each_contract(entry, async_add_entities, order_sensors)
    async_add_for_each_contract(
        entry,
        async_add_entities,
        price_sensors,
        condition=lambda contract: contract.smart_meter_active,
    )
    async_add_for_each_contract(
        entry,
        async_add_entities,
        module_sensors,
        condition=lambda contract: contract.has_modules,
    )
    async_add_for_each_contract(
        entry,
        async_add_entities,
        window_sensors,
        condition=lambda contract: contract.has_grid_fee_windows,
    )
