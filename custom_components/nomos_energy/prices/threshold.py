"""Thresholds and levels of a price, as options of triggers and conditions."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_OPTIONS
from homeassistant.helpers.selector import selector
from homeassistant.util.unit_conversion import BaseUnitConverter
import voluptuous as vol

from ..const import PRICE_UNIT
from .sensors import PRICE, PRICE_LEVELS

CONF_THRESHOLD = "threshold"
CONF_LEVEL = "level"

TYPED_UNIT = "ct/kWh"
"""Unit of the numbers that people type."""

PRICE_KEYS = frozenset({str(PRICE.translation_key)})
LEVEL_KEYS = frozenset({"price_level"})

VERY_CHEAP, CHEAP, _, EXPENSIVE, VERY_EXPENSIVE = PRICE_LEVELS
CHEAP_LEVELS = {CHEAP: {CHEAP, VERY_CHEAP}, VERY_CHEAP: {VERY_CHEAP}}
EXPENSIVE_LEVELS = {
    EXPENSIVE: {EXPENSIVE, VERY_EXPENSIVE},
    VERY_EXPENSIVE: {VERY_EXPENSIVE},
}
"""Levels that count, by the level that is chosen."""

THRESHOLD = selector(
    {
        "choose": {
            "choices": {
                "number": {"selector": {"number": {"mode": "box", "step": "any"}}},
                "entity": {"selector": {"entity": {}}},
            }
        }
    }
)
"""A number in ct/kWh, or an entity with a price."""


THRESHOLD_OPTIONS = {
    vol.Required(CONF_OPTIONS): {vol.Required(CONF_THRESHOLD): THRESHOLD}
}


def level_options(levels: Mapping[str, set[str]]) -> dict[vol.Marker, Any]:
    """Return the schema of options by which one of some levels is chosen, else the first."""
    first = next(iter(levels))
    level = {vol.Required(CONF_LEVEL, default=first): vol.In(levels)}
    return {vol.Required(CONF_OPTIONS, default={}): level}


PRICE_UNITS: dict[str | None, float] = {
    PRICE_UNIT: 1,
    "€/kWh": 1,
    TYPED_UNIT: 100,
    "EUR/MWh": 1000,
    "€/MWh": 1000,
}
UNITS = set(PRICE_UNITS)


class PriceConverter(BaseUnitConverter):
    """Converter of the units that prices of electricity have."""

    UNIT_CLASS = "energy_price"
    _UNIT_CONVERSION = PRICE_UNITS
    VALID_UNITS = UNITS


def threshold_options(options: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the options as Home Assistant's numerical triggers and conditions read it.

    `kind` is "above" or "below".
    """
    threshold = options[CONF_THRESHOLD]
    value = (
        {"entity": threshold}
        if isinstance(threshold, str)
        else {"number": threshold, "unit_of_measurement": TYPED_UNIT}
    )
    return {**options, CONF_THRESHOLD: {"type": kind, "value": value}}
