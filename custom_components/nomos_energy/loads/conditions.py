"""Condition of planned loads."""

from homeassistant.const import STATE_ON
from homeassistant.helpers.condition import Condition, EntityStateConditionBase

from ..target import BINARY_SENSORS, OwnEntities
from .binary_sensors import RUN_NOW

RUNNING: set[str | bool] = {STATE_ON}


class LoadRunningCondition(OwnEntities, EntityStateConditionBase):
    """Condition that a planned load is running."""

    _domain_specs = BINARY_SENSORS
    translation_keys = frozenset({str(RUN_NOW.translation_key)})
    _states = RUNNING


LOAD_CONDITIONS: dict[str, type[Condition]] = {
    "load_is_running": LoadRunningCondition,
}
