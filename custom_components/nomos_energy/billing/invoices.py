"""Invoices as people read them, and what has changed about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from ..nomos import Invoice, InvoiceStatus, berlin_day
from .store import Announced


class InvoiceEventType(StrEnum):
    """Type of an event of an invoice."""

    ISSUED = "issued"
    PAID = "paid"
    VOIDED = "voided"
    UNCOLLECTIBLE = "uncollectible"
    PAYMENT_FAILED = "payment_failed"
    """Known from webhooks only: an invoice stays open after a failed payment."""


STATUS_EVENTS = {
    InvoiceStatus.PAID: InvoiceEventType.PAID,
    InvoiceStatus.VOIDED: InvoiceEventType.VOIDED,
    InvoiceStatus.UNCOLLECTIBLE: InvoiceEventType.UNCOLLECTIBLE,
}


@dataclass(frozen=True, slots=True)
class InvoiceChange:
    """Change of an invoice."""

    type: InvoiceEventType
    invoice: Invoice


def period(invoice: Invoice) -> dict[str, Any]:
    """Return the first and the last day (Berlin) of an invoice's period."""
    last = berlin_day(invoice.period_end - timedelta.resolution)
    return {
        "first_day": berlin_day(invoice.period_start).isoformat(),
        "last_day": last.isoformat(),
    }


def announced(
    before: Iterable[Announced], invoices: Iterable[Invoice]
) -> tuple[Announced, ...]:
    """Return the invoices to remember as announced; an unknown status is no news."""
    known = {each.id: each.status for each in before}
    return tuple(
        Announced(
            id=each.id,
            status=known.get(each.id, InvoiceStatus.OPEN)
            if each.status is InvoiceStatus.UNKNOWN
            else each.status,
        )
        for each in invoices
    )


def invoice_changes(
    before: Iterable[Announced], invoices: Iterable[Invoice], failed: Iterable[str]
) -> list[InvoiceChange]:
    """Return what has changed since the last announcement, oldest invoice first.

    `invoices` are settled: a reversal is the event of the invoice that it reverses, and
    its own one only if that is not known. `failed` are IDs of invoices whose payment
    failed.
    """
    known = {each.id: each.status for each in before}
    ordered = sorted(invoices, key=lambda each: each.issued_at or each.period_end)
    ids, failed_ids = {each.id for each in ordered}, set(failed)
    found: list[InvoiceChange] = []
    for invoice in ordered:
        if invoice.is_reversal:
            if invoice.id not in known and invoice.voids not in ids:
                found.append(InvoiceChange(InvoiceEventType.VOIDED, invoice))
            continue
        if invoice.id not in known:
            found.append(InvoiceChange(InvoiceEventType.ISSUED, invoice))
        if invoice.id in failed_ids:
            found.append(InvoiceChange(InvoiceEventType.PAYMENT_FAILED, invoice))
        event = STATUS_EVENTS.get(invoice.status)
        if event and known.get(invoice.id) is not invoice.status:
            found.append(InvoiceChange(event, invoice))
    return found
