"""Mistakes in the form of planned loads."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_NAME

from ..contract_selector import CONF_SUBSCRIPTION
from .form_fields import (
    CONF_ALWAYS_BELOW,
    CONF_CAPACITY,
    CONF_EARLIEST,
    CONF_EFFICIENCY,
    CONF_ENERGY,
    CONF_LATEST,
    CONF_LEAST_PAUSE,
    CONF_LEVEL,
    CONF_MOST_STARTS,
    CONF_NUMBER,
    CONF_NUMBER_OFF,
    CONF_NUMBER_ON,
    CONF_POWER,
    CONF_RUN_TIME,
    CONF_SHORTEST_PIECE,
    CONF_TARGET,
    CONF_TARGETS,
    CONF_UPPER_PRICE,
    CONF_WEEKDAYS,
)
from .form_values import is_negative
from .need import RunTime, parse_need
from .parsing import InvalidLoadError
from .planner import NOTHING
from .settings import END_ACTIONS, START_ACTIONS, PlannedLoad

_MISSING = {
    CONF_RUN_TIME: "run_time_too_long",
    CONF_ENERGY: "value_missing",
    CONF_LEVEL: "level_unusable",
    CONF_TARGET: "value_missing",
    CONF_CAPACITY: "value_missing",
    CONF_EFFICIENCY: "value_missing",
    CONF_POWER: "power_missing",
    CONF_SUBSCRIPTION: "value_missing",
    CONF_EARLIEST: "no_time",
    CONF_LATEST: "no_time",
    CONF_SHORTEST_PIECE: "piece_too_long",
    CONF_UPPER_PRICE: "value_missing",
    CONF_ALWAYS_BELOW: "value_missing",
    CONF_WEEKDAYS: "no_weekday",
    CONF_TARGETS: "target_unusable",
    CONF_LEAST_PAUSE: "pause_unusable",
    CONF_MOST_STARTS: "starts_out_of_range",
    CONF_NUMBER: "number_unusable",
    CONF_NUMBER_ON: "number_value_missing",
    CONF_NUMBER_OFF: "number_value_missing",
    START_ACTIONS: "actions_unusable",
    END_ACTIONS: "actions_unusable",
}
"""Errors of settings that no plan can be made for, by setting."""


def need_errors(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the translation keys of the invalid fields of the first step."""
    errors = {} if data[CONF_NAME].strip() else {CONF_NAME: "name_missing"}
    if is_negative(data.get(CONF_RUN_TIME)):
        return errors | {CONF_RUN_TIME: "negative_duration"}
    try:
        need, _power = parse_need(data)
    except InvalidLoadError as err:
        return errors | {err.setting: _MISSING[err.setting]}
    if isinstance(need, RunTime) and need.run_time <= NOTHING:
        errors[CONF_RUN_TIME] = "run_time_missing"
    return errors


def hours_errors(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the translation keys of the invalid fields of the second step."""
    for name in (CONF_SHORTEST_PIECE, CONF_LEAST_PAUSE):
        if is_negative(data.get(name)):
            return {name: "negative_duration"}
    try:
        load = PlannedLoad.from_data("", data)
    except InvalidLoadError as err:
        return {err.setting: _MISSING[err.setting]}
    errors = {}
    run_time = load.fixed_run_time
    if run_time is None:
        return {}
    if run_time > load.longest_run_time:
        errors[CONF_LATEST] = "hours_too_short"
    if load.shortest_piece and load.shortest_piece > run_time:
        errors[CONF_SHORTEST_PIECE] = "piece_too_long"
    return errors


def switching_errors(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the translation keys of the invalid fields of the third step."""
    try:
        PlannedLoad.from_data("", data)
    except InvalidLoadError as err:
        return {err.setting: _MISSING[err.setting]}
    return {}
