"""Conditions of the meter order."""

from homeassistant.const import STATE_ON
from homeassistant.helpers.condition import Condition, EntityStateConditionBase

from ..target import BINARY_SENSORS, OwnEntities
from .binary_sensors import GATE

ACTIVE: set[str | bool] = {STATE_ON}


class SmartMeterActiveCondition(OwnEntities, EntityStateConditionBase):
    """Condition that a smart meter is active."""

    _domain_specs = BINARY_SENSORS
    translation_keys = frozenset({str(GATE.translation_key)})
    _states = ACTIVE


ORDER_CONDITIONS: dict[str, type[Condition]] = {
    "smart_meter_is_active": SmartMeterActiveCondition,
}
