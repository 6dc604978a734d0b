"""Webhooks: what happened, told to whoever registered an address, until they listen."""

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
"""How many seconds a receiver has for its answer."""

RETRY_DELAYS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480, 720, 1200, 1440)
)
"""Twelve more attempts within about three days."""


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    id: str
    timestamp: datetime
    topic: str
    context: dict[str, str]

    def payload(self) -> dict[str, Any]:
        """Return the event as both webhooks and the API show it."""
        return {
            "id": self.id,
            "timestamp": iso(self.timestamp),
            "topic": self.topic,
            "context": dict(self.context),
        }


@dataclass(frozen=True)
class Endpoint:
    """An address that wants to hear of events."""

    url: str
    secret: str


@dataclass
class Delivery:
    """One event on its way to one endpoint."""

    event: Event
    endpoint: Endpoint
    due: datetime
    body: bytes
    attempts: int = 0
    statuses: list[int | None] = field(default_factory=list)
    """What the receiver answered; None where it did not."""
    under_way: bool = False


def sign(secret: str, body: bytes, timestamp: int) -> str:
    """Return the signature header of a webhook."""
    message = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Webhooks:
    """The registered endpoints and what is still on its way to them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Begin with nobody listening."""
        self.endpoints: list[Endpoint] = []
        self.pending: list[Delivery] = []
        self.finished: list[Delivery] = []
        self._now = now

    def enqueue(self, event: Event) -> None:
        """Send an event to everybody."""
        body = json.dumps(event.payload(), separators=(",", ":")).encode()
        self.pending += [
            Delivery(event, endpoint, self._now(), body) for endpoint in self.endpoints
        ]

    async def deliver(self) -> int:
        """Deliver what is due now; return how many attempts were made."""
        now = self._now()
        due = [
            delivery
            for delivery in self.pending
            if delivery.due <= now and not delivery.under_way
        ]
        if not due:
            return 0
        # Two callers may deliver at the same time; nothing is sent twice for that.
        for delivery in due:
            delivery.under_way = True
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                await asyncio.gather(*(self._attempt(session, each) for each in due))
        finally:
            for delivery in due:
                delivery.under_way = False
        return len(due)

    async def _attempt(
        self, session: aiohttp.ClientSession, delivery: Delivery
    ) -> None:
        status = await self._post(session, delivery)
        delivery.attempts += 1
        delivery.statuses.append(status)
        heard = status is not None and 200 <= status < 300
        if heard or delivery.attempts > len(RETRY_DELAYS):
            self.pending.remove(delivery)
            self.finished.append(delivery)
        else:
            delivery.due = self._now() + RETRY_DELAYS[delivery.attempts - 1]

    async def _post(
        self, session: aiohttp.ClientSession, delivery: Delivery
    ) -> int | None:
        """Post an event, and return the status of the answer, if one comes."""
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
