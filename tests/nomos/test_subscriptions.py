"""Tests of subscriptions, addresses and plans."""

from typing import Any

from hypothesis import given
import pytest

from custom_components.nomos_energy.nomos import (
    Address,
    MeterType,
    NomosResponseError,
    Plan,
    Subscription,
    SubscriptionStatus,
    SubscriptionType,
)
from tests.nomos.common import PLAN, SUBSCRIPTION, a_subscription, records


def test_with_details() -> None:
    """A single subscription has its address and its meter."""
    assert a_subscription() == Subscription(
        id="sub_1",
        customer_id="cus_1",
        plan_id="pln_1",
        status=SubscriptionStatus.ACTIVE,
        type=SubscriptionType.CONSUMPTION,
        number="4X44EMKX",
        address=Address(
            street="Lindenallee", house_number="7a", zip="10969", city="Berlin"
        ),
        meter_type=MeterType.ANALOG,
    )


def test_in_list() -> None:
    """A subscription in a list has IDs in place of its address and meter."""
    listed = a_subscription(customer="cus_1", address="adr_1", meter="mtr_1")
    assert listed.customer_id == "cus_1"
    assert listed.address is None
    assert listed.meter_type is None


def test_optional_fields() -> None:
    """Contract number, address and meter may be missing."""
    required = {
        field: value
        for field, value in SUBSCRIPTION.items()
        if field not in {"number", "address", "meter"}
    }
    subscription = Subscription.from_json(required)
    assert subscription.number is None
    assert subscription.address is None
    assert subscription.meter_type is None


@pytest.mark.parametrize("field", ["id", "customer", "plan", "status", "type"])
def test_required_fields(field: str) -> None:
    """A subscription without a required field raises an error that names the field."""
    values: tuple[Any, ...] = (None, "", 7, [])
    for value in values:
        with pytest.raises(NomosResponseError, match=field):
            a_subscription(**{field: value})


@pytest.mark.parametrize("field", ["customer", "meter"])
def test_required_fields_of_objects(field: str) -> None:
    """A customer object needs an ID, a meter object a type."""
    with pytest.raises(NomosResponseError):
        a_subscription(**{field: {}})


@given(records(SUBSCRIPTION))
def test_any_subscription(data: dict[str, Any]) -> None:
    """Any JSON object is parsed or refused."""
    try:
        subscription = Subscription.from_json(data)
    except NomosResponseError:
        return
    assert subscription.id.isprintable()


def test_address() -> None:
    """All parts of an address are converted to text."""
    assert Address.from_json(
        {"street": "Hafenstraße", "house_number": 5, "zip": "24103", "city": "Kiel"}
    ) == Address(street="Hafenstraße", house_number="5", zip="24103", city="Kiel")


def test_plan() -> None:
    """A plan leads to its customer portal."""
    plan = Plan.from_json(PLAN)
    assert plan == Plan(id="pln_1", name="Lichtblume Dynamik", slug="lichtblume")
    assert plan.portal_url == "https://lichtblume.customerportal.energy/"


@pytest.mark.parametrize("field", ["id", "name", "slug"])
def test_required_fields_of_plan(field: str) -> None:
    """A plan without a required field raises an error that names the field."""
    with pytest.raises(NomosResponseError, match=field):
        Plan.from_json({**PLAN, field: None})


@given(records(PLAN))
def test_any_plan(data: dict[str, Any]) -> None:
    """Any JSON object is parsed or refused."""
    try:
        plan = Plan.from_json(data)
    except NomosResponseError:
        return
    assert plan.slug in plan.portal_url
