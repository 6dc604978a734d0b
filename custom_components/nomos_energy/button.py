"""Ordering a smart meter, where that is possible."""

from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import NomosConfigEntry
from .entity import NomosEntity
from .orders.placing import async_order_smart_meter

PARALLEL_UPDATES = 1

ORDER_SMART_METER = ButtonEntityDescription(
    key="order_smart_meter",
    translation_key="order_smart_meter",
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a button for every contract that can have an order."""
    coordinator = entry.runtime_data
    registry = er.async_get(hass)
    shown: set[str] = set()

    @callback
    def update() -> None:
        possible = {
            key for key, contract in coordinator.data.items() if contract.can_be_ordered
        }
        # What a login may do is not known while Nomos has not been asked.
        if coordinator.last_update_success and not coordinator.may_write:
            possible.clear()
        for key in coordinator.data.keys() - possible:
            if entity_id := registry.async_get_entity_id(
                "button", DOMAIN, f"{key}_{ORDER_SMART_METER.key}"
            ):
                registry.async_remove(entity_id)
        new = (possible if coordinator.may_write else set()) - shown
        shown.intersection_update(possible)
        shown.update(new)
        async_add_entities(
            NomosOrderButton(coordinator, key, ORDER_SMART_METER) for key in sorted(new)
        )

    update()
    entry.async_on_unload(coordinator.async_add_listener(update))
    # A login may write, or no longer, without anything else having changed.
    entry.async_on_unload(
        async_dispatcher_connect(hass, coordinator.signal_answered, update)
    )


class NomosOrderButton(NomosEntity, ButtonEntity):
    """Places the one order that a contract can have."""

    @override
    async def async_press(self) -> None:
        """Order a smart meter."""
        await async_order_smart_meter(self.coordinator, self._subscription_id)
