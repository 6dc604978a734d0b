"""Parsers for the fields of the API's records."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from .errors import NomosResponseError
from .once import warn_once

BERLIN = ZoneInfo("Europe/Berlin")

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_OWN_VALUES = ("unknown", "not_ordered")
"""Values of our enums that the API does not have."""


def berlin_day(moment: datetime) -> date:
    """Return the day in Germany that a moment belongs to."""
    return moment.astimezone(BERLIN).date()


def required_text(data: Mapping[str, Any], field: str) -> str:
    """Parse a text; raises NomosResponseError if it is missing."""
    value = data.get(field)
    if not isinstance(value, str) or not value:
        raise NomosResponseError(f"Nomos sent a record without “{field}”")
    return value


def identifier(data: Mapping[str, Any], field: str) -> str:
    """Parse an ID; raises NomosResponseError if it is missing or unprintable."""
    if not (value := required_text(data, field)).isprintable():
        raise NomosResponseError(f"Nomos sent a record with an invalid “{field}”")
    return value


def known_value[EnumT: StrEnum](kind: type[EnumT], value: Any) -> EnumT:
    """Parse an enum value; values may be added within a version of the API."""
    try:
        member = kind(value)
    except ValueError:
        member = kind("unknown")
    if member in _OWN_VALUES:
        warn_once("Nomos sent a new value of %s: %r", kind.__name__, str(value)[:64])
        return kind("unknown")
    return member


def optional_known_value[EnumT: StrEnum](
    kind: type[EnumT], data: Mapping[str, Any], field: str
) -> EnumT | None:
    """Parse an enum value that may be missing."""
    value = data.get(field)
    return None if value is None else known_value(kind, value)


def required_timestamp(data: Mapping[str, Any], field: str) -> datetime:
    """Parse a timestamp; raises NomosResponseError if it is missing or invalid."""
    if (moment := parse_timestamp(required_text(data, field))) is None:
        raise NomosResponseError(f"Nomos sent a record with an invalid “{field}”")
    return moment


def optional_timestamp(data: Mapping[str, Any], field: str) -> datetime | None:
    """Parse a timestamp that may be missing; an invalid one is logged and dropped."""
    value = data.get(field)
    if value is None:
        return None
    moment = parse_timestamp(value)
    if moment is None:
        warn_once("Nomos sent an invalid timestamp in “%s”", field)
    return moment


def parse_energy(value: Any, limit: float) -> float | None:
    """Parse kWh from 0 to below a limit; return None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < limit else None


def parse_timestamp(value: Any) -> datetime | None:
    """Parse a timestamp as UTC, also if it has no offset; return None if invalid."""
    try:
        moment = datetime.fromisoformat(value)
    except TypeError, ValueError:
        return None
    # Some systems write the first or the last possible day for "never".
    if not 1970 <= moment.year < 9000:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
