"""Tests of webhooks and events."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
import hashlib
import hmac
import json

from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from simulator import Simulator, sign
from simulator.webhooks import RETRY_DELAYS

from .common import Api, Clock

SECRET = "whsec_demo"


class Receiver:
    """Receiver of webhooks."""

    def __init__(self) -> None:
        """Create a receiver that accepts webhooks."""
        self.received: list[tuple[str, bytes]] = []
        self.status = 204
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Handle a webhook."""
        body = await request.read()
        self.received.append((request.headers["X-Nomos-Signature"], body))
        return web.Response(status=self.status)

    @property
    def topics(self) -> list[str]:
        """Topics of the received events."""
        return [json.loads(body)["topic"] for _, body in self.received]


@pytest.fixture
async def receiver(sim: Simulator) -> AsyncIterator[Receiver]:
    """Return the receiver of a registered endpoint."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/hook"))
        sim.register_webhook(receiver.url, SECRET)
        yield receiver


async def test_milestones(sim: Simulator, receiver: Receiver, api: Api) -> None:
    """Each milestone sends an event with IDs, which the API returns."""
    household = sim.households[0]
    household.advance_to("activated")
    assert await sim.deliver_webhooks() == 6
    assert sorted(receiver.topics) == sorted(
        f"meter_order.{status}"
        for status in (
            "placed",
            "check_submitted",
            "check_reviewed",
            "scheduled",
            "installed",
            "activated",
        )
    )
    for _, body in receiver.received:
        event = json.loads(body)
        assert set(event) == {"id", "timestamp", "topic", "context"}
        assert event["id"].startswith("evt_")
        assert event["context"] == {
            "meter_order": household.order_id,
            "subscription": household.subscription_id,
        }
        assert (await api.get(f"/events/{event['id']}")).json == event
    assert await sim.deliver_webhooks() == 0


async def test_blocked_and_cancelled(sim: Simulator, receiver: Receiver) -> None:
    """The start of a block sends an event; its end and appointments do not."""
    _, blocked, moved, cancelled, *_ = sim.households
    blocked.advance(3)
    await sim.deliver_webhooks()
    assert sorted(receiver.topics) == ["meter_order.blocked", "meter_order.placed"]
    receiver.received.clear()
    moved.advance_to("scheduled")
    moved.advance(2)
    await sim.deliver_webhooks()
    assert receiver.topics.count("meter_order.scheduled") == 1
    assert len(receiver.topics) == 4
    receiver.received.clear()
    cancelled.advance_to("cancelled")
    await sim.deliver_webhooks()
    assert "meter_order.cancelled" in receiver.topics


async def test_order_through_the_api(
    sim: Simulator, receiver: Receiver, api: Api
) -> None:
    """An order placed through the API sends an event."""
    household = next(each for each in sim.households if each.after_ordering)
    await api.post("/meter-orders", {"subscription": household.subscription_id})
    await sim.deliver_webhooks()
    assert receiver.topics == ["meter_order.created"]


async def test_signature(sim: Simulator, receiver: Receiver, clock: Clock) -> None:
    """The signature covers the time and the body."""
    sim.emit("test.event", {})
    await sim.deliver_webhooks()
    ((header, body),) = receiver.received
    seconds = int(clock().timestamp())
    digest = hmac.new(SECRET.encode(), b"%d." % seconds + body, hashlib.sha256)
    assert header == f"t={seconds},v1={digest.hexdigest()}"
    assert header == sign(SECRET, body, seconds)
    assert json.loads(body)["context"] == {}


async def test_retries(sim: Simulator, receiver: Receiver, clock: Clock) -> None:
    """A failed delivery is retried twelve times within about three days."""
    receiver.status = 503
    sim.emit("test.event", {})
    assert await sim.deliver_webhooks() == 1
    begin = clock()
    for delay in RETRY_DELAYS:
        clock.moment += delay - timedelta(seconds=1)
        assert await sim.deliver_webhooks() == 0
        clock.move(seconds=1)
        assert await sim.deliver_webhooks() == 1
    assert len(receiver.received) == 13
    assert timedelta(days=2.5) < clock() - begin < timedelta(days=3.5)
    assert len({body for _, body in receiver.received}) == 1
    assert len({header for header, _ in receiver.received}) == 13
    clock.move(days=10)
    assert await sim.deliver_webhooks() == 0


async def test_recovery(sim: Simulator, receiver: Receiver, clock: Clock) -> None:
    """A delivered event is not sent again, unless redelivered."""
    receiver.status = 302
    event = sim.emit("test.event", {})
    await sim.deliver_webhooks()
    receiver.status = 200
    clock.move(minutes=1)
    await sim.deliver_webhooks()
    clock.move(days=1)
    assert await sim.deliver_webhooks() == 0
    assert len(receiver.received) == 2
    sim.redeliver(event.id)
    await sim.deliver_webhooks()
    assert receiver.received[2][1] == receiver.received[0][1]


async def test_unreachable_endpoint(sim: Simulator, clock: Clock) -> None:
    """A delivery to an unreachable endpoint is retried."""
    sim.register_webhook("http://127.0.0.1:1/hook", SECRET)
    sim.emit("test.event", {})
    assert await sim.deliver_webhooks() == 1
    assert await sim.deliver_webhooks() == 0
    clock.move(minutes=1)
    assert await sim.deliver_webhooks() == 1
    assert sim.deliveries.pending[0].statuses == [None, None]


async def test_nothing_is_sent_twice(sim: Simulator, receiver: Receiver) -> None:
    """Concurrent deliveries send an event once."""
    sim.emit("test.event", {})
    made = await asyncio.gather(sim.deliver_webhooks(), sim.deliver_webhooks())
    assert sorted(made) == [0, 1]
    assert len(receiver.received) == 1


async def test_registering_again(sim: Simulator, receiver: Receiver) -> None:
    """Registering an address again replaces its secret."""
    sim.register_webhook(receiver.url, "another")
    assert [endpoint.secret for endpoint in sim.webhooks] == ["another"]


async def test_control_endpoints(
    sim: Simulator, receiver: Receiver, anonymous: Api
) -> None:
    """The control endpoints register a webhook and send a test event."""
    body = {"url": receiver.url, "secret": "by hand"}
    assert (await anonymous.post("/_simulator/webhooks", body)).status == 200
    assert (await anonymous.post("/_simulator/webhooks", {})).status == 400
    event = (await anonymous.post("/_simulator/webhooks/test", {})).json
    assert event["topic"] == "test.event"
    await sim.deliver_webhooks()
    assert receiver.topics == ["test.event"]
    assert sim.webhooks[0].secret == "by hand"


async def test_test_events_are_no_resource(sim: Simulator, api: Api) -> None:
    """The API does not return test events."""
    event = sim.emit("test.event", {})
    assert (await api.get(f"/events/{event.id}")).status == 404
    assert (await api.get("/events/evt_none")).status == 404
