"""Entities in the settings of planned loads, under new entity IDs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    HomeAssistant,
    callback,
    valid_entity_id,
)
from homeassistant.helpers.entity_registry import EventEntityRegistryUpdatedData
from homeassistant.helpers.event import async_track_entity_registry_updated_event

from ..const import CONF_CONTRACTS
from .history import Switched
from .settings import END_ACTIONS, START_ACTIONS

ACTIONS = (START_ACTIONS, END_ACTIONS)
"""Settings in which no entity is renamed; Home Assistant renames none in actions."""


def entities_in(data: Any) -> Iterator[str]:
    """Yield all entity IDs in settings, such as the data of a subentry."""
    if isinstance(data, str) and valid_entity_id(data):
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if key not in ACTIONS:
                yield from entities_in(value)
    elif isinstance(data, list | tuple):
        for each in data:
            yield from entities_in(each)


def renamed(data: Any, old: str, new: str) -> Any:
    """Return settings with another entity ID."""
    if isinstance(data, Mapping):
        return {
            key: each if key in ACTIONS else renamed(each, old, new)
            for key, each in data.items()
        }
    if isinstance(data, list | tuple):
        return type(data)(renamed(each, old, new) for each in data)
    return new if data == old else data


@callback
def async_track_renames(
    hass: HomeAssistant, entities: Iterable[str], action: Callable[[str, str], None]
) -> CALLBACK_TYPE:
    """Call an action with the old and the new ID of each entity that is renamed."""

    @callback
    def registry_updated(event: Event[EventEntityRegistryUpdatedData]) -> None:
        data = event.data
        if data["action"] == "update" and "entity_id" in data["changes"]:
            action(data["old_entity_id"], data["entity_id"])

    return async_track_entity_registry_updated_event(
        hass, set(entities), registry_updated
    )


@callback
def async_follow_contract_settings(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Follow the entities in the settings of contracts, such as that of the limit."""

    @callback
    def follow(old: str, new: str) -> None:
        contracts = renamed(entry.options.get(CONF_CONTRACTS), old, new)
        options = {**entry.options, CONF_CONTRACTS: contracts}
        hass.config_entries.async_update_entry(entry, options=options)
        hass.config_entries.async_schedule_reload(entry.entry_id)

    entities = entities_in(entry.options.get(CONF_CONTRACTS))
    entry.async_on_unload(async_track_renames(hass, entities, follow))


def renamed_switched(switched: Switched, old: str, new: str) -> Switched:
    """Return what was switched with another entity ID."""

    def followed(entity: str) -> str:
        return new if entity == old else entity

    return replace(
        switched,
        on=tuple(map(followed, switched.on)),
        by_hand=tuple(map(followed, switched.by_hand)),
        numbers=tuple(
            replace(each, entity=followed(each.entity)) for each in switched.numbers
        ),
        missed=tuple(
            replace(each, entity=followed(each.entity)) for each in switched.missed
        ),
    )
