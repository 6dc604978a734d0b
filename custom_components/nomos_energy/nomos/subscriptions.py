"""Subscriptions, their addresses and plans.

Timestamps are aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from .fields import (
    identifier,
    optional_timestamp,
    parse_amount,
    parse_energy,
    required_known_value,
    required_text,
    slug,
    text,
)
from .quotes import CURRENCY, MAX_BASE_FEE

MAX_YEARLY_USAGE = 1e9
"""kWh; higher values are invalid."""


class SubscriptionStatus(StrEnum):
    """Status of a subscription; `UNKNOWN`: one that this version does not know."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"
    UNKNOWN = "unknown"


class SubscriptionType(StrEnum):
    """Direction of the electricity; `UNKNOWN`: one that this version does not know."""

    CONSUMPTION = "consumption"
    FEED_IN = "feed_in"
    UNKNOWN = "unknown"


class MeterType(StrEnum):
    """Kind of the current meter; `UNKNOWN`: one that this version does not know."""

    SMART = "smart"
    ANALOG = "analog"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Address:
    """Delivery address; has no repr, so that it stays out of logs."""

    street: str
    house_number: str
    zip: str
    city: str

    @classmethod
    def from_json(cls, data: Any) -> Self | None:
        """Parse an address; return None where the API gives its ID only."""
        if not isinstance(data, Mapping):
            return None
        return cls(
            **{
                part: text(data.get(part)) or ""
                for part in ("street", "house_number", "zip", "city")
            }
        )

    @property
    def in_full(self) -> str:
        """Street, house number, zip code and city in one line."""
        parts = (str(self), f"{self.zip} {self.city}".strip())
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        """Return street and house number."""
        return f"{self.street} {self.house_number}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Subscription, from the account's list or with its details."""

    id: str
    customer_id: str = field(repr=False)
    plan_id: str
    status: SubscriptionStatus
    type: SubscriptionType
    number: str | None = field(default=None, repr=False)
    """Contract number as it stands in letters."""
    address: Address | None = None
    """None in lists, which contain its ID only."""
    meter_type: MeterType | None = None
    """None in lists, which contain the meter's ID only."""
    start_at: datetime | None = None
    """Start of delivery, past or future."""
    end_at: datetime | None = None
    """End of the contract, past or future."""
    estimated_usage: float | None = None
    """kWh per year that the household stated when it signed the contract."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Parse a subscription; raises NomosResponseError if a required field is missing."""
        meter = data.get("meter")
        customer = data.get("customer")
        return cls(
            id=identifier(data, "id"),
            customer_id=identifier(customer, "id")
            if isinstance(customer, Mapping)
            else identifier(data, "customer"),
            plan_id=identifier(data, "plan"),
            status=required_known_value(SubscriptionStatus, data, "status"),
            type=required_known_value(SubscriptionType, data, "type"),
            number=text(data.get("number")),
            address=Address.from_json(data.get("address")),
            meter_type=required_known_value(MeterType, meter, "type")
            if isinstance(meter, Mapping)
            else None,
            start_at=optional_timestamp(data, "start_at"),
            end_at=optional_timestamp(data, "end_at"),
            estimated_usage=parse_energy(data.get("estimated_usage"), MAX_YEARLY_USAGE),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Tariff of a subscription."""

    id: str
    name: str
    slug: str | None
    """Name of the customer portal; None if it can't be part of an address."""
    price: float | None = None
    """Supplier's part of the base fee in EUR per month, VAT included."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Parse a plan; raises NomosResponseError if a required field is missing."""
        return cls(
            id=identifier(data, "id"),
            name=required_text(data, "name"),
            slug=slug(data.get("slug")),
            price=parse_amount(data.get("price"), MAX_BASE_FEE)
            if data.get("currency") == CURRENCY
            else None,
        )

    @property
    def portal_url(self) -> str | None:
        """Address of the customer portal, if it is known."""
        return f"https://{self.slug}.customerportal.energy/" if self.slug else None
