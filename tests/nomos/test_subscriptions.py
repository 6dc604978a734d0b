"""Tests of subscriptions, addresses and plans."""

import re
from typing import Any
from urllib.parse import urlsplit

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
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", subscription.id)
    if subscription.address:
        assert "\n" not in subscription.address.in_full
        assert subscription.address.in_full.isprintable()
        assert len(subscription.address.in_full) <= 500


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


@pytest.mark.parametrize(
    "slug",
    [
        "[",
        "x:99999999/",
        "evil.example/#",
        "user@evil.example/x?",
        "\\\\evil",
        "licht\u202eblume",
        "licht\ud800",
        "Lichtblume",
        "lichtblüte",
        "licht_blume",
        "licht.blume",
        "licht\nblume",
        "lichtblume\n",
        "-licht",
        "licht-",
        "l" * 64,
        " ",
        "",
        None,
        7,
        True,
        ["lichtblume"],
    ],
)
def test_slug_that_is_no_label(slug: Any) -> None:
    """A plan whose slug is no label of a host name is a plan without a link."""
    plan = Plan.from_json({**PLAN, "slug": slug})
    assert plan == Plan(id="pln_1", name="Lichtblume Dynamik", slug=None)
    assert plan.portal_url is None


@pytest.mark.parametrize("slug", ["l", "7", "licht-blume-2", "l" * 63])
def test_slug_that_is_a_label(slug: str) -> None:
    """A label of a host name leads to the customer portal."""
    plan = Plan.from_json({**PLAN, "slug": slug})
    assert plan.portal_url == f"https://{slug}.customerportal.energy/"


@pytest.mark.parametrize("field", ["id", "name"])
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
    host = urlsplit(plan.portal_url).hostname if plan.portal_url else None
    assert host == (plan.slug and f"{plan.slug}.customerportal.energy")
