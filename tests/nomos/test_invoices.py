"""Tests of invoices."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.nomos_energy.nomos import (
    Invoice,
    InvoiceKind,
    InvoiceStatus,
    NomosClient,
    NomosResponseError,
    latest_invoice,
    settled,
)
from simulator import Simulator, scenarios
from tests import requests_since
from tests.nomos.common import NEW_VALUE

INVOICE = {
    "object": "invoice",
    "id": "inv_1",
    "customer": "cus_1",
    "subscription": "sub_1",
    "invoice_number": "H62SU12A-003",
    "month": 10,
    "year": 2026,
    "period_start": "2026-09-30T22:00:00Z",
    "period_end": "2026-10-31T23:00:00Z",
    "period_number": 3,
    "status": "open",
    "issued_at": "2026-11-10T08:00:00.000Z",
    "paid_at": None,
    "type": "usage",
    "usage": 250,
    "total": 88.5,
}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        *((each.value, each) for each in InvoiceKind if each != "unknown"),
        (NEW_VALUE, InvoiceKind.UNKNOWN),
    ],
)
def test_kinds(value: str, kind: InvoiceKind) -> None:
    """The kind of an invoice is parsed, also if it is unknown."""
    invoice = Invoice.from_json({**INVOICE, "type": value})
    assert (invoice.kind, invoice.total, invoice.usage) == (kind, 88.5, 250.0)
    assert "H62SU12A" not in repr(invoice)


@pytest.mark.parametrize(
    "changes",
    [
        {"total": None},
        {"total": "88.5"},
        {"total": True},
        {"total": float("nan")},
        {"total": float("inf")},
        {"total": 10**400},
        {"id": None},
        {"subscription": "../x"},
        {"invoice_number": ""},
        {"invoice_number": "\u202e"},
        {"period_start": "October"},
        {"period_end": None},
        {"period_end": "2026-09-30T22:00:00Z"},
        {"type": None},
        {"status": 5},
    ],
)
def test_invalid_invoice(changes: dict[str, Any]) -> None:
    """An invoice with a missing or invalid field raises an error."""
    with pytest.raises(NomosResponseError):
        Invoice.from_json({**INVOICE, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"usage": None},
        {"usage": -1},
        {"voids": "../"},
        {"issued_at": "never"},
        {"issued_at": None},
    ],
)
def test_optional_fields(changes: dict[str, Any]) -> None:
    """What is optional may be missing or invalid."""
    invoice = Invoice.from_json({**INVOICE, **changes})
    (name,) = changes
    assert getattr(invoice, name) is None


def test_settled() -> None:
    """An invoice that another one reverses is voided, whatever its own status says."""
    invoice = Invoice.from_json({**INVOICE, "status": "paid"})
    reversal = Invoice.from_json(
        {**INVOICE, "id": "inv_2", "type": "void", "voids": "inv_1", "total": -88.5}
    )
    assert settled([invoice]) == (invoice,)
    assert [each.status for each in settled([reversal, invoice])] == [
        InvoiceStatus.OPEN,
        InvoiceStatus.VOIDED,
    ]


def test_latest_invoice() -> None:
    """The last one issued counts; a correction before the reversal of the same moment."""
    invoice = Invoice.from_json(INVOICE)
    reversal = replace(invoice, id="inv_9", kind=InvoiceKind.VOID, voids="inv_0")
    older = replace(invoice, id="inv_3", issued_at=None)
    assert latest_invoice([older, invoice, reversal]) == invoice
    assert latest_invoice([older]) == older
    assert latest_invoice([]) is None


async def test_pages_up_to_old_invoices(
    client: NomosClient, simulator: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    """Pages are fetched up to one with old periods only."""
    home = simulator.add(scenarios.happy_path())
    now = simulator.now()
    for month in range(250):
        freezer.move_to(now - timedelta(days=30 * (250 - month)))
        first = simulator.now().date()
        home.issue("prepayment", first - timedelta(days=30), first, 60.0)
    freezer.move_to(now)
    listing = await client.invoices(now - timedelta(days=400))
    assert requests_since(simulator) == ["create_token"] + ["list_invoices"] * 2
    assert len(listing.records) == 200
    assert not listing.unreadable


async def test_invoices_of_a_subscription(
    client: NomosClient, simulator: Simulator
) -> None:
    """The list can be limited to a subscription."""
    homes = [simulator.add(scenarios.dynamic_tariff(index)) for index in (1, 2)]
    since = simulator.now() - timedelta(days=400)
    every = await client.invoices(since)
    key = homes[0].subscription_id
    own = await client.invoices(since, key)
    assert {each.subscription_id for each in own.records} == {key}
    assert 2 * len(own.records) == len(every.records)
