"""State of the simulated Nomos backend, without its HTTP server."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, override

from . import scenarios
from .faults import ActiveFault, Fault, Faults
from .households import Household
from .oauth import CLIENTS, Client
from .tokens import Tokens
from .webhooks import Endpoint, Event, Webhooks
from .world import Clock, World


@dataclass
class Request:
    """Request that the API received."""

    method: str
    path: str
    query: dict[str, str]
    status: int = 0
    """Status of the response; 0 without a response."""
    operation: str = "unknown"


class Backend(World):
    """State of the simulated Nomos, with the controls for tests and the demo."""

    def __init__(
        self,
        households: Iterable[Household] | None = None,
        clients: Iterable[Client] = CLIENTS,
        *,
        now: Clock | None = None,
        pace: float = 1.0,
    ) -> None:
        """Create the state; the default is one household of the happy path.

        The pace scales the durations of timelines: 0.5 halves them.
        """
        super().__init__(now=now, pace=pace)
        self.requests: list[Request] = []
        self.faults = Faults()
        self.tokens = Tokens(clients, self.now)
        self.deliveries = Webhooks(self.now)
        if households is None:
            households = [scenarios.happy_path()]
        for household in households:
            self.add(household)

    @property
    def webhooks(self) -> list[Endpoint]:
        """Registered webhook endpoints."""
        return self.deliveries.endpoints

    def register_webhook(self, url: str, secret: str) -> Endpoint:
        """Register a webhook endpoint, or set another secret for its address."""
        endpoint = Endpoint(url, secret)
        self.deliveries.endpoints = [
            *(known for known in self.deliveries.endpoints if known.url != url),
            endpoint,
        ]
        return endpoint

    async def deliver_webhooks(self) -> int:
        """Deliver the webhooks that are due; return the number of attempts."""
        return await self.deliveries.deliver()

    @override
    def emit(self, topic: str, context: dict[str, str]) -> Event:
        """Record an event and queue its delivery to the endpoints."""
        event = super().emit(topic, context)
        self.deliveries.enqueue(event)
        return event

    def redeliver(self, event_id: str) -> None:
        """Queue another delivery of an event, as Nomos may."""
        self.deliveries.enqueue(self.events[event_id])

    def fail(
        self,
        fault: Fault,
        path: str | None = None,
        times: int | None = None,
        *,
        seconds: float | None = None,
        retry_after: bool = False,
        subscription: str | None = None,
        value: Any = None,
        field: str | None = None,
        customer: str | None = None,
    ) -> None:
        """Inject a fault into the next requests: times of them, or all until recover().

        Only requests whose path starts with path are affected. Data faults can be
        limited to a subscription; field (a path with dots) and value say what they change.
        """
        if fault is Fault.REVOKED_CONSENT:
            if customer is None:
                raise ValueError("revoked_consent requires a customer")
            self.revoke_consent(customer)
            return
        if seconds is None:
            seconds = 30 if fault is Fault.RATE_LIMIT else 1
        self.faults.active.append(
            ActiveFault(
                fault, path, times, seconds, retry_after, subscription, value, field
            )
        )

    def recover(self) -> None:
        """End all faults."""
        self.faults.active.clear()

    @property
    def publication_delay(self) -> timedelta:
        """Delay of the price publication, compared to the usual time."""
        return self.exchange.delay

    @publication_delay.setter
    def publication_delay(self, delay: timedelta) -> None:
        """Delay the next publications. Published prices stay published."""
        self.exchange.set_delay(delay, self.now())

    def set_prices(self, day: date, amounts: Sequence[float | None]) -> None:
        """Set a day's all-in prices in ct/kWh, by quarter-hour or by hour."""
        self.exchange.set_prices(day, amounts)

    def revoke_consent(self, customer_id: str) -> None:
        """Revoke all codes and tokens of a customer."""
        self.tokens.revoke_customer(customer_id)

    def expire_tokens(self) -> None:
        """Expire all access tokens. Refresh tokens stay valid."""
        self.tokens.expire_access_tokens()

    def authorize(
        self,
        client_id: str,
        redirect_uri: str,
        *,
        customer_id: str,
        code_challenge: str | None = None,
        state: str | None = None,
    ) -> str:
        """Return an authorization code, as the consent page does."""
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
        }
        if code_challenge:
            query |= {"code_challenge": code_challenge, "code_challenge_method": "S256"}
        if state:
            query["state"] = state
        return self.tokens.create_code(self.tokens.parse_request(query), customer_id)
