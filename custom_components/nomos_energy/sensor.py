"""What a household wants to know of its order, prices, usage and loads."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import NomosConfigEntry
from .entity import async_add_for_each_contract
from .grid_fees.sensors import module_sensors, window_sensors
from .loads.entity import async_add_for_each_load
from .loads.sensors import load_sensors
from .orders.sensors import order_sensors
from .prices.sensors import price_sensors
from .usage.sensors import reading_sensors, usage_sensors

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
    async_add_for_each_contract(
        entry,
        async_add_entities,
        usage_sensors,
        condition=lambda contract: contract.smart_meter_active,
    )
    async_add_for_each_contract(
        entry,
        async_add_entities,
        reading_sensors,
        condition=lambda contract: contract.reading is not None,
    )
    async_add_for_each_load(hass, entry, async_add_entities, load_sensors)
