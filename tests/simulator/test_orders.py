"""Orders, subscriptions and plans."""

from typing import Any

import pytest

from simulator import Simulator, scenarios

from .common import Api, Clock, find_household


async def test_new_order(sim: Simulator, api: Api) -> None:
    """An order begins as created, and then goes its way."""
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


async def test_ordered_homes_wait_in_real_time(
    sim: Simulator, api: Api, clock: Clock
) -> None:
    """The walk of an order begins when it is placed, not when the home appeared."""
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
    """A subscription has one order, ever."""
    household = find_household(sim, "happy_path")
    household.advance_to(status)
    body = {"subscription": household.subscription_id}
    answer = await api.post("/meter-orders", body)
    assert answer.status == 409
    assert answer.json["code"] == "CONFLICT"


async def test_no_order_after_cancellation(sim: Simulator, api: Api) -> None:
    """A cancelled order counts as well."""
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
async def test_orders_that_cannot_be(
    sim: Simulator, api: Api, name: str, code: str
) -> None:
    """Some contracts come without, or beyond, a smart meter."""
    body = {"subscription": find_household(sim, name).subscription_id}
    answer = await api.post("/meter-orders", body)
    assert answer.status == 400
    assert answer.json["code"] == "BAD_REQUEST"
    assert answer.codes == [code]


async def test_ended_contract(sim: Simulator, api: Api) -> None:
    """Who left does not get a meter."""
    household = sim.add(scenarios.no_order(2, status="ended"))
    body = {"subscription": household.subscription_id}
    answer = await api.post("/meter-orders", body)
    assert answer.codes == ["ended_subscription"]


@pytest.mark.parametrize("body", [{}, {"subscription": 5}, [], "x"])
async def test_bad_order(api: Api, body: Any) -> None:
    """An order says for whom."""
    answer = await api.post("/meter-orders", body)
    assert answer.status == 400
    assert answer.codes == ["invalid_type"]


async def test_order_for_nobody(api: Api) -> None:
    """There is no order for a subscription that is not there."""
    assert (await api.post("/meter-orders", {"subscription": "sub_x"})).status == 404


async def test_body_that_is_no_json(api: Api) -> None:
    """Broken JSON is refused."""
    answer = await api.call("POST", "/meter-orders", data=b"{")
    assert answer.status == 400


async def test_subscription_list_has_ids(sim: Simulator, api: Api) -> None:
    """A list names what belongs to a subscription; the subscription itself shows it."""
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
    """Numbers, suppliers and company names can be there or not."""
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
    """A plan has a name, and a slug for the portal."""
    household = find_household(sim, "feed_in")
    plan = (await api.get(f"/plans/{household.plan_id}")).json
    assert plan["name"] == household.plan_name
    assert plan["slug"] == household.plan_slug
    assert plan["type"] == "feed_in"
    assert (await api.get("/plans/pln_none")).status == 404


async def test_fraction_of_seconds(sim: Simulator, api: Api) -> None:
    """Timestamps come with and without fractions, as in real life."""
    household = find_household(sim, "happy_path")
    household.advance_to("scheduled")
    order = (await api.get(f"/meter-orders/{household.order_id}")).json
    assert "." in order["created_at"]
    assert "." not in order["appointment_at"]


async def test_tests_may_write(sim: Simulator, api: Api, clock: Clock) -> None:
    """An order that a test puts in place is found at once."""
    household = find_household(sim, "no_order")
    await api.get("/meter-orders")
    clock.move(minutes=5)
    household.place_order()
    listed = (await api.get("/meter-orders")).json["items"]
    assert listed[0]["id"] == household.order_id
    household.order = None
    listed = (await api.get("/meter-orders")).json["items"]
    assert household.order_id not in [item["id"] for item in listed]
