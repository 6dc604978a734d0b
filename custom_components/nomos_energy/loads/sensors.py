"""Sensors of planned loads."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.components.sensor import (
    DOMAIN as SENSOR_DOMAIN,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import PERCENTAGE, UnitOfEnergy, UnitOfTime
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..const import CURRENCY, DOMAIN, PRICE_UNIT
from ..entity import options
from .coordinator import LoadCoordinator
from .entity import LoadEntity
from .need import ChargeLevel, RunTime
from .settings import PlannedLoad
from .state import LoadState, PlanState


@dataclass(frozen=True, kw_only=True)
class LoadSensorDescription(SensorEntityDescription):
    """Description of a sensor of a planned load."""

    value_fn: Callable[[LoadState], StateType | datetime]
    attributes_fn: Callable[[LoadState], Mapping[str, Any]] | None = None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _running_since(load: LoadState) -> Mapping[str, Any]:
    """Return the start of the piece in progress; the next start is a later one."""
    running = load.running
    return {"running_since": dt_util.as_local(running.start) if running else None}


def _plan_details(load: LoadState) -> Mapping[str, Any]:
    """Return why the load will not finish, its reduced power in kW, and `until`.

    So long is a target left alone that was switched by hand.
    """
    is_by_hand = load.plan_state is PlanState.SWITCHED_BY_HAND
    running = load.running if is_by_hand else None
    return {
        "reason": load.shortfall,
        "reduced_to": _rounded(load.reduced, 3),
        "until": dt_util.as_local(running.end) if running else None,
    }


def _plan_attributes(load: LoadState) -> Mapping[str, Any]:
    """Return what the plan is based on, and if its end is known."""
    known = load.is_latest_known
    return {
        **_plan_details(load),
        "need_basis": load.basis.value,
        **({} if known is None else {"finish_by_known": known}),
    }


PLANNED_COST = LoadSensorDescription(
    key="planned_cost",
    translation_key="planned_cost",
    device_class=SensorDeviceClass.MONETARY,
    native_unit_of_measurement=CURRENCY,
    suggested_display_precision=2,
    value_fn=lambda load: _rounded(load.cost, 4),
)

SAVINGS = LoadSensorDescription(
    # No state class, as with all amounts: a run counts when its hours are over, and
    # the recorder would add it to that hour.
    key="savings_this_month",
    translation_key="savings_this_month",
    device_class=SensorDeviceClass.MONETARY,
    native_unit_of_measurement=CURRENCY,
    suggested_display_precision=2,
    value_fn=lambda load: round(load.saved, 4),
)

REMAINING_ENERGY = LoadSensorDescription(
    key="remaining_energy",
    translation_key="remaining_energy",
    device_class=SensorDeviceClass.ENERGY,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    suggested_display_precision=1,
    value_fn=lambda load: (
        None
        if load.power is None
        else round(load.remaining / timedelta(hours=1) * load.power, 3)
    ),
)

REMAINING_LEVEL = LoadSensorDescription(
    key="remaining_level",
    translation_key="remaining_level",
    native_unit_of_measurement=PERCENTAGE,
    suggested_display_precision=0,
    value_fn=lambda load: (
        None
        if load.amount is None or load.level is None
        else round(max(load.amount - load.level, 0), 1)
    ),
)

LOAD_SENSORS = (
    LoadSensorDescription(
        key="plan_state",
        translation_key="plan_state",
        device_class=SensorDeviceClass.ENUM,
        options=options(PlanState),
        value_fn=lambda load: load.plan_state.value,
        attributes_fn=_plan_attributes,
    ),
    LoadSensorDescription(
        key="next_start",
        translation_key="next_start",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda load: load.next_start,
        attributes_fn=_running_since,
    ),
    LoadSensorDescription(
        key="next_end",
        translation_key="next_end",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda load: load.next_end,
    ),
    LoadSensorDescription(
        key="planned_price",
        translation_key="planned_price",
        native_unit_of_measurement=PRICE_UNIT,
        suggested_display_precision=4,
        value_fn=lambda load: _rounded(load.price, 6),
    ),
    PLANNED_COST,
    SAVINGS,
    LoadSensorDescription(
        key="remaining_today",
        translation_key="remaining_today",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=2,
        value_fn=lambda load: round(load.remaining / timedelta(hours=1), 4),
    ),
    REMAINING_ENERGY,
    REMAINING_LEVEL,
)


def _exists(load: PlannedLoad, description: LoadSensorDescription) -> bool:
    """Return if a sensor has a meaning for a load: amounts only if power is known."""
    if description in (PLANNED_COST, SAVINGS):
        return bool(load.power)
    if description is REMAINING_ENERGY:
        return not isinstance(load.need, RunTime)
    return description is not REMAINING_LEVEL or isinstance(load.need, ChargeLevel)


def load_sensors(coordinator: LoadCoordinator) -> Iterable[SensorEntity]:
    """Return the sensors of a planned load, and remove those that it had before."""
    registry = er.async_get(coordinator.hass)
    for description in LOAD_SENSORS:
        sensor = LoadSensor(coordinator, description)
        if _exists(coordinator.load, description):
            yield sensor
        elif known := registry.async_get_entity_id(
            SENSOR_DOMAIN, DOMAIN, str(sensor.unique_id)
        ):
            registry.async_remove(known)


class LoadSensor(LoadEntity, SensorEntity):
    """Sensor of a planned load."""

    entity_description: LoadSensorDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Value of the sensor."""
        return self.entity_description.value_fn(self.load)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Attributes of the sensor."""
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.load) if attributes_fn else None
