"""Tests of the responses against the API description of Nomos."""

from collections.abc import Iterator
from datetime import date
from functools import cache
import json
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from simulator import CURRENT, READ_ONLY, Fault, Household, Simulator, scenarios
from simulator.operations import OPERATIONS

from .common import Answer, Api, Clock, find_household

DESCRIPTION = Path(__file__).parents[3] / "shared" / "nomos-api" / "openapi.json"

pytestmark = pytest.mark.skipif(
    not DESCRIPTION.is_file(), reason="the description of the API is not here"
)


@cache
def _description() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return loaded


@cache
def _validator(path: str, method: str, status: int) -> OAS30Validator:
    resource = Resource.from_contents(_description(), default_specification=DRAFT4)
    registry = Registry().with_resource("urn:nomos", resource)
    steps = ["paths", path, method, "responses", str(status)]
    steps += ["content", "application/json", "schema"]
    pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
    return OAS30Validator(
        {"$ref": f"urn:nomos#/{pointer}"},
        registry=registry,
        format_checker=oas30_format_checker,
    )


def _check(answer: Answer, path: str, method: str, status: int) -> None:
    """Validate a response against the API description."""
    assert answer.status == status, answer.text
    errors = list(_validator(path, method, status).iter_errors(answer.json))
    assert not errors, errors
    assert answer.headers["X-API-Version"] == CURRENT


def test_operations() -> None:
    """The simulator has described operations only, and all that write something."""
    described = {
        (method.upper(), path)
        for path, methods in _description()["paths"].items()
        for method in methods
    }
    ours = {(operation.method, operation.path) for operation in OPERATIONS}
    ours |= {("GET", "/oauth/authorize"), ("POST", "/oauth/token")}
    assert ours <= described
    assert {each for each in described if each[0] != "GET"} <= ours
    assert _description()["info"]["version"] == CURRENT


def test_validator() -> None:
    """The validator finds invalid responses."""
    validator = _validator("/meter-orders/{id}", "get", 200)
    assert not validator.is_valid({"object": "meter_order"})
    assert not validator.is_valid({"code": "BAD_REQUEST"})


def _reads(household: Household) -> Iterator[tuple[str, str]]:
    """Yield the described path and the request path of a household's objects."""
    one = f"/subscriptions/{household.subscription_id}"
    if household.order:
        yield "/meter-orders/{id}", f"/meter-orders/{household.order_id}"
    yield "/meter-orders", "/meter-orders?limit=1"
    yield "/subscriptions", "/subscriptions"
    yield "/subscriptions/{id}", one
    period = "start=2026-03-14&end=2026-03-14"
    yield "/subscriptions/{id}/prices", f"{one}/prices?{period}"
    yield "/subscriptions/{id}/usage", f"{one}/usage?start=2026-03-14&end=2026-03-15"
    yield "/subscriptions/{id}/usage", f"{one}/usage?resolution=month&start=2026-01-01"
    readings = f"/meter-readings?filter[subscription][eq]={household.subscription_id}"
    yield "/meter-readings", readings
    yield "/grid-fee-reductions", "/grid-fee-reductions"
    for module in household.modules:
        yield "/grid-fee-reductions/{id}", f"/grid-fee-reductions/{module.id}"
    yield "/plans/{id}", f"/plans/{household.plan_id}"
    quote = f"/plans/{household.plan_id}/quote?zip_code={household.zip}&usage=2500"
    yield "/plans/{id}/quote", quote
    yield "/plans/{id}/quote", f"{quote}&meter_type=smart"
    if household.type == "consumption":
        yield "/plans/{id}/quote", f"{quote}&14a_module_1=true&14a_module_2=true"
    yield "/invoices", "/invoices?limit=100"
    for invoice in household.invoices:
        yield "/invoices/{id}", f"/invoices/{invoice.id}"


def _add_invoices(household: Household) -> None:
    """Add an invoice of each kind in each of its statuses."""
    period = date(2026, 2, 1), date(2026, 3, 1)
    for status in ("open", "paid", "voided"):
        household.issue("usage", *period, 88.5, usage=250.5, status=status)
    for status in ("open", "paid", "voided", "uncollectible"):
        household.issue("prepayment", *period, 90, status=status)
    reversed_one = household.invoices[0]
    household.issue("void", *period, -88.5, voids=reversed_one, status="paid")


