"""Base of the triggers that follow an event entity."""

from typing import override

from homeassistant.components.event import ATTR_EVENT_TYPE
from homeassistant.core import State
from homeassistant.helpers.trigger import (
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
)

from .target import EVENTS, OwnEntities


class EventTypeTrigger(OwnEntities, StatelessEntityTriggerBase):
    """Trigger for events of certain types.

    It also fires for the first event, and for those that an event entity makes up for
    after a start of Home Assistant.
    """

    _domain_specs = EVENTS
    _event_types: frozenset[str]

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Check if the event is of one of the types."""
        return state.attributes.get(ATTR_EVENT_TYPE) in self._event_types
