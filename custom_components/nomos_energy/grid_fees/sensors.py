"""Sensors of the §14a modules and of the grid fee window."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..entity import ContractEntity, options, state_of
from ..nomos import DAY, GridFeeModule, GridFeeWindow, ReductionStatus, midnight
from ..prices.coordinator import PriceCoordinator
from ..prices.entity import PriceEntity


@dataclass(frozen=True, kw_only=True)
class ModuleSensorDescription(SensorEntityDescription):
    """Description of the sensor of a §14a module."""

    module: GridFeeModule


MODULES = tuple(
    ModuleSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENUM,
        # Changes once in years.
        entity_category=EntityCategory.DIAGNOSTIC,
        options=options(ReductionStatus),
        module=module,
    )
    for key, module in (
        ("module_1", GridFeeModule.MODULE_1),
        ("module_2", GridFeeModule.MODULE_2),
        ("module_3", GridFeeModule.MODULE_3),
    )
)

WINDOW = SensorEntityDescription(
    key="grid_fee_window",
    translation_key="grid_fee_window",
    device_class=SensorDeviceClass.ENUM,
    options=options(GridFeeWindow),
)


def module_sensors(contracts: ContractCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensors of a contract's §14a modules."""
    for description in MODULES:
        yield ModuleSensor(contracts, key, description)


def window_sensors(prices: PriceCoordinator) -> Iterable[SensorEntity]:
    """Return the sensor of the grid fee window, for contracts with module 3."""
    yield GridFeeWindowSensor(prices, WINDOW)


class ModuleSensor(ContractEntity, SensorEntity):
    """Sensor of the order status of a §14a module."""

    entity_description: ModuleSensorDescription

    @property
    @override
    def native_value(self) -> str | None:
        """Status of the latest order."""
        reduction = self.contract.reduction(self.entity_description.module)
        return state_of(reduction.status if reduction else ReductionStatus.NOT_ORDERED)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Period of validity."""
        reduction = self.contract.reduction(self.entity_description.module)
        return {
            "valid_from": reduction.valid_from if reduction else None,
            "valid_until": reduction.valid_until if reduction else None,
        }


class GridFeeWindowSensor(PriceEntity, SensorEntity):
    """Sensor of the current grid fee level: low, standard or high."""

    _unrecorded_attributes = frozenset({"windows"})

    @property
    @override
    def native_value(self) -> str | None:
        """Current level, while module 3 is in force."""
        moment = self.coordinator.moment
        if not self._has_windows(moment.now):
            return None
        return state_of(moment.series.grid_fee_window(moment.now))

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Start of the next window, and the windows of today and tomorrow."""
        return {"next_change": self._next_change(), "windows": self._windows()}

    def _next_change(self) -> datetime | None:
        moment = self.coordinator.moment
        change = moment.series.grid_fee_window_ends(moment.now)
        if self.native_value is None or change is None or not self._has_windows(change):
            return None
        return dt_util.as_local(change)

    def _windows(self) -> list[dict[str, str]]:
        moment = self.coordinator.moment
        today = moment.today.day
        return [
            {
                "start": dt_util.as_local(start).isoformat(),
                "end": dt_util.as_local(end).isoformat(),
                "level": window.value,
            }
            for start, end, window in moment.series.grid_fee_windows(
                midnight(today), midnight(today + 2 * DAY)
            )
            if self._has_windows(start)
        ]

    def _has_windows(self, moment: datetime) -> bool:
        """Return if module 3 is in force at a moment."""
        return GridFeeModule.MODULE_3 in self.contract.in_force(moment)
