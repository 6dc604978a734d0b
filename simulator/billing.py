"""Invoices and quotes: handlers of the operations, and the monthly invoices."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from . import market, usage
from .call import Call
from .clock import DAY, at, berlin_day, days, iso, midnight
from .errors import invalid, not_found
from .households import Household
from .identities import make_id
from .invoices import Invoice
from .lists import Fields, Listing, page
from .market import Exchange
from .payloads import Payload
from .reductions import MODULE_1, MODULE_2

_GRID_BASE = 6.30
_METERING = {"smart": 1.67, "analog": 1.20}
_MODULE_1 = -11.21
_FIXED_PRICE = 33.5
"""ct/kWh; what usage without quarter-hourly values costs."""

_ISSUED_ON, _ISSUED_AT = 10, time(9)
_DAYS_TO_PAY = timedelta(days=14)

# Invoices


async def list_invoices(call: Call) -> Payload:
    """List invoices."""
    fields: Fields[tuple[Household, Invoice]] = {
        "status": lambda pair: pair[1].status,
        "type": lambda pair: pair[1].type,
        "period_start": lambda pair: midnight(pair[1].first),
        "period_end": lambda pair: midnight(pair[1].end),
        "subscription": lambda pair: pair[0].subscription_id,
    }
    few = call.visible(fields)
    households = call.world.households if few is None else few
    pairs = (
        (household, invoice)
        for household in households
        for invoice in invoices_of(household, call.world.now(), call.world.exchange)
    )
    listing = Listing.of(pairs, lambda pair: (pair[1].issued_at, pair[1].id))
    return page(call.query, listing.newest, fields, lambda pair: _invoice(*pair))


async def get_invoice(call: Call) -> Payload:
    """Return an invoice."""
    world = call.world
    for household in world.households:
        if call.sees(household):
            for invoice in invoices_of(household, world.now(), world.exchange):
                if invoice.id == call.id:
                    return _invoice(household, invoice)
    raise not_found()


def invoices_of(
    household: Household, now: datetime, exchange: Exchange
) -> list[Invoice]:
    """Return the invoices of a household that are issued already."""
    generated = _monthly(household, now, exchange) if household.billed else ()
    return [each for each in (*generated, *household.invoices) if each.issued_at <= now]


def _monthly(
    household: Household, now: datetime, exchange: Exchange
) -> Iterator[Invoice]:
    """Yield the usage invoice of each month, issued on the tenth of the next one."""
    if household.start_at is None or household.status == "pending":
        return
    first, end = berlin_day(household.start_at), household.end_at
    while True:
        following = usage.next_month(first)
        issued = at(following.replace(day=_ISSUED_ON), _ISSUED_AT)
        if issued > now:
            return
        until = min(following, berlin_day(end)) if end else following
        if until <= first:
            return
        energy, cost = _billed(household, first, until, exchange)
        share = (until - first) / (following - first.replace(day=1))
        fee = base_fee(household)
        yield Invoice(
            make_id("inv", household.key, first),
            f"{household.number or household.key}-{first:%y%m}",
            "usage",
            "paid" if issued + _DAYS_TO_PAY <= now else "open",
            first,
            until,
            round(cost + fee * share, 2),
            issued,
            usage=round(energy, 3),
            paid_at=issued + _DAYS_TO_PAY if issued + _DAYS_TO_PAY <= now else None,
        )
        first = following


def _billed(
    household: Household, first: date, end: date, exchange: Exchange
) -> tuple[float, float]:
    """Return the kWh and the EUR of some days."""
    since = household.smart_since or household.start_at
    smart = berlin_day(since) if household.meter_type == "smart" and since else end
    middle = min(max(first, smart), end)
    energy = usage.sum_usage(household, first, middle)
    cost = energy * _FIXED_PRICE / 100
    for day in days(middle, end):
        prices = market.day_amounts(household, day, exchange)
        for used, price in zip(usage.day_quarters(household, day), prices, strict=True):
            energy += used or 0.0
            cost += (used or 0.0) * (price or 0.0) / 100
    return energy, cost


def _modules(household: Household) -> set[str]:
    return {each.type for each in household.modules if each.status == "activated"}


def _invoice(household: Household, invoice: Invoice) -> Payload:
    last = invoice.end - DAY
    begin = berlin_day(household.start_at or household.now())
    payload: Payload = {
        "object": "invoice",
        "id": invoice.id,
        "customer": household.customer_id,
        "subscription": household.subscription_id,
        "invoice_number": invoice.number,
        "month": last.month,
        "year": last.year,
        "period_start": iso(midnight(invoice.first)),
        "period_end": iso(midnight(invoice.end)),
        "period_number": invoice.months - begin.year * 12 - begin.month + 1,
        "status": invoice.status,
        "issued_at": iso(invoice.issued_at),
        "paid_at": iso(invoice.paid_at) if invoice.paid_at else None,
        "type": invoice.type,
        "total": invoice.total,
    }
    if invoice.type == "usage":
        payload["usage"] = invoice.usage or 0.0
    if invoice.type == "void":
        payload["voids"] = invoice.voids
    return payload


# Quotes


async def get_quote(call: Call) -> Payload:
    """Return a quote of a plan."""
    household = call.world.find_plan(call.id)
    if household is None:
        raise not_found()
    zip_code, yearly = call.query.get("zip_code", ""), _usage(call.query.get("usage"))
    if not (len(zip_code) == 5 and zip_code.isdecimal()):
        raise invalid("unserviceable_zip", "zip_code", "There is no such ZIP code.")
    meter_type = call.query.get("meter_type", "analog")
    if meter_type not in _METERING:
        raise invalid("invalid_value", "meter_type", "Unknown meter type.")
    modules = {
        module
        for module in (MODULE_1, MODULE_2)
        if call.query.get(f"14a_module_{module[-1]}") == "true"
    }
    if modules and household.type == "feed_in":
        raise invalid("unsupported_product", "14a_module_1", "Feed-in has no grid fee.")
    base = _component("base", 1, "month", _base_parts(household, meter_type, modules))
    monthly = round(yearly / 12)
    variable = _component("variable", monthly, "kWh", _variable_parts(modules))
    return {
        "object": "quote",
        "amount": round(base["amount"] + variable["amount"], 2),
        "currency": "EUR",
        "components": [base, variable],
        "quoted_at": iso(call.world.now()),
    }


def base_fee(household: Household) -> float:
    """Return the whole base fee of a household in EUR per month."""
    parts = _base_parts(household, household.meter_type, _modules(household))
    return round(sum(amount for _, _, amount in parts), 2)


def _usage(text: str | None) -> float:
    try:
        yearly = float(text or "")
    except ValueError:
        raise invalid("invalid_type", "usage", "The usage is not a number.") from None
    if not 100 <= yearly <= 50_000:
        code = "too_small" if yearly < 100 else "too_big"
        raise invalid(code, "usage", "The usage is not from 100 to 50000 kWh.")
    return yearly


def _base_parts(
    household: Household, meter_type: str, modules: set[str]
) -> list[tuple[str, str, float]]:
    parts = [
        ("fee", "Grundgebühr", household.plan_price),
        ("grid", "Netzentgelte", _GRID_BASE),
        ("metering", "Messstellengebühren", _METERING[meter_type]),
    ]
    if MODULE_1 in modules:
        parts.append(
            ("grid", "Pauschale Netzentgeltreduktion (§14a EnWG Modul 1)", _MODULE_1)
        )
    return parts


def _variable_parts(modules: set[str]) -> list[tuple[str, str, float]]:
    grid = market.GRID_FEE * (market.MODULE_2_FACTOR if MODULE_2 in modules else 1)
    return [
        ("energy", "EPEX Day-Ahead Preis (12m avg.)", 0.1182),
        ("grid", "Netzentgelte", round(grid / 100, 4)),
        ("levies", "Steuern und Abgaben", market.LEVIES / 100),
    ]


def _component(
    group: str, quantity: float, unit: str, parts: list[tuple[str, str, float]]
) -> dict[str, Any]:
    unit_amount = round(sum(amount for _, _, amount in parts), 5)
    return {
        "group": group,
        "amount": round(unit_amount * quantity, 2),
        "quantity": quantity,
        "quantity_unit": unit,
        "unit_amount": unit_amount,
        "subcomponents": [
            {"subgroup": subgroup, "name": name, "amount": amount}
            for subgroup, name, amount in parts
        ],
    }
