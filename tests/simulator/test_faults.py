"""Tests of the injected faults and the control endpoints."""

import asyncio
from json import JSONDecodeError
import time
from typing import Any

import aiohttp
import pytest

from simulator import Fault, Simulator

from .common import Api, find_household

ORDERS = "/meter-orders"


async def test_server_error(sim: Simulator, api: Api) -> None:
    """The next two requests fail, the third does not."""
    sim.fail(Fault.SERVER_ERROR, path=ORDERS, times=2)
    answers = [await api.get(ORDERS) for _ in range(3)]
    assert [answer.status for answer in answers] == [500, 500, 200]
    assert answers[0].json["code"] == "INTERNAL_SERVER_ERROR"
    assert answers[0].json["requestId"]
    assert answers[0].headers["X-API-Version"]


async def test_path_is_a_prefix(sim: Simulator, api: Api) -> None:
    """A fault affects the paths with its prefix only."""
    sim.fail(Fault.SERVER_ERROR, path="/subscriptions")
    identity = sim.households[0].subscription_id
    assert (await api.get(f"/subscriptions/{identity}")).status == 500
    assert (await api.get(ORDERS)).status == 200
    sim.recover()
    assert (await api.get("/subscriptions")).status == 200


async def test_faults_everywhere(sim: Simulator, anonymous: Api) -> None:
    """A fault without a path affects the token endpoint, too."""
    sim.fail(Fault.SERVER_ERROR)
    answer = await anonymous.issue(grant_type="client_credentials")
    assert answer.status == 500


@pytest.mark.parametrize("retry_after", [True, False])
async def test_rate_limit(sim: Simulator, api: Api, retry_after: bool) -> None:
    """The message names the seconds; the Retry-After header is optional."""
    sim.fail(Fault.RATE_LIMIT, ORDERS, seconds=17, retry_after=retry_after)
    answer = await api.get(ORDERS)
    assert (answer.status, answer.json["code"]) == (429, "TOO_MANY_REQUESTS")
    assert "17 seconds" in answer.json["message"]
    assert answer.headers.get("Retry-After") == ("17" if retry_after else None)


async def test_latency(sim: Simulator, api: Api) -> None:
    """A response can be delayed."""
    sim.fail(Fault.LATENCY, seconds=0.2, times=1)
    begin = time.monotonic()
    assert (await api.get(ORDERS)).status == 200
    assert time.monotonic() - begin >= 0.2


async def test_impatient_client(sim: Simulator, api: Api) -> None:
    """A request that the client gives up does not affect the next one."""
    sim.fail(Fault.LATENCY, seconds=60)
    with pytest.raises(asyncio.TimeoutError):
        await api.call("GET", ORDERS, timeout=aiohttp.ClientTimeout(total=0.1))
    sim.recover()
    assert (await api.get(ORDERS)).status == 200


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.HTML, 200), (Fault.BAD_GATEWAY, 502)]
)
async def test_proxy(sim: Simulator, api: Api, fault: Fault, status: int) -> None:
    """The response of a proxy is HTML and has no version header."""
    sim.fail(fault, ORDERS)
    answer = await api.get(ORDERS)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "X-API-Version" not in answer.headers


async def test_truncated_json(sim: Simulator, api: Api) -> None:
    """A response can be truncated; the operation is carried out even so."""
    household = find_household(sim, "no_order")
    sim.fail(Fault.TRUNCATED_JSON, ORDERS, times=1)
    with pytest.raises(JSONDecodeError):
        await api.post(ORDERS, {"subscription": household.subscription_id})
    assert household.order


async def test_connection_reset(sim: Simulator, api: Api) -> None:
    """A connection can be reset."""
    sim.fail(Fault.CONNECTION_RESET, ORDERS, times=1)
    # A client repeats a GET by itself when a connection it kept breaks.
    with pytest.raises(aiohttp.ClientError):
        await api.post(ORDERS, {})
    assert sim.requests[-1].status == 0
    assert (await api.get(ORDERS)).status == 200


async def _items(api: Api) -> dict[str, dict[str, Any]]:
    answer = await api.get(ORDERS, limit=100)
    return {item["subscription"]: item for item in answer.json["items"]}


async def test_unknown_status(sim: Simulator, api: Api) -> None:
    """One order has an unknown status; the others are unchanged."""
    household = sim.households[1]
    identity = household.subscription_id
    sim.fail(Fault.UNKNOWN_STATUS, ORDERS, subscription=identity, value="teleported")
    items = await _items(api)
    assert items.pop(identity)["status"] == "teleported"
    assert {item["status"] for item in items.values()} == {"created", "activated"}
    single = await api.get(f"{ORDERS}/{household.order_id}")
    assert single.json["status"] == "teleported"
    # The fault changes the response, not the order.
    sim.recover()
    assert (await _items(api))[identity]["status"] == "created"


async def test_extra_fields(sim: Simulator, api: Api) -> None:
    """Objects can have unknown fields, alone and in lists."""
    before = set((await _items(api))[sim.households[0].subscription_id])
    sim.fail(Fault.EXTRA_FIELDS)
    assert all(before < set(item) for item in (await _items(api)).values())
    plan = await api.get(f"/plans/{sim.households[0].plan_id}")
    assert "links" in plan.json


