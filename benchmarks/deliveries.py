"""What deliveries cost: those of Nomos, and a flood of forged ones."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
import json
import logging
from multiprocessing import get_context
import os
from random import Random
from statistics import quantiles
from time import perf_counter, process_time, time
from typing import override

from aiohttp import ClientSession, TCPConnector
from aiohttp.test_utils import TestServer
from aiohttp.web import AppRunner, TCPSite
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant

from custom_components.nomos_energy.const import CONF_WEBHOOK_SECRET
from custom_components.nomos_energy.webhooks.receiver import BURST
from simulator import Simulator, scenarios
from simulator.webhooks import SIGNATURE, sign
from tests import asked, organisation_entry

from .home import home_assistant, set_up
from .isolation import fresh
from .table import Row, Section

SECRET = "whsec_of_the_benchmark"
FORGED = 10_000
DELIVERIES = 500
EVENTS = 20
AT_ONCE = 20

CHEAP = 1
"""Milliseconds of CPU time that a forged request may cost."""

PROMPT = 10
"""Milliseconds to answer in: Nomos waits for 30 seconds."""

NOTE = (
    "real HTTP on this machine; the sender is a process of its own, and"
    f" {AT_ONCE} requests are on their way at once.\n"
    "   CPU time is Home Assistant's (process_time), its web server included. “Nobody"
    " listens” is what Home Assistant\n"
    "   itself costs, with an address that it does not know. Log lines are those from"
    " warnings up, which Home Assistant writes unless told otherwise."
)


@dataclass(frozen=True)
class Sent:
    """How a sender fared."""

    statuses: Counter[int]
    seconds: float
    median: float
    """Milliseconds until the answer."""
    slowest_percent: float
    """Milliseconds that all but one of a hundred answers took."""


@dataclass(frozen=True)
class Cost:
    """What a number of requests led to."""

    sent: Sent
    cpu: float
    """Milliseconds each."""
    operations: Counter[str]
    log_lines: int


@dataclass(frozen=True)
class Costs:
    """All that is measured."""

    unknown: Cost
    forged: Cost
    one_by_one: Cost
    burst: Cost


def section(quick: bool) -> Section:
    """Measure a flood of forgeries, and a burst of deliveries."""
    forged = FORGED // 10 if quick else FORGED
    costs = fresh(all_costs, forged)
    flood, burst = costs.forged, costs.burst
    base = f"{costs.unknown.cpu:.2f} ms CPU each"
    return Section(
        "Deliveries",
        (
            Row(
                f"{forged:,} forged, all refused with 401",
                f"{flood.cpu:.2f} ms CPU each, {_rate(flood)}",
                f"< {CHEAP} ms each",
                flood.cpu < CHEAP and set(flood.sent.statuses) == {401},
            ),
            Row(f"{forged:,} where nobody listens", f"{base}, {_rate(costs.unknown)}"),
            Row(
                f"{forged:,} forged, requests to Nomos",
                str(flood.operations.total()),
                "0",
                not flood.operations,
            ),
            Row(
                f"{forged:,} forged, log lines",
                str(flood.log_lines),
                "≤ 1",
                flood.log_lines <= 1,
            ),
            Row(
                "genuine, one after the other",
                _answers(costs.one_by_one),
                f"99 % < {PROMPT} ms",
                costs.one_by_one.sent.slowest_percent < PROMPT,
            ),
            Row(f"{DELIVERIES} genuine at once", f"{_answers(burst)}, {_rate(burst)}"),
            Row(
                f"{DELIVERIES} of {EVENTS} events, looks at the orders",
                str(burst.operations["list_meter_orders"]),
                "1",
                burst.operations["list_meter_orders"] == 1,
            ),
        ),
        NOTE,
    )


def _rate(cost: Cost) -> str:
    return f"{cost.sent.statuses.total() / cost.sent.seconds:,.0f} a second"


def _answers(cost: Cost) -> str:
    sent = cost.sent
    return f"answered in {sent.median:.1f} ms, 99 % in {sent.slowest_percent:.1f} ms"


def all_costs(forged: int) -> Costs:
    """Return all costs."""
    return asyncio.run(_all_costs(forged))


async def _all_costs(forged: int) -> Costs:
    async with _nomos() as simulator, home_assistant() as hass:
        homes = [simulator.add(scenarios.happy_path(index)) for index in (1, 2, 3, 4)]
        entry = organisation_entry(options={CONF_WEBHOOK_SECRET: SECRET})
        entry.add_to_hass(hass)
        await set_up(hass, entry)
        async with _served(hass) as address:
            stage = _Stage(hass, simulator)
            url = f"{address}/api/webhook/{entry.data[CONF_WEBHOOK_ID]}"
            known = simulator.households[0].subscription_id
            body = _body("evt_forged", known)
            # The sender and the web server are slower the first time.
            await stage.send(url, "a guess", [body] * 200, AT_ONCE)
            unknown = await stage.send(f"{url}0", "", [body] * forged, AT_ONCE)
            _expect(unknown, HTTPStatus.OK)
            # As if nothing had been refused before, which may log a line.
            await stage.send(url, SECRET, [_body("evt_first", "sub_other")], 1)
            flood = await stage.send(url, "a guess", [body] * forged, AT_ONCE)
            _expect(flood, HTTPStatus.UNAUTHORIZED)
            bodies = [_body(f"evt_other_{number}", known) for number in range(200)]
            one_by_one = await stage.send(url, SECRET, bodies, 1)
            _expect(one_by_one, HTTPStatus.OK)

            simulator.register_webhook(url, SECRET)
            for home in homes:
                home.advance(EVENTS // len(homes))
            bodies = [each.body for each in simulator.deliveries.pending]
            bodies *= DELIVERIES // len(bodies)
            Random(1).shuffle(bodies)
            burst = await stage.send(url, SECRET, bodies, AT_ONCE)
            _expect(burst, HTTPStatus.OK)
            stage.close()
    return Costs(unknown, flood, one_by_one, burst)


def _expect(cost: Cost, status: int) -> None:
    if set(cost.sent.statuses) != {status}:
        raise RuntimeError(f"All should be answered {status}: {cost.sent.statuses}")


def _body(event_id: str, subscription_id: str) -> bytes:
    event = {
        "id": event_id,
        "timestamp": "2026-11-23T10:00:00.000Z",
        "topic": "meter_order.placed",
        "context": {"meter_order": "prdo_1", "subscription": subscription_id},
    }
    return json.dumps(event).encode()


class _Counting(logging.Handler):
    """Counts what Home Assistant would write to its log."""

    lines = 0

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1


class _Stage:
    """Home Assistant, Nomos, and somebody in another process who sends."""

    def __init__(self, hass: HomeAssistant, simulator: Simulator) -> None:
        self._hass = hass
        self._simulator = simulator
        self._sender = ProcessPoolExecutor(1, mp_context=get_context("spawn"))

    async def send(
        self, url: str, secret: str, bodies: Sequence[bytes], at_once: int
    ) -> Cost:
        """Send bodies, and measure what comes of it."""
        asked(self._simulator)
        handler, root = _Counting(), logging.getLogger()
        level, handlers = root.level, root.handlers
        root.setLevel(logging.WARNING)
        root.handlers = [handler]
        start = process_time()
        sent = await asyncio.get_running_loop().run_in_executor(
            self._sender, send, url, secret, bodies, at_once
        )
        cpu = (process_time() - start) * 1000 / len(bodies)
        await self._settle()
        root.setLevel(level)
        root.handlers = handlers
        return Cost(sent, cpu, Counter(asked(self._simulator)), handler.lines)

    async def _settle(self) -> None:
        await asyncio.sleep(BURST + 1)
        await self._hass.async_block_till_done(wait_background_tasks=True)

    def close(self) -> None:
        """End the other process."""
        self._sender.shutdown()


def send(url: str, secret: str, bodies: Sequence[bytes], at_once: int) -> Sent:
    """Send bodies, so many at once, signed with a secret."""
    return asyncio.run(_send(url, secret, bodies, at_once))


async def _send(url: str, secret: str, bodies: Sequence[bytes], at_once: int) -> Sent:
    statuses: Counter[int] = Counter()
    answers: list[float] = []
    rest = iter(bodies)

    async def send_rest(session: ClientSession) -> None:
        for body in rest:
            headers = {SIGNATURE: sign(secret, body, int(time()))}
            start = perf_counter()
            async with session.post(url, data=body, headers=headers) as response:
                await response.read()
            answers.append((perf_counter() - start) * 1000)
            statuses[response.status] += 1

    start = perf_counter()
    async with ClientSession(connector=TCPConnector(limit=at_once)) as session:
        await asyncio.gather(*(send_rest(session) for _ in range(at_once)))
    seconds = perf_counter() - start
    percentiles = quantiles(answers, n=100) if len(answers) > 1 else answers * 99
    return Sent(statuses, seconds, percentiles[49], percentiles[98])


@asynccontextmanager
async def _nomos() -> AsyncIterator[Simulator]:
    simulator = Simulator(households=[])
    server = TestServer(simulator.app, host="127.0.0.1")
    await server.start_server(access_log=None)
    os.environ["NOMOS_API_URL"] = str(server.make_url(""))
    try:
        yield simulator
    finally:
        await server.close()


@asynccontextmanager
async def _served(hass: HomeAssistant) -> AsyncIterator[str]:
    """Serve Home Assistant as it serves itself, at a port that is free."""
    runner = AppRunner(hass.http.app, handler_cancellation=True)
    await runner.setup()
    try:
        await TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
