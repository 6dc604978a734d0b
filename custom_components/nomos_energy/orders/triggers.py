"""Triggers of the meter order.

They rest on the event entity: what happened while Home Assistant was off fires after
its start.
"""

from typing import override

from homeassistant.const import CONF_OPTIONS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    Trigger,
    TriggerConfig,
)
import voluptuous as vol

from ..event_trigger import EventTypeTrigger
from ..nomos import ChangeType
from .events import ORDER_UPDATE

CONF_CHANGE = "change"

CHANGES = [kind.value for kind in ChangeType]


class OrderTrigger(EventTypeTrigger):
    """Trigger for changes of a meter order."""

    translation_keys = frozenset({str(ORDER_UPDATE.translation_key)})


class SmartMeterActivatedTrigger(OrderTrigger):
    """Trigger for the activation of a smart meter."""

    _event_types = frozenset({ChangeType.ACTIVATED.value})


class OrderChangedTrigger(OrderTrigger):
    """Trigger for all or some kinds of changes."""

    _schema = ENTITY_STATE_TRIGGER_SCHEMA.extend(
        {
            vol.Required(CONF_OPTIONS, default={}): {
                vol.Optional(CONF_CHANGE, default=[]): vol.All(
                    cv.ensure_list, [vol.In(CHANGES)]
                )
            }
        }
    )

    @override
    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger; without a choice it fires for all changes."""
        super().__init__(hass, config)
        self._event_types = frozenset(self._options[CONF_CHANGE] or CHANGES)


ORDER_TRIGGERS: dict[str, type[Trigger]] = {
    "order_changed": OrderChangedTrigger,
    "smart_meter_activated": SmartMeterActivatedTrigger,
}
