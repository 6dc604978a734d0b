"""Invoices of a household that are not generated: what tests and stories add."""

from dataclasses import dataclass
from datetime import date, datetime

from .clock import DAY


@dataclass
class Invoice:
    """Invoice for the days from first to end, exclusive (Berlin)."""

    id: str
    number: str
    type: str
    """usage, prepayment or void."""
    status: str
    """open, paid, voided or uncollectible."""
    first: date
    end: date
    total: float
    issued_at: datetime
    usage: float | None = None
    voids: str | None = None
    paid_at: datetime | None = None

    @property
    def months(self) -> int:
        """Months from the year zero, which number the billing periods."""
        last = self.end - DAY
        return last.year * 12 + last.month
