"""State of the simulated Nomos backend, without its HTTP server."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import override

from . import scenarios
from .faults import Disturbance, Fault, Faults
from .households import Household
from .oauth import CLIENTS, Client
from .tokens import Tokens
from .webhooks import Endpoint, Event, Webhooks
from .world import Clock, World


@dataclass
class Request:
    """A request that reached the API."""

    method: str
    path: str
    query: dict[str, str]
    status: int = 0
    """What was answered; 0 as long as, or if, nothing was."""
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
        """The endpoints that are registered."""
        return self.deliveries.endpoints

    def register_webhook(self, url: str, secret: str) -> Endpoint:
        """Register an endpoint; the same address again gets another secret."""
        endpoint = Endpoint(url, secret)
        self.deliveries.endpoints = [
            *(known for known in self.deliveries.endpoints if known.url != url),
            endpoint,
        ]
        return endpoint

    async def deliver_webhooks(self) -> int:
        """Deliver what is due now; return how many attempts were made."""
        return await self.deliveries.deliver()

    @override
    def emit(self, topic: str, context: dict[str, str]) -> Event:
        """Note that something happened, and tell the endpoints."""
        event = super().emit(topic, context)
        self.deliveries.enqueue(event)
        return event

    def redeliver(self, event_id: str) -> None:
        """Send an event a second time, as Nomos may."""
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
        value: str | None = None,
        field: str | None = None,
        customer: str | None = None,
    ) -> None:
        """Let requests fail: the next few, or all of them until recover()."""
        if fault is Fault.REVOKED_CONSENT:
            if customer is None:
                raise ValueError("whose consent?")
            self.revoke_consent(customer)
            return
        if seconds is None:
            seconds = 30 if fault is Fault.RATE_LIMIT else 1
        self.faults.active.append(
            Disturbance(
                fault, path, times, seconds, retry_after, subscription, value, field
            )
        )

    def recover(self) -> None:
        """End all faults."""
        self.faults.active.clear()

    @property
    def publication_delay(self) -> timedelta:
        """How much later than usual prices are published."""
        return self.exchange.delay

    @publication_delay.setter
    def publication_delay(self, delay: timedelta) -> None:
        """Publish so much later from now on; what is out stays out."""
        self.exchange.be_late(delay, self.now())

    def set_prices(self, day: date, amounts: Sequence[float | None]) -> None:
        """Set a day's all-in prices in ct/kWh, one for each quarter or each hour."""
        self.exchange.set_prices(day, amounts)

    def revoke_consent(self, customer_id: str) -> None:
        """Void everything a customer ever consented to."""
        self.tokens.forget_customer(customer_id)

    def expire_tokens(self) -> None:
        """Void all access tokens; refresh tokens still work."""
        self.tokens.expire()

    def authorize(
        self,
        client_id: str,
        redirect_uri: str,
        *,
        customer_id: str,
        code_challenge: str | None = None,
        state: str | None = None,
    ) -> str:
        """Return the code that the consent page would send back."""
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
        }
        if code_challenge:
            query |= {"code_challenge": code_challenge, "code_challenge_method": "S256"}
        if state:
            query["state"] = state
        return self.tokens.consent(self.tokens.read_request(query), customer_id)
