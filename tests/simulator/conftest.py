"""Fixtures: a clock, a simulator with every scenario, and clients of its API."""

from collections.abc import AsyncIterator
from datetime import timedelta

from aiohttp.test_utils import TestClient, TestServer
import pytest

from simulator import Household, Simulator, scenarios

from .common import Api, Clock, find_household


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Allow connections to the simulator."""


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Replace the fixture for Home Assistant, which these tests do not need."""


@pytest.fixture
def clock() -> Clock:
    """Return a clock that only the test moves."""
    return Clock()


@pytest.fixture
def sim(clock: Clock) -> Simulator:
    """Return a simulator with a household of each scenario, and a year of usage."""
    year = {"age": timedelta(days=400)}
    homes = [
        make(**year if name in ("smart_already", "feed_in") else {})
        for name, make in scenarios.ALL.items()
    ]
    return Simulator(homes, now=clock)


@pytest.fixture
async def anonymous(sim: Simulator) -> AsyncIterator[Api]:
    """Return a client without a token."""
    async with TestClient(TestServer(sim.app)) as http:
        yield Api(http)


@pytest.fixture
async def api(anonymous: Api) -> Api:
    """Return a client with the organisation's token."""
    return await anonymous.log_in()


@pytest.fixture
def smart_household(sim: Simulator) -> Household:
    """Return a household that has had a smart meter for a year."""
    return find_household(sim, "smart_already")
