"""Webhooks: signed deliveries of events, with retries."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import hashlib
import hmac
import json
from typing import Any

import aiohttp

from .clock import iso

SIGNATURE = "X-Nomos-Signature"
TIMEOUT = 30
"""Seconds that a receiver has to respond."""

RETRY_DELAYS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480, 720, 1200, 1440)
)
"""Delays before the twelve retries, about three days in total."""


@dataclass(frozen=True)
class Event:
    """Event of an order or a subscription."""

    id: str
    timestamp: datetime
    topic: str
    context: dict[str, str]

    def payload(self) -> dict[str, Any]:
        """Return the event's payload in webhooks and in the API."""
        return {
            "id": self.id,
            "timestamp": iso(self.timestamp),
            "topic": self.topic,
            "context": dict(self.context),
        }


@dataclass(frozen=True)
class Endpoint:
    """Registered receiver of webhooks."""

    url: str
    secret: str


@dataclass
class Delivery:
    """Delivery of an event to an endpoint."""

    event: Event
    endpoint: Endpoint
    due: datetime
    body: bytes
    attempts: int = 0
    statuses: list[int | None] = field(default_factory=list)
    """Status of each response; None without a response."""
    in_progress: bool = False


def sign(secret: str, body: bytes, timestamp: int) -> str:
    """Return the signature header of a webhook."""
    message = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Webhooks:
    """Registered endpoints and the deliveries to them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Create a queue without endpoints."""
        self.endpoints: list[Endpoint] = []
        self.pending: list[Delivery] = []
        self.finished: list[Delivery] = []
        self._now = now

    def enqueue(self, event: Event) -> None:
        """Queue an event for all endpoints."""
        body = json.dumps(event.payload(), separators=(",", ":")).encode()
        self.pending += [
            Delivery(event, endpoint, self._now(), body) for endpoint in self.endpoints
        ]

    async def deliver(self) -> int:
        """Attempt the deliveries that are due; return their number."""
        now = self._now()
        due = [
            delivery
            for delivery in self.pending
            if delivery.due <= now and not delivery.in_progress
        ]
        if not due:
            return 0
        # Marked first, so that a concurrent call skips these deliveries.
        for delivery in due:
            delivery.in_progress = True
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                await asyncio.gather(*(self._attempt(session, each) for each in due))
        finally:
            for delivery in due:
                delivery.in_progress = False
        return len(due)

    async def _attempt(
        self, session: aiohttp.ClientSession, delivery: Delivery
    ) -> None:
        status = await self._post(session, delivery)
        delivery.attempts += 1
        delivery.statuses.append(status)
        delivered = status is not None and 200 <= status < 300
        if delivered or delivery.attempts > len(RETRY_DELAYS):
            self.pending.remove(delivery)
            self.finished.append(delivery)
        else:
            delivery.due = self._now() + RETRY_DELAYS[delivery.attempts - 1]

    async def _post(
        self, session: aiohttp.ClientSession, delivery: Delivery
    ) -> int | None:
        """Post an event; return the status of the response, or None without one."""
        secret, body = delivery.endpoint.secret, delivery.body
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: sign(secret, body, int(self._now().timestamp())),
        }
        try:
            async with session.post(
                delivery.endpoint.url,
                data=body,
                headers=headers,
                allow_redirects=False,
            ) as response:
                return response.status
        except aiohttp.ClientError, TimeoutError:
            return None
