"""How the fields of the API's records are read."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from .errors import NomosResponseError
from .once import warn_once

BERLIN = ZoneInfo("Europe/Berlin")

OUR_WORDS = ("unknown", "not_ordered")
"""What stands for something here that the API has no word for."""


def berlin_day(moment: datetime) -> date:
    """Return the day in Germany that a moment belongs to."""
    return moment.astimezone(BERLIN).date()


def required_text(data: Mapping[str, Any], field: str) -> str:
    """Read a text; raises NomosResponseError where there is none."""
    value = data.get(field)
    if not isinstance(value, str) or not value:
        raise NomosResponseError(f"Nomos sent a record without “{field}”")
    return value


def identifier(data: Mapping[str, Any], field: str) -> str:
    """Read an id; raises NomosResponseError where there is none."""
    if not (value := required_text(data, field)).isprintable():
        raise NomosResponseError(f"Nomos sent a record with an odd “{field}”")
    return value


def word_of[EnumT: StrEnum](kind: type[EnumT], value: Any) -> EnumT:
    """Read a word of the API; new ones may come at any time."""
    try:
        word = kind(value)
    except ValueError:
        word = kind("unknown")
    # What was unknown before is read from Home Assistant's store as such.
    if word in OUR_WORDS and value != "unknown":
        warn_once("Nomos uses a new word for %s: %r", kind.__name__, str(value)[:64])
        return kind("unknown")
    return word


def optional_word[EnumT: StrEnum](
    kind: type[EnumT], data: Mapping[str, Any], field: str
) -> EnumT | None:
    """Read a word that may be absent."""
    value = data.get(field)
    return None if value is None else word_of(kind, value)


def required_timestamp(data: Mapping[str, Any], field: str) -> datetime:
    """Read a timestamp; raises NomosResponseError where there is none."""
    if (moment := parse_timestamp(required_text(data, field))) is None:
        raise NomosResponseError(f"Nomos sent a record with an unreadable “{field}”")
    return moment


def optional_timestamp(data: Mapping[str, Any], field: str) -> datetime | None:
    """Read a timestamp that may be absent or, with a warning, unreadable."""
    value = data.get(field)
    if value is None:
        return None
    moment = parse_timestamp(value)
    if moment is None:
        warn_once("Nomos sent a timestamp in “%s” that is none", field)
    return moment


def parse_energy(value: Any, limit: float) -> float | None:
    """Read kWh from nothing up to a limit; none if it is no such number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < limit else None


def parse_timestamp(value: Any) -> datetime | None:
    """Read a timestamp as UTC, which it is where it does not say; none if it is none."""
    try:
        moment = datetime.fromisoformat(value)
    except TypeError, ValueError:
        return None
    # Some systems write the first or last day there is when they mean never.
    if not 1970 <= moment.year < 9000:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
