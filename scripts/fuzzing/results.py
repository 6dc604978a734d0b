"""Check of the client's results: what is safe to store, log, show and put into a URL."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
import math
import re
from typing import Any
import unicodedata

from custom_components.nomos_energy.nomos import NomosError

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)

MAX_TEXT = 1000
MAX_NUMBER = 10**12

_ONLY_COMPARED = ("unreadable",)
"""Fields whose texts are compared with good IDs and go no further."""

_CONTROL = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
_ISOLATES = frozenset("\u2066\u2067\u2068\u2069")


def problems(value: Any, path: str = "") -> Iterator[str]:
    """Yield what is wrong with a result."""
    match value:
        case None | bool() | Enum() | timedelta() | NomosError():
            pass
        case str():
            yield from _text_problems(value, path)
        case int() | float():
            if not math.isfinite(value) or abs(value) > MAX_NUMBER:
                yield f"{path} is {value:g}"
        case datetime():
            if value.tzinfo is None or not 1970 <= value.year < 9999:
                yield f"{path} is {value}"
        case date():
            pass
        case Mapping():
            for key, each in value.items():
                yield from problems(key, f"{path}.key")
                yield from problems(each, f"{path}[]")
        case Collection():
            for each in value:
                yield from problems(each, f"{path}[]")
        case _ if is_dataclass(value):
            for item in fields(value):
                if item.name in _ONLY_COMPARED:
                    continue
                each = getattr(value, item.name)
                yield from problems(each, f"{type(value).__name__}.{item.name}")
        case _:
            yield f"{path} is a {type(value).__name__}"


def _text_problems(text: str, path: str) -> Iterator[str]:
    name = path.rpartition(".")[2]
    if (name == "id" or name.endswith("_id")) and not _ID.fullmatch(text):
        yield f"{path} is no ID"
    elif name == "slug" and text and not _LABEL.fullmatch(text):
        yield f"{path} is no DNS label"
    elif len(text) > MAX_TEXT:
        yield f"{path} has more than {MAX_TEXT} characters"
    elif any(unicodedata.category(each) in _CONTROL for each in text):
        yield f"{path} has control characters or surrogates"
    elif not _BIDI.union(_ISOLATES).isdisjoint(text):
        yield f"{path} changes the direction of text"
