"""Button that orders a smart meter."""

from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import DOMAIN
from ..coordinator import ContractCoordinator
from ..entity import ContractEntity
from .placing import async_order_smart_meter

ORDER_SMART_METER = ButtonEntityDescription(
    key="order_smart_meter",
    translation_key="order_smart_meter",
)


@callback
def async_add_order_buttons(
    hass: HomeAssistant,
    entry: ConfigEntry,
    contracts: ContractCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a button for each contract that can order, and remove it afterwards."""
    registry = er.async_get(hass)
    shown: set[str] = set()

    @callback
    def update() -> None:
        possible = {
            key for key, contract in contracts.data.items() if contract.can_be_ordered
        }
        # The scopes of a login are unknown until the first answer.
        if contracts.last_update_success and not contracts.may_write:
            possible.clear()
        for key in contracts.data.keys() - possible:
            if entity_id := registry.async_get_entity_id(
                "button", DOMAIN, f"{key}_{ORDER_SMART_METER.key}"
            ):
                registry.async_remove(entity_id)
        new = (possible if contracts.may_write else set()) - shown
        shown.intersection_update(possible)
        shown.update(new)
        async_add_entities(
            OrderButton(contracts, key, ORDER_SMART_METER) for key in sorted(new)
        )

    update()
    entry.async_on_unload(contracts.async_add_listener(update))
    # The scopes of a login may change while no contract does.
    entry.async_on_unload(
        async_dispatcher_connect(hass, contracts.signal_answered, update)
    )


class OrderButton(ContractEntity, ButtonEntity):
    """Button that places the one order a contract can have."""

    @override
    async def async_press(self) -> None:
        """Order a smart meter."""
        await async_order_smart_meter(self.coordinator, self._subscription_id)
