"""The Nomos API: a method per operation."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from typing import Any
from urllib.parse import quote

from aiohttp import ClientSession

from .auth import TokenSource
from .errors import NomosAuthError, NomosNotFoundError, NomosResponseError
from .grid_fees import GridFeeModule, GridFeeReduction
from .models import MeterOrder, Plan, Subscription
from .once import warn_once
from .prices import DAY, PriceSeries
from .readings import MeterReading
from .transport import send, time_limit
from .usage import RESOLUTION, Usage, read_usage

PRODUCTION_URL = "https://api.nomos.energy"

_PAGE_SIZE = 100
_AT_A_TIME = 10
"""How many subscriptions are asked for in parallel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing[RecordT]:
    """All records of a list, as far as they could be read."""

    records: tuple[RecordT, ...]
    unreadable: frozenset[str | None] = frozenset()
    """Subscription ids of records that could not be read; None: not even that."""

    def may_hide(self, subscription_id: str) -> bool:
        """Whether an unreadable record may be this subscription's."""
        return subscription_id in self.unreadable or None in self.unreadable


class NomosClient:
    """Reads from the Nomos API with the tokens that a source hands out.

    Every method raises NomosError or one of its children, within 30 seconds
    for each request that it takes.
    """

    def __init__(
        self,
        session: ClientSession,
        tokens: TokenSource,
        base_url: str = PRODUCTION_URL,
    ) -> None:
        """Initialize the client."""
        self._session = session
        self._tokens = tokens
        self._base_url = base_url

    async def meter_orders(self) -> Listing[MeterOrder]:
        """Return all meter orders that the login may see."""
        return await self._list("/meter-orders", MeterOrder.from_json, "subscription")

    async def subscriptions(self) -> Listing[Subscription]:
        """Return all subscriptions that the login may see, without details."""
        return await self._list("/subscriptions", Subscription.from_json, "id")

    async def subscription(self, subscription_id: str) -> Subscription:
        """Return a subscription with its address and its meter."""
        return Subscription.from_json(
            await self._get(f"/subscriptions/{quote(subscription_id, safe='')}")
        )

    async def subscription_details(
        self, subscription_ids: Iterable[str]
    ) -> AsyncIterator[
        tuple[str, Subscription | NomosNotFoundError | NomosResponseError]
    ]:
        """Return many subscriptions with their details, a few at a time.

        One that is gone or unreadable comes as its error and does not keep
        the others back; every other error ends the walk.
        """
        for batch in batched(subscription_ids, _AT_A_TIME, strict=False):
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
        """Return the order of a subscription, if it has one."""
        listing = await self._list(
            "/meter-orders",
            MeterOrder.from_json,
            "subscription",
            {"filter[subscription][eq]": subscription_id},
        )
        return next(iter(_only(listing, subscription_id)), None)

    async def create_meter_order(self, subscription_id: str) -> MeterOrder:
        """Order a smart meter; needs a login that may write.

        Never sent twice: after a NomosConnectionError nobody knows whether the
        order was placed. A NomosError with `details` says what stands against it.
        """
        answer = await self._request(
            "POST",
            "/meter-orders",
            payload={"subscription": subscription_id},
            repeat=False,
        )
        return MeterOrder.from_json(answer)

    async def prices(
        self, subscription_id: str, first: date, last: date
    ) -> PriceSeries:
        """Return the prices of some days (Berlin), the first and the last included.

        Days that are not published yet are not among them.
        """
        answer = await self._get(
            f"/subscriptions/{quote(subscription_id, safe='')}/prices",
            {"start": first.isoformat(), "end": last.isoformat()},
        )
        # A month takes too long to read for keeping everybody else waiting.
        return await asyncio.to_thread(PriceSeries.from_json, answer)

    async def usage(
        self, subscription_id: str, first: date, last: date
    ) -> tuple[Usage, ...]:
        """Return what was measured on some days (Berlin), both included."""
        answer = await self._get(
            f"/subscriptions/{quote(subscription_id, safe='')}/usage",
            {
                "resolution": RESOLUTION,
                "start": first.isoformat(),
                "end": (last + DAY).isoformat(),
            },
        )
        return await asyncio.to_thread(read_usage, answer)

    async def meter_readings(
        self, subscription_ids: Collection[str], known_until: datetime | None
    ) -> tuple[MeterReading, ...]:
        """Return the newest meter readings, the last made first.

        The list goes back for years, so it is read no further than to the moment
        up to which readings are known, and to one for each subscription without
        that. Readings that can't be read are left out.
        """
        wanted = set(subscription_ids)

        def enough(readings: list[MeterReading]) -> bool:
            wanted.difference_update(each.subscription_id for each in readings)
            if known_until:
                return any(each.created_at <= known_until for each in readings)
            return not wanted

        listing = await self._list(
            "/meter-readings", MeterReading.from_json, "subscription", enough=enough
        )
        return listing.records

    async def grid_fee_reductions(self) -> Listing[GridFeeReduction]:
        """Return all grid fee reductions that the login may see."""
        return await self._list(
            "/grid-fee-reductions", GridFeeReduction.from_json, "subscription"
        )

    async def grid_fee_reductions_of(
        self, subscription_id: str
    ) -> tuple[GridFeeReduction, ...]:
        """Return the grid fee reductions of a subscription."""
        listing = await self._list(
            "/grid-fee-reductions",
            GridFeeReduction.from_json,
            "subscription",
            {"filter[subscription][eq]": subscription_id},
        )
        return _only(listing, subscription_id)

    async def create_grid_fee_reduction(
        self, subscription_id: str, module: GridFeeModule
    ) -> GridFeeReduction:
        """Order a module of §14a EnWG; needs a login that may write.

        Never sent twice: after a NomosConnectionError nobody knows whether the
        order was placed. A NomosError with `details` says what stands against it.
        """
        answer = await self._request(
            "POST",
            "/grid-fee-reductions",
            payload={"subscription": subscription_id, "type": module},
            repeat=False,
        )
        return GridFeeReduction.from_json(answer)

    async def may_write(self) -> bool:
        """Return whether the login may change something, and not only read."""
        return "write:*" in await self._tokens.scopes()

    async def plan(self, plan_id: str) -> Plan:
        """Return a plan."""
        return Plan.from_json(await self._get(f"/plans/{quote(plan_id, safe='')}"))

    async def _list[RecordT](
        self,
        path: str,
        read: Callable[[Mapping[str, Any]], RecordT],
        subscription_field: str,
        filters: Mapping[str, str] | None = None,
        enough: Callable[[list[RecordT]], bool] = lambda records: False,
    ) -> Listing[RecordT]:
        records: list[RecordT] = []
        unreadable: set[str | None] = set()
        params = {"limit": str(_PAGE_SIZE), **(filters or {})}
        cursors: set[str] = set()
        while True:
            page = await self._get(path, params)
            items = page.get("items")
            if not isinstance(items, list):
                raise NomosResponseError("Nomos sent a list without items")
            for item in items:
                try:
                    records.append(read(_record(item)))
                except NomosResponseError as err:
                    warn_once("Leaving out a record of %s: %s", path, str(err))
                    unreadable.add(_text(item, subscription_field))
            cursor = page.get("next_page")
            if not page.get("has_more") or enough(records):
                return Listing(records=tuple(records), unreadable=frozenset(unreadable))
            if not isinstance(cursor, str) or cursor in cursors:
                raise NomosResponseError("Nomos sent a list whose end can't be found")
            cursors.add(cursor)
            params["cursor"] = cursor

    async def _get(
        self, path: str, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return await self._request("GET", path, params=params)

    async def _request(self, method: str, path: str, **details: Any) -> dict[str, Any]:
        async with time_limit() as deadline:

            async def attempt(token: str) -> dict[str, Any]:
                return await send(
                    self._session,
                    method,
                    self._base_url + path,
                    headers={"Authorization": f"Bearer {token}"},
                    deadline=deadline,
                    **details,
                )

            token = await self._tokens.access_token()
            try:
                return await attempt(token)
            except NomosAuthError:
                # Refused as it was, the request can be sent again in any case.
                return await attempt(await self._tokens.access_token(rejected=token))


def _only[RecordT: MeterOrder | GridFeeReduction](
    listing: Listing[RecordT], subscription_id: str
) -> tuple[RecordT, ...]:
    """Return a subscription's records of a list that was filtered, as it may be not."""
    if listing.may_hide(subscription_id):
        raise NomosResponseError("Nomos sent an order that can't be read")
    return tuple(
        each for each in listing.records if each.subscription_id == subscription_id
    )


def _record(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise NomosResponseError("Nomos sent a record that is none")
    return item


def _text(item: Any, field: str) -> str | None:
    value = item.get(field) if isinstance(item, Mapping) else None
    return value if isinstance(value, str) else None
