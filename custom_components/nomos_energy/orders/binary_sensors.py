"""Binary sensors of the meter order, the gate among them."""

from collections.abc import Iterable, Mapping
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)

from ..coordinator import ContractCoordinator
from ..entity import ContractEntity
from .entity import OrderEntity

GATE = BinarySensorEntityDescription(
    key="smart_meter_active",
    translation_key="smart_meter_active",
)

BLOCKED = BinarySensorEntityDescription(
    key="order_blocked",
    translation_key="order_blocked",
    device_class=BinarySensorDeviceClass.PROBLEM,
)


def order_binary_sensors(
    contracts: ContractCoordinator, key: str
) -> Iterable[BinarySensorEntity]:
    """Return the binary sensors of a contract's order."""
    yield SmartMeterActive(contracts, key, GATE)
    yield OrderBlocked(contracts, key, BLOCKED)


class SmartMeterActive(ContractEntity, BinarySensorEntity):
    """Gate: the smart meter is active, so that what depends on it may start."""

    @property
    @override
    def available(self) -> bool:
        """Return if the contract is included.

        The last state holds through every outage: a meter stays installed.
        """
        return self.has_contract

    @property
    @override
    def is_on(self) -> bool:
        """Return if the gate is open."""
        return self.contract.smart_meter_active


class OrderBlocked(OrderEntity, BinarySensorEntity):
    """Problem sensor of an order that is on hold."""

    @property
    @override
    def is_on(self) -> bool:
        """Return if the order is on hold."""
        return self.contract.is_blocked

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Start of the block."""
        order = self.contract.order
        return {"blocked_since": order.blocked_at if order else None}
