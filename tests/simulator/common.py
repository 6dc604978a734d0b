"""Clock and API client for the tests of the simulator."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request
from multidict import CIMultiDict

from simulator import CURRENT, ORGANISATION, Client, Household, Simulator, scenarios
from simulator.versions import HEADER

# Monday, 10:00 in Berlin.
START = datetime(2026, 3, 16, 9, tzinfo=UTC)
REDIRECT = "https://example.com/auth/external/callback"


class Clock:
    """Clock that only tests move."""

    def __init__(self) -> None:
        """Set the clock to the start."""
        self.moment = START

    def __call__(self) -> datetime:
        """Return the time."""
        return self.moment

    def move(self, **duration: float) -> None:
        """Move the clock forward."""
        self.moment += timedelta(**duration)


@dataclass
class Answer:
    """Response of the API."""

    status: int
    headers: CIMultiDict[str]
    text: str
    json: Any

    @property
    def codes(self) -> list[str]:
        """Codes of the errors in the envelope."""
        return [detail["code"] for detail in self.json.get("errors", [])]


@dataclass
class Api:
    """Client of the API."""

    http: TestClient[Request, Application]
    token: str | None = None
    headers: dict[str, str] = field(default_factory=lambda: {HEADER: CURRENT})

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request."""
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
        """Send a GET request."""
        return await self.call("GET", path, params=query)

    async def read_list(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return the items of all pages of a list."""
        items: list[dict[str, Any]] = []
        while True:
            page = (await self.get(path, **query)).json
            items += page["items"]
            if not page.get("has_more", False):
                assert page["next_page"] is None
                return items
            query["cursor"] = page["next_page"]

    async def post(self, path: str, body: Any) -> Answer:
        """Send a POST request."""
        return await self.call("POST", path, json=body)

    async def issue(self, client: Client = ORGANISATION, /, **form: str) -> Answer:
        """Request a token."""
        return await self.call("POST", "/oauth/token", data=form, headers=basic(client))

    async def log_in(self, client: Client = ORGANISATION, /, **form: str) -> Api:
        """Return a client with a new token."""
        form = form or {"grant_type": "client_credentials"}
        answer = await self.issue(client, **form)
        assert answer.status == 200, answer.text
        return Api(self.http, answer.json["access_token"], dict(self.headers))

    async def log_in_customer(self, sim: Simulator, customer_id: str) -> Api:
        """Return a client with the token of a customer."""
        app = sim.tokens.clients["demo-app"]
        code = sim.authorize(app.client_id, REDIRECT, customer_id=customer_id)
        return await self.log_in(app, grant_type="authorization_code", code=code)


def find_household(sim: Simulator, name: str) -> Household:
    """Return the household of a scenario."""
    return sim.household(scenarios.ALL[name]().subscription_id)


def basic(client: Client) -> dict[str, str]:
    """Return the Authorization header of an OAuth client."""
    credentials = aiohttp.encode_basic_auth(client.client_id, client.client_secret)
    return {"Authorization": credentials}
