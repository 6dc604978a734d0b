"""Simulated Nomos of the kill tests, which knows what became of each login."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, override
from unittest.mock import patch

from aiohttp import web

from simulator import (
    CLIENTS,
    Client,
    Household,
    Simulator,
    scenarios,
    tokens as simulator_tokens,
)
from simulator.clock import berlin_day, quarters
from simulator.oauth import Grant
from simulator.tokens import Tokens

TOKEN_LIFETIME = timedelta(seconds=21)
"""Home Assistant replaces a token 20 seconds before its end: with nearly each call."""

CUSTOMER = "cus_kills"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WatchedTokens(Tokens):
    """Token store that accepts a spent refresh token once more, and counts it.

    A lost login would end the run at the first kill.
    """

    def __init__(self, clients: tuple[Client, ...]) -> None:
        """Create a store."""
        super().__init__(clients, lambda: datetime.now(UTC))
        self.rotations = 0
        self.lost = 0
        """Logins lost although the new access token was used."""
        self.unavoidable = 0
        """Logins lost between the answer and the first use of the new token."""
        self._spent: dict[str, tuple[Grant, str]] = {}
        self._used: set[str] = set()

    @override
    def grant_of(self, authorization: str | None) -> Grant | None:
        grant = super().grant_of(authorization)
        if grant and authorization:
            self._used.add(authorization.partition(" ")[2])
        return grant

    @override
    def issue(
        self, authorization: str | None, form: Mapping[str, str]
    ) -> dict[str, Any]:
        old = form.get("refresh_token", "")
        if old in self._spent:
            grant, access = self._spent[old]
            if access in self._used:
                self.lost += 1
            else:
                self.unavoidable += 1
            self._refresh[old] = grant
        grant_before = self._refresh.get(old)
        with patch.object(simulator_tokens, "ACCESS_LIFETIME", TOKEN_LIFETIME):
            answer = super().issue(authorization, form)
        if grant_before:
            self.rotations += 1
            self._spent[old] = grant_before, answer["access_token"]
        return answer


class Nomos(Simulator):
    """Simulator whose requests can be waited for."""

    def __init__(self) -> None:
        """Create a customer with an open gate and with an order in progress."""
        priced = scenarios.dynamic_tariff(
            1, customer_id=CUSTOMER, elapsed=timedelta(days=75)
        )
        ordered = scenarios.happy_path(1, customer_id=CUSTOMER, timeline=[])
        super().__init__([priced, ordered])
        self.tokens: WatchedTokens = WatchedTokens(CLIENTS)
        self.priced: Household = priced
        self.ordered: Household = ordered
        self.last_request = 0.0
        """Time of the last request, as a time of the running loop."""
        self._waiting: dict[str, list[asyncio.Event]] = {}
        self.app.middlewares.append(self._notify)
        ordered.place_order()
        self._make_now_cheapest()

    def _make_now_cheapest(self) -> None:
        """Let the planned load run from the start of the run on."""
        now = datetime.now(UTC)
        day = berlin_day(now)
        self.set_prices(
            day,
            [
                95.0 if start < now - timedelta(minutes=15) else 10.0 + place / 4
                for place, start in enumerate(quarters(day))
            ],
        )

    @web.middleware
    async def _notify(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        self.last_request = asyncio.get_running_loop().time()
        response = await handler(request)
        for event in self._waiting.pop(self.requests[-1].operation, []):
            event.set()
        return response

    async def wait_for(self, operation: str) -> None:
        """Wait for the next answer to an operation."""
        event = asyncio.Event()
        self._waiting.setdefault(operation, []).append(event)
        await event.wait()

    def change_order(self, number: int) -> str:
        """Change the appointment of the order; return it as an event tells it."""
        order = self.ordered.order
        assert order
        now = datetime.now(UTC).replace(microsecond=0, second=0)
        order.appointment_at = now + timedelta(days=10, minutes=number)
        if order.status == "created":
            order.set_status("scheduled", None, now)
        return order.appointment_at.isoformat()
