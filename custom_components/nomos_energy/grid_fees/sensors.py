"""The modules of §14a EnWG, and the window that module 3 puts now into."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.util import dt as dt_util

from ..coordinator import NomosCoordinator
from ..entity import NomosEntity, NomosPriceEntity
from ..nomos import GridFeeModule, GridFeeWindow, ReductionStatus
from ..words import options, state_of


@dataclass(frozen=True, kw_only=True)
class NomosModuleDescription(SensorEntityDescription):
    """Describe the sensor of a module."""

    module: GridFeeModule


MODULES = tuple(
    NomosModuleDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENUM,
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


def module_sensors(coordinator: NomosCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensors of what a contract may have ordered."""
    for description in MODULES:
        yield NomosModuleSensor(coordinator, key, description)


def window_sensors(coordinator: NomosCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensor that only module 3 gives a meaning."""
    yield NomosGridFeeWindow(coordinator, key, WINDOW)


class NomosModuleSensor(NomosEntity, SensorEntity):
    """How far a module is."""

    entity_description: NomosModuleDescription

    @property
    @override
    def native_value(self) -> str | None:
        """Return the status of its last order."""
        reduction = self.contract.reduction(self.entity_description.module)
        return state_of(reduction.status if reduction else ReductionStatus.NOT_ORDERED)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return from when until when it holds."""
        reduction = self.contract.reduction(self.entity_description.module)
        return {
            "valid_from": reduction.valid_from if reduction else None,
            "valid_until": reduction.valid_until if reduction else None,
        }


class NomosGridFeeWindow(NomosPriceEntity, SensorEntity):
    """Whether the grid fee is low, standard or high at the moment."""

    @property
    @override
    def native_value(self) -> str | None:
        """Return the window, while module 3 is in force."""
        moment = self.source.moment
        if GridFeeModule.MODULE_3 not in self.contract.in_force(moment.now):
            return None
        return state_of(moment.series.grid_fee_window(moment.now))

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return when the next window begins."""
        moment = self.source.moment
        change = moment.series.grid_fee_window_ends(moment.now)
        if self.native_value is None or change is None:
            return {"next_change": None}
        return {"next_change": dt_util.as_local(change)}

    @override
    def _to_show(self) -> tuple[object, ...]:
        return self.available, self.native_value, self.extra_state_attributes
