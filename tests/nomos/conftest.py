"""A client for the simulator, and a server that says what the simulator never would."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
import json
import logging
import os
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.nomos_energy.nomos import (
    ClientCredentials,
    FixedToken,
    MeterOrder,
    NomosClient,
    Subscription,
)
from simulator import ORGANISATION, Simulator

ORDER: Mapping[str, Any] = {
    "object": "meter_order",
    "id": "prdo_1",
    "subscription": "sub_1",
    "customer": "cus_1",
    "provider": "metrify",
    "status": "created",
    "created_at": "2026-11-23T10:00:00.000Z",
    "appointment_at": None,
    "installed_at": None,
    "activated_at": None,
    "cancelled_at": None,
    "cancelled_reason": None,
    "blocked_at": None,
    "blocked_reason": None,
}

SUBSCRIPTION: Mapping[str, Any] = {
    "object": "subscription",
    "id": "sub_1",
    "customer": {"object": "customer", "id": "cus_1"},
    "plan": "pln_1",
    "address": {
        "object": "address",
        "id": "adr_1",
        "street": "Lindenallee",
        "house_number": "7a",
        "zip": "10969",
        "city": "Berlin",
    },
    "meter": {"object": "meter", "id": "mtr_1", "number": "1APA1", "type": "analog"},
    "number": "4X44EMKX",
    "status": "active",
    "type": "consumption",
}

PLAN: Mapping[str, Any] = {
    "object": "plan",
    "id": "pln_1",
    "name": "Lichtblume Dynamik",
    "slug": "lichtblume",
}

EMPTY_LIST: Mapping[str, Any] = {"object": "list", "items": [], "next_page": None}


def an_order(**changes: Any) -> MeterOrder:
    """Return an order as Nomos describes it, apart from some fields."""
    return MeterOrder.from_json({**ORDER, **changes})


def a_subscription(**changes: Any) -> Subscription:
    """Return a subscription as Nomos describes it, apart from some fields."""
    return Subscription.from_json({**SUBSCRIPTION, **changes})


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what somebody who reads the log would see."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
    ]


@dataclass(frozen=True)
class Answer:
    """What the stand-in says: text as it is, anything else as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """A request that reached the stand-in."""

    method: str
    raw_path: str
    headers: Mapping[str, str]
    body: str


class StandIn:
    """A server that says what a test tells it to."""

    def __init__(self) -> None:
        """Begin with an empty list for an answer."""
        self.url = ""
        self.received: list[Received] = []
        self._answers = [Answer(EMPTY_LIST)]

    def says(self, *answers: Answer) -> None:
        """Say one thing after the other, and the last one for good."""
        self._answers = list(answers)

    async def answer(self, request: web.Request) -> web.Response:
        """Note the request and say what is next."""
        self.received.append(
            Received(
                request.method, request.raw_path, request.headers, await request.text()
            )
        )
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        text = said.body if isinstance(said.body, str) else json.dumps(said.body)
        return web.Response(text=text, status=said.status, headers=dict(said.headers))


@pytest.fixture
async def session(socket_enabled: None) -> AsyncGenerator[ClientSession]:
    """Return an HTTP session, as whoever uses the client hands one in."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
def credentials(session: ClientSession, simulator: Simulator) -> ClientCredentials:
    """Return the tokens of the simulated organisation."""
    return ClientCredentials(
        session,
        os.environ["NOMOS_API_URL"],
        ORGANISATION.client_id,
        ORGANISATION.client_secret,
    )


@pytest.fixture
def client(session: ClientSession, credentials: ClientCredentials) -> NomosClient:
    """Return a client of the simulator."""
    return NomosClient(session, credentials, os.environ["NOMOS_API_URL"])


@pytest.fixture
async def stand_in(socket_enabled: None) -> AsyncGenerator[StandIn]:
    """Return a server that says what it is told to."""
    stand_in = StandIn()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stand_in.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(access_log=None)
    stand_in.url = str(server.make_url("")).rstrip("/")
    yield stand_in
    await server.close()


@pytest.fixture
def strange_client(session: ClientSession, stand_in: StandIn) -> NomosClient:
    """Return a client of the stand-in."""
    return NomosClient(
        session, FixedToken({"access_token": "access-token"}), stand_in.url
    )
