"""Fields of the form of planned loads: keys, limits, and what is typed into them."""

from homeassistant.const import PERCENTAGE
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    TimeSelector,
)

from ..number_field import NumberField, price_field
from .choice_field import ChoiceField, number_or_entity, parsed_or_entity
from .need import FULL, HIGHEST_ENERGY, HIGHEST_POWER, VALUE_DOMAINS
from .parsing import parse_time
from .settings import TIME_DOMAINS

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
CONF_LEAST_PAUSE = "least_pause"
CONF_MOST_STARTS = "most_starts"
CONF_TARGETS = "targets"
CONF_NUMBER = "number"
CONF_NUMBER_ON = "number_on"
CONF_NUMBER_OFF = "number_off"

HIGHEST_PRICE = 500
"""ct/kWh; above the exchange's limit."""


def _energy_field(out_of_range: str) -> NumberField:
    return NumberField(
        unit="kWh", lowest=0.1, highest=HIGHEST_ENERGY, out_of_range=out_of_range
    )


HIGHEST_NUMBER = 100_000

MOST_STARTS = 48


def _value_field() -> NumberField:
    return NumberField(
        unit="",
        lowest=-HIGHEST_NUMBER,
        highest=HIGHEST_NUMBER,
        out_of_range="number_out_of_range",
    )


NUMBERS = {
    CONF_NUMBER_ON: _value_field(),
    CONF_NUMBER_OFF: _value_field(),
    CONF_MOST_STARTS: NumberField(
        unit="", lowest=1, highest=MOST_STARTS, out_of_range="starts_out_of_range"
    ),
    CONF_UPPER_PRICE: price_field(HIGHEST_PRICE),
    CONF_ALWAYS_BELOW: price_field(HIGHEST_PRICE),
    CONF_ENERGY: _energy_field("energy_out_of_range"),
    CONF_CAPACITY: _energy_field("energy_out_of_range"),
    CONF_EFFICIENCY: NumberField(
        unit=PERCENTAGE, lowest=1, highest=FULL, out_of_range="percent_out_of_range"
    ),
}

POWER = number_or_entity(
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
)

CHOICES = {
    CONF_POWER: POWER,
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
