"""Frozen clock that is moved in steps, for Home Assistant and the simulator alike."""

# Has to be imported before Home Assistant, whose clock could not be moved otherwise.
import pytest_homeassistant_custom_component.patch_time  # noqa: F401

# isort: split
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
import os

from aiohttp.test_utils import TestServer
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.nomos_energy.nomos import QUARTER
from simulator import Simulator

from .home import home_assistant

NOW = "2026-11-23T10:00:00+00:00"


@dataclass(frozen=True)
class Stage:
    """Home Assistant and the simulator under one frozen clock."""

    hass: HomeAssistant
    simulator: Simulator
    freezer: FrozenDateTimeFactory

    async def advance(self, duration: timedelta, step: timedelta = QUARTER) -> None:
        """Move the clock in steps; after each one all that is due is done."""
        end = dt_util.utcnow() + duration
        while (now := dt_util.utcnow()) < end:
            self.freezer.tick(min(step, end - now))
            async_fire_time_changed(self.hass)
            await self.hass.async_block_till_done(wait_background_tasks=True)

    def take_operations(self) -> list[str]:
        """Return the operations requested since the last call, in order."""
        operations = [request.operation for request in self.simulator.requests]
        self.simulator.requests.clear()
        return operations


def run_frozen[T](measure: Callable[[Stage], Awaitable[T]]) -> T:
    """Run a measurement under a frozen clock and return its result."""
    with freeze_time(NOW) as freezer:
        assert isinstance(freezer, FrozenDateTimeFactory)
        return asyncio.run(_run(measure, freezer))


async def _run[T](
    measure: Callable[[Stage], Awaitable[T]], freezer: FrozenDateTimeFactory
) -> T:
    async with serve() as simulator, home_assistant() as hass:
        return await measure(Stage(hass, simulator, freezer))


@asynccontextmanager
async def serve() -> AsyncIterator[Simulator]:
    """Serve the simulated API to the integration."""
    simulator = Simulator(households=[])
    server = TestServer(simulator.app, host="127.0.0.1")
    await server.start_server(access_log=None)
    os.environ["NOMOS_API_URL"] = str(server.make_url(""))
    try:
        yield simulator
    finally:
        await server.close()
