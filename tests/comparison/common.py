"""Comparison tariffs, as a household enters them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.const import DOMAIN
from simulator import Household
from tests.forms import open_comparison

type Compare = Callable[..., Awaitable[tuple[MockConfigEntry, str]]]
"""Sets up the account and adds a tariff; returns its entry and the subentry's ID."""


async def add_tariff(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    home: Household,
    *changes: Mapping[str, str],
    **entered: Any,
) -> str:
    """Add a comparison tariff that is computed; return the ID of its subentry."""
    before = set(entry.subentries)
    form = await open_comparison(hass, hass_client, entry)
    done = await form.send(
        **{
            "name": "Stadtwerke",
            "subscription": home.subscription_id,
            "price": "32,5",
            "changes": {"prices": list(changes)} if changes else {},
            **entered,
        }
    )
    assert done["type"] == "create_entry", done
    await hass.async_block_till_done(wait_background_tasks=True)
    (key,) = set(entry.subentries) - before
    return key


def statistic_id(home: Household, key: str) -> str:
    """Return the statistic of a tariff's cost."""
    return f"{DOMAIN}:{home.subscription_id}_comparison_{key.lower()}"


def savings(hass: HomeAssistant, key: str, what: str) -> tuple[str, Mapping[str, Any]]:
    """Return the state of a sensor of savings, and its attributes."""
    entity = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{key}_{what}")
    assert entity
    state = hass.states.get(entity)
    assert state
    return state.state, state.attributes
