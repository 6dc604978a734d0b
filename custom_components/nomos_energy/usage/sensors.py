"""Sensors of the usage of the last day and of the meter reading."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory, UnitOfEnergy
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.helpers.typing import StateType

from ..const import CURRENCY, PRICE_UNIT
from ..coordinator import ContractCoordinator
from ..entity import ContractEntity, state_of
from ..nomos import UsageDay, berlin_day
from .coordinator import UsageCoordinator
from .entity import UsageEntity
from .statistics import async_clear_recorded


@dataclass(frozen=True, kw_only=True)
class UsageSensorDescription(SensorEntityDescription):
    """Description of a sensor of a day's usage."""

    value_fn: Callable[[UsageDay], StateType]


def _cost(day: UsageDay) -> float | None:
    return round(day.total.cost, 4) if day.is_priced else None


def _average(day: UsageDay) -> float | None:
    total = day.total
    return (
        round(total.cost / total.energy, 6) if day.is_priced and total.energy else None
    )


def _descriptions(
    energy: str, money: str, average: str
) -> tuple[UsageSensorDescription, ...]:
    # No state class: the recorder would count a day in the hour in which it becomes
    # known. The statistics have the usage of each hour.
    return (
        UsageSensorDescription(
            key=energy,
            translation_key=energy,
            device_class=SensorDeviceClass.ENERGY,
            native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
            suggested_display_precision=2,
            value_fn=lambda day: round(day.total.energy, 4),
        ),
        UsageSensorDescription(
            key=money,
            translation_key=money,
            device_class=SensorDeviceClass.MONETARY,
            native_unit_of_measurement=CURRENCY,
            suggested_display_precision=2,
            value_fn=_cost,
        ),
        UsageSensorDescription(
            key=average,
            translation_key=average,
            native_unit_of_measurement=PRICE_UNIT,
            suggested_display_precision=4,
            value_fn=_average,
        ),
    )


CONSUMPTION = _descriptions(
    "consumption_last_day", "cost_last_day", "average_price_paid_last_day"
)
FEED_IN = _descriptions(
    "feed_in_last_day", "earnings_last_day", "average_payout_last_day"
)

USAGE_UNTIL = SensorEntityDescription(
    key="usage_until",
    translation_key="usage_until",
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
)

METER_READING = SensorEntityDescription(
    key="meter_reading",
    translation_key="meter_reading",
    device_class=SensorDeviceClass.ENERGY,
    entity_category=EntityCategory.DIAGNOSTIC,
    # No state class: readings are weeks apart, and the Energy dashboard would count all
    # that time in one hour.
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    suggested_display_precision=1,
)


def usage_sensors(usage: UsageCoordinator) -> Iterable[SensorEntity]:
    """Return the sensors of a contract's usage."""
    for description in FEED_IN if usage.contract.feeds_in else CONSUMPTION:
        yield UsageSensor(usage, description)
    yield UsageUntilSensor(usage, USAGE_UNTIL)


def reading_sensors(contracts: ContractCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensor of a contract's meter reading."""
    yield MeterReadingSensor(contracts, key, METER_READING)


class UsageSensor(UsageEntity, SensorEntity):
    """Sensor of the usage of the last day that is known without a gap."""

    entity_description: UsageSensorDescription

    @property
    @override
    def native_value(self) -> StateType:
        """Value of the sensor."""
        day = self.coordinator.last_day
        return self.entity_description.value_fn(day) if day else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Day of the value, and if it may still change."""
        day = self.coordinator.last_day
        return {
            "date": day.day.isoformat() if day else None,
            "preliminary": not day.is_final if day else None,
        }


class UsageUntilSensor(UsageEntity, SensorEntity):
    """Sensor of the end of the known usage."""

    @property
    @override
    def native_value(self) -> datetime | None:
        """End of the last known quarter-hour."""
        return self.coordinator.data.measured_until


class MeterReadingSensor(ContractEntity, SensorEntity):
    """Sensor of the latest meter reading."""

    @override
    async def async_added_to_hass(self) -> None:
        """Clear the statistics from the time when the sensor had a state class.

        The recorder would report them as an issue.
        """
        await super().async_added_to_hass()
        if DATA_INSTANCE in self.hass.data:
            self.coordinator.config_entry.async_create_background_task(
                self.hass,
                async_clear_recorded(self.hass, self.entity_id),
                f"{self.entity_id} statistics",
            )

    @property
    @override
    def native_value(self) -> float | None:
        """Latest reading in kWh."""
        reading = self.contract.reading
        return reading.value if reading else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Day and kind of the reading."""
        reading = self.contract.reading
        return {
            "date": berlin_day(reading.timestamp).isoformat() if reading else None,
            "kind": state_of(reading.kind) if reading else None,
        }
