"""Odd values to put in the place of good ones."""

from random import Random
from typing import Any

TEXTS = (
    "",
    " ",
    "\ud83d",
    "a\udc00b",
    "\x00",
    "Linden\x07allee\x1b[31m",
    "line\nbreak\r\n",
    "\u202egnp.exe",
    "\u2066isolated\u2069",
    "\ufeff\u200b",
    "**bold** [link](https://evil.example) `code` <img src=x>",
    "{{ states('sensor.secret') }}",
    "%s %(name)s {0} {name}",
    "👩‍👩‍👧‍👦" * 20,
    "..",
    "../../etc",
    "a/b?c=d#e",
    "evil.example/#",
    "user@evil.example/x?",
    "x:99999999/",
    "[",
    "\\\\evil",
    "null",
    "NaN",
    "1e999",
    "x" * 10_000,
    "ä" * 100_000,
)
"""Texts that are no timestamps."""

BAD_TIMESTAMPS = (
    "yesterday",
    "2026-02-30T10:00:00Z",
    "2026-11-23T25:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "10000-01-01T00:00:00Z",
    "-2026-11-23T10:00:00Z",
    "2026-11-23T10:00:00+99:00",
    "٢٠٢٦-١١-٢٣T١٠:٠٠:٠٠Z",
    "\ud83d",
)
ODD_TIMESTAMPS = (
    "1970-01-01T00:00:00Z",
    "8999-12-31T23:59:59Z",
    "2026-11-23",
    "2026-11-23T10:00:00",
    "2026-11-23T10:00:00.123456789Z",
    "2026-11-23T10:00:00+23:59",
    "2026-10-25T02:30:00+02:00",
    "2026-W48-1",
)
"""Timestamps that can be parsed."""

BAD_NUMBERS: tuple[Any, ...] = (
    float("nan"),
    float("inf"),
    float("-inf"),
    10**400,
    "",
    "12.5",
    "1e5",
    True,
    False,
    [],
    {},
)
ODD_NUMBERS = (-1, 0, -0.0, 1e-320, 1e308, -1e308, 10**18, 0.1 + 0.2)
"""Numbers that can be parsed."""

_TIMES = ("_at", "_from", "_until", "timestamp", "start", "end")


def is_time(field: object) -> bool:
    """Return if a field of a record is a timestamp."""
    return isinstance(field, str) and field.endswith(_TIMES)


def odd_value(dice: Random, field: object, value: Any, *, plausible: bool) -> Any:
    """Return an odd value for a field.

    Unless `plausible`, no number and no timestamp is replaced by another valid one.
    """
    if dice.random() < 0.25:
        return dice.choice((None, True, 0 if plausible else {}, [], {}, [[]], "odd"))
    if is_time(field):
        times = BAD_TIMESTAMPS + ODD_TIMESTAMPS if plausible else BAD_TIMESTAMPS
        return dice.choice((*times, 1764000000 if plausible else True))
    if isinstance(value, int | float):
        return dice.choice(BAD_NUMBERS + ODD_NUMBERS if plausible else BAD_NUMBERS)
    text = dice.choice(TEXTS)
    if isinstance(value, str) and dice.random() < 0.4:
        return value[:3] + text + value[3:]
    return text


def nested(depth: int) -> Any:
    """Return a list in a list, and so on."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def short(value: object) -> str:
    """Return a value as text for a description, shortened and in ASCII."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:50]}… ({len(text)} characters)"
