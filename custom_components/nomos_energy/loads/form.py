"""Fields of the form of planned loads, in steps."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.const import CONF_NAME, PERCENTAGE
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    DurationSelector,
    DurationSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)
import voluptuous as vol

from ..contract_selector import CONF_SUBSCRIPTION
from .form_fields import (
    CHOICES,
    CONF_ALWAYS_BELOW,
    CONF_CAPACITY,
    CONF_EARLIEST,
    CONF_EFFICIENCY,
    CONF_ENERGY,
    CONF_LATEST,
    CONF_LEAST_PAUSE,
    CONF_LEVEL,
    CONF_MOST_STARTS,
    CONF_POWER,
    CONF_RUN_TIME,
    CONF_SHORTEST_PIECE,
    CONF_TARGET,
    CONF_UPPER_PRICE,
    CONF_WEEKDAYS,
    NUMBERS,
)
from .need import DEFAULT_EFFICIENCY, NeedKind
from .parsing import WEEKDAYS

ADVANCED = "advanced"

SUGGESTED = {
    CONF_RUN_TIME: {"hours": 3, "minutes": 0},
    CONF_TARGET: 80.0,
    CONF_EFFICIENCY: float(DEFAULT_EFFICIENCY),
    CONF_EARLIEST: "18:00:00",
    CONF_LATEST: "07:00:00",
    CONF_WEEKDAYS: list(WEEKDAYS),
}
"""Suggested values, as they are stored: a car that is charged overnight."""


class _DurationSelector(DurationSelector):
    """Duration selector that leaves refusals to the form, whose errors are translated."""

    @override
    def __call__(self, data: Any) -> dict[str, float]:
        if not isinstance(data, dict) or not all(
            isinstance(each, int | float) for each in data.values()
        ):
            raise vol.Invalid("A duration expected")
        return data


_DURATION = _DurationSelector(
    DurationSelectorConfig(enable_day=False, enable_second=False, allow_negative=False)
)

_LEVEL = EntitySelector(
    EntitySelectorConfig(
        filter=[
            {"domain": "sensor", "device_class": "battery"},
            {"domain": "sensor", "unit_of_measurement": PERCENTAGE},
            {"domain": ["number", "input_number"]},
        ]
    )
)

type Fields = dict[vol.Marker, Any]


def _selector(name: str) -> Any:
    return CHOICES[name].selector() if name in CHOICES else NUMBERS[name].selector


def with_choices(schema: vol.Schema, suggested: Mapping[str, Any]) -> vol.Schema:
    """Return a schema whose fields with choices begin with that of their value."""
    chosen = {
        key: CHOICES[str(key)].selector(suggested.get(str(key)))
        for key in schema.schema
        if str(key) in CHOICES
    }
    return vol.Schema(schema.schema | chosen)


def _need_fields(kind: NeedKind) -> tuple[Fields, Fields]:
    """Return the fields of a need and its advanced ones."""
    if kind is NeedKind.RUN_TIME:
        return {
            vol.Required(CONF_RUN_TIME): _DURATION,
            vol.Optional(CONF_POWER): _selector(CONF_POWER),
        }, {}
    power: Fields = {vol.Required(CONF_POWER): _selector(CONF_POWER)}
    if kind is NeedKind.ENERGY:
        return {vol.Required(CONF_ENERGY): _selector(CONF_ENERGY), **power}, {}
    return {
        vol.Required(CONF_LEVEL): _LEVEL,
        vol.Required(CONF_TARGET): _selector(CONF_TARGET),
        vol.Required(CONF_CAPACITY): _selector(CONF_CAPACITY),
        **power,
    }, {
        vol.Optional(CONF_EFFICIENCY): _selector(CONF_EFFICIENCY),
        vol.Optional(CONF_RUN_TIME): _DURATION,
    }


def need_schema(kind: NeedKind, contract: SelectSelector | None) -> vol.Schema:
    """Return the first step: the name of the load and its need."""
    fields, advanced = _need_fields(kind)
    names: Fields = {vol.Required(CONF_NAME): TextSelector()}
    if contract:
        names[vol.Required(CONF_SUBSCRIPTION)] = contract
    return form_schema({**names, **fields}, advanced)


def hours_schema() -> vol.Schema:
    """Return the second step: when the load may run."""
    return form_schema(
        {
            vol.Required(CONF_EARLIEST): TimeSelector(),
            vol.Required(CONF_LATEST): _selector(CONF_LATEST),
            vol.Required(CONF_WEEKDAYS): SelectSelector(
                SelectSelectorConfig(
                    options=list(WEEKDAYS),
                    multiple=True,
                    mode=SelectSelectorMode.LIST,
                    translation_key="weekday",
                )
            ),
        },
        {
            vol.Optional(CONF_SHORTEST_PIECE): _DURATION,
            vol.Optional(CONF_LEAST_PAUSE): _DURATION,
            vol.Optional(CONF_MOST_STARTS): _selector(CONF_MOST_STARTS),
            vol.Optional(CONF_UPPER_PRICE): _selector(CONF_UPPER_PRICE),
            vol.Optional(CONF_ALWAYS_BELOW): _selector(CONF_ALWAYS_BELOW),
        },
    )


def form_schema(fields: Fields, advanced: Fields) -> vol.Schema:
    """Return the schema of a step, with its advanced fields in a section."""
    if not advanced:
        return vol.Schema(fields)
    collapsed = section(vol.Schema(advanced), {"collapsed": True})
    return vol.Schema({**fields, vol.Optional(ADVANCED): collapsed})
