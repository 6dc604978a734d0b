"""What a household wants to know about its order."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory, UnitOfRatio
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.typing import StateType

from ..coordinator import NomosCoordinator
from ..entity import NomosEntity, NomosOrderEntity
from ..nomos import (
    BlockedReason,
    CancelledReason,
    Contract,
    MeterOrder,
    Milestone,
    Provider,
)
from ..words import options, state_of

NO_REASON = "none"


@dataclass(frozen=True, kw_only=True)
class NomosSensorDescription(SensorEntityDescription):
    """Describe a sensor of a contract."""

    value_fn: Callable[[Contract], StateType | date | datetime]
    attributes_fn: Callable[[Contract], Mapping[str, Any]] | None = None


def _of_order[ValueT](
    read: Callable[[MeterOrder], ValueT],
) -> Callable[[Contract], ValueT | None]:
    """Read from the order, which not every contract has."""
    return lambda contract: read(contract.order) if contract.order else None


def _blocked_reason(contract: Contract) -> str | None:
    if contract.order is None or not contract.is_blocked:
        return NO_REASON
    return state_of(contract.order.blocked_reason)


def _cancelled_reason(contract: Contract) -> str | None:
    if contract.order is None or not contract.is_cancelled:
        return NO_REASON
    return state_of(contract.order.cancelled_reason)


ORDER_SENSORS: tuple[NomosSensorDescription, ...] = (
    NomosSensorDescription(
        key="order_status",
        translation_key="order_status",
        device_class=SensorDeviceClass.ENUM,
        options=options(Milestone),
        value_fn=lambda contract: state_of(contract.milestone),
    ),
    NomosSensorDescription(
        key="appointment",
        translation_key="appointment",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=_of_order(lambda order: order.appointment_at),
    ),
    NomosSensorDescription(
        key="installed",
        translation_key="installed",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=_of_order(lambda order: order.installed_at),
    ),
    NomosSensorDescription(
        key="activated",
        translation_key="activated",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=_of_order(lambda order: order.activated_at),
    ),
    NomosSensorDescription(
        key="progress",
        translation_key="progress",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        value_fn=lambda contract: contract.progress,
    ),
    NomosSensorDescription(
        key="expected_activation",
        translation_key="expected_activation",
        device_class=SensorDeviceClass.DATE,
        value_fn=lambda contract: contract.expected_activation,
    ),
    NomosSensorDescription(
        key="blocked_reason",
        translation_key="blocked_reason",
        device_class=SensorDeviceClass.ENUM,
        options=options(BlockedReason, NO_REASON),
        value_fn=_blocked_reason,
    ),
    NomosSensorDescription(
        key="cancelled_reason",
        translation_key="cancelled_reason",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=options(CancelledReason, NO_REASON),
        value_fn=_cancelled_reason,
        attributes_fn=lambda contract: {
            "cancelled_at": contract.order.cancelled_at if contract.order else None
        },
    ),
    NomosSensorDescription(
        key="ordered",
        translation_key="ordered",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_of_order(lambda order: order.created_at),
    ),
    NomosSensorDescription(
        key="provider",
        translation_key="provider",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=options(Provider),
        value_fn=_of_order(lambda order: state_of(order.provider)),
    ),
)


LAST_ANSWER = SensorEntityDescription(
    key="last_answer",
    translation_key="last_answer",
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
    # It would write a state every day.
    entity_registry_enabled_default=False,
)


def order_sensors(coordinator: NomosCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensors of a contract's order."""
    for description in ORDER_SENSORS:
        yield NomosOrderSensor(coordinator, key, description)
    yield NomosLastAnswerSensor(coordinator, key, LAST_ANSWER)


class NomosLastAnswerSensor(NomosEntity, SensorEntity):
    """When Nomos last answered, which is no news of the contract."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to every answer, not only to those that change something."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass,
                self.coordinator.signal_answered,
                self.async_write_ha_state,
            )
        )

    @property
    @override
    def available(self) -> bool:
        """Whether there was an answer; this one never gets too old."""
        return self._subscription_id in self.coordinator.data

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the moment."""
        return self.coordinator.answered_at


class NomosOrderSensor(NomosOrderEntity, SensorEntity):
    """A fact about the order of a smart meter."""

    entity_description: NomosSensorDescription

    @property
    @override
    def native_value(self) -> StateType | date | datetime:
        """Return the fact."""
        return self.entity_description.value_fn(self.contract)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what belongs to the fact."""
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.contract) if attributes_fn else None
