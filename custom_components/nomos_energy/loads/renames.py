"""Entities in the settings of planned loads, under new entity IDs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from homeassistant.core import valid_entity_id

from .history import Switched
from .settings import END_ACTIONS, START_ACTIONS

ACTIONS = (START_ACTIONS, END_ACTIONS)
"""Settings in which no entity is renamed; Home Assistant renames none in actions."""


def entities_in(data: Any) -> Iterator[str]:
    """Yield all entity IDs in the data of a subentry."""
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
    """Return the data of a subentry with another entity ID."""
    if isinstance(data, Mapping):
        return {
            key: each if key in ACTIONS else renamed(each, old, new)
            for key, each in data.items()
        }
    if isinstance(data, list | tuple):
        return type(data)(renamed(each, old, new) for each in data)
    return new if data == old else data


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
