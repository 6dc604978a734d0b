"""Events of the meter order, for the tests of orders."""

from itertools import pairwise

from homeassistant.const import (
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from custom_components.nomos_energy.const import DOMAIN
from simulator import Household

type Announcement = tuple[str, str | None, str | None]


def steps(*milestones: str) -> list[Announcement]:
    """Return the events that lead from one milestone to the next."""
    return [(new, old, new) for old, new in pairwise(milestones)]


def event_id(hass: HomeAssistant, home: Household) -> str:
    """Return the event entity of a household's contract."""
    found = er.async_get(hass).async_get_entity_id(
        Platform.EVENT, DOMAIN, f"{home.subscription_id}_order_update"
    )
    assert found
    return found


def capture_events(
    hass: HomeAssistant, home: Household | None = None
) -> list[Announcement]:
    """Return the events from now on, by the rules of Home Assistant's event trigger.

    A state that follows unavailable does not count.
    """
    heard: list[Announcement] = []

    @callback
    def hear(event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None or new.domain != Platform.EVENT:
            return
        if home and new.entity_id != event_id(hass, home):
            return
        if old.state in (STATE_UNAVAILABLE, new.state):
            return
        if new.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
            return
        attributes = new.attributes
        told = [attributes[key] for key in ("event_type", "old", "new")]
        kind, before, after = (None if word is None else str(word) for word in told)
        assert kind
        heard.append((kind, before, after))

    hass.bus.async_listen(EVENT_STATE_CHANGED, hear)
    return heard
