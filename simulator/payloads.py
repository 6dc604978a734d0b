"""JSON payloads of the API's objects."""

from datetime import datetime
from typing import Any

from .clock import iso, iso_seconds, midnight
from .households import Household
from .readings import Reading
from .reductions import GridFeeReduction
from .versions import CURRENT, order_status

type Payload = dict[str, Any]


def meter_order(household: Household, version: str) -> Payload:
    """Return the payload of a household's order."""
    order = household.order
    if order is None:
        raise ValueError(f"{household.key} has no order")
    return {
        "object": "meter_order",
        "id": order.id,
        "subscription": household.subscription_id,
        "customer": household.customer_id,
        "provider": order.provider,
        "status": order_status(order.status, version),
        "created_at": iso(order.created_at),
        "installed_at": _iso_or_none(order.installed_at),
        "activated_at": _iso_or_none(order.activated_at),
        "cancelled_at": _iso_or_none(order.cancelled_at),
        "cancelled_reason": order.cancelled_reason,
        "blocked_at": _iso_or_none(order.blocked_at),
        "blocked_reason": order.blocked_reason,
        # The API shows appointments without fractions of a second.
        "appointment_at": order.appointment_at and iso_seconds(order.appointment_at),
    }


def subscription(household: Household, version: str, *, expanded: bool) -> Payload:
    """Return the payload of a subscription, with related objects or their IDs."""
    related = _related(household, expanded=expanded)
    payload: Payload = {
        "object": "subscription",
        "id": household.subscription_id,
        "plan": household.plan_id,
        **related,
        "number": household.number,
        "status": household.status,
        "estimated_usage": household.estimated_usage,
        "created_at": _iso_or_none(household.created_at),
        "updated_at": _iso_or_none(household.updated_at),
        "start_at": _iso_or_none(household.start_at),
        "terminated_at": None,
        "end_at": _iso_or_none(household.end_at),
        "metadata": None,
    }
    if version == CURRENT:
        payload["type"] = household.type
    return payload


def _related(household: Household, *, expanded: bool) -> Payload:
    if expanded:
        return {
            "customer": _customer(household),
            "address": _address(household),
            "meter": _meter(household),
            "payment_method": _payment_method(household),
            "supplier": _supplier(household),
            "billing_address": _address(household),
        }
    return {
        "customer": household.customer_id,
        "address": household.address_id,
        "meter": household.meter_id,
        "payment_method": household.payment_method_id,
        "supplier": household.supplier_id,
        "billing_address": household.address_id,
    }


def _customer(household: Household) -> Payload:
    payload: Payload = {
        "object": "customer",
        "id": household.customer_id,
        "type": "person",
        "first_name": household.first_name,
        "last_name": household.last_name,
        "email": household.email,
        "vat_id": None,
        "created_at": _iso_or_none(household.created_at),
    }
    if household.company_name:
        payload |= {"type": "company", "company_name": household.company_name}
    return payload


def _address(household: Household) -> Payload:
    return {
        "object": "address",
        "id": household.address_id,
        "street": household.street,
        "house_number": household.house_number,
        "zip": household.zip,
        "city": household.city,
        "created_at": _iso_or_none(household.created_at),
    }


def _meter(household: Household) -> Payload:
    return {
        "object": "meter",
        "id": household.meter_id,
        "melo": household.melo,
        "number": household.meter_number,
        "type": household.meter_type,
        "malo": household.malo,
        "created_at": _iso_or_none(household.swapped_at or household.created_at),
    }


def _payment_method(household: Household) -> Payload:
    return {
        "object": "payment_method",
        "id": household.payment_method_id,
        "type": "sepa_debit",
        "sepa_debit": {
            "iban": f"DE****************{household.malo or '0000'}"[:22],
            "account_holder": f"{household.first_name} {household.last_name}",
        },
        "created_at": _iso_or_none(household.created_at),
    }


def _supplier(household: Household) -> Payload | None:
    if household.supplier_id is None:
        return None
    return {
        "object": "supplier",
        "id": household.supplier_id,
        "name": "Stadtwerke Musterstadt GmbH",
        "country": "DE",
        "created_at": "2023-02-01T08:00:00.000Z",
    }


def plan(household: Household, version: str) -> Payload:
    """Return the payload of a household's plan."""
    payload: Payload = {
        "object": "plan",
        "id": household.plan_id,
        "name": household.plan_name,
        "slug": household.plan_slug,
        "description": "Electricity at the price of the exchange",
        "price": household.plan_price,
        "currency": "EUR",
        "created_at": "2024-01-15T09:00:00.000Z",
    }
    if version == CURRENT:
        payload["type"] = household.type
    return payload


def meter_reading(reading: Reading) -> Payload:
    """Return the payload of a meter reading."""
    return {
        "object": "meter_reading",
        "id": reading.id,
        "customer": reading.household.customer_id,
        "subscription": reading.household.subscription_id,
        "meter": reading.meter_id,
        "value": reading.shown_value(),
        "timestamp": iso(midnight(reading.day)),
        "type": reading.type,
        "created_at": iso(reading.created_at),
    }


def grid_fee_reduction(household: Household, module: GridFeeReduction) -> Payload:
    """Return the payload of a grid fee reduction."""
    return {
        "object": "grid_fee_reduction",
        "id": module.id,
        "subscription": household.subscription_id,
        "type": module.type,
        "status": module.status,
        "valid_from": _iso_or_none(module.valid_from),
        "valid_until": _iso_or_none(module.valid_until),
        "created_at": _iso_or_none(module.created_at),
        "updated_at": _iso_or_none(module.updated_at),
        "customer": household.customer_id,
    }


def _iso_or_none(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
