"""Tests of lists, API versions and the request log."""

from typing import Any

from aiohttp.test_utils import TestClient, TestServer
import pytest

from simulator import CURRENT, OLDER, Client, Simulator, scenarios

from .common import Api, Clock, find_household


@pytest.mark.parametrize("path", ["/meter-orders", "/subscriptions"])
async def test_pages_of_many_households(clock: Clock, path: str) -> None:
    """All pages together have each object once, newest first."""
    sim = Simulator([], now=clock)
    for index in range(1, 251):
        # Groups of seven have the same timestamp.
        clock.move(seconds=index % 7 == 0)
        sim.add(scenarios.happy_path(index))
    async with TestClient(TestServer(sim.app)) as http:
        api = await Api(http).log_in()
        items = await api.read_list(path, limit=100)
    assert len(items) == len({item["id"] for item in items}) == 250
    stamps = [item["created_at"] for item in items]
    assert stamps == sorted(stamps, reverse=True)
    assert [request.path for request in sim.requests].count(path) == 3


async def test_order_placed_between_pages(
    sim: Simulator, api: Api, clock: Clock
) -> None:
    """An order placed between two pages does not shift the second one."""
    first = (await api.get("/meter-orders", limit=3)).json
    clock.move(minutes=1)
    sim.add(scenarios.happy_path(99))
    second = (await api.get("/meter-orders", limit=3, cursor=first["next_page"])).json
    assert not {item["id"] for item in first["items"]} & {
        item["id"] for item in second["items"]
    }
    newest = (await api.get("/meter-orders")).json["items"][0]
    assert newest["id"] == scenarios.happy_path(99).order_id


async def test_default_limit(api: Api, sim: Simulator) -> None:
    """A page has ten items by default."""
    for index in range(2, 7):
        sim.add(scenarios.happy_path(index))
    page = (await api.get("/subscriptions")).json
    assert page["object"] == "list"
    assert len(page["items"]) == 10
    assert page["has_more"] is True


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1.5"])
async def test_limit_out_of_bounds(api: Api, limit: str) -> None:
    """A page has between 1 and 100 items."""
    answer = await api.get("/meter-orders", limit=limit)
    assert answer.status == 400
    assert answer.json["errors"][0]["field"] == "limit"


@pytest.mark.parametrize("cursor", ["x", "bm8=", "WzEsMl0=", "WzEsMiwzXQ=="])
async def test_bad_cursor(api: Api, cursor: str) -> None:
    """An invalid cursor is refused."""
    assert (await api.get("/meter-orders", cursor=cursor)).status == 400


async def test_parameters_differ_from_cursor(api: Api) -> None:
    """A cursor is refused with another limit or another filter."""
    cursor = (await api.get("/meter-orders", limit=2)).json["next_page"]
    query: dict[str, Any] = {"limit": 2, "cursor": cursor}
    assert (await api.get("/meter-orders", **query)).status == 200
    assert (await api.get("/meter-orders", **query | {"limit": 3})).status == 400
    query["filter[status][eq]"] = "created"
    assert (await api.get("/meter-orders", **query)).status == 400


async def test_empty_list(sim: Simulator, api: Api) -> None:
    """An empty list has no further pages."""
    for household in sim.households:
        sim.remove(household.subscription_id)
    for path in ("/meter-orders", "/subscriptions", "/meter-readings"):
        page = (await api.get(path)).json
        assert page["items"] == []
        assert not page.get("has_more", False)


async def test_filters(sim: Simulator, api: Api) -> None:
    """Lists can be filtered by their fields."""
    one = sim.households[0]
    one.advance_to("placed")
    by_status = await api.get("/meter-orders", **{"filter[status][eq]": "placed"})
    assert [item["id"] for item in by_status.json["items"]] == [one.order_id]
    for path, field, value in (
        ("/meter-orders", "subscription", one.subscription_id),
        ("/meter-orders", "customer", one.customer_id),
        ("/subscriptions", "customer", one.customer_id),
        ("/meter-readings", "subscription", one.subscription_id),
    ):
        query = {f"filter[{field}][eq]": value}
        items = (await api.get(path, **query)).json["items"]
        assert items
        assert {item["customer"] for item in items} == {one.customer_id}
    query = {"filter[plan][eq]": one.plan_id, "limit": "100"}
    plans = (await api.get("/subscriptions", **query)).json["items"]
    assert {item["plan"] for item in plans} == {one.plan_id}
    nothing = await api.get("/subscriptions", **{"filter[status][eq]": "ended"})
    assert nothing.json["items"] == []


async def test_filter_by_date(api: Api) -> None:
    """A list can be filtered by the created_at that it shows."""
    shown = (await api.get("/subscriptions")).json["items"][3]
    query = {"filter[created_at][eq]": shown["created_at"]}
    found = (await api.get("/subscriptions", **query)).json["items"]
    assert shown["id"] in [item["id"] for item in found]
    assert {item["created_at"] for item in found} == {shown["created_at"]}
    query = {"filter[created_at][eq]": "nonsense"}
    assert (await api.get("/subscriptions", **query)).json["items"] == []


