"""Ordering a smart meter: once, whatever comes back."""

from collections.abc import Mapping
import json
import os
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.nomos_energy.nomos import (
    ClientCredentials,
    FixedToken,
    Milestone,
    NomosClient,
    NomosConnectionError,
    NomosError,
    NomosForbiddenError,
    NomosRateLimitError,
    NomosResponseError,
    read_scopes,
)
from simulator import Fault, Simulator, scenarios
from simulator.oauth import READ_ONLY
from tests.nomos.conftest import ORDER, Answer, StandIn


def page(*items: Any, **changes: Any) -> Answer:
    """Return a list as Nomos answers it, apart from some fields."""
    return Answer({"object": "list", "items": items, "next_page": None, **changes})


def refusal(status: int, code: str | None, *details: str) -> Answer:
    """Return an error as Nomos answers it; without a code it is somebody else's."""
    errors = [{"code": detail, "field": "subscription"} for detail in details]
    body = {"code": code, "requestId": "req_1", "errors": errors}
    return Answer(body if code else "<h1>No</h1>", status=status)


def key(session: ClientSession, client_id: str) -> ClientCredentials:
    """Return the tokens of a simulated organisation."""
    return ClientCredentials(
        session, os.environ["NOMOS_API_URL"], client_id, READ_ONLY.client_secret
    )


