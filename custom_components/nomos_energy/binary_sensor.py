"""The gate, and whether the way to it is blocked."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import NomosConfigEntry
from .entity import NomosEntity, NomosOrderEntity, async_add_for_each_contract

PARALLEL_UPDATES = 0

GATE = BinarySensorEntityDescription(
    key="smart_meter_active",
    translation_key="smart_meter_active",
)

BLOCKED = BinarySensorEntityDescription(
    key="order_blocked",
    translation_key="order_blocked",
    device_class=BinarySensorDeviceClass.PROBLEM,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of an account."""
    async_add_for_each_contract(
        entry,
        async_add_entities,
        lambda coordinator, key: (
            NomosGate(coordinator, key, GATE),
            NomosOrderBlocked(coordinator, key, BLOCKED),
        ),
    )


class NomosGate(NomosEntity, BinarySensorEntity):
    """Whether the smart meter is active, so that all that needs it may start."""

    @property
    @override
    def available(self) -> bool:
        """Whether there was an answer once.

        A meter does not leave the wall because the internet is down.
        """
        return self._subscription_id in self.coordinator.data

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the gate is open."""
        return self.contract.smart_meter_active


class NomosOrderBlocked(NomosOrderEntity, BinarySensorEntity):
    """Whether the order waits for somebody."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the order is blocked."""
        return self.contract.is_blocked

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return since when the order has been blocked."""
        order = self.contract.order
        return {"blocked_since": order.blocked_at if order else None}
