"""What planned loads switch in the tests."""

from homeassistant.const import STATE_ON
from homeassistant.core import (
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from custom_components.nomos_energy.const import DOMAIN

BOX, LAMP = "input_boolean.box", "input_boolean.lamp"


async def add_targets(hass: HomeAssistant) -> None:
    """Set up two helpers that stand for what is switched."""
    await async_setup_component(hass, "homeassistant", {})
    helpers = {"input_boolean": {"box": {"initial": False}, "lamp": {"initial": False}}}
    await async_setup_component(hass, "input_boolean", helpers)
    await hass.async_block_till_done()


@callback
def changes(hass: HomeAssistant, entity: str = BOX) -> list[str]:
    """Return when a target changes, and to what, from now on."""
    seen: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if new := event.data["new_state"]:
            seen.append(f"{dt_util.now():%a %H:%M} {new.state}")

    async_track_state_change_event(hass, entity, note)
    return seen


def is_on(hass: HomeAssistant, entity: str = BOX) -> bool:
    """Return if a target is on."""
    return hass.states.is_state(entity, STATE_ON)


async def by_hand(hass: HomeAssistant, action: str, entity: str = BOX) -> None:
    """Switch a target as a person does."""
    await hass.services.async_call(
        "input_boolean",
        action,
        {"entity_id": entity},
        blocking=True,
        context=Context(),
    )
    await hass.async_block_till_done()


def missed(hass: HomeAssistant) -> list[dict[str, str] | None]:
    """Return the placeholders of the issues about targets."""
    return [
        each.translation_placeholders
        for each in ir.async_get(hass).issues.values()
        if each.domain == DOMAIN and each.translation_key == "target_missed"
    ]
