"""States of the targets of a planned load: what is on, what refuses, and who did it."""

from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.const import (
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.util import dt as dt_util

from .numbers import NumberTarget, has_value, off_values, reduced_value
from .settings import PlannedLoad

SCENE, SCRIPT = "scene", "script"

SETTLING = timedelta(minutes=2)
"""Time in which a device may still take back what it had confirmed."""


def state_of(hass: HomeAssistant, entity: str) -> State | None:
    """Return the state of an entity, or None if it can't be switched."""
    state = hass.states.get(entity)
    return state if state and state.state != STATE_UNAVAILABLE else None


class TargetStates:
    """States of the targets of a load, and the latest call to each."""

    def __init__(self, hass: HomeAssistant, load: PlannedLoad) -> None:
        """Initialize the states; a number has the value of the settings in a run."""
        self._hass = hass
        self.number = load.number
        self.level = load.number.on if load.number else 0.0
        """Value of the number during a run."""
        self.entities = load.targets
        if load.number:
            self.entities = (*load.targets, load.number.entity)
        self._contexts: dict[str, str] = {}
        """ID of the context of the latest call by target."""
        self._switched_on: dict[str, datetime] = {}

    def number_of(self, entity: str) -> NumberTarget | None:
        """Return the number that an entity is."""
        return self.number if self.number and self.number.entity == entity else None

    def follow(self, reduced: float | None) -> bool:
        """Reduce the value of the number to a power in kW; return if it is another."""
        level = self.number.on if self.number else 0.0
        if self.number and reduced is not None:
            level = reduced_value(self._hass, self.number, reduced)
        is_another = level != self.level
        self.level = level
        return is_another

    def values(self, service: str) -> dict[str, float]:
        """Return the values by which an action is done to numbers."""
        if self.number is None:
            return {}
        if service == SERVICE_TURN_ON:
            return {self.number.entity: self.level}
        return off_values([self.number])

    def is_off(self, state: State) -> bool:
        """Return if a target is off, or a number nearer to its value after a run."""
        if number := self.number_of(state.entity_id):
            return replace(number, on=self.level).is_off(state)
        return state.state == STATE_OFF

    def is_on(self, state: State) -> bool:
        """Return if a target is as it has to be during a run."""
        if self.number_of(state.entity_id):
            return has_value(state, self.level)
        return state.state not in (STATE_OFF, STATE_UNKNOWN)

    def refuses(self, entity: str) -> bool:
        """Return if a target is off although it was switched on."""
        state = self._hass.states.get(entity)
        return state is not None and state.domain != SCRIPT and self.is_off(state)

    def new_context(self, service: str, entity: str) -> Context:
        """Return the context of the next call to a target."""
        context = Context()
        self._contexts[entity] = context.id
        if service == SERVICE_TURN_ON:
            self._switched_on[entity] = dt_util.utcnow()
        return context

    def is_ours(self, state: State) -> bool:
        """Return if a state comes from the latest call."""
        return state.context.id == self._contexts.get(state.entity_id)

    def is_refusal(self, state: State) -> bool:
        """Return if a device takes back what it had confirmed.

        Such a report comes neither from a person nor from an automation.
        """
        at = self._switched_on.get(state.entity_id)
        return (
            at is not None
            and dt_util.utcnow() - at < SETTLING
            and state.context.user_id is None
            and state.context.parent_id is None
        )
