"""Tests of the client's orders."""

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
from tests.nomos.common import ORDER, Answer, FakeNomos, page


def refusal(status: int, code: str | None, *details: str) -> Answer:
    """Return an error of Nomos, or of a proxy without a code."""
    errors = [{"code": detail, "field": "subscription"} for detail in details]
    body = {"code": code, "requestId": "req_1", "errors": errors}
    return Answer(body if code else "<h1>No</h1>", status=status)


def key(session: ClientSession, client_id: str) -> ClientCredentials:
    """Return the token source of a simulated organisation."""
    return ClientCredentials(
        session, os.environ["NOMOS_API_URL"], client_id, READ_ONLY.client_secret
    )


class TestOrdering:
    """Meter orders, which must not be sent twice."""

    async def test_order(self, client: NomosClient, simulator: Simulator) -> None:
        """The created order is returned."""
        home = simulator.add(scenarios.no_order())
        order = await client.create_meter_order(home.subscription_id)
        assert (order.id, order.status) == (home.order_id, Milestone.CREATED)
        assert order == await client.meter_order_of(home.subscription_id)

    async def test_request(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """The subscription is sent as JSON."""
        fake_nomos.respond_with(Answer(ORDER, status=201))
        order = await fake_client.create_meter_order("sub_1")
        assert order.id == ORDER["id"]
        (received,) = fake_nomos.received
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
    async def test_no_retry(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        waits: list[float],
        answer: Answer,
        kind: type[NomosError],
    ) -> None:
        """An order is sent once, whatever the answer."""
        fake_nomos.respond_with(answer)
        with pytest.raises(kind):
            await fake_client.create_meter_order("sub_1")
        assert len(fake_nomos.received) == 1
        assert not waits

    async def test_connection_reset(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """An order is not sent again after the reset of a kept connection."""
        home = simulator.add(scenarios.no_order())
        await client.meter_orders()
        simulator.requests.clear()
        simulator.fail(Fault.CONNECTION_RESET, path="/meter-orders")
        with pytest.raises(NomosConnectionError):
            await client.create_meter_order(home.subscription_id)
        assert [each.method for each in simulator.requests] == ["POST"]
        assert home.order is None

    async def test_expired_token(
        self, client: NomosClient, simulator: Simulator
    ) -> None:
        """An order is sent again only if its token was refused."""
        home = simulator.add(scenarios.no_order())
        await client.meter_orders()
        simulator.expire_tokens()
        await client.create_meter_order(home.subscription_id)
        assert home.order
        assert [
            each.status for each in simulator.requests if each.path == "/meter-orders"
        ] == [200, 401, 200]

    async def test_details(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """The error has the reasons of a refusal."""
        fake_nomos.respond_with(refusal(400, "BAD_REQUEST", "unsupported_product"))
        with pytest.raises(NomosError) as caught:
            await fake_client.create_meter_order("sub_1")
        assert caught.value.details == ("unsupported_product",)
        assert caught.value.request_id == "req_1"

    async def test_retry_of_reading(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, waits: list[float]
    ) -> None:
        """Fetching the order of a subscription is retried."""
        fake_nomos.respond_with(refusal(500, "INTERNAL_SERVER_ERROR"), page(ORDER))
        assert await fake_client.meter_order_of("sub_1")
        assert len(fake_nomos.received) == 2
        assert len(waits) == 1


class TestMeterOrderOf:
    """The meter order of a subscription."""

    async def test_filter(self, client: NomosClient, simulator: Simulator) -> None:
        """One order is fetched, not all of them."""
        homes = [simulator.add(scenarios.happy_path(index)) for index in range(1, 200)]
        home, without = homes[150], simulator.add(scenarios.no_order())
        order = await client.meter_order_of(home.subscription_id)
        assert order
        assert order.id == home.order_id
        assert await client.meter_order_of(without.subscription_id) is None
        requests = [r for r in simulator.requests if r.path == "/meter-orders"]
        assert len(requests) == 2

    async def test_ignored_filter(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """Orders of other subscriptions are ignored."""
        other: Mapping[str, Any] = {**ORDER, "id": "prdo_2", "subscription": "sub_2"}
        fake_nomos.respond_with(page(other))
        assert await fake_client.meter_order_of("sub_1") is None
        fake_nomos.respond_with(
            page(other, has_more=True, next_page="c"), page(other, ORDER)
        )
        order = await fake_client.meter_order_of("sub_1")
        assert order
        assert order.id == ORDER["id"]

    async def test_invalid_order(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """An invalid order of the subscription raises an error; others are ignored."""
        fake_nomos.respond_with(page({**ORDER, "status": None}))
        with pytest.raises(NomosResponseError):
            await fake_client.meter_order_of("sub_1")
        assert await fake_client.meter_order_of("sub_2") is None
        fake_nomos.respond_with(page("nonsense"))
        with pytest.raises(NomosResponseError):
            await fake_client.meter_order_of("sub_2")


class TestPermission:
    """NomosClient.may_write."""

    async def test_keys(self, session: ClientSession, simulator: Simulator) -> None:
        """The permission is known from the token, without another request."""
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
        """The permission needs the scope `write:*`."""
        client = NomosClient(session, FixedToken(token), "http://x.invalid")
        assert await client.may_write() is expected
        assert ("write:*" in read_scopes(token)) is expected
        assert read_scopes(token) == frozenset((token.get("scope") or "").split())
