"""Requests to the Nomos API with a token, and lists page by page."""

from collections.abc import Callable, Mapping
from typing import Any, Self

from aiohttp import ClientSession

from .auth import TokenSource
from .errors import NomosAuthError, NomosResponseError
from .fields import optional_identifier, parse_cursor
from .listing import Listing
from .once import warn_once
from .transport import send, time_limit

PRODUCTION_URL = "https://api.nomos.energy"

PAGE_SIZE = 100
MAX_PAGES = 1000
"""Pages of a list at most; more are taken for a list that never ends."""


class Requester:
    """Sends requests and walks through lists.

    Every method raises NomosError or one of its subclasses, at the latest 30 seconds
    after the start of each request.
    """

    def __init__(
        self,
        session: ClientSession,
        tokens: TokenSource,
        base_url: str = PRODUCTION_URL,
        *,
        retry: bool = True,
    ) -> None:
        """Initialize the client; `retry` repeats requests that fail temporarily."""
        self._session = session
        self._tokens = tokens
        self._base_url = base_url
        self._retry = retry

    def without_retry(self) -> Self:
        """Return a client for requests that come again anyway, with the same login."""
        return type(self)(self._session, self._tokens, self._base_url, retry=False)

    async def _list[RecordT](
        self,
        path: str,
        parse: Callable[[Mapping[str, Any]], RecordT],
        subscription_field: str,
        filters: Mapping[str, str] | None = None,
        is_enough: Callable[[list[RecordT]], bool] = lambda records: False,
    ) -> Listing[RecordT]:
        records: list[RecordT] = []
        unreadable: set[str | None] = set()
        params = {"limit": str(PAGE_SIZE), **(filters or {})}
        cursors: set[str] = set()
        for _ in range(MAX_PAGES):
            page = await self._get(path, params)
            items = page.get("items")
            if not isinstance(items, list):
                raise NomosResponseError("Nomos sent a list without items")
            for item in items:
                try:
                    records.append(parse(_require_object(item)))
                except NomosResponseError as err:
                    warn_once("Skipping an invalid record of %s: %s", path, str(err))
                    unreadable.add(_subscription_of(item, subscription_field))
            if not page.get("has_more") or is_enough(records):
                return Listing(records=tuple(records), unreadable=frozenset(unreadable))
            cursor = parse_cursor(page.get("next_page"))
            if cursor is None or cursor in cursors:
                raise NomosResponseError("Nomos sent a list with an invalid cursor")
            cursors.add(cursor)
            params["cursor"] = cursor
        raise NomosResponseError("Nomos sent a list without an end")

    async def _get(
        self, path: str, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return await self._request("GET", path, params=params)

    async def _request(
        self, method: str, path: str, *, retry: bool | None = None, **details: Any
    ) -> dict[str, Any]:
        async with time_limit() as deadline:

            async def attempt(token: str) -> dict[str, Any]:
                return await send(
                    self._session,
                    method,
                    self._base_url + path,
                    headers={"Authorization": f"Bearer {token}"},
                    deadline=deadline,
                    retry=self._retry if retry is None else retry,
                    **details,
                )

            token = await self._tokens.access_token()
            try:
                return await attempt(token)
            except NomosAuthError:
                # A request with a refused token had no effect, so it is safe to repeat.
                return await attempt(await self._tokens.access_token(rejected=token))


def _require_object(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise NomosResponseError("Nomos sent a record that is not an object")
    return item


def _subscription_of(item: Any, field: str) -> str | None:
    return optional_identifier(item.get(field)) if isinstance(item, Mapping) else None
