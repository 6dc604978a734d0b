"""Paginated lists: filters, limits and cursors."""

import base64
import binascii
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
import json
import re
from typing import Any

from .clock import parse
from .errors import ApiError, invalid

type Key = tuple[datetime, str]
"""Sort key of a list: time of creation, then ID."""

type Fields[T] = Mapping[str, Callable[[T], str | datetime | None]]
"""Fields that a list can be filtered by."""

_FILTER = re.compile(r"filter\[(\w+)\]\[eq\]")


@dataclass(frozen=True)
class Listing[T]:
    """Objects sorted by their time of creation."""

    keys: list[Key]
    objects: list[T]

    @classmethod
    def of(cls, objects: Iterable[T], key: Callable[[T], Key]) -> Listing[T]:
        """Return a listing of objects."""
        pairs = sorted(((key(item), item) for item in objects), key=_first)
        return cls([pair[0] for pair in pairs], [pair[1] for pair in pairs])

    def newest(self, before: Key | None) -> Iterator[tuple[Key, T]]:
        """Yield objects older than a key, newest first."""
        end = len(self.keys) if before is None else bisect_left(self.keys, before)
        for place in range(end - 1, -1, -1):
            yield self.keys[place], self.objects[place]


def _first(pair: tuple[Key, object]) -> Key:
    return pair[0]


def page[T](
    query: Mapping[str, str],
    newest: Callable[[Key | None], Iterable[tuple[Key, T]]],
    fields: Fields[T],
    show: Callable[[T], dict[str, Any]],
) -> dict[str, Any]:
    """Return the page for a query, without evaluating the objects after it."""
    limit = _limit(query.get("limit"))
    filters = parse_filters(query, fields)
    cursor = query.get("cursor")
    scope = {"limit": limit, **filters}
    before = _read_cursor(cursor, scope) if cursor else None
    matching = (pair for pair in newest(before) if _matches(pair[1], filters, fields))
    found = list(islice(matching, limit + 1))
    shown, more = found[:limit], len(found) > limit
    body: dict[str, Any] = {
        "object": "list",
        "items": [show(item) for _, item in shown],
        "next_page": _write_cursor(shown[-1][0], scope) if more else None,
    }
    # The API description declares has_more as optional.
    if more or cursor:
        body["has_more"] = more
    return body


def parse_filters(query: Mapping[str, str], fields: Iterable[str]) -> dict[str, str]:
    """Return the known filters. Nomos ignores unknown ones."""
    known = set(fields)
    return {
        match[1]: value
        for name, value in query.items()
        if (match := _FILTER.fullmatch(name)) and match[1] in known
    }


def _matches[T](item: T, filters: dict[str, str], fields: Fields[T]) -> bool:
    return all(_equals(fields[name](item), want) for name, want in filters.items())


def _equals(value: str | datetime | None, want: str) -> bool:
    if isinstance(value, datetime):
        moment = parse(want)
        # Filters get the timestamp as the API shows it, in milliseconds.
        return moment is not None and abs((value - moment).total_seconds()) < 0.001
    return value == want


def _limit(text: str | None) -> int:
    if text is None:
        return 10
    try:
        limit = int(text)
    except ValueError:
        raise invalid("invalid_type", "limit", "The limit is not a number.") from None
    if limit < 1:
        raise invalid("too_small", "limit", "A page has at least 1 item.")
    if limit > 100:
        raise invalid("too_big", "limit", "A page has at most 100 items.")
    return limit


def _write_cursor(key: Key, scope: dict[str, Any]) -> str:
    text = json.dumps([key[0].isoformat(), key[1], scope], sort_keys=True)
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str, scope: dict[str, Any]) -> Key:
    try:
        created_at, last_id, cursor_scope = json.loads(base64.urlsafe_b64decode(cursor))
        key = datetime.fromisoformat(created_at), str(last_id)
    except ValueError, TypeError, binascii.Error:
        raise _bad_cursor("cursor is not a cursor of this list.") from None
    if cursor_scope != scope:
        raise _bad_cursor("The limit and the filters differ from those of the cursor.")
    return key


def _bad_cursor(message: str) -> ApiError:
    return invalid("invalid_value", "cursor", message)
