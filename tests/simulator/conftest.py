"""Fixtures: a clock, a simulator with every scenario, and users of its API."""

from collections.abc import AsyncIterator

from aiohttp.test_utils import TestClient, TestServer
import pytest

from simulator import Simulator, scenarios

from .common import Api, Clock


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Let tests talk to the simulator."""


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Leave Home Assistant out of it: the simulator does not know it."""


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def sim(clock: Clock) -> Simulator:
    """Return a simulator in which every story begins."""
    return Simulator([make() for make in scenarios.ALL.values()], now=clock)


@pytest.fixture
async def nobody(sim: Simulator) -> AsyncIterator[Api]:
    """Return a user without a token."""
    async with TestClient(TestServer(sim.app)) as http:
        yield Api(http)


@pytest.fixture
async def api(nobody: Api) -> Api:
    """Return the organisation's own user."""
    return await nobody.log_in()
