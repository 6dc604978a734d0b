"""Action that checks an invoice against what was measured."""

from datetime import timedelta
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from sqlalchemy.exc import SQLAlchemyError
import voluptuous as vol

from ..const import DOMAIN
from ..entity import state_of
from ..errors import invalid
from ..nomos import (
    HOUR,
    Invoice,
    InvoiceKind,
    InvoiceStatus,
    berlin_day,
    latest_invoice,
    settled,
)
from ..usage.sums import Sum, async_hours, total
from .coordinator import BillingCoordinator
from .costs import CostCoordinator
from .invoices import period

CHECK_INVOICE_FIELDS = {vol.Optional("number"): cv.string}


async def async_check_invoice(
    call: ServiceCall, billing: BillingCoordinator, costs: CostCoordinator
) -> ServiceResponse:
    """Compare an invoice with the measured usage and cost of its period."""
    key = costs.subscription_id
    invoices = settled(billing.record(key).invoices)
    invoice = _find(invoices, call.data.get("number"))
    begin, end = invoice.period_start, invoice.period_end
    try:
        hours = await async_hours(call.hass, billing.contracts, key, begin, end)
    except SQLAlchemyError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="recorder_failed"
        ) from err
    if not hours:
        raise invalid("invoice_not_measured")
    return _comparison(invoice, total(hours), costs) | {
        "prepayments": _prepaid(invoices, invoice)
    }


def _find(invoices: tuple[Invoice, ...], number: str | None) -> Invoice:
    """Return the invoice with a number, else the last one for usage.

    Raises ServiceValidationError if there is none, or it bills no usage.
    """
    if number is None:
        usage = (each for each in invoices if each.usage is not None)
        if (invoice := latest_invoice(usage)) is None:
            raise invalid("no_invoice")
        return invoice
    wanted = number.strip()
    found = next((each for each in invoices if each.number == wanted), None)
    if found is None:
        raise invalid("no_such_invoice")
    if found.usage is None:
        raise invalid("invoice_without_usage")
    return found


def _comparison(
    invoice: Invoice, measured: Sum, costs: CostCoordinator
) -> dict[str, Any]:
    """Return invoice, measured sums, and what their difference is made of."""
    first = berlin_day(invoice.period_start)
    end = berlin_day(invoice.period_end - timedelta.resolution) + timedelta(days=1)
    base_fee, source = costs.base_fee_for(first, end)
    cost = measured.cost + base_fee
    more_energy = (invoice.usage or 0.0) - measured.energy
    more_cost = invoice.total - cost
    by_energy = more_energy * (measured.average or 0.0)
    hours = (invoice.period_end - invoice.period_start) / HOUR
    return {
        "invoice": {
            "number": invoice.number,
            "status": state_of(invoice.status),
            **period(invoice),
            "energy": invoice.usage,
            "total": invoice.total,
        },
        "measured": {
            "energy": round(measured.energy, 3),
            "energy_cost": round(measured.cost, 2),
            "base_fee": round(base_fee, 2),
            "base_fee_source": source,
            "total": round(cost, 2),
            "share_of_hours": round(100 * measured.hours / hours, 1),
            "preliminary": costs.is_preliminary(first, end),
        },
        "difference": {
            "energy": round(more_energy, 3),
            "total": round(more_cost, 2),
            "by_energy": round(by_energy, 2),
            "by_other": round(more_cost - by_energy, 2),
        },
    }


def _prepaid(invoices: tuple[Invoice, ...], invoice: Invoice) -> float:
    """Return the prepayments within the period of an invoice that still count."""
    return round(
        sum(
            each.total
            for each in invoices
            if each.kind is InvoiceKind.PREPAYMENT
            and each.status in (InvoiceStatus.OPEN, InvoiceStatus.PAID)
            and each.period_start < invoice.period_end
            and invoice.period_start < each.period_end
        ),
        2,
    )
