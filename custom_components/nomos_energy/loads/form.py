"""Fields of the form of planned loads, in steps."""

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
from ..number_field import NumberField, price_field
from .choice_field import ChoiceField, number_or_entity, parsed_or_entity
from .need import (
    DEFAULT_EFFICIENCY,
    FULL,
    HIGHEST_ENERGY,
    HIGHEST_POWER,
    VALUE_DOMAINS,
    NeedKind,
)
from .parsing import WEEKDAYS, parse_time
from .settings import TARGET_DOMAINS, TIME_DOMAINS

CONF_RUN_TIME = "run_time"
CONF_ENERGY = "energy"
CONF_LEVEL = "level"
CONF_TARGET = "target"
CONF_CAPACITY = "capacity"
CONF_EFFICIENCY = "efficiency"
CONF_POWER = "power"
CONF_EARLIEST = "earliest"
CONF_LATEST = "latest"
CONF_WEEKDAYS = "weekdays"
CONF_SHORTEST_PIECE = "shortest_piece"
CONF_UPPER_PRICE = "upper_price"
CONF_ALWAYS_BELOW = "always_below"
CONF_TARGETS = "targets"
ADVANCED = "advanced"

HIGHEST_PRICE = 500
"""ct/kWh; above the exchange's limit."""

SUGGESTED = {
    CONF_RUN_TIME: {"hours": 3, "minutes": 0},
    CONF_TARGET: 80.0,
    CONF_EFFICIENCY: float(DEFAULT_EFFICIENCY),
    CONF_EARLIEST: "18:00:00",
    CONF_LATEST: "07:00:00",
    CONF_WEEKDAYS: list(WEEKDAYS),
}
"""Suggested values, as they are stored: a car that is charged overnight."""


def _energy_field(out_of_range: str) -> NumberField:
    return NumberField(
        unit="kWh", lowest=0.1, highest=HIGHEST_ENERGY, out_of_range=out_of_range
    )


NUMBERS = {
    CONF_UPPER_PRICE: price_field(HIGHEST_PRICE),
    CONF_ALWAYS_BELOW: price_field(HIGHEST_PRICE),
    CONF_ENERGY: _energy_field("energy_out_of_range"),
    CONF_CAPACITY: _energy_field("energy_out_of_range"),
    CONF_EFFICIENCY: NumberField(
        unit=PERCENTAGE, lowest=1, highest=FULL, out_of_range="percent_out_of_range"
    ),
}

CHOICES = {
    CONF_POWER: number_or_entity(
        NumberField(
            unit="kW",
            lowest=0,
            highest=HIGHEST_POWER,
            out_of_range="power_out_of_range",
        ),
        EntitySelector(
            EntitySelectorConfig(
                filter=[
                    {"domain": ["sensor", "number"], "device_class": "power"},
                    {"domain": ["number", "input_number"]},
                ]
            )
        ),
        VALUE_DOMAINS,
    ),
    CONF_TARGET: number_or_entity(
        NumberField(
            unit=PERCENTAGE, lowest=1, highest=FULL, out_of_range="percent_out_of_range"
        ),
        EntitySelector(
            EntitySelectorConfig(
                filter=[
                    {"domain": ["number", "input_number"]},
                    {"domain": "sensor", "unit_of_measurement": PERCENTAGE},
                ]
            )
        ),
        VALUE_DOMAINS,
    ),
    CONF_LATEST: parsed_or_entity(
        "time",
        TimeSelector(),
        parse_time,
        "no_time",
        EntitySelector(EntitySelectorConfig(filter={"domain": list(TIME_DOMAINS)})),
        TIME_DOMAINS,
    ),
}

FIELDS: dict[str, NumberField | ChoiceField] = {**NUMBERS, **CHOICES}
"""Fields whose stored value differs from the entered one."""


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
    return FIELDS[name].selector


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
    return _schema({**names, **fields}, advanced)


def hours_schema() -> vol.Schema:
    """Return the second step: when the load may run."""
    return _schema(
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
            vol.Optional(CONF_UPPER_PRICE): _selector(CONF_UPPER_PRICE),
            vol.Optional(CONF_ALWAYS_BELOW): _selector(CONF_ALWAYS_BELOW),
        },
    )


def switching_schema() -> vol.Schema:
    """Return the third step: what is switched."""
    return _schema(
        {
            vol.Optional(CONF_TARGETS): EntitySelector(
                EntitySelectorConfig(
                    multiple=True, filter={"domain": list(TARGET_DOMAINS)}
                )
            )
        },
        {},
    )


def _schema(fields: Fields, advanced: Fields) -> vol.Schema:
    if not advanced:
        return vol.Schema(fields)
    collapsed = section(vol.Schema(advanced), {"collapsed": True})
    return vol.Schema({**fields, vol.Optional(ADVANCED): collapsed})
