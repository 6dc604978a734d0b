"""Invoices that are issued, paid and reversed besides the monthly ones."""

from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import date, datetime

from .contracts import Contract
from .identities import make_id
from .invoices import Invoice


@dataclass(eq=False, kw_only=True)
class BilledContract(Contract):
    """Contract with invoices."""

    billed: bool = False
    """True if an invoice is issued for each month."""
    invoices: list[Invoice] = field(default_factory=list)
    """Invoices besides the monthly ones."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the simulator's time."""

    @abstractmethod
    def _emit(self, topic: str, **context: str) -> None:
        """Record an event."""

    def issue(
        self,
        kind: str,
        first: date,
        end: date,
        total: float,
        *,
        usage: float | None = None,
        voids: Invoice | None = None,
        status: str = "open",
    ) -> Invoice:
        """Issue an invoice for the days from first to end, exclusive."""
        place = len(self.invoices)
        invoice = Invoice(
            make_id("inv", self.key, "issued", place),
            f"{self.number or self.key}-{place + 1:03}",
            kind,
            status,
            first,
            end,
            total,
            self.now(),
            usage=usage,
            voids=voids.id if voids else None,
        )
        self.invoices.append(invoice)
        if voids:
            self.mark_invoice(voids, "voided", voiding_invoice=invoice.id)
        else:
            self._emit("invoice.created", invoice=invoice.id)
        return invoice

    def mark_invoice(self, invoice: Invoice, status: str, **context: str) -> None:
        """Set the status of an invoice."""
        invoice.status = status
        if status == "paid":
            invoice.paid_at = self.now()
        self._emit(f"invoice.{status}", invoice=invoice.id, **context)

    def fail_payment(self, invoice: Invoice) -> None:
        """Let a payment fail; the invoice stays open."""
        self._emit("invoice.payment_failed", invoice=invoice.id)
