"""Sensors of what the dynamic tariff saved, compared with a fixed price."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from ..const import CURRENCY, DOMAIN
from ..device import contract_devices
from .coordinator import Comparison, ComparisonCoordinator
from .savings import Savings


@dataclass(frozen=True, kw_only=True)
class SavingsDescription(SensorEntityDescription):
    """Description of a sensor of savings."""

    value_fn: Callable[[Comparison], Savings | None]


def _description(
    key: str, value_fn: Callable[[Comparison], Savings | None]
) -> SavingsDescription:
    # No state class: savings fall as well as rise, and values of the past change.
    return SavingsDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.MONETARY,
        native_unit_of_measurement=CURRENCY,
        suggested_display_precision=2,
        value_fn=value_fn,
    )


SAVINGS = (
    _description("saved_this_month", lambda comparison: comparison.month),
    _description("saved_total", lambda comparison: comparison.total),
)


def comparison_sensors(comparison: ComparisonCoordinator) -> Iterable[SensorEntity]:
    """Return the sensors of a comparison tariff."""
    for description in SAVINGS:
        yield SavingsSensor(comparison, description)


class SavingsSensor(CoordinatorEntity[ComparisonCoordinator], SensorEntity):
    """Sensor of what was saved: negative if the dynamic tariff costs more."""

    _attr_has_entity_name = True
    entity_description: SavingsDescription

    def __init__(
        self, coordinator: ComparisonCoordinator, description: SavingsDescription
    ) -> None:
        """Initialize the sensor."""
        super().__init__(coordinator)
        tariff = coordinator.tariff
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.key}_{description.key}"
        self._attr_device_info = DeviceInfo(
            entry_type=DeviceEntryType.SERVICE,
            identifiers={(DOMAIN, coordinator.key)},
            name=tariff.name,
        )
        devices = contract_devices(coordinator.hass, coordinator.config_entry)
        if contract := devices.get(tariff.subscription_id):
            self._attr_device_info["via_device_id"] = contract.id

    @property
    @override
    def available(self) -> bool:
        """Return if the contract is included; what was measured stays true."""
        usage = self.coordinator.usage
        return usage.subscription_id in usage.contracts.data

    @property
    def _savings(self) -> Savings | None:
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def native_value(self) -> float | None:
        """Savings in EUR."""
        return self._savings.saved if self._savings else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What is compared."""
        savings = self._savings
        if savings is None:
            return {}
        measured = self.coordinator.usage.data.measured_until
        return {
            "since": savings.first.isoformat(),
            "measured_until": measured and dt_util.as_local(measured),
            "energy": round(savings.energy, 3),
            "cost": round(savings.dynamic, 4),
            "fixed_cost": round(savings.fixed, 4),
            "average_price_paid": savings.average_paid,
            "base_fees": savings.has_base_fees,
            "share": round(100 * savings.share, 1),
        }
