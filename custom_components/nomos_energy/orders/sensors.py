"""Sensors of the meter order."""

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
from homeassistant.util import dt as dt_util

from ..contract_store import Reached
from ..coordinator import ContractCoordinator
from ..entity import ContractEntity, ScheduledEntity, options, state_of
from ..nomos import (
    BlockedReason,
    CancelledReason,
    Contract,
    MeterOrder,
    Milestone,
    Provider,
)
from .entity import OrderEntity

NO_REASON = "none"

AWAITS_REGISTRATION = "awaits_registration"
"""Status of an order that was cancelled because a smart meter is already there."""


@dataclass(frozen=True, kw_only=True)
class OrderSensorDescription(SensorEntityDescription):
    """Description of a sensor of the meter order."""

    value_fn: Callable[[Contract], StateType | date | datetime]
    attributes_fn: Callable[[Contract], Mapping[str, Any]] | None = None


def _of_order[ValueT](
    read: Callable[[MeterOrder], ValueT],
) -> Callable[[Contract], ValueT | None]:
    """Read from the order, which not every contract has."""
    return lambda contract: read(contract.order) if contract.order else None


def _order_status(contract: Contract) -> str | None:
    if contract.awaits_registration:
        return AWAITS_REGISTRATION
    return state_of(contract.milestone)


def _blocked_reason(contract: Contract) -> str | None:
    if contract.order is None or not contract.is_blocked:
        return NO_REASON
    return state_of(contract.order.blocked_reason)


def _cancelled_reason(contract: Contract) -> str | None:
    if contract.order is None or not contract.is_cancelled:
        return NO_REASON
    return state_of(contract.order.cancelled_reason)


ORDER_STATUS = OrderSensorDescription(
    key="order_status",
    translation_key="order_status",
    device_class=SensorDeviceClass.ENUM,
    options=options(Milestone, AWAITS_REGISTRATION),
    value_fn=_order_status,
)

ORDER_SENSORS: tuple[OrderSensorDescription, ...] = (
    ORDER_STATUS,
    OrderSensorDescription(
        key="appointment",
        translation_key="appointment",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=_of_order(lambda order: order.appointment_at),
    ),
    OrderSensorDescription(
        key="installed",
        translation_key="installed",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=_of_order(lambda order: order.installed_at),
    ),
    OrderSensorDescription(
        key="activated",
        translation_key="activated",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=_of_order(lambda order: order.activated_at),
    ),
    OrderSensorDescription(
        key="progress",
        translation_key="progress",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        value_fn=lambda contract: contract.progress,
    ),
    OrderSensorDescription(
        key="blocked_reason",
        translation_key="blocked_reason",
        device_class=SensorDeviceClass.ENUM,
        options=options(BlockedReason, NO_REASON),
        value_fn=_blocked_reason,
    ),
    OrderSensorDescription(
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
    OrderSensorDescription(
        key="ordered",
        translation_key="ordered",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_of_order(lambda order: order.created_at),
    ),
    OrderSensorDescription(
        key="provider",
        translation_key="provider",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=options(Provider),
        value_fn=_of_order(lambda order: state_of(order.provider)),
    ),
)


EXPECTED_ACTIVATION = SensorEntityDescription(
    key="expected_activation",
    translation_key="expected_activation",
    device_class=SensorDeviceClass.DATE,
)

LAST_ANSWER = SensorEntityDescription(
    key="last_update",
    translation_key="last_update",
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
    # Its state changes every day, of interest to few.
    entity_registry_enabled_default=False,
)


def order_sensors(contracts: ContractCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensors of a contract's order."""
    for description in ORDER_SENSORS:
        sensor = OrderStatusSensor if description is ORDER_STATUS else OrderSensor
        yield sensor(contracts, key, description)
    yield ExpectedActivationSensor(contracts, key, EXPECTED_ACTIVATION)
    yield LastAnswerSensor(contracts, key, LAST_ANSWER)


class OrderSensor(OrderEntity, SensorEntity):
    """Sensor of the meter order."""

    entity_description: OrderSensorDescription

    @property
    @override
    def native_value(self) -> StateType | date | datetime:
        """Value of the sensor."""
        return self.entity_description.value_fn(self.contract)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Attributes of the sensor."""
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.contract) if attributes_fn else None


class OrderStatusSensor(OrderSensor):
    """Sensor of the order's milestone, with the times of all known ones."""

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Milestones with the times at which they were reached."""
        return {"reached": _reached(self.contract, self._seen())}

    def _seen(self) -> Iterable[Reached]:
        record = self.coordinator.store.records.get(self._subscription_id)
        return record.reached if record else ()


def _reached(contract: Contract, seen: Iterable[Reached]) -> dict[str, str]:
    """Return when milestones were reached, in Home Assistant's time zone.

    What Nomos dates counts before the day on which Home Assistant saw it.
    """
    order = contract.order
    if order is None:
        return {}
    moments: dict[Milestone, datetime | None] = {
        Milestone.CREATED: order.created_at,
        **{each.milestone: each.at for each in seen},
    }
    dated = {
        Milestone.INSTALLED: order.installed_at,
        Milestone.ACTIVATED: order.activated_at,
        Milestone.CANCELLED: order.cancelled_at,
    }
    moments |= {milestone: moment for milestone, moment in dated.items() if moment}
    return {
        milestone.value: dt_util.as_local(moment).isoformat()
        for milestone, moment in moments.items()
        if moment
    }


class ExpectedActivationSensor(OrderEntity, ScheduledEntity, SensorEntity):
    """Sensor of the day of the activation; unknown once it is overdue."""

    @property
    def _is_overdue(self) -> bool:
        activation = self.contract.activation
        return activation is not None and activation.is_overdue(dt_util.utcnow())

    @property
    @override
    def native_value(self) -> date | None:
        """Day of the activation: the earliest possible one until it is known."""
        activation = self.contract.activation
        return None if activation is None or self._is_overdue else activation.day

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Day, also when it has passed in vain, and the fact that it follows from."""
        activation = self.contract.activation
        return {
            "basis": activation.basis.value if activation else None,
            "day": activation.day if activation else None,
            "overdue": self._is_overdue,
        }

    @override
    def _updates_at(self, now: datetime) -> datetime | None:
        """Return the end of the expected day."""
        activation = self.contract.activation
        if activation is None or activation.is_overdue(now):
            return None
        return activation.overdue_at


class LastAnswerSensor(ContractEntity, SensorEntity):
    """Time of the last answer of Nomos."""

    @override
    async def async_added_to_hass(self) -> None:
        """Update with each answer, also if no contract has changed."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass,
                self.coordinator.signal_answered,
                self._handle_coordinator_update,
            )
        )

    @property
    @override
    def available(self) -> bool:
        """Return if the contract is included; the time does not become too old."""
        return self.has_contract

    @property
    @override
    def native_value(self) -> datetime | None:
        """Time of the last answer."""
        return self.coordinator.answered_at
