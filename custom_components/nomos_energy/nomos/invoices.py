"""Invoices.

Amounts are in EUR including VAT, energy in kWh. Timestamps are aware and in UTC; periods
begin and end at midnights in Europe/Berlin.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from .errors import NomosResponseError
from .fields import (
    identifier,
    optional_identifier,
    optional_timestamp,
    parse_amount,
    parse_energy,
    required_known_value,
    required_text,
    required_timestamp,
)

MAX_TOTAL = 1e8
"""EUR; totals beyond are invalid."""

MAX_INVOICED = 1e9
"""kWh; higher values are invalid."""


class InvoiceKind(StrEnum):
    """Kind of an invoice; `UNKNOWN`: one that this version does not know."""

    USAGE = "usage"
    PREPAYMENT = "prepayment"
    VOID = "void"
    """Reversal of another invoice."""
    UNKNOWN = "unknown"


class InvoiceStatus(StrEnum):
    """Status of an invoice; `UNKNOWN`: one that this version does not know."""

    OPEN = "open"
    PAID = "paid"
    VOIDED = "voided"
    UNCOLLECTIBLE = "uncollectible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """Invoice of a subscription."""

    id: str
    subscription_id: str
    number: str = field(repr=False)
    kind: InvoiceKind
    status: InvoiceStatus
    period_start: datetime
    period_end: datetime
    """End of the period, exclusive."""
    total: float
    """Negative for a reversal."""
    usage: float | None = None
    """Invoiced energy; None for other kinds than usage."""
    voids: str | None = None
    """ID of the invoice that this one reverses."""
    issued_at: datetime | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Parse an invoice; raises NomosResponseError if a required field is missing."""
        total = parse_amount(data.get("total"), MAX_TOTAL)
        if total is None:
            raise NomosResponseError("Nomos sent an invoice without a valid total")
        start = required_timestamp(data, "period_start")
        end = required_timestamp(data, "period_end")
        if end <= start:
            raise NomosResponseError("Nomos sent an invoice with an empty period")
        return cls(
            id=identifier(data, "id"),
            subscription_id=identifier(data, "subscription"),
            number=required_text(data, "invoice_number"),
            kind=required_known_value(InvoiceKind, data, "type"),
            status=required_known_value(InvoiceStatus, data, "status"),
            period_start=start,
            period_end=end,
            total=total,
            usage=parse_energy(data.get("usage"), MAX_INVOICED),
            voids=optional_identifier(data.get("voids")),
            issued_at=optional_timestamp(data, "issued_at"),
        )

    @property
    def is_reversal(self) -> bool:
        """Return if the invoice reverses another one."""
        return self.kind is InvoiceKind.VOID


def settled(invoices: Iterable[Invoice]) -> tuple[Invoice, ...]:
    """Return the invoices, those that another one reverses with the status voided.

    The status of the original may follow later than its reversal.
    """
    all_invoices = tuple(invoices)
    reversed_ids = {each.voids for each in all_invoices if each.is_reversal}
    return tuple(
        replace(each, status=InvoiceStatus.VOIDED) if each.id in reversed_ids else each
        for each in all_invoices
    )


def latest_invoice(invoices: Iterable[Invoice]) -> Invoice | None:
    """Return the invoice that was issued last; without a date its period's end counts.

    A reversal and the corrected invoice may be issued at the same moment: then the
    corrected one is the latest.
    """
    return max(
        invoices,
        key=lambda each: (
            each.issued_at or each.period_end,
            not each.is_reversal,
            each.period_end,
            each.id,
        ),
        default=None,
    )
