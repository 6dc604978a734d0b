"""Sensors of the contract itself: its first and its last day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory

from .coordinator import ContractCoordinator
from .entity import ContractEntity
from .nomos import Contract


@dataclass(frozen=True, kw_only=True)
class ContractSensorDescription(SensorEntityDescription):
    """Description of a sensor of the contract."""

    value_fn: Callable[[Contract], date | None]


def _day(
    key: str, value_fn: Callable[[Contract], date | None]
) -> ContractSensorDescription:
    return ContractSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.DATE,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=value_fn,
    )


CONTRACT_START = _day("contract_start", lambda contract: contract.first_day)
CONTRACT_END = _day("contract_end", lambda contract: contract.last_day)


def start_sensors(contracts: ContractCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensor of a contract's first day."""
    yield ContractSensor(contracts, key, CONTRACT_START)


def end_sensors(contracts: ContractCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensor of a contract's last day, for contracts that end."""
    yield ContractSensor(contracts, key, CONTRACT_END)


class ContractSensor(ContractEntity, SensorEntity):
    """Sensor of the contract."""

    entity_description: ContractSensorDescription

    @property
    @override
    def native_value(self) -> date | None:
        """Value of the sensor."""
        return self.entity_description.value_fn(self.contract)
