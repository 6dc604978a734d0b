"""What all of these tests use."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request
from multidict import CIMultiDict

from simulator import CURRENT, ORGANISATION, Simulator
from simulator.oauth import Client

# Monday morning: 10:00 in Berlin.
START = datetime(2026, 3, 16, 9, tzinfo=UTC)
REDIRECT = "https://example.com/auth/external/callback"


class Clock:
    """A clock that only tests move."""

    def __init__(self) -> None:
        """Begin at the beginning."""
        self.moment = START

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.moment

    def move(self, **duration: float) -> None:
        """Let time pass."""
        self.moment += timedelta(**duration)


@dataclass
class Answer:
    """What the API said."""

    status: int
    headers: CIMultiDict[str]
    text: str
    json: Any

    @property
    def codes(self) -> list[str]:
        """The codes of the envelope's details."""
        return [detail["code"] for detail in self.json.get("errors", [])]


@dataclass
class Api:
    """A user of the API."""

    http: TestClient[Request, Application]
    token: str | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"X-API-Version": CURRENT})

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        """Ask for something."""
        headers = dict(self.headers)
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        headers |= options.pop("headers", {})
        async with self.http.request(
            method, path, headers=headers, allow_redirects=False, **options
        ) as response:
            is_json = response.content_type == "application/json"
            return Answer(
                response.status,
                CIMultiDict(response.headers),
                await response.text(),
                await response.json() if is_json else None,
            )

    async def get(self, path: str, **query: Any) -> Answer:
        """Read something."""
        return await self.call("GET", path, params=query)

    async def post(self, path: str, body: Any) -> Answer:
        """Write something."""
        return await self.call("POST", path, json=body)

    async def issue(self, client: Client = ORGANISATION, /, **form: str) -> Answer:
        """Ask for a token."""
        return await self.call("POST", "/oauth/token", data=form, headers=basic(client))

    async def log_in(self, client: Client = ORGANISATION, /, **form: str) -> Api:
        """Return a user with a token of their own."""
        form = form or {"grant_type": "client_credentials"}
        answer = await self.issue(client, **form)
        assert answer.status == 200, answer.text
        return Api(self.http, answer.json["access_token"], dict(self.headers))

    async def log_in_customer(self, sim: Simulator, customer_id: str) -> Api:
        """Return a user who is a customer."""
        app = sim.tokens.clients["demo-app"]
        code = sim.authorize(app.client_id, REDIRECT, customer_id=customer_id)
        return await self.log_in(app, grant_type="authorization_code", code=code)


def basic(client: Client) -> dict[str, str]:
    """Return the header by which a client authenticates."""
    credentials = aiohttp.encode_basic_auth(client.client_id, client.client_secret)
    return {"Authorization": credentials}
