"""Tests of the invoices and the quotes."""

from datetime import date

import pytest

from simulator import Household, Simulator
from simulator.clock import midnight

from .common import Api, Clock, find_household

FEBRUARY = date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture
def billed(sim: Simulator) -> Household:
    """Return the household with a monthly invoice."""
    return find_household(sim, "dynamic_tariff")


async def test_monthly_invoices(api: Api, billed: Household) -> None:
    """Each month is billed on the tenth of the next one, as the API's figures say."""
    items = await api.read_list("/invoices", limit=3)
    assert {item["subscription"] for item in items} == {billed.subscription_id}
    assert [(item["month"], item["year"]) for item in items] == [
        (2, 2026),
        (1, 2026),
        (12, 2025),
        (11, 2025),
        (10, 2025),
        (9, 2025),
    ]
    assert [item["status"] for item in items] == ["open"] + ["paid"] * 5
    february = items[0]
    assert february["period_start"] == "2026-01-31T23:00:00.000Z"
    path = f"/subscriptions/{billed.subscription_id}"
    used = await api.get(
        f"{path}/usage", resolution="15min", start="2026-02-01", end="2026-03-01"
    )
    prices = await api.get(f"{path}/prices", start="2026-02-01", end="2026-02-28")
    pairs = list(zip(used.json["data"], prices.json["items"], strict=True))
    energy = sum(quarter["usage"] for quarter, _ in pairs)
    cost = sum(quarter["usage"] * price["amount"] for quarter, price in pairs) / 100
    quote = await api.get(
        f"/plans/{billed.plan_id}/quote",
        **{
            "zip_code": billed.zip,
            "usage": "2500",
            "meter_type": "smart",
            "14a_module_1": "true",
        },
    )
    fee = quote.json["components"][0]["unit_amount"]
    assert february["usage"] == pytest.approx(energy, abs=0.001)
    assert february["total"] == pytest.approx(cost + fee, abs=0.01)


async def test_stories(
    sim: Simulator, api: Api, clock: Clock, billed: Household
) -> None:
    """Invoices are issued, paid, reversed and given up, each with its event."""
    first = billed.issue("usage", *FEBRUARY, 90.0, usage=250.0)
    clock.move(minutes=1)
    advance = billed.issue("prepayment", *FEBRUARY, 60.0)
    clock.move(minutes=1)
    billed.fail_payment(advance)
    billed.mark_invoice(advance, "uncollectible")
    billed.mark_invoice(first, "paid")
    clock.move(minutes=1)
    billed.issue("void", *FEBRUARY, -90.0, voids=first, status="paid")
    items = await api.read_list("/invoices")
    assert [(item["type"], item["status"]) for item in items[:3]] == [
        ("void", "paid"),
        ("prepayment", "uncollectible"),
        ("usage", "voided"),
    ]
    assert items[0]["voids"] == items[2]["id"]
    topics = [event.topic for event in sim.events.values()]
    assert [topic for topic in topics if topic.startswith("invoice.")] == [
        "invoice.created",
        "invoice.created",
        "invoice.payment_failed",
        "invoice.uncollectible",
        "invoice.paid",
        "invoice.voided",
    ]
    assert await api.read_list("/invoices", **{"filter[type][eq]": "void"}) == items[:1]


async def test_own_invoices_only(
    sim: Simulator, anonymous: Api, billed: Household
) -> None:
    """Customers see their own invoices."""
    other = find_household(sim, "smart_already")
    invoice = other.issue("prepayment", *FEBRUARY, 60.0)
    customer = await anonymous.log_in_customer(sim, billed.customer_id)
    items = await customer.read_list("/invoices", limit=100)
    assert {item["customer"] for item in items} == {billed.customer_id}
    assert (await customer.get(f"/invoices/{invoice.id}")).status == 404


async def test_bill_of_a_contract_that_ends(api: Api, billed: Household) -> None:
    """The last invoice ends with the contract, and has a share of the base fee."""
    billed.end_at = midnight(date(2026, 2, 15))
    item, *_ = await api.read_list("/invoices")
    assert item["period_end"] == "2026-02-14T23:00:00.000Z"
    billed.end_at = midnight(date(2026, 2, 1))
    item, *_ = await api.read_list("/invoices")
    assert item["month"] == 1


async def test_quote(api: Api, billed: Household) -> None:
    """The amount is that of a month; module 1 lowers the base fee."""

    async def quote(**query: str) -> dict[str, float]:
        answer = await api.get(
            f"/plans/{billed.plan_id}/quote",
            zip_code=billed.zip,
            usage="2400",
            **query,
        )
        base, variable = answer.json["components"]
        assert answer.json["amount"] == pytest.approx(
            base["unit_amount"] + 200 * variable["unit_amount"], abs=0.01
        )
        return {
            "base": base["unit_amount"],
            "variable": variable["unit_amount"],
            "first": base["subcomponents"][0]["amount"],
        }

    plain, with_1 = await quote(), await quote(**{"14a_module_1": "true"})
    assert plain["first"] == billed.plan_price
    assert with_1["base"] < plain["base"] < (await quote(meter_type="smart"))["base"]
    assert (await quote(**{"14a_module_2": "true"}))["variable"] < plain["variable"]
