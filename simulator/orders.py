"""Smart meter orders and the steps of their timelines."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

PROVIDERS = ("energy-metering", "metrify", "inexogy")


@dataclass
class Order:
    """Smart meter order."""

    id: str
    provider: str
    created_at: datetime
    status: str = "created"
    appointment_at: datetime | None = None
    installed_at: datetime | None = None
    activated_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_reason: str | None = None
    blocked_at: datetime | None = None
    blocked_reason: str | None = None

    def set_status(
        self, status: str, cancelled_reason: str | None, now: datetime
    ) -> None:
        """Set the status and the timestamps that go with it."""
        self.status = status
        self.cancelled_at = now if status == "cancelled" else None
        self.cancelled_reason = cancelled_reason if status == "cancelled" else None
        if status == "cancelled":
            self.appointment_at = None
        elif status == "installed":
            self.installed_at = now
        elif status == "activated":
            self.activated_at = now
        if status in {"cancelled", "activated"}:
            self.blocked_at = self.blocked_reason = None

    def set_block(self, reason: str | Literal[False], now: datetime) -> None:
        """Block the order for a reason; False lifts the block."""
        self.blocked_at = now if reason else None
        self.blocked_reason = reason or None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of an order's timeline."""

    after: timedelta
    """Time since the start of the timeline, before the pace is applied."""
    status: str | None = None
    blocked: str | Literal[False] | None = None
    """Reason of a block; False lifts the block."""
    appointment_in: timedelta | None = None
    """Time until the installation appointment, rounded to 9:00 in Berlin."""
    cancelled_reason: str | None = None
    subscription: str | None = None
    """New status of the subscription: active or ended."""
    module: str | None = None
    """Grid fee reduction to order, unless the household has it."""
    module_status: Literal["ordered", "activated"] = "ordered"
    """Status of the reduction; activated skips the grid operator's confirmation."""
