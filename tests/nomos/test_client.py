"""Tests of the client's requests."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
import json
import os
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.nomos_energy.nomos import (
    Contract,
    FixedToken,
    GridFeeModule,
    GridFeeReduction,
    Listing,
    MeterReading,
    MeterType,
    Milestone,
    NomosAuthError,
    NomosClient,
    NomosError,
    NomosForbiddenError,
    NomosNotFoundError,
    NomosResponseError,
    Subscription,
    SubscriptionType,
    requester,
)
from custom_components.nomos_energy.nomos.requester import MAX_PAGES
from simulator import Fault, Household, Simulator, scenarios
from tests.nomos.common import (
    ORDER,
    PLAN,
    READING,
    SUBSCRIPTION,
    Answer,
    FakeNomos,
    a_price_answer,
    a_reduction,
    a_subscription,
    an_order,
    page,
    warnings,
)


def paths(simulator: Simulator) -> list[str]:
    """Return the paths of the requests to the simulator."""
    return [request.path for request in simulator.requests]


class TestFetch:
    """Records of the simulator."""

    async def test_order_progress(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """An order is fetched with each of its milestones."""
        household = simulator.add(scenarios.happy_path())
        seen = []
        for status in ("created", "placed", "scheduled", "installed", "activated"):
            household.advance_to(status)
            listing = await client.meter_orders()
            (order,) = listing.records
            assert listing.unreadable == frozenset()
            assert order.subscription_id == household.subscription_id
            subscription = await client.subscription(order.subscription_id)
            contract = Contract(subscription=subscription, order=order)
            seen.append((order.status, contract.smart_meter_active))
        assert seen == [
            (Milestone.CREATED, False),
            (Milestone.PLACED, False),
            (Milestone.SCHEDULED, False),
            (Milestone.INSTALLED, False),
            (Milestone.ACTIVATED, True),
        ]
        assert order.activated_at == simulator.now()

    async def test_subscription_with_details_and_in_list(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """Address and meter are missing in the list of subscriptions."""
        household = simulator.add(scenarios.smart_already())
        (listed,) = (await client.subscriptions()).records
        full = await client.subscription(household.subscription_id)
        assert listed.id == full.id == household.subscription_id
        assert listed.customer_id == full.customer_id == household.customer_id
        assert listed.number == full.number == household.number
        assert listed.address is None
        assert listed.meter_type is None
        assert str(full.address) == f"{household.street} {household.house_number}"
        assert full.meter_type is MeterType.SMART
        assert Contract(subscription=full).smart_meter_active

    async def test_feed_in(self, client: NomosClient, simulator: Simulator) -> None:
        """A feed-in contract is listed too."""
        simulator.add(scenarios.feed_in())
        (subscription,) = (await client.subscriptions()).records
        assert subscription.type is SubscriptionType.FEED_IN

    async def test_plan(self, client: NomosClient, simulator: Simulator) -> None:
        """A plan has a name and the address of the customer portal."""
        household = simulator.add(scenarios.happy_path())
        plan = await client.plan(household.plan_id)
        assert (plan.id, plan.name) == (household.plan_id, household.plan_name)
        assert plan.portal_url == "https://lichtblume.customerportal.energy/"

    async def test_new_fields(self, client: NomosClient, simulator: Simulator) -> None:
        """Fields that Nomos adds are ignored."""
        household = simulator.add(scenarios.happy_path())

        async def fetch_all() -> tuple[Any, ...]:
            return (
                await client.meter_orders(),
                await client.subscriptions(),
                await client.subscription(household.subscription_id),
                await client.plan(household.plan_id),
            )

        before = await fetch_all()
        simulator.fail(Fault.EXTRA_FIELDS)
        assert await fetch_all() == before

    async def test_new_status(self, client: NomosClient, simulator: Simulator) -> None:
        """An order with an unknown status is listed too."""
        simulator.add(scenarios.happy_path())
        simulator.fail(Fault.UNKNOWN_STATUS)
        (order,) = (await client.meter_orders()).records
        assert order.status is Milestone.UNKNOWN

    async def test_unknown_id(self, client: NomosClient, simulator: Simulator) -> None:
        """An unknown ID raises NomosNotFoundError."""
        with pytest.raises(NomosNotFoundError) as caught:
            await client.subscription("sub_gone")
        assert (caught.value.status, caught.value.code) == (404, "NOT_FOUND")
        assert caught.value.request_id


class TestLists:
    """Lists of several pages and with invalid records."""

    async def test_all_pages(self, client: NomosClient, simulator: Simulator) -> None:
        """All pages are fetched, with a hundred records each."""
        expected = {
            simulator.add(scenarios.happy_path(index)).subscription_id
            for index in range(1, 251)
        }
        orders = await client.meter_orders()
        subscriptions = await client.subscriptions()
        assert [order.subscription_id for order in orders.records] == [
            *dict.fromkeys(order.subscription_id for order in orders.records)
        ]
        assert {order.subscription_id for order in orders.records} == expected
        assert len(subscriptions.records) == 250
        assert {record.id for record in subscriptions.records} == expected
        for path in ("/meter-orders", "/subscriptions"):
            queries = [
                request.query for request in simulator.requests if request.path == path
            ]
            assert [query.pop("limit") for query in queries] == ["100"] * 3
            assert queries[0] == {}
            assert queries[1].keys() == queries[2].keys() == {"cursor"}
            assert queries[1] != queries[2]

    async def test_empty_list(self, client: NomosClient, simulator: Simulator) -> None:
        """An empty list lacks no record."""
        listing = await client.meter_orders()
        assert listing == Listing(records=())
        assert not listing.may_lack("sub_1")

    async def test_failed_page(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """An error on a later page fails the whole list."""
        fake_nomos.respond_with(
            page(ORDER, has_more=True, next_page="2"),
            Answer({"code": "FORBIDDEN"}, 403),
        )
        with pytest.raises(NomosForbiddenError):
            await fake_client.meter_orders()

    @pytest.mark.parametrize(
        "end",
        [
            {"next_page": "3"},
            {"has_more": False, "next_page": "3"},
            {"has_more": None, "next_page": "3"},
            {"has_more": False, "next_page": None},
        ],
    )
    async def test_last_page(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, end: Mapping[str, Any]
    ) -> None:
        """A list ends without `has_more`."""
        fake_nomos.respond_with(
            page(ORDER, has_more=True, next_page="2"), page(ORDER, **end)
        )
        assert (await fake_client.meter_orders()).records == (an_order(),) * 2
        assert [request.raw_path for request in fake_nomos.received] == [
            "/meter-orders?limit=100",
            "/meter-orders?limit=100&cursor=2",
        ]

    async def test_repeated_cursor(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """A repeated cursor raises an error."""
        fake_nomos.respond_with(
            page(has_more=True, next_page="a"),
            page(has_more=True, next_page="b"),
            page(has_more=True, next_page="a"),
        )
        with pytest.raises(NomosResponseError, match="cursor"):
            await fake_client.meter_orders()
        assert len(fake_nomos.received) == 3

    @pytest.mark.parametrize(
        "cursor",
        [None, 2, True, "", "a\ud800", "a\n", "ä", pytest.param("a" * 1001, id="long")],
        ids=ascii,
    )
    async def test_invalid_cursor(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, cursor: Any
    ) -> None:
        """A list with more pages but without a valid cursor raises an error."""
        fake_nomos.respond_with(page(ORDER, has_more=True, next_page=cursor))
        with pytest.raises(NomosResponseError):
            await fake_client.meter_orders()
        assert len(fake_nomos.received) == 1

    @pytest.mark.parametrize(
        "fetch",
        [
            NomosClient.meter_orders,
            NomosClient.subscriptions,
            NomosClient.grid_fee_reductions,
            lambda client: client.meter_readings(["sub_1"], None),
        ],
    )
    async def test_endless_list(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        fetch: Callable[[NomosClient], Awaitable[Any]],
    ) -> None:
        """A list that goes on after 1,000 pages raises an error."""
        fake_nomos.respond_with(
            *(
                page(has_more=True, next_page=f"page-{index}")
                for index in range(MAX_PAGES)
            ),
            page(),
        )
        with pytest.raises(NomosResponseError, match="without an end"):
            await fetch(fake_client)
        assert len(fake_nomos.received) == MAX_PAGES == 1000

    async def test_longest_list(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A list that ends with the last permitted page is read."""
        monkeypatch.setattr(requester, "MAX_PAGES", 3)
        more = (page(has_more=True, next_page=str(index)) for index in range(2))
        fake_nomos.respond_with(*more, page(ORDER))
        assert (await fake_client.meter_orders()).records == (an_order(),)

    @pytest.mark.parametrize(
        "answer", [{}, {"items": None}, {"items": {}}, {"items": "none"}]
    )
    async def test_list_without_items(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, answer: Any
    ) -> None:
        """An answer without a list of items raises an error."""
        fake_nomos.respond_with(Answer({"object": "list", **answer}))
        with pytest.raises(NomosResponseError, match="without items"):
            await fake_client.subscriptions()

    @pytest.mark.parametrize(
        "field", ["id", "subscription", "status", "provider", "created_at"]
    )
    async def test_invalid_order(
        self,
        client: NomosClient,
        simulator: Simulator,
        caplog: pytest.LogCaptureFixture,
        field: str,
    ) -> None:
        """An invalid order is skipped; the ID of its subscription is known if valid."""
        invalid, *valid = [
            simulator.add(scenarios.happy_path(index)).subscription_id
            for index in range(1, 4)
        ]
        simulator.fail(
            Fault.MISSING_FIELD, path="/meter-orders", field=field, subscription=invalid
        )
        for _ in range(2):
            listing = await client.meter_orders()
            assert {order.subscription_id for order in listing.records} == set(valid)
            is_unknown = field == "subscription"
            assert listing.unreadable == {None if is_unknown else invalid}
            assert listing.may_lack(invalid)
            assert listing.may_lack(valid[0]) is is_unknown
        (message,) = warnings(caplog)
        assert message == (
            "Skipping an invalid record of /meter-orders: "
            f"Nomos sent a record without “{field}”"
        )

    async def test_invalid_optional_timestamp(
        self,
        client: NomosClient,
        simulator: Simulator,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """An invalid optional timestamp is dropped; the order is listed."""
        for index in range(1, 4):
            simulator.add(scenarios.happy_path(index)).advance_to("scheduled")
        simulator.fail(Fault.MALFORMED_TIMESTAMP, field="appointment_at")
        for _ in range(2):
            listing = await client.meter_orders()
            assert [order.appointment_at for order in listing.records] == [None] * 3
            assert listing.unreadable == frozenset()
        assert warnings(caplog) == [
            "Nomos sent an invalid timestamp in “appointment_at”"
        ]

    async def test_invalid_required_timestamp(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """An order with an invalid required timestamp is skipped."""
        invalid, valid = (
            simulator.add(scenarios.happy_path(index)).subscription_id
            for index in (1, 2)
        )
        simulator.fail(
            Fault.MALFORMED_TIMESTAMP, field="created_at", subscription=invalid
        )
        listing = await client.meter_orders()
        assert [order.subscription_id for order in listing.records] == [valid]
        assert listing.unreadable == {invalid}

    async def test_invalid_subscription(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """An invalid subscription is skipped; its ID is known."""
        fake_nomos.respond_with(
            page({**SUBSCRIPTION, "id": "sub_2", "plan": None}, SUBSCRIPTION)
        )
        listing = await fake_client.subscriptions()
        assert listing.records == (a_subscription(),)
        assert listing.unreadable == {"sub_2"}

    @pytest.mark.parametrize("item", [None, "sub_1", 7, [], {}, {"subscription": 1}])
    async def test_record_without_id(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, item: Any
    ) -> None:
        """A record without a valid ID may be of any subscription."""
        fake_nomos.respond_with(page(item, ORDER))
        listing = await fake_client.meter_orders()
        assert listing.records == (an_order(),)
        assert listing.unreadable == {None}
        assert listing.may_lack("sub_1")


class TestRefusedTokens:
    """Tokens that Nomos refuses."""

    async def test_expired_token_is_replaced(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """A refused token is replaced and the request repeated."""
        await client.meter_orders()
        simulator.expire_tokens()
        simulator.requests.clear()
        assert (await client.meter_orders()).records == ()
        assert paths(simulator) == ["/meter-orders", "/oauth/token", "/meter-orders"]

    async def test_expired_token_between_two_pages(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """A token that expires between two pages is replaced."""
        for index in range(1, 102):
            simulator.add(scenarios.happy_path(index))
        before = await client.meter_orders()
        simulator.expire_tokens()
        assert await client.meter_orders() == before

    async def test_concurrent_callers_share_one_refresh(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """Concurrent requests with a refused token request one new token."""
        await client.meter_orders()
        simulator.expire_tokens()
        simulator.requests.clear()
        await asyncio.gather(*(client.meter_orders() for _ in range(20)))
        assert paths(simulator).count("/oauth/token") == 1
        assert paths(simulator).count("/meter-orders") == 2 * 20

    async def test_refused_new_token(
        self, session: ClientSession, simulator: Simulator, waits: list[float]
    ) -> None:
        """A new token that is refused too raises NomosAuthError."""
        rejected_tokens: list[str | None] = []

        class StaleTokens:
            async def access_token(self, rejected: str | None = None) -> str:
                rejected_tokens.append(rejected)
                return f"stale-{len(rejected_tokens)}"

            async def scopes(self) -> frozenset[str]:
                return frozenset()

        client = NomosClient(session, StaleTokens(), os.environ["NOMOS_API_URL"])
        with pytest.raises(NomosAuthError) as caught:
            await client.meter_orders()
        assert rejected_tokens == [None, "stale-1"]
        assert paths(simulator) == ["/meter-orders"] * 2
        assert (caught.value.status, caught.value.code) == (401, "UNAUTHORIZED")
        assert caught.value.request_id
        assert waits == []

    async def test_fixed_token(
        self, session: ClientSession, simulator: Simulator
    ) -> None:
        """The request is repeated once, even with the same token."""
        client = NomosClient(
            session, FixedToken({"access_token": "stale"}), os.environ["NOMOS_API_URL"]
        )
        with pytest.raises(NomosAuthError):
            await client.meter_orders()
        assert paths(simulator) == ["/meter-orders"] * 2

    async def test_error_of_refused_token(
        self, session: ClientSession, simulator: Simulator
    ) -> None:
        """The error has the status and the request ID."""
        client = NomosClient(
            session, FixedToken({"access_token": "stale"}), os.environ["NOMOS_API_URL"]
        )
        with pytest.raises(NomosAuthError) as caught:
            await client.meter_orders()
        assert caught.value.status == 401
        assert caught.value.request_id

    async def test_revoked_key(self, client: NomosClient, simulator: Simulator) -> None:
        """A refused login raises NomosAuthError."""
        await client.meter_orders()
        simulator.expire_tokens()
        simulator.tokens.clients.clear()
        simulator.requests.clear()
        with pytest.raises(NomosAuthError):
            await client.meter_orders()
        assert paths(simulator) == ["/meter-orders", "/oauth/token"]

    async def test_forbidden(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """A missing permission does not replace the token."""
        fake_nomos.respond_with(Answer({"code": "FORBIDDEN"}, 403))
        with pytest.raises(NomosForbiddenError):
            await fake_client.meter_orders()
        assert len(fake_nomos.received) == 1


async def details(
    client: NomosClient, *subscription_ids: str
) -> dict[str, Subscription | NomosError]:
    """Return all results by subscription ID."""
    return {
        subscription_id: answer
        async for subscription_id, answer in client.subscription_details(
            subscription_ids
        )
    }


class TestDetails:
    """Details of several subscriptions."""

    @pytest.fixture
    def households(self, simulator: Simulator) -> list[Household]:
        """Return more households than requests in parallel."""
        return [simulator.add(scenarios.no_order(index)) for index in range(1, 26)]

    async def test_all_subscriptions(
        self, client: NomosClient, households: list[Household]
    ) -> None:
        """Every subscription is returned in order."""
        ids = [household.subscription_id for household in households]
        answers = await details(client, *ids)
        assert list(answers) == ids
        for household in households:
            answer = answers[household.subscription_id]
            assert isinstance(answer, Subscription)
            assert answer.id == household.subscription_id
            assert answer.meter_type is MeterType.ANALOG

    async def test_no_subscriptions(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """No requests are sent without subscriptions."""
        assert await details(client) == {}
        assert simulator.requests == []

    async def test_missing_and_invalid_subscriptions(
        self, client: NomosClient, simulator: Simulator, households: list[Household]
    ) -> None:
        """A missing or invalid subscription is returned as its error."""
        ids = [household.subscription_id for household in households]
        simulator.remove(ids[2])
        simulator.fail(Fault.MISSING_FIELD, subscription=ids[4])
        simulator.fail(Fault.HTML, path=f"/subscriptions/{ids[6]}")
        answers = await details(client, *ids)
        assert isinstance(answers.pop(ids[2]), NomosNotFoundError)
        assert isinstance(answers.pop(ids[4]), NomosResponseError)
        assert isinstance(answers.pop(ids[6]), NomosResponseError)
        assert len(answers) == 22
        assert all(isinstance(answer, Subscription) for answer in answers.values())

    async def test_other_error(
        self, client: NomosClient, simulator: Simulator, households: list[Household]
    ) -> None:
        """Any other error is raised, and no further requests are sent."""
        ids = [household.subscription_id for household in households]
        simulator.fail(Fault.SERVER_ERROR, path=f"/subscriptions/{ids[12]}")
        seen: list[str] = []

        async def fetch() -> None:
            async for subscription_id, _ in client.subscription_details(ids):
                seen.append(subscription_id)

        with pytest.raises(NomosError, match="status 500"):
            await fetch()
        assert seen == ids[:12]
        assert not {f"/subscriptions/{key}" for key in ids[20:]} & {*paths(simulator)}

    async def test_parallel_requests(
        self, session: ClientSession, socket_enabled: None
    ) -> None:
        """At most ten requests are sent in parallel."""
        ten_requests = asyncio.Barrier(10)
        active = 0
        most = 0

        async def answer(request: web.Request) -> web.Response:
            nonlocal active, most
            active += 1
            most = max(most, active)
            # The first answer is sent after ten requests.
            await ten_requests.wait()
            active -= 1
            return web.json_response({**SUBSCRIPTION, "id": request.match_info["id"]})

        app = web.Application()
        app.router.add_get("/subscriptions/{id}", answer)
        async with TestServer(app, host="127.0.0.1") as server:
            nomos = NomosClient(
                session,
                FixedToken({"access_token": "token"}),
                str(server.make_url("")).rstrip("/"),
            )
            answers = await details(nomos, *(f"sub_{index}" for index in range(30)))
        assert len(answers) == 30
        assert most == 10


async def test_invalid_plan(fake_client: NomosClient, fake_nomos: FakeNomos) -> None:
    """A plan without a name raises an error."""
    fake_nomos.respond_with(Answer({**PLAN, "name": None}))
    with pytest.raises(NomosResponseError, match="name"):
        await fake_client.plan("pln_1")


class TestRequests:
    """Paths, parameters and answers of each operation."""

    FIRST, LAST = date(2026, 3, 27), date(2026, 3, 28)
    STRANGE_ID = "x/../y?z=1"
    QUOTED_ID = "x%2F..%2Fy%3Fz=1"

    async def test_prices(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """Prices are requested with the first and the last day."""
        fake_nomos.respond_with(Answer(a_price_answer([])))
        await fake_client.prices(self.STRANGE_ID, self.FIRST, self.LAST)
        (request,) = fake_nomos.received
        assert request.method == "GET"
        assert request.raw_path == (
            f"/subscriptions/{self.QUOTED_ID}/prices?start=2026-03-27&end=2026-03-28"
        )

    async def test_usage(self, fake_client: NomosClient, fake_nomos: FakeNomos) -> None:
        """Usage is requested by quarter-hour; the last day is exclusive."""
        fake_nomos.respond_with(Answer({"resolution": "15min", "data": []}))
        await fake_client.usage(self.STRANGE_ID, self.FIRST, self.LAST)
        (request,) = fake_nomos.received
        assert request.raw_path == (
            f"/subscriptions/{self.QUOTED_ID}/usage"
            "?resolution=15min&start=2026-03-27&end=2026-03-29"
        )

    async def test_meter_order_of(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """The order of a subscription is requested with a filter."""
        fake_nomos.respond_with(page(ORDER))
        assert await fake_client.meter_order_of("sub_1") == an_order()
        (request,) = fake_nomos.received
        assert request.raw_path == (
            "/meter-orders?limit=100&filter%5Bsubscription%5D%5Beq%5D=sub_1"
        )

    async def test_grid_fee_reductions(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """Reductions are listed; the subscription of an invalid one is known."""
        fake_nomos.respond_with(
            page(a_reduction(), a_reduction(subscription="sub_2", status=None))
        )
        listing = await fake_client.grid_fee_reductions()
        assert listing.records == (GridFeeReduction.from_json(a_reduction()),)
        assert listing.unreadable == {"sub_2"}
        (request,) = fake_nomos.received
        assert request.raw_path == "/grid-fee-reductions?limit=100"

    async def test_grid_fee_reductions_of(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """The reductions of a subscription are requested with a filter."""
        fake_nomos.respond_with(
            page(a_reduction(), a_reduction(subscription="sub_2", status=None))
        )
        reduction = GridFeeReduction.from_json(a_reduction())
        assert await fake_client.grid_fee_reductions_of("sub_1") == (reduction,)
        (request,) = fake_nomos.received
        assert request.raw_path == (
            "/grid-fee-reductions?limit=100&filter%5Bsubscription%5D%5Beq%5D=sub_1"
        )
        with pytest.raises(NomosResponseError):
            await fake_client.grid_fee_reductions_of("sub_2")

    async def test_create_grid_fee_reduction(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """The subscription and the module are sent as JSON."""
        fake_nomos.respond_with(Answer(a_reduction(), status=201))
        reduction = await fake_client.create_grid_fee_reduction(
            "sub_1", GridFeeModule.MODULE_1
        )
        assert reduction == GridFeeReduction.from_json(a_reduction())
        (request,) = fake_nomos.received
        assert (request.method, request.raw_path) == ("POST", "/grid-fee-reductions")
        assert json.loads(request.body) == {
            "subscription": "sub_1",
            "type": "enwg-14a-module-1",
        }

    async def test_no_retry_of_grid_fee_reduction(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, waits: list[float]
    ) -> None:
        """An order of a module is sent once, also after a server error."""
        fake_nomos.respond_with(Answer({"code": "INTERNAL_SERVER_ERROR"}, 500))
        with pytest.raises(NomosError):
            await fake_client.create_grid_fee_reduction("sub_1", GridFeeModule.MODULE_3)
        assert len(fake_nomos.received) == 1
        assert waits == []

    @pytest.mark.parametrize(
        ("known_until", "pages"),
        [
            ("2026-11-23T05:30:00Z", 1),
            ("2026-11-23T05:29:59Z", 2),
            (None, 2),
        ],
    )
    async def test_meter_readings(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        known_until: str | None,
        pages: int,
    ) -> None:
        """Pages are fetched up to a known reading or to one per subscription."""
        older = {**READING, "subscription": "sub_2", "created_at": "2026-01-01T00:00Z"}
        fake_nomos.respond_with(
            page(READING, {}, has_more=True, next_page="2"),
            page(older, has_more=True, next_page="3"),
        )
        readings = await fake_client.meter_readings(
            ["sub_1", "sub_2"],
            datetime.fromisoformat(known_until) if known_until else None,
        )
        records = (MeterReading.from_json(READING), MeterReading.from_json(older))
        assert readings == records[:pages]
        assert [request.raw_path for request in fake_nomos.received] == [
            "/meter-readings?limit=100",
            "/meter-readings?limit=100&cursor=2",
        ][:pages]