@pytest.mark.parametrize("name", scenarios.ALL)
async def test_reading(name: str, anonymous: Api, sim: Simulator) -> None:
    """Responses are valid at every step of every scenario."""
    household = find_household(sim, name)
    for status in ("intended", "ordered", "rejected", "activated", "ended"):
        household.add_module("enwg-14a-module-1", status)
    _add_invoices(household)
    api = await anonymous.log_in()
    while True:
        for template, path in _reads(household):
            _check(await api.call("GET", path), template, "get", 200)
        if household.position == len(household.timeline):
            break
        household.advance()
    for event in sim.events.values():
        if event.context["subscription"] == household.subscription_id:
            _check(await api.get(f"/events/{event.id}"), "/events/{id}", "get", 200)


@pytest.mark.parametrize("status", ["pending", "active", "ended"])
async def test_contracts(status: str, sim: Simulator, api: Api) -> None:
    """Responses are valid for pending, active and ended contracts."""
    details: list[dict[str, Any]] = [
        {"number": None, "supplier_id": None},
        {"company_name": "Kiosk", "malo": None},
    ]
    for index, overrides in enumerate(details, start=2):
        for make in (scenarios.no_order, scenarios.smart_already, scenarios.feed_in):
            household = sim.add(make(index, status=status, **overrides))
            for template, path in _reads(household):
                _check(await api.call("GET", path), template, "get", 200)


async def test_writing(sim: Simulator, api: Api, anonymous: Api, clock: Clock) -> None:
    """Responses to writes are valid."""
    household = find_household(sim, "no_order")
    body: dict[str, Any] = {"subscription": household.subscription_id}
    answer = await api.post("/meter-orders", body)
    _check(answer, "/meter-orders", "post", 200)
    answer = await api.post(
        "/grid-fee-reductions", body | {"type": "enwg-14a-module-1"}
    )
    _check(answer, "/grid-fee-reductions", "post", 200)
    body |= {"value": 99999.5, "timestamp": "2026-03-16T08:00:00Z"}
    answer = await api.post("/meter-readings", body)
    _check(answer, "/meter-readings", "post", 200)
    token = await anonymous.issue(grant_type="client_credentials")
    _check(token, "/oauth/token", "post", 200)


async def test_refusals(sim: Simulator, api: Api, anonymous: Api) -> None:
    """Error responses are valid."""
    orders = "/meter-orders"
    _check(await anonymous.get(orders), orders, "get", 401)
    _check(await api.get(orders, limit=0), orders, "get", 400)
    _check(await api.get(f"{orders}/x"), f"{orders}/{{id}}", "get", 404)
    _check(await api.call("PUT", orders), orders, "get", 405)
    body: dict[str, Any] = {"subscription": sim.households[0].subscription_id}
    _check(await api.post(orders, body), orders, "post", 409)
    reader = await anonymous.log_in(READ_ONLY)
    _check(await reader.post(orders, body), orders, "post", 403)
    for name in ("feed_in", "unsupported_plan"):
        refused = {"subscription": scenarios.ALL[name]().subscription_id}
        _check(await api.post(orders, refused), orders, "post", 400)
    reductions = "/grid-fee-reductions"
    for kind in ("enwg-14a-module-3", "x"):
        answer = await api.post(reductions, body | {"type": kind})
        _check(answer, reductions, "post", 400)
    for value, timestamp, status in (
        (0, "x", 400),
        (1, "x", 400),
        (1, "2026-03-16T08:00:00Z", 422),
    ):
        reading = body | {"value": value, "timestamp": timestamp}
        answer = await api.post("/meter-readings", reading)
        _check(answer, "/meter-readings", "post", status)
    quote = f"/plans/{sim.households[0].plan_id}/quote"
    for zip_code, usage in (("1", 2500), ("10969", 99), ("10969", 50001)):
        answer = await api.get(quote, zip_code=zip_code, usage=usage)
        _check(answer, "/plans/{id}/quote", "get", 400)
    _check(await api.get("/invoices/x"), "/invoices/{id}", "get", 404)
    prices = f"/subscriptions/{sim.households[0].subscription_id}/prices"
    _check(await api.get(prices), "/subscriptions/{id}/prices", "get", 400)
    _check(await anonymous.issue(grant_type="x"), "/oauth/token", "post", 400)
    _check(await anonymous.call("POST", "/oauth/token"), "/oauth/token", "post", 401)
    _check(await anonymous.get("/oauth/authorize"), "/oauth/authorize", "get", 400)
    sim.fail(Fault.SERVER_ERROR, times=1)
    _check(await api.get(orders), orders, "get", 500)
    sim.fail(Fault.RATE_LIMIT, times=1)
    _check(await api.get(orders), orders, "get", 429)
