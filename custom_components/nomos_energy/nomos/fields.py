"""Gate for all that comes from outside: JSON, and the fields of the API's records.

Text behind it is well-formed, printable, on one line and of bounded length, numbers are
finite. It is safe to store, log, show and put into a URL without another check.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
import json
from math import isfinite
import re
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from .errors import NomosResponseError
from .once import warn_once

BERLIN = ZoneInfo("Europe/Berlin")

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

MAX_TEXT = 100
"""Characters of a name, a number or a part of an address at most."""

_EXAMINED = 10 * MAX_TEXT
"""Characters that are read of a text: normalizing a long one takes quadratic time."""

MAX_CURSOR = 1000
"""Characters of the cursor of a page at most; it becomes part of an address."""

MAX_TOKEN = 7000
"""Characters of a token at most; servers accept headers of 8 kB."""

MAX_DIGITS = 18
"""Digits of a whole number at most; no value of the API needs as many."""

_LONGEST_FRACTION = 40
"""Characters of a number with decimal places at most."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""Label of a host name."""

_BLANKS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Characters that are printable by their category, but leave no ink."""

_OWN_VALUES = ("unknown", "not_ordered")
"""Values of our enums that the API does not have."""


def berlin_day(moment: datetime) -> date:
    """Return the day in Germany that a moment belongs to."""
    return moment.astimezone(BERLIN).date()


def midnight(day: date) -> datetime:
    """Return the start of a day (Berlin) in UTC."""
    return at_clock(day, time.min)


def at_clock(day: date, clock: time) -> datetime:
    """Return a time of a day (Berlin) in UTC."""
    return datetime.combine(day, clock, BERLIN).astimezone(UTC)


def length_of(day: date) -> timedelta:
    """Return the length of a day (Berlin); it differs when the clocks change."""
    return midnight(day + DAY) - midnight(day)


def read_json(body: bytes) -> Any:
    """Parse JSON; raises ValueError or RecursionError.

    Numbers that are infinite, no number, or longer than any sensible value become None.
    """
    return json.loads(
        body,
        parse_int=_parse_int,
        parse_float=_parse_float,
        parse_constant=_parse_constant,
    )


def _parse_int(digits: str) -> int | None:
    return int(digits) if len(digits) <= MAX_DIGITS else None


def _parse_float(digits: str) -> float | None:
    value = float(digits) if len(digits) <= _LONGEST_FRACTION else None
    return value if value is not None and isfinite(value) else None


def _parse_constant(_name: str) -> None:
    """Drop NaN and infinity, which are no JSON."""


def text(value: Any) -> str | None:
    """Parse a text or a whole number as one line of text; None if nothing remains.

    Surrogates, control and format characters (among them those that change the
    direction of writing) and invisible ones are removed.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**MAX_DIGITS else None
    if not isinstance(value, str):
        return None
    printable = "".join(
        each if each.isprintable() else " " if each.isspace() else ""
        for each in _BLANKS.sub("", value[:_EXAMINED])
    )
    line = " ".join(normalize("NFC", printable).split())
    return line[:MAX_TEXT].rstrip() or None


def required_text(data: Mapping[str, Any], field: str) -> str:
    """Parse a text; raises NomosResponseError if it is missing."""
    if (value := text(data.get(field))) is None:
        raise _missing(data, field)
    return value


def _missing(data: Mapping[str, Any], field: str) -> NomosResponseError:
    how = "without" if data.get(field) in (None, "") else "with an invalid"
    return NomosResponseError(f"Nomos sent a record {how} “{field}”")


def optional_identifier(value: Any) -> str | None:
    """Parse an ID; return None for anything else."""
    is_valid = isinstance(value, str) and _IDENTIFIER.fullmatch(value)
    return value if is_valid else None


def identifier(data: Mapping[str, Any], field: str) -> str:
    """Parse an ID; raises NomosResponseError if it is missing or invalid."""
    if (value := optional_identifier(data.get(field))) is None:
        raise _missing(data, field)
    return value


def parse_cursor(value: Any) -> str | None:
    """Parse the cursor of a page, of whatever form; return None if it is unsafe."""
    return _opaque(value, MAX_CURSOR)


def parse_token(value: Any) -> str | None:
    """Parse a token or its scopes; return None if a header can't contain it."""
    return _opaque(value, MAX_TOKEN)


def _opaque(value: Any, limit: int) -> str | None:
    is_valid = (
        isinstance(value, str)
        and 0 < len(value) <= limit
        and value.isascii()
        and value.isprintable()
    )
    return value if is_valid else None


def parse_duration(value: Any) -> float | None:
    """Parse a positive number of seconds, also one in a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > _LONGEST_FRACTION:
        return None
    try:
        seconds = float(value)
    except ValueError, OverflowError:
        return None
    return seconds if isfinite(seconds) and seconds > 0 else None


def slug(value: Any) -> str | None:
    """Parse a label of a host name; return None for anything else."""
    return value if isinstance(value, str) and _SLUG.fullmatch(value) else None


def known_value[EnumT: StrEnum](kind: type[EnumT], value: Any) -> EnumT:
    """Parse an enum value; values may be added within a version of the API.

    It has to match exactly: a spoilt value must not open a gate.
    """
    try:
        member = kind(value)
    except ValueError:
        member = kind("unknown")
    if member in _OWN_VALUES:
        # The repr escapes what is not printable.
        start = value[:64] if isinstance(value, str) else ""
        warn_once("Nomos sent a new value of %s: %r", kind.__name__, start)
        return kind("unknown")
    return member


def required_known_value[EnumT: StrEnum](
    kind: type[EnumT], data: Mapping[str, Any], field: str
) -> EnumT:
    """Parse an enum value; raises NomosResponseError if it is missing."""
    value = data.get(field)
    if not isinstance(value, str) or not value:
        raise _missing(data, field)
    return known_value(kind, value)


def optional_known_value[EnumT: StrEnum](
    kind: type[EnumT], data: Mapping[str, Any], field: str
) -> EnumT | None:
    """Parse an enum value that may be missing."""
    value = data.get(field)
    return None if value is None else known_value(kind, value)


def required_timestamp(data: Mapping[str, Any], field: str) -> datetime:
    """Parse a timestamp; raises NomosResponseError if it is missing or invalid."""
    if (moment := parse_timestamp(data.get(field))) is None:
        raise _missing(data, field)
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


def parse_amount(value: Any, limit: float) -> float | None:
    """Parse an amount of money within ±limit; return None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -limit < value < limit else None


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
