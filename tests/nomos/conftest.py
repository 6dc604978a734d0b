"""Fixtures for the tests of the API client."""

from collections.abc import AsyncGenerator
import os

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.nomos_energy.nomos import (
    ClientCredentials,
    FixedToken,
    NomosClient,
)
from simulator import ORGANISATION, Simulator

from .common import FakeNomos


@pytest.fixture
async def session(socket_enabled: None) -> AsyncGenerator[ClientSession]:
    """Return an HTTP session for the client."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
def credentials(session: ClientSession, simulator: Simulator) -> ClientCredentials:
    """Return the token source of the simulated organisation."""
    return ClientCredentials(
        session,
        os.environ["NOMOS_API_URL"],
        ORGANISATION.client_id,
        ORGANISATION.client_secret,
    )


@pytest.fixture
def client(session: ClientSession, credentials: ClientCredentials) -> NomosClient:
    """Return a client that is connected to the simulator."""
    return NomosClient(session, credentials, os.environ["NOMOS_API_URL"])


@pytest.fixture
async def fake_nomos(socket_enabled: None) -> AsyncGenerator[FakeNomos]:
    """Return a running server with the answers that a test sets."""
    fake_nomos = FakeNomos()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake_nomos.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(access_log=None)
    fake_nomos.url = str(server.make_url("")).rstrip("/")
    yield fake_nomos
    await server.close()


@pytest.fixture
def fake_client(session: ClientSession, fake_nomos: FakeNomos) -> NomosClient:
    """Return a client that is connected to the fake server."""
    return NomosClient(
        session, FixedToken({"access_token": "access-token"}), fake_nomos.url
    )
