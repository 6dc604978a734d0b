"""Format of the stores on disk, apart from that of the API.

Dataclasses are objects, timestamps and days are in ISO 8601, durations in seconds.
"""

from collections.abc import Callable, Collection, Hashable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from math import isfinite
from types import UnionType
from typing import Any, TypeAliasType, Union, cast, get_args, get_origin, get_type_hints

UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Errors of a reader that meets anything but what was written."""


LARGEST_NUMBER = 1e12
"""Seconds, kWh and EUR are all below; larger numbers were not written by us."""

YEARS = range(1970, 9000)
"""Years of valid days and timestamps, with room for time zones at both ends."""


@dataclass(slots=True)
class Damage:
    """Count of the parts of a record that were unreadable and left out."""

    whole: Collection[type] = ()
    """Dataclasses whose fields belong together: they are read as a whole or not."""
    parts: int = 0


def to_disk(value: Any) -> Any:
    """Return a value of a dataclass, enum, collection or basic type as JSON data."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case StrEnum():
            return value.value
        case tuple() | list():
            return [to_disk(each) for each in value]
        case _ if names := _field_names(cast("Hashable", type(value))):
            return {name: to_disk(getattr(value, name)) for name in names}
        case _:
            return value


def from_disk[T](kind: type[T], data: Any, damage: Damage | None = None) -> T:
    """Read what to_disk wrote; raises one of UNREADABLE for anything else.

    With `damage`, an unreadable item of a tuple is left out, and an unreadable field
    takes its default if there is one.
    """
    value: T = _reader(cast("Hashable", kind))(data, damage)
    return value


type Reader = Callable[[Any, Damage | None], Any]


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    """Return the names of a dataclass's fields; none for other types."""
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()


@cache
def _reader(kind: Any) -> Reader:
    """Return the reader for a type."""
    if isinstance(kind, TypeAliasType):
        return _reader(kind.__value__)
    arguments = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        (inner,) = (each for each in arguments if each is not type(None))
        return _optional(_reader(inner))
    if get_origin(kind) is tuple:
        return _items(_reader(arguments[0]))
    if is_dataclass(kind):
        return _object(kind)
    return _basic(kind if issubclass(kind, StrEnum) else _BASIC[kind])


def _basic(read: Callable[[Any], Any]) -> Reader:
    return lambda data, _damage: read(data)


def _optional(read: Reader) -> Reader:
    return lambda data, damage: None if data is None else read(data, damage)


def _items(read_item: Reader) -> Reader:
    def read(data: Any, damage: Damage | None) -> tuple[Any, ...]:
        items = []
        for each in _typed(list, data):
            try:
                items.append(read_item(each, damage))
            except UNREADABLE:
                if damage is None:
                    raise
                damage.parts += 1
        return tuple(items)

    return read


def _object(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    readers = {each.name: _reader(hints[each.name]) for each in fields(kind)}
    optional = {each.name for each in fields(kind) if each.default is not MISSING}

    def read(data: Any, damage: Damage | None) -> Any:
        _typed(dict, data)
        values = {}
        for name, read_field in readers.items():
            if name not in data and name in optional:
                continue
            try:
                values[name] = read_field(data[name], damage)
            except UNREADABLE:
                if damage is None or name not in optional or kind in damage.whole:
                    raise
                damage.parts += 1
        return kind(**values)

    return read


def _typed[T](kind: type[T], data: Any) -> T:
    if type(data) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return data


def read_number(data: Any) -> float:
    """Read a finite number that is not absurdly large."""
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise TypeError("A number expected")
    if not isfinite(data) or abs(data) > LARGEST_NUMBER:
        raise ValueError("A finite number expected")
    return float(data)


def _integer(data: Any) -> int:
    read_number(_typed(int, data))
    return int(data)


def _day(data: Any) -> date:
    day = date.fromisoformat(data)
    if day.year not in YEARS:
        raise ValueError("A year within reach expected")
    return day


def read_timestamp(data: Any) -> datetime:
    """Read a timestamp as UTC, also without an offset."""
    moment = datetime.fromisoformat(data)
    if moment.year not in YEARS:
        raise ValueError("A year within reach expected")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


_BASIC: dict[Any, Callable[[Any], Any]] = {
    str: lambda data: _typed(str, data),
    bool: lambda data: _typed(bool, data),
    int: _integer,
    float: read_number,
    datetime: read_timestamp,
    date: _day,
    timedelta: lambda data: timedelta(seconds=read_number(data)),
}
