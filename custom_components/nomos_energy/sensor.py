"""What a household wants to know about its order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import NomosConfigEntry
from .entity import NomosEntity, NomosOrderEntity, async_add_for_each_contract
from .nomos import (
    BlockedReason,
    CancelledReason,
    Contract,
    MeterOrder,
    Milestone,
    Provider,
)

PARALLEL_UPDATES = 0

NO_REASON = "none"


@dataclass(frozen=True, kw_only=True)
class NomosSensorDescription(SensorEntityDescription):
    """Describe a sensor of a contract."""

    value_fn: Callable[[Contract], StateType | date | datetime]
    attributes_fn: Callable[[Contract], Mapping[str, Any]] | None = None


def _options(kind: type[StrEnum], *more: str) -> list[str]:
    """Return the states of an enum; a word that nobody knows is no state."""
    return [*more, *(member.value for member in kind if member.value != "unknown")]


def _state(word: StrEnum | None) -> str | None:
    return None if word is None or word.value == "unknown" else word.value


def _of_order[ValueT](
    read: Callable[[MeterOrder], ValueT],
) -> Callable[[Contract], ValueT | None]:
    """Read from the order, which not every contract has."""
    return lambda contract: read(contract.order) if contract.order else None


def _blocked_reason(contract: Contract) -> str | None:
    if contract.order is None or not contract.is_blocked:
        return NO_REASON
    return _state(contract.order.blocked_reason)


def _cancelled_reason(contract: Contract) -> str | None:
    if contract.order is None or not contract.is_cancelled:
        return NO_REASON
    return _state(contract.order.cancelled_reason)


ORDER_SENSORS: tuple[NomosSensorDescription, ...] = (
    NomosSensorDescription(
        key="order_status",
        translation_key="order_status",
        device_class=SensorDeviceClass.ENUM,
        options=_options(Milestone),
        value_fn=lambda contract: _state(contract.milestone),
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
        options=_options(BlockedReason, NO_REASON),
        value_fn=_blocked_reason,
    ),
    NomosSensorDescription(
        key="cancelled_reason",
        translation_key="cancelled_reason",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=_options(CancelledReason, NO_REASON),
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
        options=_options(Provider),
        value_fn=_of_order(lambda order: _state(order.provider)),
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


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of an account."""
    async_add_for_each_contract(
        entry,
        async_add_entities,
        lambda coordinator, key: [
            *(
                NomosOrderSensor(coordinator, key, description)
                for description in ORDER_SENSORS
            ),
            NomosLastAnswerSensor(coordinator, key, LAST_ANSWER),
        ],
    )


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
