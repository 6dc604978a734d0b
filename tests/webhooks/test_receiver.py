"""Receiver of webhooks, over real HTTP."""

from asyncio import Event, StreamReader, StreamWriter, gather, open_connection
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
import json
import logging
import random
from types import SimpleNamespace
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.persistent_notification import (
    UpdateType,
    async_register_callback,
)
from homeassistant.components.webhook import async_handle_webhook
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    CONF_WEBHOOK_ID,
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    STATE_OFF,
    STATE_ON,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.aiohttp import MockRequest
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.nomos_energy.const import DOMAIN
from simulator import Fault, Simulator, scenarios, server
from simulator.households import Step
from simulator.webhooks import SIGNATURE, sign
from tests import DAY, organisation_entry, pass_time, requests_since, state
from tests.conftest import SetUp

SECRET = "whsec_0123456789abcdef"
LARGEST = 64 * 1024
MOMENT = timedelta(seconds=5)
"""Long enough for a delivery to have led to something."""


def event(**fields: Any) -> bytes:
    """Return the body of a delivery that is no simulated household's."""
    return json.dumps({"id": "evt_1", "topic": "meter_order.placed"} | fields).encode()


@dataclass(frozen=True)
class Line:
    """The way from Nomos to a household's Home Assistant."""

    hass: HomeAssistant
    simulator: Simulator
    freezer: FrozenDateTimeFactory
    entry: MockConfigEntry
    url: URL
    session: ClientSession

    async def send(
        self,
        body: bytes,
        *,
        secret: str = SECRET,
        age: int = 0,
        signature: str | None = None,
        data: Any = None,
    ) -> int:
        """Send a body, with a genuine signature by default; return the status."""
        moment = int(dt_util.utcnow().timestamp()) - age
        headers = {SIGNATURE: signature or sign(secret, body, moment)}
        return await self.post(headers, data or body)

    async def post(self, headers: dict[str, str], data: Any) -> int:
        """Send anything at all; return the status."""
        async with self.session.post(self.url, headers=headers, data=data) as response:
            return response.status

    async def deliver(self, duration: timedelta = MOMENT) -> list[int | None]:
        """Deliver what is due, let a moment pass, and return what was answered."""
        before = len(self.simulator.deliveries.finished)
        await self.simulator.deliver_webhooks()
        await pass_time(self.hass, self.freezer, duration)
        finished = self.simulator.deliveries.finished[before:]
        return [delivery.statuses[-1] for delivery in finished]

    async def forge(self, count: int, at_once: int = 50) -> list[int]:
        """Send deliveries with a wrong signature."""
        statuses: list[int] = []
        while len(statuses) < count:
            statuses += await gather(
                *(self.send(event(), secret="a guess") for _ in range(at_once))
            )
        return statuses


type Connect = Callable[..., Awaitable[Line]]


@pytest.fixture
async def connect(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    hass_client_no_auth: ClientSessionGenerator,
) -> AsyncIterator[Connect]:
    """Set up an account whose webhooks are on and registered with Nomos."""
    client: TestClient[Any, Any] | None = None

    async def connect(*subscriptions: str) -> Line:
        nonlocal client
        options: dict[str, Any] = {"webhook_secret": SECRET}
        if subscriptions:
            options["subscriptions"] = list(subscriptions)
        entry = await set_up(entry=organisation_entry(options=options))
        # Once the server runs, it takes no more views.
        assert await async_setup_component(hass, "diagnostics", {})
        client = await hass_client_no_auth()
        url = client.make_url(f"/api/webhook/{entry.data[CONF_WEBHOOK_ID]}")
        simulator.register_webhook(str(url), SECRET)
        requests_since(simulator)
        return Line(hass, simulator, freezer, entry, url, client.session)

    yield connect
    if client:
        await client.close()


async def webhook_diagnostics(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, line: Line
) -> Any:
    """Return what diagnostics say about deliveries."""
    found: Any = await get_diagnostics_for_config_entry(hass, hass_client, line.entry)
    return found["webhook"]


def refused(hass: HomeAssistant, line: Line) -> bool:
    """Return if there is an issue about refused deliveries."""
    issue_id = f"webhook_refused_{line.entry.entry_id}"
    return ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is not None


