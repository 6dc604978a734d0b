"""Meter orders.

Timestamps are aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from .fields import (
    identifier,
    optional_known_value,
    optional_timestamp,
    required_known_value,
    required_timestamp,
)


class Milestone(StrEnum):
    """Progress of a meter order.

    `UNKNOWN` stands for a status that this version does not know.
    """

    NOT_ORDERED = "not_ordered"
    CREATED = "created"
    PLACED = "placed"
    CHECK_SUBMITTED = "check_submitted"
    CHECK_REVIEWED = "check_reviewed"
    SCHEDULED = "scheduled"
    INSTALLED = "installed"
    ACTIVATED = "activated"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Provider(StrEnum):
    """Metering operator (wMSB) that installs and runs the meter."""

    ENERGY_METERING = "energy-metering"
    METRIFY = "metrify"
    INEXOGY = "inexogy"
    UNKNOWN = "unknown"


class BlockedReason(StrEnum):
    """Reason for which an order does not progress."""

    CHECK_MISSING = "check_missing"
    GRID_OPERATOR_REGISTRATION = "grid_operator_registration"
    UNKNOWN = "unknown"


class CancelledReason(StrEnum):
    """Reason for which an order was cancelled."""

    PRE_EXISTING = "pre_existing"
    CUSTOMER_REQUEST = "customer_request"
    UNKNOWN = "unknown"


PATH_TO_ACTIVATION = (
    Milestone.CREATED,
    Milestone.PLACED,
    Milestone.CHECK_SUBMITTED,
    Milestone.CHECK_REVIEWED,
    Milestone.SCHEDULED,
    Milestone.INSTALLED,
    Milestone.ACTIVATED,
)

_OPTIONAL_TIMESTAMPS = (
    "appointment_at",
    "installed_at",
    "activated_at",
    "cancelled_at",
    "blocked_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterOrder:
    """Order of a smart meter; a subscription has one at most, ever."""

    id: str
    subscription_id: str
    status: Milestone
    provider: Provider
    created_at: datetime
    appointment_at: datetime | None = None
    installed_at: datetime | None = None
    activated_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_reason: CancelledReason | None = None
    blocked_at: datetime | None = None
    blocked_reason: BlockedReason | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Parse an order; raises NomosResponseError if a required field is missing."""
        return cls(
            id=identifier(data, "id"),
            subscription_id=identifier(data, "subscription"),
            status=required_known_value(Milestone, data, "status"),
            provider=required_known_value(Provider, data, "provider"),
            created_at=required_timestamp(data, "created_at"),
            cancelled_reason=optional_known_value(
                CancelledReason, data, "cancelled_reason"
            ),
            blocked_reason=optional_known_value(BlockedReason, data, "blocked_reason"),
            **{name: optional_timestamp(data, name) for name in _OPTIONAL_TIMESTAMPS},
        )

    @property
    def is_blocked(self) -> bool:
        """Return if the order is on hold."""
        return self.blocked_at is not None or self.blocked_reason is not None