class TestOrdering:
    """A request that must not be sent twice."""

    async def test_order(self, client: NomosClient, simulator: Simulator) -> None:
        """What is returned is the order that is then there."""
        home = simulator.add(scenarios.no_order())
        order = await client.create_meter_order(home.subscription_id)
        assert (order.id, order.status) == (home.order_id, Milestone.CREATED)
        assert order == await client.meter_order_of(home.subscription_id)

    async def test_request(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """The subscription is all that is sent, as JSON."""
        stand_in.says(Answer(ORDER, status=201))
        order = await strange_client.create_meter_order("sub_1")
        assert order.id == ORDER["id"]
        (received,) = stand_in.received
        assert (received.method, received.raw_path) == ("POST", "/meter-orders")
        assert json.loads(received.body) == {"subscription": "sub_1"}
        assert received.headers["Content-Type"] == "application/json"
        assert received.headers["Authorization"] == "Bearer access-token"

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (refusal(429, "TOO_MANY_REQUESTS"), NomosRateLimitError),
            (refusal(500, "INTERNAL_SERVER_ERROR"), NomosError),
            (refusal(502, None), NomosError),
            (refusal(503, None), NomosError),
            (Answer("<h1>Hello</h1>"), NomosResponseError),
            (Answer("{", status=201), NomosResponseError),
            (Answer({}, status=201), NomosResponseError),
            (Answer("", status=302, headers={"Location": "/x"}), NomosResponseError),
            (refusal(403, "FORBIDDEN"), NomosForbiddenError),
            (refusal(403, None), NomosResponseError),
        ],
    )
    async def test_never_repeated(
        self,
        strange_client: NomosClient,
        stand_in: StandIn,
        waits: list[float],
        answer: Answer,
        kind: type[NomosError],
    ) -> None:
        """Whatever the answer is, the order is sent once."""
        stand_in.says(answer)
        with pytest.raises(kind):
            await strange_client.create_meter_order("sub_1")
        assert len(stand_in.received) == 1
        assert not waits

    async def test_connection_that_breaks(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """Nor is it sent again on a connection that was kept and then broke."""
        home = simulator.add(scenarios.no_order())
        await client.meter_orders()
        simulator.requests.clear()
        simulator.fail(Fault.CONNECTION_RESET, path="/meter-orders")
        with pytest.raises(NomosConnectionError):
            await client.create_meter_order(home.subscription_id)
        assert [each.method for each in simulator.requests] == ["POST"]
        assert home.order is None

    async def test_token_that_is_void(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """Only what Nomos refused for its token is sent again, with another one."""
        home = simulator.add(scenarios.no_order())
        await client.meter_orders()
        simulator.expire_tokens()
        await client.create_meter_order(home.subscription_id)
        assert home.order
        assert [
            each.status for each in simulator.requests if each.path == "/meter-orders"
        ] == [200, 401, 200]

    async def test_details(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """What stands against an order is named."""
        stand_in.says(refusal(400, "BAD_REQUEST", "unsupported_product"))
        with pytest.raises(NomosError) as caught:
            await strange_client.create_meter_order("sub_1")
        assert caught.value.details == ("unsupported_product",)
        assert caught.value.request_id == "req_1"

    async def test_reading_is_repeated(
        self, strange_client: NomosClient, stand_in: StandIn, waits: list[float]
    ) -> None:
        """To look for an order again does no harm."""
        stand_in.says(refusal(500, "INTERNAL_SERVER_ERROR"), page(ORDER))
        assert await strange_client.meter_order_of("sub_1")
        assert len(stand_in.received) == 2
        assert len(waits) == 1


class TestLookingForAnOrder:
    """The order of one subscription."""

    async def test_among_many(self, client: NomosClient, simulator: Simulator) -> None:
        """Nomos is asked for one order, not for all of them."""
        homes = [simulator.add(scenarios.happy_path(index)) for index in range(1, 200)]
        home, without = homes[150], simulator.add(scenarios.no_order())
        order = await client.meter_order_of(home.subscription_id)
        assert order
        assert order.id == home.order_id
        assert await client.meter_order_of(without.subscription_id) is None
        requests = [r for r in simulator.requests if r.path == "/meter-orders"]
        assert len(requests) == 2

    async def test_filter_that_is_ignored(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """Somebody else's order is not taken for the one that is looked for."""
        other: Mapping[str, Any] = {**ORDER, "id": "prdo_2", "subscription": "sub_2"}
        stand_in.says(page(other))
        assert await strange_client.meter_order_of("sub_1") is None
        stand_in.says(page(other, has_more=True, next_page="c"), page(other, ORDER))
        order = await strange_client.meter_order_of("sub_1")
        assert order
        assert order.id == ORDER["id"]

    async def test_order_that_is_not_readable(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """An order that can't be read is not none; somebody else's may be so."""
        stand_in.says(page({**ORDER, "status": None}))
        with pytest.raises(NomosResponseError):
            await strange_client.meter_order_of("sub_1")
        assert await strange_client.meter_order_of("sub_2") is None
        stand_in.says(page("nonsense"))
        with pytest.raises(NomosResponseError):
            await strange_client.meter_order_of("sub_2")


class TestPermission:
    """Whether a login may order."""

    async def test_keys(self, session: ClientSession, simulator: Simulator) -> None:
        """A key may write or only read; to learn that takes a token and no more."""
        for client_id, expected in (
            ("demo-organisation", True),
            ("demo-read-only", False),
        ):
            simulator.requests.clear()
            client = NomosClient(session, key(session, client_id), "http://x.invalid")
            assert await client.may_write() is expected
            assert await client.may_write() is expected
            assert [each.path for each in simulator.requests] == ["/oauth/token"]

    @pytest.mark.parametrize(
        ("token", "expected"),
        [
            ({"scope": "read:* write:*"}, True),
            ({"scope": "write:*"}, True),
            ({"scope": "read:*"}, False),
            ({"scope": "read:* write:*s"}, False),
            ({"scope": ""}, False),
            ({"scope": None}, False),
            ({}, False),
        ],
    )
    async def test_scopes(
        self, session: ClientSession, token: Mapping[str, Any], expected: bool
    ) -> None:
        """Only who is told to may write takes it for granted."""
        client = NomosClient(session, FixedToken(token), "http://x.invalid")
        assert await client.may_write() is expected
        assert ("write:*" in read_scopes(token)) is expected
