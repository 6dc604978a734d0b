"""Event entities of all capabilities."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .billing.events import invoice_events
from .collector import EntityCollector
from .loads.events import load_events
from .orders.events import order_events
from .runtime import NomosConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an account."""
    collect = EntityCollector(hass, entry, async_add_entities)
    collect.for_contracts(order_events)
    collect.for_invoices(invoice_events)
    collect.for_loads(load_events)
