"""Parsers of the settings of planned loads, as stored in subentries."""

from collections.abc import Callable, Collection, Mapping
from datetime import time, timedelta
from math import isfinite
from typing import Any

from homeassistant.core import split_entity_id, valid_entity_id

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class InvalidLoadError(ValueError):
    """A setting of a planned load is missing or can't be used."""

    def __init__(self, setting: str) -> None:
        """Initialize the error with the name of the setting."""
        super().__init__(f"The setting {setting} is invalid")
        self.setting = setting


class StoredSettings:
    """Data of a subentry; what can't be used raises InvalidLoadError."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Initialize with the data."""
        self._data = data

    def read[T](self, setting: str, parse: Callable[[Any], T]) -> T:
        """Return a required setting."""
        try:
            return parse(self._data[setting])
        except (ArithmeticError, LookupError, TypeError, ValueError) as err:
            raise InvalidLoadError(setting) from err

    def read_optional[T](self, setting: str, parse: Callable[[Any], T]) -> T | None:
        """Return a setting, or None if it is empty."""
        is_empty = self._data.get(setting) in (None, {})
        return None if is_empty else self.read(setting, parse)


def parse_text(value: Any) -> str:
    """Parse a text that is not empty."""
    if not value or not isinstance(value, str):
        raise TypeError("A text expected")
    return str(value)


def parse_number(value: Any) -> float:
    """Parse a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("A number expected")
    if not isfinite(value):
        raise ValueError("A finite number expected")
    return float(value)


def number_between(lowest: float, highest: float) -> Callable[[Any], float]:
    """Return a parser of a number within limits."""

    def parse(value: Any) -> float:
        number = parse_number(value)
        if not lowest <= number <= highest:
            raise ValueError("A number within the limits expected")
        return number

    return parse


def entity_of(domains: Collection[str]) -> Callable[[Any], str]:
    """Return a parser of the ID of an entity of some domains."""

    def parse(value: Any) -> str:
        if not is_entity(value, domains):
            raise ValueError("An entity expected")
        return str(value)

    return parse


def is_entity(value: Any, domains: Collection[str]) -> bool:
    """Return if a value is the ID of an entity of some domains; `1.5` is none."""
    return (
        isinstance(value, str)
        and valid_entity_id(value)
        and split_entity_id(value)[0] in domains
    )


def either[T](
    entity: Callable[[Any], str], constant: Callable[[Any], T]
) -> Callable[[Any], T | str]:
    """Return a parser of an entity or a constant."""

    def parse(value: Any) -> T | str:
        try:
            return entity(value)
        except ValueError:
            return constant(value)

    return parse


def parse_duration(value: Any) -> timedelta:
    """Parse the value of a duration selector."""
    if not isinstance(value, Mapping) or not value:
        raise TypeError("A duration expected")
    return timedelta(**{unit: parse_number(each) for unit, each in value.items()})


def parse_time(value: Any) -> time:
    """Parse a time of day."""
    moment = time.fromisoformat(value)
    if moment.tzinfo:
        raise ValueError("A time of day without an offset expected")
    return moment


def parse_weekdays(value: Any) -> frozenset[int]:
    """Parse a list of weekdays; Monday is 0."""
    if not isinstance(value, list | tuple):
        raise TypeError("A list of weekdays expected")
    return frozenset(map(WEEKDAYS.index, value))


def entities_of(domains: Collection[str]) -> Callable[[Any], tuple[str, ...]]:
    """Return a parser of a list of entities of some domains, each of them once."""
    parse_entity = entity_of(domains)

    def parse(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            raise TypeError("A list of entities expected")
        return tuple(dict.fromkeys(map(parse_entity, value)))

    return parse


def parse_count(value: Any) -> int:
    """Parse a whole number from 1 on."""
    number = parse_number(value)
    if number < 1 or not number.is_integer():
        raise ValueError("A whole number expected")
    return int(number)


def parse_list(value: Any) -> tuple[Any, ...]:
    """Parse a list of anything."""
    if not isinstance(value, list | tuple):
        raise TypeError("A list expected")
    return tuple(value)
