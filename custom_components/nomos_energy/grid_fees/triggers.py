"""Trigger of the grid fee window."""

from typing import override

from homeassistant.const import CONF_OPTIONS
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityTriggerBase,
    NotTriggeredReasonReporter,
    Trigger,
    TriggerConfig,
)
import voluptuous as vol

from ..target import SENSORS, OwnEntities
from .sensors import WINDOW

CONF_WINDOW = "window"
WINDOWS = list(WINDOW.options or ())


class WindowChangedTrigger(OwnEntities, EntityTriggerBase):
    """Trigger for a grid fee window that begins."""

    _domain_specs = SENSORS
    translation_keys = frozenset({str(WINDOW.translation_key)})
    _schema = ENTITY_STATE_TRIGGER_SCHEMA.extend(
        {
            vol.Required(CONF_OPTIONS, default={}): {
                vol.Optional(CONF_WINDOW, default=[]): vol.All(
                    cv.ensure_list, [vol.In(WINDOWS)]
                )
            }
        }
    )

    @override
    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger; without a choice it fires for all windows."""
        super().__init__(hass, config)
        self._windows = frozenset(self._options[CONF_WINDOW] or WINDOWS)

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Check if the window is one of the chosen ones."""
        return state.state in self._windows


GRID_FEE_TRIGGERS: dict[str, type[Trigger]] = {
    "grid_fee_window_changed": WindowChangedTrigger,
}
