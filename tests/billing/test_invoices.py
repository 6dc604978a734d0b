"""What has changed about invoices, without Home Assistant."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, strategies as st

from custom_components.nomos_energy.billing.invoices import (
    InvoiceChange,
    InvoiceEventType as Type,
    announced,
    invoice_changes,
    period,
)
from custom_components.nomos_energy.nomos import (
    DAY,
    Invoice,
    InvoiceKind,
    InvoiceStatus as Status,
    settled,
)
from tests.nomos.test_invoices import INVOICE

FIRST = Invoice.from_json(INVOICE)
SECOND = replace(
    FIRST, id="inv_2", issued_at=(FIRST.issued_at or FIRST.period_end) + DAY
)
REVERSAL = replace(
    FIRST,
    id="inv_3",
    kind=InvoiceKind.VOID,
    status=Status.PAID,
    voids="inv_1",
    issued_at=FIRST.period_end + 30 * DAY,
)


def news(
    before: tuple[Invoice, ...], after: tuple[Invoice, ...], *failed: str
) -> list[tuple[str, str]]:
    """Return the types of the changes with the invoice that each is about."""
    known = announced((), settled(before))
    return [
        (change.type.value, change.invoice.id)
        for change in invoice_changes(known, settled(after), failed)
    ]


def status(invoice: Invoice, value: Status) -> Invoice:
    """Return an invoice with another status."""
    return replace(invoice, status=value)


def test_changes() -> None:
    """Each change has its event, the older invoice first."""
    assert news((FIRST,), (FIRST,)) == []
    assert news((), (SECOND, FIRST)) == [("issued", "inv_1"), ("issued", "inv_2")]
    paid = status(FIRST, Status.PAID)
    assert news((FIRST,), (SECOND, paid)) == [("paid", "inv_1"), ("issued", "inv_2")]
    # A week is long enough for both.
    assert news((), (paid,)) == [("issued", "inv_1"), ("paid", "inv_1")]
    given_up = status(FIRST, Status.UNCOLLECTIBLE)
    assert news((FIRST,), (given_up,)) == [("uncollectible", "inv_1")]
    assert news((FIRST,), (FIRST,), "inv_1") == [("payment_failed", "inv_1")]
    assert news((FIRST,), (FIRST,), "inv_0") == []


def test_reversal() -> None:
    """A reversal is announced once, as the end of the invoice that it reverses."""
    paid = status(FIRST, Status.PAID)
    voided = status(FIRST, Status.VOIDED)
    assert news((paid,), (REVERSAL, paid)) == [("voided", "inv_1")]
    assert news((paid,), (REVERSAL, voided)) == [("voided", "inv_1")]
    assert news((REVERSAL, paid), (REVERSAL, voided)) == []
    # Without its original, the reversal itself is all there is.
    assert news((), (REVERSAL,)) == [("voided", "inv_3")]
    assert news((REVERSAL,), (REVERSAL,)) == []


def test_unknown_status() -> None:
    """An unknown status is no news, and what was known before is kept."""
    paid, unknown = status(FIRST, Status.PAID), status(FIRST, Status.UNKNOWN)
    assert news((paid,), (unknown,)) == []
    kept = announced(announced((), (paid,)), (unknown,))
    assert invoice_changes(kept, (paid,), ()) == []
    assert invoice_changes(kept, (status(FIRST, Status.VOIDED),), ()) == [
        InvoiceChange(Type.VOIDED, status(FIRST, Status.VOIDED))
    ]


STORIES = st.lists(
    st.dictionaries(
        st.sampled_from(["inv_1", "inv_2"]),
        st.sampled_from(list(Status)),
        max_size=2,
    ),
    max_size=6,
)


@given(STORIES)
def test_any_story(story: list[dict[str, Status]]) -> None:
    """Whatever comes, an invoice is issued once, and no state is announced again."""
    invoices = {"inv_1": FIRST, "inv_2": SECOND}
    known: dict[str, Status] = {}
    marks = announced((), ())
    before: dict[str, Status] = {}
    for step in story:
        known |= step
        shown = tuple(status(invoices[key], value) for key, value in known.items())
        for change in invoice_changes(marks, shown, ()):
            key = change.invoice.id
            if change.type is Type.ISSUED:
                assert key not in before
                before[key] = Status.OPEN
            else:
                assert change.type.value == known[key].value != before[key].value
        before |= {
            key: value for key, value in known.items() if value is not Status.UNKNOWN
        }
        marks = announced(marks, shown)
        assert not invoice_changes(marks, shown, ())
        assert set(before) == set(known)


def test_period() -> None:
    """The period ends with its last day, in Germany."""
    assert period(FIRST) == {"first_day": "2026-10-01", "last_day": "2026-10-31"}
    short = replace(FIRST, period_end=FIRST.period_start + timedelta(hours=24))
    assert period(short)["last_day"] == "2026-10-01"
