"""Store of invoices and base fees, which are requested rarely."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..disk import Damage, from_disk, to_disk
from ..nomos import Invoice, InvoiceStatus
from ..store import SAVE_SOON, RecordStore

STORE = "billing"


class UsageSource(StrEnum):
    """Origin of the yearly usage that a quote was requested for."""

    MEASURED = "measured"
    """Measured over the last twelve months."""
    ENTERED = "entered"
    """Entered by the household."""
    CONTRACT = "contract"
    """Stated by the household when it signed the contract."""
    ASSUMED = "assumed"
    """That of a household of which nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthQuote:
    """Answer to the request for a quote of a month."""

    month: date
    """First day of the month."""
    base_fee: float | None
    """EUR per month; None if Nomos gave no quote to this login."""
    usage: float
    """kWh per year."""
    usage_source: UsageSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """Invoice as it was last announced by the event entity."""

    id: str
    status: InvoiceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingRecord:
    """Invoices and quotes of a contract."""

    invoices: tuple[Invoice, ...] = ()
    listed_at: datetime | None = None
    """Time of the last answer about the invoices, also of a refusal."""
    quotes: tuple[MonthQuote, ...] = ()
    """One for each month, oldest first."""
    is_announced: bool = False
    """True once the invoices of the first list have been taken for known."""
    announced: tuple[Announced, ...] = ()
    failed_payments: tuple[str, ...] = ()
    """IDs of invoices whose failed payment is still to be announced."""


def billing_store(
    hass: HomeAssistant, entry: ConfigEntry
) -> RecordStore[BillingRecord]:
    """Return the store of invoices and quotes, by subscription ID."""
    return RecordStore(hass, entry, STORE, _read, to_disk, SAVE_SOON, (Invoice,))


def _read(data: Any, damage: Damage) -> BillingRecord:
    record = from_disk(BillingRecord, data, damage)
    if len(record.announced) == len(data.get("announced", ())):
        return record
    # What was announced is unknown: announce nothing rather than some of it again.
    return replace(record, is_announced=False)
