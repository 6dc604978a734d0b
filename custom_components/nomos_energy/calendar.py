"""Calendars of all capabilities."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .collector import EntityCollector
from .orders.calendar import order_calendars
from .runtime import NomosConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the calendars of an account."""
    EntityCollector(hass, entry, async_add_entities).for_contracts(order_calendars)
