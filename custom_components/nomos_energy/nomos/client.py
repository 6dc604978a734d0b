"""Client of the Nomos API."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from itertools import batched
from typing import Any, Self
from urllib.parse import quote

from aiohttp import ClientSession

from .auth import TokenSource
from .errors import NomosAuthError, NomosNotFoundError, NomosResponseError
from .fields import DAY, optional_identifier, parse_cursor
from .grid_fees import GridFeeModule, GridFeeReduction
from .listing import Listing
from .once import warn_once
from .orders import MeterOrder
from .prices import PriceSeries
from .readings import MeterReading
from .subscriptions import Plan, Subscription
from .transport import send, time_limit
from .usage import USAGE_RESOLUTION, Usage, parse_usage

PRODUCTION_URL = "https://api.nomos.energy"

_PAGE_SIZE = 100
MAX_PAGES = 1000
"""Pages of a list at most; more are taken for a list that never ends."""
_PARALLEL_REQUESTS = 10


class NomosClient:
    """Client of the Nomos API.

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

    async def meter_orders(self) -> Listing[MeterOrder]:
        """Fetch all meter orders that are visible to the login."""
        return await self._list("/meter-orders", MeterOrder.from_json, "subscription")

    async def subscriptions(self) -> Listing[Subscription]:
        """Fetch all subscriptions that are visible to the login, without details."""
        return await self._list("/subscriptions", Subscription.from_json, "id")

    async def subscription(self, subscription_id: str) -> Subscription:
        """Fetch a subscription with its address and its meter."""
        return Subscription.from_json(
            await self._get(f"/subscriptions/{quote(subscription_id, safe='')}")
        )

    async def subscription_details(
        self, subscription_ids: Iterable[str]
    ) -> AsyncIterator[
        tuple[str, Subscription | NomosNotFoundError | NomosResponseError]
    ]:
        """Fetch subscriptions with their details, ten in parallel.

        Yields the error in place of a subscription that does not exist or can't be
        parsed. Raises any other error.
        """
        for batch in batched(subscription_ids, _PARALLEL_REQUESTS, strict=False):
            answers = await asyncio.gather(
                *map(self.subscription, batch), return_exceptions=True
            )
            for subscription_id, answer in zip(batch, answers, strict=True):
                if isinstance(answer, BaseException) and not isinstance(
                    answer, NomosNotFoundError | NomosResponseError
                ):
                    raise answer
                yield subscription_id, answer

    async def meter_order_of(self, subscription_id: str) -> MeterOrder | None:
        """Fetch the meter order of a subscription, if there is one."""
        listing = await self._list(
            "/meter-orders",
            MeterOrder.from_json,
            "subscription",
            {"filter[subscription][eq]": subscription_id},
        )
        return next(iter(_records_of(listing, subscription_id)), None)

    async def create_meter_order(self, subscription_id: str) -> MeterOrder:
        """Order a smart meter; needs a login with the scope `write:*`.

        Never retried: after a NomosConnectionError the order may have been placed.
        The `details` of a NomosError are the reasons of a refusal.
        """
        answer = await self._request(
            "POST",
            "/meter-orders",
            payload={"subscription": subscription_id},
            retry=False,
        )
        return MeterOrder.from_json(answer)

    async def prices(
        self, subscription_id: str, first: date, last: date
    ) -> PriceSeries:
        """Fetch the prices from the first to the last day (Berlin), both included.

        Days without published prices are left out.
        """
        answer = await self._get(
            f"/subscriptions/{quote(subscription_id, safe='')}/prices",
            {"start": first.isoformat(), "end": last.isoformat()},
        )
        # Parsing the prices of a month would block the event loop for too long.
        return await asyncio.to_thread(PriceSeries.from_json, answer)

    async def usage(
        self, subscription_id: str, first: date, last: date
    ) -> tuple[Usage, ...]:
        """Fetch the usage from the first to the last day (Berlin), both included."""
        answer = await self._get(
            f"/subscriptions/{quote(subscription_id, safe='')}/usage",
            {
                "resolution": USAGE_RESOLUTION,
                "start": first.isoformat(),
                "end": (last + DAY).isoformat(),
            },
        )
        return await asyncio.to_thread(parse_usage, answer)

    async def meter_readings(
        self, subscription_ids: Collection[str], known_until: datetime | None
    ) -> tuple[MeterReading, ...]:
        """Fetch the newest meter readings, the last one created first.

        The list goes back for years. Pages are fetched up to a reading created at or
        before `known_until`; without it, up to one reading for each subscription.
        Readings that can't be parsed are left out.
        """
        wanted = set(subscription_ids)

        def is_enough(readings: list[MeterReading]) -> bool:
            wanted.difference_update(each.subscription_id for each in readings)
            if known_until:
                return any(each.created_at <= known_until for each in readings)
            return not wanted

        listing = await self._list(
            "/meter-readings",
            MeterReading.from_json,
            "subscription",
            is_enough=is_enough,
        )
        return listing.records

    async def grid_fee_reductions(self) -> Listing[GridFeeReduction]:
        """Fetch all grid fee reductions that are visible to the login."""
        return await self._list(
            "/grid-fee-reductions", GridFeeReduction.from_json, "subscription"
        )

    async def grid_fee_reductions_of(
        self, subscription_id: str
    ) -> tuple[GridFeeReduction, ...]:
        """Fetch the grid fee reductions of a subscription."""
        listing = await self._list(
            "/grid-fee-reductions",
            GridFeeReduction.from_json,
            "subscription",
            {"filter[subscription][eq]": subscription_id},
        )
        return _records_of(listing, subscription_id)

    async def create_grid_fee_reduction(
        self, subscription_id: str, module: GridFeeModule
    ) -> GridFeeReduction:
        """Order a module of §14a EnWG; needs a login with the scope `write:*`.

        Never retried: after a NomosConnectionError the order may have been placed.
        The `details` of a NomosError are the reasons of a refusal.
        """
        answer = await self._request(
            "POST",
            "/grid-fee-reductions",
            payload={"subscription": subscription_id, "type": module},
            retry=False,
        )
        return GridFeeReduction.from_json(answer)

    async def may_write(self) -> bool:
        """Return if the login has the scope `write:*`."""
        return "write:*" in await self._tokens.scopes()

    async def plan(self, plan_id: str) -> Plan:
        """Fetch a plan."""
        return Plan.from_json(await self._get(f"/plans/{quote(plan_id, safe='')}"))

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
        params = {"limit": str(_PAGE_SIZE), **(filters or {})}
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


def _records_of[RecordT: MeterOrder | GridFeeReduction](
    listing: Listing[RecordT], subscription_id: str
) -> tuple[RecordT, ...]:
    """Return the records of a subscription, in case the API ignores the filter.

    Raises NomosResponseError if one of them can't be parsed.
    """
    if listing.may_lack(subscription_id):
        raise NomosResponseError("Nomos sent an invalid order")
    return tuple(
        each for each in listing.records if each.subscription_id == subscription_id
    )


def _require_object(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise NomosResponseError("Nomos sent a record that is not an object")
    return item


def _subscription_of(item: Any, field: str) -> str | None:
    return optional_identifier(item.get(field)) if isinstance(item, Mapping) else None
