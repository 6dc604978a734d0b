"""Values of the form of planned loads, as they are entered, stored and suggested."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
import voluptuous as vol

from ..number_field import InvalidNumberError
from .form import ADVANCED, SUGGESTED
from .form_fields import (
    CONF_LEAST_PAUSE,
    CONF_LEVEL,
    CONF_NUMBER,
    CONF_RUN_TIME,
    CONF_SHORTEST_PIECE,
    CONF_TARGETS,
    CONF_WEEKDAYS,
    FIELDS,
)
from .need import parse_entity, parse_run_time
from .numbers import NUMBER_DOMAINS
from .parsing import entities_of, entity_of, parse_weekdays
from .settings import TARGET_DOMAINS

PARSERS: dict[str, Callable[[Any], Any]] = {
    CONF_RUN_TIME: parse_run_time,
    CONF_SHORTEST_PIECE: parse_run_time,
    CONF_LEAST_PAUSE: parse_run_time,
    CONF_LEVEL: parse_entity,
    CONF_WEEKDAYS: parse_weekdays,
    CONF_TARGETS: entities_of(TARGET_DOMAINS),
    CONF_NUMBER: entity_of(NUMBER_DOMAINS),
}
"""Parsers of what selectors let pass; an empty value is not suggested."""


def advanced_fields(schema: vol.Schema) -> frozenset[str]:
    """Return the names of the fields in the section of a step."""
    return frozenset(
        str(field)
        for key, value in schema.schema.items()
        if key == ADVANCED
        for field in value.schema.schema
    )


def flatten(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input of a step without its section."""
    flat = {key: each for key, each in user_input.items() if key != ADVANCED}
    return flat | (user_input.get(ADVANCED) or {})


def read(entered: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data to store, and the translation keys of invalid values."""
    data, errors = dict(entered), dict[str, str]()
    for name, field in FIELDS.items():
        if text := data.pop(name, "").strip():
            try:
                data[name] = field.parse(text)
            except InvalidNumberError as err:
                errors[name] = err.key
    return data, errors


def shown(
    hass: HomeAssistant,
    schema: vol.Schema,
    stored: Mapping[str, Any],
    *,
    is_new: bool,
) -> dict[str, Any]:
    """Return the suggested values of a step; nothing that the form would refuse.

    What was left empty before stays empty, if the kind of need is not a new one.
    """
    found: dict[str, Any] = {}
    for key, selector in schema.schema.items():
        name = str(key)
        if isinstance(selector, section):
            found |= shown(hass, selector.schema, stored, is_new=is_new)
            continue
        candidates = [stored.get(name)]
        if is_new or isinstance(key, vol.Required):
            candidates.append(SUGGESTED.get(name))
        for value in candidates:
            if name in FIELDS:
                value = FIELDS[name].show(hass, value)
            if value is not None and _accepts(selector, PARSERS.get(name), value):
                found[name] = value
                break
    return found


def _accepts(
    selector: Callable[[Any], Any], parse: Callable[[Any], Any] | None, value: Any
) -> bool:
    try:
        selector(value)
        return parse is None or bool(parse(value))
    except vol.Invalid, TypeError, ValueError, ArithmeticError, LookupError:
        return False


def is_negative(value: Any) -> bool:
    """Return if a part of a duration is negative."""
    return isinstance(value, Mapping) and any(
        isinstance(part, int | float) and part < 0 for part in value.values()
    )