@pytest.mark.parametrize(
    "name",
    ["filter[provider][eq]", "filter[subscription][is]", "filter[subscription]", "q"],
)
async def test_unknown_filters_are_ignored(sim: Simulator, api: Api, name: str) -> None:
    """Unknown filters are ignored."""
    answer = await api.get("/meter-orders", limit=100, **{name: "sub_nothing"})
    expected = [household for household in sim.households if household.order]
    assert len(answer.json["items"]) == len(expected)


async def test_version_is_echoed(anonymous: Api, api: Api) -> None:
    """Every response names its API version, errors included."""
    for user, path, status in (
        (api, "/meter-orders", 200),
        (api, "/meter-orders/none", 404),
        (api, "/nothing", 404),
        (anonymous, "/meter-orders", 401),
    ):
        answer = await user.get(path)
        assert answer.status == status
        assert answer.headers["X-API-Version"] == CURRENT
    token = await anonymous.issue(grant_type="client_credentials")
    assert token.headers["X-API-Version"] == CURRENT


async def test_older_version(sim: Simulator, api: Api) -> None:
    """Without the header, the older version names the statuses."""
    household = sim.households[0]
    # Removed, so that one order only is activated.
    sim.remove(scenarios.dynamic_tariff().subscription_id)
    api.headers.clear()
    statuses = []
    while True:
        answer = await api.get(f"/meter-orders/{household.order_id}")
        assert answer.headers["X-API-Version"] == OLDER
        statuses.append(answer.json["status"])
        if household.position == len(household.timeline):
            break
        household.advance()
    assert statuses[:2] == ["waiting", "ordered"]
    assert "installation_planning" in statuses
    assert not {"created", "placed", "scheduled", "activated"} & set(statuses)
    query = {"filter[status][eq]": statuses[-1]}
    listed = (await api.get("/meter-orders", **query)).json["items"]
    assert [item["id"] for item in listed] == [household.order_id]


async def test_older_version_knows_no_feed_in(sim: Simulator, api: Api) -> None:
    """The older version has no feed-in contracts and no structured errors."""
    api.headers.clear()
    selling = find_household(sim, "feed_in")
    items = (await api.get("/subscriptions", limit=100)).json["items"]
    assert len(items) == len(sim.households) - 1
    assert not any("type" in item for item in items)
    path = f"/subscriptions/{selling.subscription_id}"
    assert (await api.get(path)).status == 404
    assert (await api.get(f"/plans/{selling.plan_id}")).status == 404
    assert "type" not in (await api.get(f"/plans/{sim.households[0].plan_id}")).json
    refused = await api.get("/meter-orders", limit=0)
    assert refused.status == 400
    assert "errors" not in refused.json


async def test_unknown_version(api: Api) -> None:
    """An unknown version is refused."""
    api.headers["X-API-Version"] = "2036-01-01.noether"
    assert (await api.get("/meter-orders")).status == 400


async def test_clients_have_a_default_version(sim: Simulator, anonymous: Api) -> None:
    """A client can have the current version as its default."""
    client = Client("newer", default_version=CURRENT)
    sim.tokens.clients["newer"] = client
    anonymous.headers.clear()
    api = await anonymous.log_in(client)
    answer = await api.get("/meter-orders")
    assert answer.headers["X-API-Version"] == CURRENT


async def test_wrong_method_and_path(api: Api) -> None:
    """Unknown paths and methods return the error envelope."""
    answer = await api.call("DELETE", "/meter-orders")
    assert (answer.status, answer.json["code"]) == (405, "METHOD_NOT_ALLOWED")
    answer = await api.get("/nothing")
    assert (answer.status, answer.json["code"]) == (404, "NOT_FOUND")


async def test_request_log(sim: Simulator, api: Api) -> None:
    """The simulator records the requests to the API."""
    await api.get("/meter-orders", limit=5)
    await api.get("/meter-orders/nothing")
    await api.get("/_simulator")
    await api.get("/nonsense")
    token, listed, missing, unknown = sim.requests
    assert (token.operation, token.path) == ("create_token", "/oauth/token")
    assert listed.operation == "list_meter_orders"
    assert (listed.method, listed.query) == ("GET", {"limit": "5"})
    assert (listed.status, missing.status) == (200, 404)
    assert missing.operation == "get_meter_order"
    assert unknown.operation == "unknown"


async def test_request_ids_differ(api: Api) -> None:
    """Each error has its own request ID."""
    answers = [await api.get("/meter-orders/nothing") for _ in range(2)]
    assert answers[0].json["requestId"] != answers[1].json["requestId"]
