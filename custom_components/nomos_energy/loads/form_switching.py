"""Third step of the form of planned loads: what is switched."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.automation import DATA_COMPONENT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import (
    ActionSelector,
    EntitySelector,
    EntitySelectorConfig,
)
import voluptuous as vol

from .form import form_schema
from .form_fields import (
    CONF_NUMBER,
    CONF_NUMBER_OFF,
    CONF_NUMBER_ON,
    CONF_TARGETS,
    NUMBERS,
)
from .numbers import NUMBER_DOMAINS
from .other_actions import INVALID_ACTIONS, async_validate_actions
from .renames import entities_in
from .settings import END_ACTIONS, START_ACTIONS, TARGET_DOMAINS

SWITCHING_BLUEPRINTS = (
    "run_a_switch_by_a_planned_load.yaml",
    "start_in_the_cheapest_block.yaml",
    "heat_pump_by_grid_fee_window.yaml",
)
"""Our blueprints whose automations switch something."""


def switching_schema() -> vol.Schema:
    """Return the third step: what is switched."""
    return form_schema(
        {
            vol.Optional(CONF_TARGETS): EntitySelector(
                EntitySelectorConfig(
                    multiple=True, filter={"domain": list(TARGET_DOMAINS)}
                )
            )
        },
        {
            vol.Optional(CONF_NUMBER): EntitySelector(
                EntitySelectorConfig(filter={"domain": list(NUMBER_DOMAINS)})
            ),
            vol.Optional(CONF_NUMBER_ON): NUMBERS[CONF_NUMBER_ON].selector,
            vol.Optional(CONF_NUMBER_OFF): NUMBERS[CONF_NUMBER_OFF].selector,
            vol.Optional(START_ACTIONS): ActionSelector(),
            vol.Optional(END_ACTIONS): ActionSelector(),
        },
    )


async def async_action_errors(
    hass: HomeAssistant, entered: Mapping[str, Any]
) -> dict[str, str]:
    """Return the translation keys of actions that could not be run."""
    errors: dict[str, str] = {}
    for setting in (START_ACTIONS, END_ACTIONS):
        try:
            await async_validate_actions(hass, entered.get(setting) or [])
        except INVALID_ACTIONS:
            errors[setting] = "actions_unusable"
    return errors


@callback
def async_automation_of(hass: HomeAssistant, data: Mapping[str, Any]) -> str | None:
    """Return the name of an automation of our blueprints that switches the same."""
    chosen = {*(data.get(CONF_TARGETS) or ()), data.get(CONF_NUMBER)}
    if DATA_COMPONENT not in hass.data:
        return None
    for each in hass.data[DATA_COMPONENT].entities:
        # Home Assistant puts it into a folder with the name of its author.
        file = (each.referenced_blueprint or "").rpartition("/")[-1]
        # Its own list of entities leaves out those in variables.
        if file in SWITCHING_BLUEPRINTS and chosen & {*entities_in(each.raw_config)}:
            return str(each.name or each.entity_id)
    return None
