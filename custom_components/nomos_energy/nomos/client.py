"""Client of the Nomos API."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from datetime import UTC, date, datetime
from itertools import batched
from urllib.parse import quote

from .errors import NomosNotFoundError, NomosResponseError
from .fields import DAY
from .grid_fees import GridFeeModule, GridFeeReduction
from .invoices import Invoice
from .listing import Listing
from .orders import MeterOrder
from .prices import PriceSeries
from .quotes import LEAST_USAGE, MOST_USAGE, Quote
from .readings import MeterReading
from .requester import PAGE_SIZE, Requester
from .subscriptions import MeterType, Plan, Subscription
from .usage import USAGE_RESOLUTION, Usage, parse_usage

_PARALLEL_REQUESTS = 10


class NomosClient(Requester):
    """Client of the Nomos API.

    Every method raises NomosError or one of its subclasses, at the latest 30 seconds
    after the start of each request.
    """

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

    async def meter_readings_of(self, subscription_id: str) -> tuple[MeterReading, ...]:
        """Fetch the newest meter readings of a subscription: one page of them."""
        listing = await self._list(
            "/meter-readings",
            MeterReading.from_json,
            "subscription",
            {"filter[subscription][eq]": subscription_id},
            is_enough=lambda readings: True,
        )
        return tuple(
            each for each in listing.records if each.subscription_id == subscription_id
        )

    async def create_meter_reading(
        self, subscription_id: str, value: float, moment: datetime
    ) -> MeterReading:
        """Report a meter reading in kWh; needs a login with the scope `write:*`.

        Never retried: after a NomosConnectionError the reading may have been accepted.
        The `details` of a NomosError are the reasons of a refusal.
        """
        # The API refuses offsets, also +00:00.
        timestamp = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        answer = await self._request(
            "POST",
            "/meter-readings",
            payload={
                "subscription": subscription_id,
                "value": value,
                "timestamp": timestamp,
            },
            retry=False,
        )
        return MeterReading.from_json(answer)

    async def invoices(
        self, since: datetime, subscription_id: str | None = None
    ) -> Listing[Invoice]:
        """Fetch the invoices that are visible to the login, the last one created first.

        Pages are fetched up to one whose invoices are all for periods before `since`.
        A subscription saves pages; the API may ignore it.
        """

        def is_enough(invoices: list[Invoice]) -> bool:
            page = invoices[-PAGE_SIZE:]
            return bool(page) and all(each.period_end < since for each in page)

        return await self._list(
            "/invoices",
            Invoice.from_json,
            "subscription",
            {"filter[subscription][eq]": subscription_id} if subscription_id else None,
            is_enough,
        )

    async def quote(
        self,
        plan_id: str,
        zip_code: str,
        usage: float,
        meter_type: MeterType,
        modules: Collection[GridFeeModule] = (),
    ) -> Quote:
        """Fetch the quote of a consumption plan for a yearly usage in kWh."""
        params = {
            "zip_code": zip_code,
            "usage": f"{min(max(usage, LEAST_USAGE), MOST_USAGE):.0f}",
            "meter_type": meter_type.value,
        }
        params |= {
            f"14a_module_{module.number}": "true"
            for module in (GridFeeModule.MODULE_1, GridFeeModule.MODULE_2)
            if module in modules
        }
        return Quote.from_json(
            await self._get(f"/plans/{quote(plan_id, safe='')}/quote", params)
        )

    async def may_write(self) -> bool:
        """Return if the login has the scope `write:*`."""
        return "write:*" in await self._tokens.scopes()

    async def plan(self, plan_id: str) -> Plan:
        """Fetch a plan."""
        return Plan.from_json(await self._get(f"/plans/{quote(plan_id, safe='')}"))


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
