"""Tests of the HTTP server and the command line."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
import signal
import sys

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
import pytest

import simulator
from simulator import Fault, Household, Simulator, payloads, scenarios
from simulator.clock import DAY

from .common import Api

ROOT = Path(simulator.__file__).parents[1]
PACE = timedelta(seconds=0.2) / DAY


async def test_serve() -> None:
    """A served simulator applies due steps and delivers webhooks."""
    received = asyncio.Event()

    async def receive(request: web.Request) -> web.Response:
        await request.read()
        received.set()
        return web.Response()

    listener = web.Application()
    listener.router.add_post("/", receive)
    sim = Simulator(pace=PACE)
    assert sim.url is None
    async with TestServer(listener) as server, sim.serve() as url:
        sim.register_webhook(str(server.make_url("/")), "secret")
        assert sim.url == url
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/_simulator") as response:
                assert response.status == 200
            await asyncio.wait_for(received.wait(), 5)
    assert sim.url is None
    order = sim.households[0].order
    assert order
    assert order.status == "placed"


async def test_serve_again() -> None:
    """A simulator can be served again."""
    sim = Simulator()
    for _ in range(2):
        async with (
            sim.serve() as url,
            aiohttp.ClientSession() as session,
            session.get(f"{url}/_simulator") as response,
        ):
            assert response.status == 200


async def test_stopping_does_not_wait() -> None:
    """A pending request does not delay the shutdown."""
    sim = Simulator()
    sim.fail(Fault.LATENCY, seconds=60)
    async with aiohttp.ClientSession() as session, asyncio.timeout(5):
        async with sim.serve() as url:
            request = asyncio.create_task(session.get(f"{url}/meter-orders"))
            await asyncio.sleep(0.1)
        with pytest.raises(aiohttp.ClientError):
            await request


async def test_thousand_households(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listing renders each order once, whatever their number."""
    sim = Simulator([scenarios.happy_path(index) for index in range(1, 1001)])
    shown = Counter[str]()

    def show(household: Household, version: str) -> dict[str, str]:
        shown[household.key] += 1
        return {"id": household.order_id, "version": version}

    monkeypatch.setattr(payloads, "meter_order", show)
    async with TestClient(TestServer(sim.app)) as http:
        api = await Api(http).log_in()
        items = await api.read_list("/meter-orders", limit=100)
    assert len({item["id"] for item in items}) == 1000
    assert set(shown.values()) == {1}


async def _start(*arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    return process, line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_command_line(number: signal.Signals) -> None:
    """The command prints its URL and exits without errors on a signal."""
    example = str(Path(simulator.__file__).with_name("example.json"))
    process, line = await _start(
        *("--scenario", "no_order", "--scenario", "no_order", "--scenario", example),
        *("--duration", "120"),
    )
    assert line.startswith("Nomos API simulator on http://127.0.0.1:")
    url = line.split()[-1]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/_simulator") as response,
    ):
        households = (await response.json())["households"]
    assert [household["key"] for household in households] == [
        "no_order/1",
        "no_order/2",
        "happy_path/1",
        "blocked_then_unblocked/1",
        "happy_path/2",
        "smart_already/1",
        "feed_in/1",
    ]
    process.send_signal(number)
    output, errors = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0
    assert (output, errors) == (b"", b"")


async def test_wrong_scenario() -> None:
    """An unknown scenario is an error."""
    process, line = await _start("--scenario", "perpetual_motion")
    _, errors = await process.communicate()
    assert line == ""
    assert process.returncode == 1
    assert b"neither a scenario nor a file" in errors
