"""Home Assistant process of the browser tests, and the simulated Nomos that it talks to."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
import sys
from threading import Thread
from typing import Any

import aiohttp

from scripts.demo_config import prepare_config
from scripts.demo_home import DOMAIN, STEP_LIMIT, Home
from scripts.demo_processes import Child, find_free_port, run_while_alive
from scripts.demo_socket import Socket
from simulator import Household, Simulator, scenarios

PASSWORD = "browser-tests"

STAGE = "empty-stage"
"""Empty dashboard, on which the tests show single cards."""

DASHBOARD = "all-contracts"
"""Dashboard of the strategy."""

WALKING = "walking"
"""Household whose order the tests advance."""


def households() -> dict[str, Household]:
    """Return the households of the account, by the name that the tests use."""
    return {
        WALKING: scenarios.from_order_to_tariff(elapsed=timedelta(days=10)),
        "dynamic": scenarios.dynamic_tariff(),
        "feed_in": scenarios.feed_in(),
        "no_order": scenarios.no_order(),
    }


@dataclass
class House:
    """Home Assistant with an account, and its households at Nomos."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment of the process, beside that of the tests."""
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    households: dict[str, Household] = field(default_factory=households)
    home: Home = field(init=False)

    def call[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the thread of the house: that of the tests is Playwright's."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def command(self, kind: str, **data: Any) -> Any:
        """Send a command over the WebSocket and return its result."""

        async def command() -> Any:
            async with Socket.connect(self.home) as socket:
                return await socket.command(kind, **data)

        return self.call(command())

    def advance(self, name: str, status: str | None = None) -> None:
        """Advance the order of a household, to a status or by a step, and refresh."""

        async def advance() -> None:
            household = self.households[name]
            if status:
                household.advance_to(status)
            else:
                household.advance()
            await self._refresh()

        self.call(advance())

    def device_id(self, name: str) -> str:
        """Return the device of a household's contract."""
        wanted = [DOMAIN, self.households[name].subscription_id]
        devices = self.command("config/device_registry/list")
        return next(
            str(each["id"]) for each in devices if wanted in each["identifiers"]
        )

    async def _refresh(self) -> None:
        async with Socket.connect(self.home) as socket:
            entities = await socket.command("config/entity_registry/list")
            gates = [
                entry["entity_id"]
                for entry in entities
                if entry["platform"] == DOMAIN
                and entry["translation_key"] == "smart_meter_active"
            ]
            await socket.command(
                "call_service",
                domain="homeassistant",
                service="update_entity",
                service_data={"entity_id": gates},
            )

    async def set_up(self, session: aiohttp.ClientSession) -> None:
        """Create the user and add the account, with a planned load for one contract."""
        await self.home.wait_for_api()
        self.home = await self.home.create_user(PASSWORD, "en")
        async with Socket.connect(self.home) as socket:
            await socket.wait_for_start()
            self.home = replace(self.home, token=await socket.create_token())
        entry_id = await self.home.add_integration()
        async with Socket.connect(self.home) as socket:
            await socket.wait_for_entities()
            for path, config in (
                (STAGE, {"views": [{"type": "sections", "sections": []}]}),
                (DASHBOARD, {"strategy": {"type": "custom:nomos-energy"}}),
            ):
                await socket.command(
                    "lovelace/dashboards/create", url_path=path, title=path
                )
                await socket.command(
                    "lovelace/config/save", url_path=path, config=config
                )
        dynamic = self.households["dynamic"].subscription_id
        await self.home.plan_load(entry_id, dynamic)


@contextmanager
def run_house(
    folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[House]:
    """Run a house in a thread of its own."""
    house = House(folder, environment or {})
    thread = Thread(target=house.loop.run_forever, daemon=True)
    thread.start()
    runs = _run(house)
    try:
        house.call(anext(runs))
        yield house
    finally:
        with suppress(StopAsyncIteration):
            house.call(anext(runs))
        house.loop.call_soon_threadsafe(house.loop.stop)
        thread.join()


async def _run(house: House) -> Any:
    """Start the processes, wait until all is set up, and stop them in the end."""
    port = find_free_port()
    config, log = house.folder / "config", house.folder / "home-assistant.log"
    prepare_config(config, "en", port)
    simulator = Simulator(list(house.households.values()))
    timeout = aiohttp.ClientTimeout(STEP_LIMIT)
    async with (
        simulator.serve("127.0.0.1", find_free_port()) as nomos,
        aiohttp.ClientSession(timeout=timeout) as session,
    ):
        house.home = Home(session, f"http://127.0.0.1:{port}")
        hass = Child(
            "Home Assistant",
            [
                str(Path(sys.executable).with_name("hass")),
                "-c",
                str(config),
                "--log-no-color",
            ],
            log,
            config,
            {"NOMOS_API_URL": str(nomos), **house.environment},
        )
        hass.start()
        try:
            await run_while_alive(house.set_up(session), hass)
            yield house
        finally:
            await hass.stop()
