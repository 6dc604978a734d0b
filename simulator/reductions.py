"""Grid fee reductions of a household: the modules of §14a EnWG."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .clock import berlin_day, midnight

MODULE_1 = "enwg-14a-module-1"
MODULE_2 = "enwg-14a-module-2"
MODULE_3 = "enwg-14a-module-3"
MODULES = (MODULE_1, MODULE_2, MODULE_3)

OPEN_STATUSES = ("intended", "ordered", "activated")
"""Statuses that exclude a second reduction of the same module."""

CONFIRMATION_TIME = timedelta(days=14)
"""Time from the order of a module until the grid operator confirms it."""


@dataclass
class GridFeeReduction:
    """One module of §14a EnWG."""

    type: str
    status: str = "activated"
    id: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    activates_at: datetime | None = None
    """Time of the grid operator's confirmation; not part of the API."""

    @property
    def due(self) -> datetime | None:
        """Time of the confirmation; None when a test has set another status."""
        return self.activates_at if self.status == "ordered" else None

    def covers(self, moment: datetime) -> bool:
        """Return if the module is in force at a moment."""
        if self.valid_until and moment >= self.valid_until:
            return False
        if self.valid_from and moment < self.valid_from:
            return False
        # An ended module was in force until its end, where that is known.
        return self.status == "activated" or (
            self.status == "ended" and self.valid_until is not None
        )

    def set_dates(self, start_at: datetime | None, now: datetime) -> None:
        """Set the dates that are missing; the contract begins at start_at."""
        self.created_at = self.created_at or now
        self.updated_at = self.updated_at or self.created_at
        if self.status in {"activated", "ended"}:
            self.valid_from = self.valid_from or start_at or now
        if self.status == "ended":
            # Modules end with a day: the last one is yesterday.
            self.valid_until = self.valid_until or midnight(berlin_day(now))

    def submit(self, now: datetime, pace: float) -> None:
        """Send the order to the grid operator."""
        self.status, self.updated_at = "ordered", now
        self.activates_at = now + CONFIRMATION_TIME * pace

    def activate(self, now: datetime) -> None:
        """Apply the grid operator's confirmation."""
        self.status, self.updated_at, self.activates_at = "activated", now, None
        self.valid_from = self.valid_from or midnight(berlin_day(now))
