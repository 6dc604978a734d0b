"""Condition of the grid fee window."""

from typing import override

from homeassistant.const import CONF_OPTIONS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import (
    ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL,
    Condition,
    ConditionConfig,
    EntityStateConditionBase,
)
import voluptuous as vol

from ..target import SENSORS, OwnEntities
from .sensors import WINDOW

CONF_WINDOW = "window"
WINDOWS = list(WINDOW.options or ())


class WindowCondition(OwnEntities, EntityStateConditionBase):
    """Condition that the grid fee window is one of the chosen ones."""

    _domain_specs = SENSORS
    translation_keys = frozenset({str(WINDOW.translation_key)})
    _schema = ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(
        {
            vol.Required(CONF_OPTIONS): {
                vol.Required(CONF_WINDOW): vol.All(
                    cv.ensure_list, vol.Length(min=1), [vol.In(WINDOWS)]
                )
            }
        }
    )

    @override
    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Initialize the condition."""
        assert config.options is not None
        self._states = {*config.options[CONF_WINDOW]}
        super().__init__(hass, config)


GRID_FEE_CONDITIONS: dict[str, type[Condition]] = {
    "grid_fee_window_is": WindowCondition,
}