def notifications(hass: HomeAssistant) -> dict[str, str]:
    """Return what is shown to the household from now on: texts by title."""
    shown: dict[str, str] = {}

    @callback
    def show(kind: UpdateType, changed: dict[str, Any]) -> None:
        if kind is UpdateType.ADDED:
            shown.update({each["title"]: each["message"] for each in changed.values()})

    async_register_callback(hass, show)
    return shown


# What it is for


async def test_order_changes_at_once(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """With webhooks, a household sees within seconds what a poll sees a day later."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    for status in ("placed", "check_submitted", "scheduled", "installed", "activated"):
        home.advance_to(status)
        assert set(await line.deliver()) == {200}
        assert state(hass, home, "order_status") == status
        assert requests_since(simulator).count("list_meter_orders") == 1
    assert state(hass, home, "smart_meter_active") == STATE_ON


async def test_burst(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    connect: Connect,
) -> None:
    """However many deliveries come in whatever order, Nomos is asked once."""
    homes = [simulator.add(scenarios.happy_path(index)) for index in (1, 2, 3, 4)]
    line = await connect()
    for home in homes:
        home.advance(5)
    events = [delivery.event.id for delivery in simulator.deliveries.pending]
    assert len(events) == 20
    for event_id in events * 24:
        simulator.redeliver(event_id)
    random.Random(3).shuffle(simulator.deliveries.pending)
    assert await line.deliver() == [200] * 500
    assert requests_since(simulator).count("list_meter_orders") == 1
    assert {state(hass, home, "order_status") for home in homes} == {"installed"}
    told = await webhook_diagnostics(hass, hass_client, line)
    assert (told["accepted"], told["repeated"], told["refused"]) == (20, 480, 0)

    await pass_time(hass, line.freezer, timedelta(minutes=5), MOMENT)
    assert not requests_since(simulator)


async def test_delivery_during_a_refresh(
    hass: HomeAssistant,
    simulator: Simulator,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A delivery during a refresh causes another one after it."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    thinking, done = Event(), Event()

    async def think(_seconds: float) -> None:
        thinking.set()
        await done.wait()

    monkeypatch.setattr(server, "asyncio", SimpleNamespace(sleep=think))
    simulator.fail(Fault.LATENCY, "/meter-orders", times=1)
    home.advance_to("placed")
    await simulator.deliver_webhooks()
    line.freezer.tick(MOMENT)
    async_fire_time_changed(hass)
    await thinking.wait()

    home.advance_to("scheduled")
    await simulator.deliver_webhooks()
    # Nomos takes longer than Home Assistant waits for more deliveries.
    line.freezer.tick(MOMENT)
    async_fire_time_changed(hass)
    done.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(hass, line.freezer, MOMENT)
    assert state(hass, home, "order_status") == "scheduled"
    assert requests_since(simulator).count("list_meter_orders") == 2


async def test_delivery_while_nomos_fails(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """A delivery is not lost when Nomos can't be asked about it at once."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    simulator.fail(Fault.SERVER_ERROR)
    home.advance_to("placed")
    assert await line.deliver() == [200]
    assert state(hass, home, "order_status") == "created"
    simulator.recover()
    await pass_time(hass, line.freezer, timedelta(minutes=6), timedelta(minutes=1))
    assert state(hass, home, "order_status") == "placed"


async def test_delivery_while_rate_limited(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """Deliveries cause no request while Nomos limits the rate."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    simulator.fail(Fault.RATE_LIMIT, "/meter-orders", seconds=600, retry_after=True)
    requests_since(simulator)
    for status in ("placed", "check_submitted", "check_reviewed"):
        home.advance_to(status)
        assert await line.deliver() == [200]
    assert requests_since(simulator).count("list_meter_orders") == 1
    simulator.recover()
    await pass_time(hass, line.freezer, timedelta(minutes=11), timedelta(minutes=1))
    assert state(hass, home, "order_status") == "check_reviewed"


async def test_subscription_ends(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """A contract that ends closes the gate at once; no order could tell of it."""
    home = simulator.add(
        scenarios.smart_already(
            timeline=[Step(after=timedelta(days=300), subscription="ended")]
        )
    )
    line = await connect(home.subscription_id)
    assert state(hass, home, "smart_meter_active") == STATE_ON
    home.advance()
    assert await line.deliver() == [200]
    assert state(hass, home, "smart_meter_active") == STATE_OFF


async def test_subscription_of_a_settled_order(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """A subscription is read again also where the order tells about the meter."""
    home = simulator.add(
        scenarios.happy_path(
            timeline=[
                Step(after=timedelta(0), status="created"),
                Step(after=timedelta(days=1), status="activated"),
                Step(after=timedelta(days=300), subscription="ended"),
            ]
        )
    )
    home.advance_to("activated")
    line = await connect(home.subscription_id)
    home.advance()
    assert await line.deliver() == [200]
    assert requests_since(simulator).count("get_subscription") == 1
    issues = ir.async_get(hass).issues.values()
    assert "subscription_ended" in {issue.translation_key for issue in issues}


@pytest.mark.parametrize(
    ("language", "title", "message"),
    [
        ("en", "Nomos Energy: instant updates are set up", "A test message"),
        (
            "de",
            "Nomos Energy: Sofortmeldungen eingerichtet",
            "Eine Testnachricht von Nomos ist angekommen.",
        ),
        ("fr", "Nomos Energy: instant updates are set up", "A test message"),
    ],
)
async def test_test_event(
    hass: HomeAssistant,
    simulator: Simulator,
    connect: Connect,
    language: str,
    title: str,
    message: str,
) -> None:
    """A test from the dashboard is confirmed once, in the household's language."""
    hass.config.language = language
    simulator.add(scenarios.happy_path())
    line = await connect()
    shown = notifications(hass)
    test = simulator.emit("test.event", {})
    assert await line.deliver() == [200]
    assert shown[title].startswith(message)
    assert not requests_since(simulator)

    shown.clear()
    simulator.redeliver(test.id)
    assert await line.deliver() == [200]
    assert not shown


# What costs nothing


@pytest.mark.parametrize(
    ("topic", "context"),
    [
        ("meter_order.placed", {"subscription": "sub_of_others"}),
        ("meter_order.placed", {"subscription": ["sub_1"]}),
        ("meter_order.placed", {"subscription": None}),
        ("meter_order.placed", {}),
        ("meter_order.placed", []),
        ("meter_order.placed", None),
        ("subscription.ended", {"subscription": "sub_of_others"}),
        ("subscription.ended", {}),
        ("invoice.created", {"subscription": "sub_of_others"}),
        ("", {}),
        ("\u202e", {}),
        ("t" * 10_000, {}),
    ],
)
async def test_of_others(
    hass: HomeAssistant,
    simulator: Simulator,
    storage: dict[str, Any],
    connect: Connect,
    topic: str,
    context: Any,
) -> None:
    """What concerns others is genuine, and costs neither a request nor a write."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    key = f"{DOMAIN}.{line.entry.entry_id}.deliveries"
    await pass_time(hass, line.freezer, MOMENT)
    storage.pop(key, None)
    assert await line.send(event(topic=topic, context=context)) == 200
    await pass_time(hass, line.freezer, MOMENT)
    assert not requests_since(simulator)
    assert key not in storage


@pytest.mark.parametrize("topic", ["invoices", "meter_orders", "meter_order"])
async def test_unknown_topics(
    hass: HomeAssistant, simulator: Simulator, connect: Connect, topic: str
) -> None:
    """A topic that is of no use here is taken, and leads to nothing."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    simulator.emit(topic, {"subscription": home.subscription_id})
    assert await line.deliver() == [200]
    assert not requests_since(simulator)


async def test_contract_that_is_not_included(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """Deliveries about contracts that are not included are ignored."""
    followed, other = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    line = await connect(followed.subscription_id)
    other.advance_to("placed")
    assert await line.deliver() == [200]
    assert not requests_since(simulator)


async def test_among_many_of_others(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """One's own delivery is found among many of others."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    for number in range(50):
        simulator.emit("meter_order.placed", {"subscription": f"sub_{number}"})
    home.advance_to("placed")
    assert await line.deliver() == [200] * 51
    assert requests_since(simulator).count("list_meter_orders") == 1
    assert state(hass, home, "order_status") == "placed"


# What Nomos repeats


async def test_repeated_over_days_and_restarts(
    hass: HomeAssistant,
    simulator: Simulator,
    storage: dict[str, Any],
    connect: Connect,
) -> None:
    """A delivery is known for the three days in which it may come again."""
    home = simulator.add(scenarios.happy_path(timeline=[]))
    home.place_order()
    line = await connect()
    context = {"subscription": home.subscription_id}
    first = simulator.emit("meter_order.placed", context)
    assert await line.deliver() == [200]
    assert requests_since(simulator).count("list_meter_orders") == 1

    for _ in range(3):
        await pass_time(hass, line.freezer, DAY)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
        await hass.async_block_till_done()
        assert await hass.config_entries.async_reload(line.entry.entry_id)
        await hass.async_block_till_done()
        requests_since(simulator)
        simulator.redeliver(first.id)
        assert await line.deliver() == [200]
        assert not requests_since(simulator)

    await pass_time(hass, line.freezer, 2 * DAY)
    second = simulator.emit("meter_order.placed", context)
    assert await line.deliver() == [200]
    remembered = storage[f"{DOMAIN}.{line.entry.entry_id}.deliveries"]["data"]
    assert list(remembered) == [second.id]


async def test_repeated_after_other_deliveries(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """A delivery is remembered for three days, although others are noted meanwhile."""
    home = simulator.add(scenarios.happy_path(timeline=[]))
    home.place_order()
    line = await connect()
    context = {"subscription": home.subscription_id}
    first = simulator.emit("meter_order.placed", context)
    assert await line.deliver() == [200]
    await pass_time(hass, line.freezer, 3 * DAY)
    simulator.emit("meter_order.placed", context)
    assert await line.deliver() == [200]
    requests_since(simulator)
    simulator.redeliver(first.id)
    assert await line.deliver() == [200]
    assert not requests_since(simulator)


async def test_repeated_after_a_reload(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """A delivery is known also where it could not be written to the disk yet."""
    home = simulator.add(scenarios.happy_path(timeline=[]))
    home.place_order()
    line = await connect()
    told = simulator.emit("meter_order.placed", {"subscription": home.subscription_id})
    await simulator.deliver_webhooks()
    assert await hass.config_entries.async_reload(line.entry.entry_id)
    requests_since(simulator)
    simulator.redeliver(told.id)
    assert await line.deliver() == [200]
    assert not requests_since(simulator)


async def test_restart_while_nomos_is_away(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """Deliveries are taken also when all that is known comes from before."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    await pass_time(hass, line.freezer, MOMENT)
    simulator.fail(Fault.CONNECTION_RESET)
    assert await hass.config_entries.async_reload(line.entry.entry_id)
    home.advance_to("placed")
    simulator.recover()
    assert await line.deliver() == [200]
    assert state(hass, home, "order_status") == "placed"


# What is not Nomos'


@pytest.mark.parametrize("age", [-300, 0, 300])
async def test_clocks_that_differ(
    hass: HomeAssistant, simulator: Simulator, connect: Connect, age: int
) -> None:
    """Clocks may be five minutes apart."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    assert await line.send(event(), age=age) == 200


@pytest.mark.parametrize(
    "forged",
    [
        {"age": 301},
        {"age": -301},
        {"secret": "a guess"},
        {"signature": "nonsense"},
        {"signature": "t=1,v1=00"},
        {"signature": f"t={10**9},v1=ä"},
    ],
)
async def test_forged(
    hass: HomeAssistant, simulator: Simulator, connect: Connect, forged: dict[str, Any]
) -> None:
    """What is not signed just now, with the secret, is refused."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    body = event(context={"subscription": home.subscription_id})
    assert await line.send(body, **forged) == 401
    await pass_time(hass, line.freezer, MOMENT)
    assert not requests_since(simulator)


async def test_not_signed(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """What has no signature, or nothing at all, is refused."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    assert await line.post({}, event()) == 401
    assert await line.post({}, b"") == 401


async def test_body_is_what_was_signed(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """The bytes are signed, not what they say: order, spaces and all."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    body = (
        '{ "topic":"meter_order.placed",\r\n\t"who": "Größe 🔌 \\u00e9", "context":'
        f'{{"subscription" : "{home.subscription_id}"}}, "id":"evt_2"}} \n'
    ).encode()
    assert await line.send(body) == 200
    await pass_time(hass, line.freezer, MOMENT)
    assert requests_since(simulator).count("list_meter_orders") == 1
    assert await line.send(body, data=json.dumps(json.loads(body)).encode()) == 401


async def test_secret_is_being_exchanged(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """While two secrets hold, one of two signatures is enough."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    stamp = int(dt_util.utcnow().timestamp())
    _, _, other = sign("the next secret", event(), stamp).partition(",")
    signature = f"{sign(SECRET, event(), stamp)},{other}"
    assert await line.send(event(), signature=signature) == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b'"evt_1"',
        b"[]",
        b'[{"id": "evt_1", "topic": "test.event"}]',
        b"null",
        b"{}",
        b'{"id": "evt_1"}',
        b'{"topic": "test.event"}',
        b'{"id": 1, "topic": "test.event"}',
        b'{"id": "evt_1", "topic": null}',
        b'{"id": "evt_1", "topic": "test.event"',
        b"\xff\xfe",
        # A text that could not be stored.
        b'{"id": "\\ud800", "topic": "test.event"}',
        b'{"id": "evt.1", "topic": "test.event"}',
        b'{"id": "", "topic": "test.event"}',
        b'{"id": "evt_' + b"1" * 10_000 + b'", "topic": "test.event"}',
        '{"id": "evt_ü", "topic": "test.event"}'.encode(),
        b"[" * 60_000,
    ],
)
async def test_nonsense(
    hass: HomeAssistant, simulator: Simulator, connect: Connect, body: bytes
) -> None:
    """What is signed but no event is called so."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    assert await line.send(body) == 400
    await pass_time(hass, line.freezer, MOMENT)
    assert not requests_since(simulator)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """Yield a body in parts, without a Content-Length."""
    for part in parts:
        yield part


async def test_largest_body(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """A body may have 64 KiB at most, with or without a Content-Length."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    largest = event().ljust(LARGEST)
    too_large = event().ljust(LARGEST + 1)
    assert await line.send(largest) == 200
    assert await line.send(too_large) == 413
    in_parts = chunks(largest[:100], largest[100:])
    assert await line.send(largest, data=in_parts) == 200
    in_parts = chunks(too_large[:LARGEST], too_large[LARGEST:])
    assert await line.send(too_large, data=in_parts) == 413


@pytest.mark.parametrize(
    ("header", "start"),
    [
        ("Content-Length: 1000000000", b""),
        # A chunk of 1 GB, which begins.
        ("Transfer-Encoding: chunked", b"3b9aca00\r\n"),
    ],
)
async def test_endless_body(
    hass: HomeAssistant,
    simulator: Simulator,
    connect: Connect,
    header: str,
    start: bytes,
) -> None:
    """A body that is too large is refused before it is there."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    answer = await raw(line, header, start + b" " * (LARGEST + 1))
    assert answer.startswith(b"HTTP/1.1 413")


async def raw(line: Line, header: str, body: bytes) -> bytes:
    """Send bytes as they are, and return the first line of the answer."""
    reader, writer = await begin(line, header)
    # Another delivery shows that Home Assistant has seen what came before.
    assert await line.send(event()) == 200
    writer.write(body)
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer


async def begin(line: Line, header: str) -> tuple[StreamReader, StreamWriter]:
    """Begin a delivery."""
    assert line.url.host
    reader, writer = await open_connection(line.url.host, line.url.port)
    head = f"POST {line.url.path} HTTP/1.1\r\nHost: {line.url.host}\r\n{header}\r\n\r\n"
    writer.write(head.encode())
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize(
    "header",
    [
        "Content-Encoding: gzip\r\nContent-Length: 8",
        "Content-Encoding: deflate\r\nContent-Length: 8",
    ],
)
async def test_broken_body(
    hass: HomeAssistant,
    simulator: Simulator,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
    header: str,
) -> None:
    """A body that can't be read is nonsense, and nothing for the log."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    caplog.clear()
    answer = await raw(line, header, b"nonsense")
    await hass.async_block_till_done()
    assert b" 400 " in answer
    assert not loud(caplog)


async def test_connection_that_breaks(
    hass: HomeAssistant,
    simulator: Simulator,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A connection that breaks during a delivery is not logged."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    caplog.clear()
    _, writer = await begin(line, "Content-Length: 99")
    assert await line.send(event()) == 200
    writer.transport.abort()
    assert await line.send(event()) == 200
    assert not loud(caplog)


def loud(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what Home Assistant, as it comes, writes to its log.

    The web server has words of its own, also for a clock that stands still.
    """
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and record.name.startswith(("custom_components.", "homeassistant."))
    ]


async def test_flood(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A flood of forgeries asks Nomos nothing and fills no log."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    caplog.clear()
    assert set(await line.forge(300)) == {401}
    await pass_time(hass, line.freezer, MOMENT)
    assert not requests_since(simulator)
    assert loud(caplog) == ["Deliveries are refused: their signature is wrong"]
    told = await webhook_diagnostics(hass, hass_client, line)
    assert (told["accepted"], told["refused"]) == (0, 300)

    home.advance_to("placed")
    assert await line.deliver() == [200]
    assert state(hass, home, "order_status") == "placed"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_only_posts(
    hass: HomeAssistant,
    simulator: Simulator,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
    method: str,
) -> None:
    """Nothing but a POST is a delivery, and that is nothing for the log."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    caplog.clear()
    stamp = int(dt_util.utcnow().timestamp())
    headers = {SIGNATURE: sign(SECRET, event(), stamp)}
    async with line.session.request(
        method, line.url, headers=headers, data=event()
    ) as response:
        assert response.status == 405
    assert not loud(caplog)


# What the household gets to know


async def test_wrong_secret(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """Some deliveries with a wrong signature are reported until one is genuine."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    simulator.register_webhook(str(line.url), "another secret")
    home.advance_to("check_submitted")
    await line.deliver()
    assert not refused(hass, line)
    home.advance_to("check_reviewed")
    await line.deliver()
    assert refused(hass, line)

    assert await line.send(event()) == 200
    assert not refused(hass, line)


async def test_proof_of_the_secret_is_enough(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """Also nonsense shows that the secret is right, if it is signed."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    await line.forge(3, 1)
    assert refused(hass, line)
    assert await line.send(b"nonsense") == 400
    assert not refused(hass, line)


async def test_accidents_are_not_reported(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """Wrong signatures are reported if there is no genuine one in between."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    for number in range(6):
        await line.forge(2, 1)
        assert not refused(hass, line)
        assert await line.send(event(id=f"evt_{number}")) == 200
    await line.forge(3, 1)
    assert refused(hass, line)


@pytest.mark.parametrize("change", [{"webhook_secret": "the new one"}, {}])
async def test_refusals_end_with_the_secret(
    hass: HomeAssistant, simulator: Simulator, connect: Connect, change: dict[str, str]
) -> None:
    """Another secret, or none, takes back that deliveries are refused."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    await line.forge(3, 1)
    assert refused(hass, line)
    hass.config_entries.async_update_entry(line.entry, options=change)
    assert await hass.config_entries.async_reload(line.entry.entry_id)
    assert not refused(hass, line)


async def test_diagnostics(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    connect: Connect,
) -> None:
    """They tell what came last and what was refused, and keep the secret."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    home.advance_to("placed")
    assert await line.deliver() == [200]
    now = dt_util.utcnow()
    assert await line.send(event().ljust(LARGEST + 1)) == 413
    found = await get_diagnostics_for_config_entry(hass, hass_client, line.entry)
    told: Any = found["webhook"]
    assert told == {
        "accepted": 1,
        "repeated": 0,
        "refused": 1,
        "refused_in_a_row": 0,
        "last_accepted": (now - MOMENT).isoformat(),
        "last_topic": "meter_order.placed",
        "last_refused": now.isoformat(),
        "last_refusal": "too_large",
    }
    published = json.dumps(found)
    assert SECRET not in published
    assert line.entry.data[CONF_WEBHOOK_ID] not in published


# On and off


async def test_switched_off(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    connect: Connect,
) -> None:
    """Without webhooks deliveries are ignored; Home Assistant answers 200."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    hass.config_entries.async_update_entry(line.entry, options={})
    assert await hass.config_entries.async_reload(line.entry.entry_id)
    requests_since(simulator)
    home.advance_to("placed")
    assert await line.deliver() == [200]
    assert await line.send(b"nonsense") == 200
    assert not requests_since(simulator)
    assert state(hass, home, "order_status") == "created"
    assert await webhook_diagnostics(hass, hass_client, line) == "off"


async def test_unloaded(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """An account that is taken down does not look for what was delivered before."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    home.advance_to("placed")
    await simulator.deliver_webhooks()
    assert await hass.config_entries.async_unload(line.entry.entry_id)
    await pass_time(hass, line.freezer, MOMENT)
    assert not requests_since(simulator)
    assert await line.send(b"nonsense") == 200

    assert await hass.config_entries.async_setup(line.entry.entry_id)
    assert state(hass, home, "order_status") == "placed"
    assert await line.send(b"nonsense") == 400


async def test_two_accounts(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """Each account has an address and a secret of its own."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    other = organisation_entry(options={"webhook_secret": "of the other one"})
    hass.config_entries.async_update_entry(line.entry, unique_id="first")
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)
    assert other.data[CONF_WEBHOOK_ID] != line.entry.data[CONF_WEBHOOK_ID]
    assert await line.send(event(), secret="of the other one") == 401
    assert await line.send(event()) == 200


async def test_address_stays(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """A restart does not change the address that Nomos knows."""
    simulator.add(scenarios.happy_path())
    line = await connect()
    before = line.entry.data[CONF_WEBHOOK_ID]
    assert await hass.config_entries.async_reload(line.entry.entry_id)
    assert line.entry.data[CONF_WEBHOOK_ID] == before


async def test_through_nabu_casa(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """A delivery that comes by Nabu Casa is verified like any other."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    home.advance_to("placed")
    body = event(context={"subscription": home.subscription_id})
    stamp = int(dt_util.utcnow().timestamp())

    async def arrive(body: bytes, signature: str) -> int:
        # As homeassistant.components.cloud passes it on.
        request = MockRequest(
            content=body,
            headers={SIGNATURE.lower(): signature},
            method="POST",
            query_string="",
            mock_source="cloud",
        )
        webhook_id = line.entry.data[CONF_WEBHOOK_ID]
        return (await async_handle_webhook(hass, webhook_id, request)).status

    genuine = sign(SECRET, body, stamp)
    assert await arrive(body, sign("a guess", body, stamp)) == 401
    assert await arrive(body + b" ", genuine) == 401
    assert await arrive(body.ljust(LARGEST + 1), genuine) == 413
    assert await arrive(body, genuine) == 200
    await pass_time(hass, line.freezer, MOMENT)
    assert state(hass, home, "order_status") == "placed"


async def test_login_that_is_broken(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """A delivery to an account whose login is refused breaks nothing."""
    home = simulator.add(scenarios.happy_path())
    line = await connect()
    simulator.tokens.clients.clear()
    simulator.expire_tokens()
    home.advance_to("placed")
    assert await line.deliver() == [200]
    assert line.entry.state is ConfigEntryState.LOADED
    await pass_time(hass, line.freezer, timedelta(minutes=62), timedelta(minutes=1))
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH


# Invoices


async def test_invoices(
    hass: HomeAssistant, simulator: Simulator, connect: Connect
) -> None:
    """An invoice shows within seconds, and a failed payment is announced once."""
    home = simulator.add(scenarios.happy_path())
    period = date(2026, 10, 1), date(2026, 11, 1)
    line = await connect()
    invoice = home.issue("prepayment", *period, 60.0)
    assert await line.deliver() == [200]
    assert requests_since(simulator) == ["list_meter_orders", "list_invoices"]
    assert state(hass, home, "last_invoice") == "60.0"

    def announced() -> tuple[str, str]:
        found = er.async_get(hass).async_get_entity_id(
            "event", DOMAIN, f"{home.subscription_id}_invoice"
        )
        shown = hass.states.get(found or "")
        assert shown
        return shown.attributes["event_type"], shown.state

    assert announced()[0] == "issued"
    home.fail_payment(invoice)
    assert await line.deliver() == [200]
    kind, at = announced()
    assert kind == "payment_failed"
    simulator.redeliver(next(reversed(simulator.events)))
    assert await line.deliver() == [200]
    assert announced() == (kind, at)
    home.mark_invoice(invoice, "paid")
    home.issue("void", *period, -60.0, voids=invoice)
    assert await line.deliver() == [200, 200]
    # One list for all that arrive at once.
    assert requests_since(simulator).count("list_invoices") == 2
    assert announced()[0] == "voided"
