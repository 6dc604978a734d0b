"""Tests of orders, subscriptions and plans."""

from typing import Any

import pytest

from simulator import Simulator, scenarios

from .common import Api, Clock, find_household


async def test_new_order(sim: Simulator, api: Api) -> None:
    """A new order has the status created, and advances from there."""
    household = find_household(sim, "no_order")
    assert (await api.get(f"/meter-orders/{household.order_id}")).status == 404
    body = {"subscription": household.subscription_id}
    answer = await api.post("/meter-orders", body)
    assert answer.status == 200
    assert answer.json["status"] == "created"
    assert answer.json["created_at"] == "2026-03-16T09:00:00.000Z"
    assert answer.json["appointment_at"] is None
    household.advance_to("activated")
    again = await api.get(f"/meter-orders/{answer.json['id']}")
    assert again.json["status"] == "activated"


async def test_timeline_starts_with_the_order(
    sim: Simulator, api: Api, clock: Clock
) -> None:
    """The timeline of a placed order starts with the order, not with the household."""
    household = find_household(sim, "no_order")
    clock.move(days=100)
    api = await Api(api.http).log_in()
    await api.post("/meter-orders", {"subscription": household.subscription_id})
    clock.move(days=1)
    sim.tick()
    assert household.order
    assert household.order.status == "created"
    clock.move(days=1)
    sim.tick()
    assert household.order.status == "placed"


@pytest.mark.parametrize("status", ["created", "activated"])
async def test_second_order(sim: Simulator, api: Api, status: str) -> None:
    """A second order of a subscription is refused."""
    household = find_household(sim, "happy_path")
    household.advance_to(status)
    body = {"subscription": household.subscription_id}
    answer = await api.post("/meter-orders", body)
    assert answer.status == 409
    assert answer.json["code"] == "CONFLICT"


async def test_no_order_after_cancellation(sim: Simulator, api: Api) -> None:
    """A new order after a cancelled one is refused."""
    household = find_household(sim, "cancelled_by_request")
    household.advance_to("cancelled")
    body = {"subscription": household.subscription_id}
    assert (await api.post("/meter-orders", body)).status == 409


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("unsupported_plan", "unsupported_product"),
        ("feed_in", "unsupported_meter_order"),
    ],
)
async def test_unsupported_orders(
    sim: Simulator, api: Api, name: str, code: str
) -> None:
    """Plans without a smart meter and feed-in contracts are refused."""
    body = {"subscription": find_household(sim, name).subscription_id}
    answer = await api.post("/meter-orders", body)
    assert answer.status == 400
    assert answer.json["code"] == "BAD_REQUEST"
    assert answer.codes == [code]


async def test_ended_contract(sim: Simulator, api: Api) -> None:
    """An order for an ended contract is refused."""
    household = sim.add(scenarios.no_order(2, status="ended"))
    body = {"subscription": household.subscription_id}
    answer = await api.post("/meter-orders", body)
    assert answer.codes == ["ended_subscription"]


@pytest.mark.parametrize("body", [{}, {"subscription": 5}, [], "x"])
async def test_bad_order(api: Api, body: Any) -> None:
    """An order without a valid subscription is refused."""
    answer = await api.post("/meter-orders", body)
    assert answer.status == 400
    assert answer.codes == ["invalid_type"]


async def test_order_for_unknown_subscription(api: Api) -> None:
    """An order for an unknown subscription is refused."""
    assert (await api.post("/meter-orders", {"subscription": "sub_x"})).status == 404


async def test_invalid_json_body(api: Api) -> None:
    """Invalid JSON is refused."""
    answer = await api.call("POST", "/meter-orders", data=b"{")
    assert answer.status == 400


async def test_subscription_list_has_ids(sim: Simulator, api: Api) -> None:
    """Lists show the IDs of related objects, a subscription the objects."""
    household = find_household(sim, "happy_path")
    listed = (await api.get("/subscriptions", limit=100)).json["items"]
    item = next(each for each in listed if each["id"] == household.subscription_id)
    shown = (await api.get(f"/subscriptions/{household.subscription_id}")).json
    for name in ("customer", "address", "meter", "payment_method", "billing_address"):
        assert isinstance(item[name], str)
        assert shown[name]["id"] == item[name]
        assert shown[name]["object"]
    assert shown["plan"] == item["plan"]
    assert shown["address"]["city"] == household.city
    assert shown["meter"]["type"] == "analog"
    assert shown["number"] == household.number


async def test_subscription_details(sim: Simulator, api: Api) -> None:
    """Numbers, suppliers and company names are optional."""
    household = sim.add(
        scenarios.no_order(
            5, number=None, supplier_id=None, company_name="Kiosk Nord GmbH", melo=None
        )
    )
    shown = (await api.get(f"/subscriptions/{household.subscription_id}")).json
    assert shown["number"] is None
    assert shown["supplier"] is None
    assert shown["customer"]["type"] == "company"
    assert shown["customer"]["company_name"] == "Kiosk Nord GmbH"
    assert shown["meter"]["melo"] is None
    assert (await api.get("/subscriptions/sub_none")).status == 404


async def test_plan(sim: Simulator, api: Api) -> None:
    """A plan has a name, a slug and a type."""
    household = find_household(sim, "feed_in")
    plan = (await api.get(f"/plans/{household.plan_id}")).json
    assert plan["name"] == household.plan_name
    assert plan["slug"] == household.plan_slug
    assert plan["type"] == "feed_in"
    assert (await api.get("/plans/pln_none")).status == 404


async def test_fraction_of_seconds(sim: Simulator, api: Api) -> None:
    """Only appointments are shown without fractions of a second."""
    household = find_household(sim, "happy_path")
    household.advance_to("scheduled")
    order = (await api.get(f"/meter-orders/{household.order_id}")).json
    assert "." in order["created_at"]
    assert "." not in order["appointment_at"]


async def test_order_set_by_a_test(sim: Simulator, api: Api, clock: Clock) -> None:
    """Lists include an order that a test sets."""
    household = find_household(sim, "no_order")
    await api.get("/meter-orders")
    clock.move(minutes=5)
    household.place_order()
    listed = (await api.get("/meter-orders")).json["items"]
    assert listed[0]["id"] == household.order_id
    household.order = None
    listed = (await api.get("/meter-orders")).json["items"]
    assert household.order_id not in [item["id"] for item in listed]
