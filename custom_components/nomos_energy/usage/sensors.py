"""What was used yesterday, what it cost, and what the meter shows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfEnergy
from homeassistant.helpers.typing import StateType

from ..coordinator import NomosCoordinator
from ..entity import NomosEntity, NomosUsageEntity
from ..nomos import UsageDay, berlin_day
from ..prices.price_list import CURRENCY, UNIT
from ..words import state_of


@dataclass(frozen=True, kw_only=True)
class NomosUsageDescription(SensorEntityDescription):
    """Describe a sensor of what was used on a day."""

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
) -> tuple[NomosUsageDescription, ...]:
    return (
        NomosUsageDescription(
            key=energy,
            translation_key=energy,
            device_class=SensorDeviceClass.ENERGY,
            native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
            suggested_display_precision=2,
            value_fn=lambda day: round(day.total.energy, 4),
        ),
        NomosUsageDescription(
            key=money,
            translation_key=money,
            device_class=SensorDeviceClass.MONETARY,
            native_unit_of_measurement=CURRENCY,
            suggested_display_precision=2,
            value_fn=_cost,
        ),
        NomosUsageDescription(
            key=average,
            translation_key=average,
            native_unit_of_measurement=UNIT,
            suggested_display_precision=4,
            value_fn=_average,
        ),
    )


CONSUMPTION = _descriptions(
    "consumption_yesterday", "cost_yesterday", "average_price_paid_yesterday"
)
FEED_IN = _descriptions(
    "feed_in_yesterday", "compensation_yesterday", "average_payout_yesterday"
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
    # Not one that only increases: estimates are corrected, and meters swapped.
    state_class=SensorStateClass.TOTAL,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    suggested_display_precision=1,
)


def usage_sensors(coordinator: NomosCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensors of what a contract's meter measured, if that is imported."""
    if key not in coordinator.usage:
        return
    for description in FEED_IN if coordinator.data[key].feeds_in else CONSUMPTION:
        yield NomosUsageSensor(coordinator, key, description)
    yield NomosUsageUntil(coordinator, key, USAGE_UNTIL)


def reading_sensors(coordinator: NomosCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensor of what a contract's meter shows."""
    yield NomosMeterReading(coordinator, key, METER_READING)


class NomosUsageSensor(NomosUsageEntity, SensorEntity):
    """A fact about yesterday, as soon as that is known without a gap."""

    entity_description: NomosUsageDescription

    @property
    @override
    def native_value(self) -> StateType:
        """Return the fact."""
        day = self.source.yesterday
        return self.entity_description.value_fn(day) if day else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return the day, and whether its values may still change."""
        day = self.source.yesterday
        return {
            "date": day.day.isoformat() if day else None,
            "preliminary": not day.is_final if day else None,
        }

    @override
    def _to_show(self) -> tuple[object, ...]:
        return self.available, self.native_value, self.extra_state_attributes


class NomosUsageUntil(NomosUsageEntity, SensorEntity):
    """How far the usage is known."""

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the end of the last quarter-hour."""
        return self.source.data.measured_until

    @override
    def _to_show(self) -> tuple[object, ...]:
        return self.available, self.native_value


class NomosMeterReading(NomosEntity, SensorEntity):
    """What the meter showed when somebody last read it."""

    @property
    @override
    def native_value(self) -> float | None:
        """Return the reading."""
        reading = self.contract.reading
        return reading.value if reading else None

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return from when on this meter is known, for another one counts anew."""
        return self.contract.counts_since

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return of which day the reading is, and who read."""
        reading = self.contract.reading
        return {
            "date": berlin_day(reading.timestamp).isoformat() if reading else None,
            "kind": state_of(reading.kind) if reading else None,
        }

    @override
    def _to_show(self) -> tuple[object, ...]:
        return (
            self.available,
            self.native_value,
            self.last_reset,
            self.extra_state_attributes,
        )
