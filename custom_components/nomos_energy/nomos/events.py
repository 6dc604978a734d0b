"""Events that Nomos delivers to a webhook."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .errors import NomosResponseError
from .fields import identifier, optional_identifier, text

TEST_TOPIC = "test.event"
PAYMENT_FAILED_TOPIC = "invoice.payment_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """Event of a delivery; what has happened is read from the API."""

    id: str
    topic: str
    subscription_id: str | None = None
    invoice_id: str | None = None

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Parse an event; raises NomosResponseError if it has no ID or topic."""
        if not isinstance(data, Mapping):
            raise NomosResponseError("Nomos sent an event that is not an object")
        topic, context = data.get("topic"), data.get("context")
        ids = context if isinstance(context, Mapping) else {}
        if not isinstance(topic, str):
            raise NomosResponseError("Nomos sent an event without a topic")
        return cls(
            id=identifier(data, "id"),
            topic=text(topic) or "",
            subscription_id=optional_identifier(ids.get("subscription")),
            invoice_id=optional_identifier(ids.get("invoice")),
        )

    @property
    def is_test(self) -> bool:
        """Return if the event was sent from the dashboard as a test."""
        return self.topic == TEST_TOPIC

    @property
    def failed_payment(self) -> str | None:
        """ID of the invoice whose payment failed, if the event is about that."""
        return self.invoice_id if self.topic == PAYMENT_FAILED_TOPIC else None
