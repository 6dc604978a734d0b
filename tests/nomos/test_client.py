"""The operations of the client."""

import asyncio
from collections.abc import Mapping
import os
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.nomos_energy.nomos import (
    Contract,
    FixedToken,
    Listing,
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
)
from simulator import Fault, Household, Simulator, scenarios
from tests.nomos.conftest import (
    ORDER,
    PLAN,
    SUBSCRIPTION,
    Answer,
    StandIn,
    a_subscription,
    an_order,
    warnings,
)


def paths(simulator: Simulator) -> list[str]:
    """Return where the simulator was asked."""
    return [request.path for request in simulator.requests]


def page(*items: Any, **changes: Any) -> Answer:
    """Return a list as Nomos answers it, apart from some fields."""
    return Answer({"object": "list", "items": items, "next_page": None, **changes})


class TestReading:
    """What the simulator has arrives as it is."""

    async def test_order_on_its_way(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """An order is read again and again, from the first milestone to the last."""
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

    async def test_subscription_in_full_and_in_lists(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """The list knows a subscription; its own page knows address and meter."""
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

    async def test_solar_panels(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """A contract that feeds in is one, too."""
        simulator.add(scenarios.feed_in())
        (subscription,) = (await client.subscriptions()).records
        assert subscription.type is SubscriptionType.FEED_IN

    async def test_plan(self, client: NomosClient, simulator: Simulator) -> None:
        """A plan has a name and leads to the customer portal."""
        household = simulator.add(scenarios.happy_path())
        plan = await client.plan(household.plan_id)
        assert (plan.id, plan.name) == (household.plan_id, household.plan_name)
        assert plan.portal_url == "https://lichtblume.customerportal.energy/"

    async def test_fields_that_nobody_knows(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """New fields in an answer change nothing."""
        household = simulator.add(scenarios.happy_path())

        async def everything() -> tuple[Any, ...]:
            return (
                await client.meter_orders(),
                await client.subscriptions(),
                await client.subscription(household.subscription_id),
                await client.plan(household.plan_id),
            )

        before = await everything()
        simulator.fail(Fault.EXTRA_FIELDS)
        assert await everything() == before

    async def test_status_that_nobody_knows(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """A new milestone does not hide the order."""
        simulator.add(scenarios.happy_path())
        simulator.fail(Fault.UNKNOWN_STATUS)
        (order,) = (await client.meter_orders()).records
        assert order.status is Milestone.UNKNOWN

    async def test_unknown_id(self, client: NomosClient, simulator: Simulator) -> None:
        """What is not there is said to be not there."""
        with pytest.raises(NomosNotFoundError) as caught:
            await client.subscription("sub_gone")
        assert (caught.value.status, caught.value.code) == (404, "NOT_FOUND")
        assert caught.value.request_id


class TestLists:
    """All pages, and every record that can be read."""

    async def test_all_pages(self, client: NomosClient, simulator: Simulator) -> None:
        """A list is walked to its end, a hundred at a time."""
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

    async def test_nothing(self, client: NomosClient, simulator: Simulator) -> None:
        """An empty list has no records and hides none."""
        listing = await client.meter_orders()
        assert listing == Listing(records=())
        assert not listing.may_hide("sub_1")

    async def test_page_that_fails(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """Half a list is none."""
        stand_in.says(
            page(ORDER, has_more=True, next_page="2"),
            Answer({"code": "FORBIDDEN"}, 403),
        )
        with pytest.raises(NomosForbiddenError):
            await strange_client.meter_orders()

    @pytest.mark.parametrize(
        "end",
        [
            {"next_page": "3"},
            {"has_more": False, "next_page": "3"},
            {"has_more": None, "next_page": "3"},
            {"has_more": False, "next_page": None},
        ],
    )
    async def test_end(
        self, strange_client: NomosClient, stand_in: StandIn, end: Mapping[str, Any]
    ) -> None:
        """A list ends where there is no more, or no word of more."""
        stand_in.says(page(ORDER, has_more=True, next_page="2"), page(ORDER, **end))
        assert (await strange_client.meter_orders()).records == (an_order(),) * 2
        assert [request.raw_path for request in stand_in.received] == [
            "/meter-orders?limit=100",
            "/meter-orders?limit=100&cursor=2",
        ]

    async def test_walk_in_a_circle(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """A cursor that leads back to where it came from is not followed again."""
        stand_in.says(
            page(has_more=True, next_page="a"),
            page(has_more=True, next_page="b"),
            page(has_more=True, next_page="a"),
        )
        with pytest.raises(NomosResponseError, match="end"):
            await strange_client.meter_orders()
        assert len(stand_in.received) == 3

    @pytest.mark.parametrize("cursor", [None, 2])
    async def test_more_without_a_way_there(
        self, strange_client: NomosClient, stand_in: StandIn, cursor: Any
    ) -> None:
        """A list that has more, but not where, is not taken for a whole one."""
        stand_in.says(page(ORDER, has_more=True, next_page=cursor))
        with pytest.raises(NomosResponseError):
            await strange_client.meter_orders()

    @pytest.mark.parametrize(
        "answer", [{}, {"items": None}, {"items": {}}, {"items": "none"}]
    )
    async def test_list_without_items(
        self, strange_client: NomosClient, stand_in: StandIn, answer: Any
    ) -> None:
        """An answer that is no list is not taken for an empty one."""
        stand_in.says(Answer({"object": "list", **answer}))
        with pytest.raises(NomosResponseError, match="without items"):
            await strange_client.subscriptions()

    @pytest.mark.parametrize(
        "field", ["id", "subscription", "status", "provider", "created_at"]
    )
    async def test_one_order_that_cannot_be_read(
        self,
        client: NomosClient,
        simulator: Simulator,
        caplog: pytest.LogCaptureFixture,
        field: str,
    ) -> None:
        """One bad record keeps no other back; whose it was is known if it says so."""
        bad, *good = [
            simulator.add(scenarios.happy_path(index)).subscription_id
            for index in range(1, 4)
        ]
        simulator.fail(
            Fault.MISSING_FIELD, path="/meter-orders", field=field, subscription=bad
        )
        for _ in range(2):
            listing = await client.meter_orders()
            assert {order.subscription_id for order in listing.records} == set(good)
            anybody = field == "subscription"
            assert listing.unreadable == {None if anybody else bad}
            assert listing.may_hide(bad)
            assert listing.may_hide(good[0]) is anybody
        (said,) = warnings(caplog)
        assert said == (
            "Leaving out a record of /meter-orders: "
            f"Nomos sent a record without “{field}”"
        )

    async def test_malformed_timestamps(
        self,
        client: NomosClient,
        simulator: Simulator,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """An optional timestamp that is none costs nothing but itself."""
        for index in range(1, 4):
            simulator.add(scenarios.happy_path(index)).advance_to("scheduled")
        simulator.fail(Fault.MALFORMED_TIMESTAMP, field="appointment_at")
        for _ in range(2):
            listing = await client.meter_orders()
            assert [order.appointment_at for order in listing.records] == [None] * 3
            assert listing.unreadable == frozenset()
        assert warnings(caplog) == [
            "Nomos sent a timestamp in “appointment_at” that is none"
        ]

    async def test_malformed_order_date(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """The timestamp that an order can't be without fails that order alone."""
        bad, good = (
            simulator.add(scenarios.happy_path(index)).subscription_id
            for index in (1, 2)
        )
        simulator.fail(Fault.MALFORMED_TIMESTAMP, field="created_at", subscription=bad)
        listing = await client.meter_orders()
        assert [order.subscription_id for order in listing.records] == [good]
        assert listing.unreadable == {bad}

    async def test_one_subscription_that_cannot_be_read(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """A bad subscription is known by its own id."""
        stand_in.says(page({**SUBSCRIPTION, "id": "sub_2", "plan": None}, SUBSCRIPTION))
        listing = await strange_client.subscriptions()
        assert listing.records == (a_subscription(),)
        assert listing.unreadable == {"sub_2"}

    @pytest.mark.parametrize("item", [None, "sub_1", 7, [], {}, {"subscription": 1}])
    async def test_records_that_are_none(
        self, strange_client: NomosClient, stand_in: StandIn, item: Any
    ) -> None:
        """What is no record at all may be anybody's."""
        stand_in.says(page(item, ORDER))
        listing = await strange_client.meter_orders()
        assert listing.records == (an_order(),)
        assert listing.unreadable == {None}
        assert listing.may_hide("sub_1")


class TestRefusedTokens:
    """A token that Nomos no longer accepts."""

    async def test_expired_token_is_replaced(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """A refused token is replaced, and the question asked once more."""
        await client.meter_orders()
        simulator.expire_tokens()
        simulator.requests.clear()
        assert (await client.meter_orders()).records == ()
        assert paths(simulator) == ["/meter-orders", "/oauth/token", "/meter-orders"]

    async def test_expired_token_between_two_pages(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """A token that ends in the middle of a list ends nothing else."""
        for index in range(1, 102):
            simulator.add(scenarios.happy_path(index))
        before = await client.meter_orders()
        simulator.expire_tokens()
        assert await client.meter_orders() == before

    async def test_concurrent_callers_share_one_refresh(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """However many see their token refused, one new one is asked for."""
        await client.meter_orders()
        simulator.expire_tokens()
        simulator.requests.clear()
        await asyncio.gather(*(client.meter_orders() for _ in range(20)))
        assert paths(simulator).count("/oauth/token") == 1
        assert paths(simulator).count("/meter-orders") == 2 * 20

    async def test_one_more_try_and_no_other(
        self, session: ClientSession, simulator: Simulator, waits: list[float]
    ) -> None:
        """A new token that is refused as well means that somebody has to log in."""
        asked: list[str | None] = []

        class StaleTokens:
            async def access_token(self, rejected: str | None = None) -> str:
                asked.append(rejected)
                return f"stale-{len(asked)}"

            async def scopes(self) -> frozenset[str]:
                return frozenset()

        client = NomosClient(session, StaleTokens(), os.environ["NOMOS_API_URL"])
        with pytest.raises(NomosAuthError) as caught:
            await client.meter_orders()
        assert asked == [None, "stale-1"]
        assert paths(simulator) == ["/meter-orders"] * 2
        assert (caught.value.status, caught.value.code) == (401, "UNAUTHORIZED")
        assert caught.value.request_id
        assert waits == []

    async def test_no_other_token(
        self, session: ClientSession, simulator: Simulator
    ) -> None:
        """Where there is no other token, one more try is all there is."""
        client = NomosClient(
            session, FixedToken({"access_token": "stale"}), os.environ["NOMOS_API_URL"]
        )
        with pytest.raises(NomosAuthError):
            await client.meter_orders()
        assert paths(simulator) == ["/meter-orders"] * 2

    async def test_no_other_token_says_what_support_needs(
        self, session: ClientSession, simulator: Simulator
    ) -> None:
        """The refusal itself is what comes out, with its request."""
        client = NomosClient(
            session, FixedToken({"access_token": "stale"}), os.environ["NOMOS_API_URL"]
        )
        with pytest.raises(NomosAuthError) as caught:
            await client.meter_orders()
        assert caught.value.status == 401
        assert caught.value.request_id

    async def test_key_that_was_withdrawn(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """A refresh that is refused means that somebody has to log in."""
        await client.meter_orders()
        simulator.expire_tokens()
        simulator.tokens.clients.clear()
        simulator.requests.clear()
        with pytest.raises(NomosAuthError):
            await client.meter_orders()
        assert paths(simulator) == ["/meter-orders", "/oauth/token"]

    async def test_forbidden_is_no_matter_of_tokens(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """A login that is accepted but may not do this is not asked for again."""
        stand_in.says(Answer({"code": "FORBIDDEN"}, 403))
        with pytest.raises(NomosForbiddenError):
            await strange_client.meter_orders()
        assert len(stand_in.received) == 1


async def details(
    client: NomosClient, *subscription_ids: str
) -> dict[str, Subscription | NomosError]:
    """Return all details there are."""
    return {
        subscription_id: answer
        async for subscription_id, answer in client.subscription_details(
            subscription_ids
        )
    }


class TestDetails:
    """Many subscriptions with their details."""

    @pytest.fixture
    def households(self, simulator: Simulator) -> list[Household]:
        """Return more households than are asked for at a time."""
        return [simulator.add(scenarios.no_order(index)) for index in range(1, 26)]

    async def test_all_of_them(
        self, client: NomosClient, households: list[Household]
    ) -> None:
        """Every subscription comes, in order, under its own id."""
        ids = [household.subscription_id for household in households]
        answers = await details(client, *ids)
        assert list(answers) == ids
        for household in households:
            answer = answers[household.subscription_id]
            assert isinstance(answer, Subscription)
            assert answer.id == household.subscription_id
            assert answer.meter_type is MeterType.ANALOG

    async def test_none_of_them(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """Who asks for nothing asks nobody."""
        assert await details(client) == {}
        assert simulator.requests == []

    async def test_gone_and_unreadable_ones(
        self, client: NomosClient, simulator: Simulator, households: list[Household]
    ) -> None:
        """One that is gone or unreadable keeps no other back."""
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

    async def test_failing_one(
        self, client: NomosClient, simulator: Simulator, households: list[Household]
    ) -> None:
        """Any other failure ends the walk, and no more is asked for."""
        ids = [household.subscription_id for household in households]
        simulator.fail(Fault.SERVER_ERROR, path=f"/subscriptions/{ids[12]}")
        seen: list[str] = []

        async def walk() -> None:
            async for subscription_id, _ in client.subscription_details(ids):
                seen.append(subscription_id)

        with pytest.raises(NomosError, match="status 500"):
            await walk()
        assert seen == ids[:12]
        assert not {f"/subscriptions/{late}" for late in ids[20:]} & {*paths(simulator)}

    async def test_a_few_at_a_time(
        self, session: ClientSession, socket_enabled: None
    ) -> None:
        """Ten are asked for together, never more."""
        together = asyncio.Barrier(10)
        under_way = 0
        most = 0

        async def answer(request: web.Request) -> web.Response:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            # Nobody is answered before the tenth has asked.
            await together.wait()
            under_way -= 1
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


async def test_plan_that_cannot_be_read(
    strange_client: NomosClient, stand_in: StandIn
) -> None:
    """A plan without a slug leads nowhere and is refused."""
    stand_in.says(Answer({**PLAN, "slug": None}))
    with pytest.raises(NomosResponseError, match="slug"):
        await strange_client.plan("pln_1")