@pytest.mark.parametrize("field", [None, "provider"])
async def test_missing_field(sim: Simulator, api: Api, field: str | None) -> None:
    """Objects can lack a required field."""
    identity = sim.households[0].subscription_id
    sim.fail(Fault.MISSING_FIELD, ORDERS, subscription=identity, field=field)
    items = await _items(api)
    missing = [key for key, item in items.items() if (field or "status") not in item]
    assert missing == [identity]


async def test_malformed_timestamp(sim: Simulator, api: Api) -> None:
    """A timestamp can be malformed."""
    sim.fail(Fault.MALFORMED_TIMESTAMP, ORDERS)
    item = next(iter((await _items(api)).values()))
    assert item["created_at"] == "next tuesday"
    sim.recover()
    sim.fail(
        Fault.MALFORMED_TIMESTAMP, ORDERS, field="installed_at", value="2026-13-01"
    )
    item = next(iter((await _items(api)).values()))
    assert item["installed_at"] == "2026-13-01"
    assert item["created_at"].endswith("Z")


@pytest.mark.parametrize("value", [None, 7, "\ud83d", ["a"]])
async def test_replaced_value(sim: Simulator, api: Api, value: Any) -> None:
    """A value can be replaced, also in an inner object; nothing is added."""
    path = f"/subscriptions/{sim.households[0].subscription_id}"
    sim.fail(Fault.REPLACED, path, field="address.street", value=value)
    sim.fail(Fault.REPLACED, path, field="status", value=value)
    sim.fail(Fault.REPLACED, path, field="address.priority", value=value)
    sim.fail(Fault.REPLACED, path, field="status.street", value=value)
    before = (await api.get("/subscriptions")).json["items"]
    answer = (await api.get(path)).json
    assert answer["status"] == answer["address"]["street"] == value
    assert "priority" not in answer["address"]
    assert before == (await api.get("/subscriptions")).json["items"]


async def test_prices_and_usage_with_holes(sim: Simulator, api: Api) -> None:
    """Amounts can be null, and intervals can be missing."""
    household = find_household(sim, "smart_already")
    prefix = f"/subscriptions/{household.subscription_id}"
    days = {"start": "2026-03-10", "end": "2026-03-10"}
    sim.fail(Fault.NULL_AMOUNT, prefix)
    prices = (await api.get(f"{prefix}/prices", **days)).json["items"]
    assert len(prices) == 96
    assert {item["amount"] for item in prices} == {None}
    sim.recover()
    sim.fail(Fault.GAP, prefix)
    prices = (await api.get(f"{prefix}/prices", **days)).json["items"]
    assert len(prices) == 72
    days["end"] = "2026-03-11"
    usage = (await api.get(f"{prefix}/usage", **days)).json["data"]
    assert len(usage) == 72


async def test_revoked_consent_is_a_fault(sim: Simulator, anonymous: Api) -> None:
    """The fault revoked_consent revokes the customer's tokens."""
    customer = sim.households[0].customer_id
    api = await anonymous.log_in_customer(sim, customer)
    with pytest.raises(ValueError, match="requires a customer"):
        sim.fail(Fault.REVOKED_CONSENT)
    sim.fail(Fault.REVOKED_CONSENT, customer=customer)
    assert (await api.get(ORDERS)).status == 401


async def test_control_endpoints(sim: Simulator, anonymous: Api, api: Api) -> None:
    """The control endpoints advance orders and inject faults."""
    household = sim.households[0]
    state = (await anonymous.get("/_simulator")).json
    assert state["now"] == "2026-03-16T09:00:00.000Z"
    assert state["households"][0]["order_status"] == "created"
    assert state["households"][0]["next"] == "2026-03-18T09:00:00.000Z"
    path = "/_simulator/advance"
    body: dict[str, Any] = {"subscription": household.subscription_id}
    assert (await anonymous.post(path, body)).json[0]["order_status"] == "placed"
    body["n"] = 2
    answer = await anonymous.post(path, body)
    assert answer.json[0]["order_status"] == "check_reviewed"
    body["to"] = "installed"
    assert (await anonymous.post(path, body)).json[0]["order_status"] == "installed"
    body["to"] = "sold"
    assert (await anonymous.post(path, body)).status == 400
    assert (await anonymous.post(path, {"subscription": "sub_x"})).status == 404
    assert (await anonymous.post(path, [])).status == 400
    assert (await anonymous.call("POST", path, data=b"{")).status == 400
    households = (await anonymous.call("POST", path)).json
    assert len(households) == len(sim.households)
    faults = "/_simulator/faults"
    fault = {"fault": "server_error", "path": ORDERS, "times": 1}
    assert (await anonymous.post(faults, fault)).status == 200
    assert [(await api.get(ORDERS)).status for _ in range(2)] == [500, 200]
    assert (await anonymous.post(faults, {"fault": "earthquake"})).status == 400
    await anonymous.post(faults, {"fault": "html"})
    assert (await anonymous.get("/_simulator")).json["faults"] == ["html"]
    await anonymous.call("DELETE", faults)
    assert (await api.get(ORDERS)).status == 200
    assert (await anonymous.get("/_simulator/nothing")).status == 404
