"""Tests of the grid fee reductions (§14a EnWG)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator import READ_ONLY, Household, Simulator, scenarios
from simulator.clock import DAY
from simulator.reductions import MODULE_1, MODULE_2, MODULE_3

from .common import Answer, Api, Clock

PATH = "/grid-fee-reductions"


async def _order(api: Api, household: Household, kind: Any) -> Answer:
    body = {"subscription": household.subscription_id, "type": kind}
    return await api.post(PATH, body)


async def test_order(sim: Simulator, api: Api, clock: Clock) -> None:
    """An ordered module is activated after two weeks."""
    household = sim.households[0]
    answer = await _order(api, household, MODULE_1)
    assert answer.status == 200
    assert (answer.json["type"], answer.json["status"]) == (MODULE_1, "ordered")
    assert (answer.json["valid_from"], answer.json["valid_until"]) == (None, None)
    clock.move(days=14)
    api = await api.log_in()
    shown = (await api.get(f"{PATH}/{answer.json['id']}")).json
    assert shown["status"] == "activated"
    assert shown["valid_from"] == "2026-03-29T22:00:00.000Z"
    query = {"filter[status][eq]": "activated", "limit": "1"}
    listed = (await api.get(PATH, **query)).json
    assert [item["id"] for item in listed["items"]] == [shown["id"]]


async def test_pending_contract(sim: Simulator, api: Api) -> None:
    """A module ordered before the contract starts is intended."""
    household = sim.add(scenarios.happy_path(2, status="pending"))
    answer = await _order(api, household, MODULE_1)
    assert answer.json["status"] == "intended"
    household.advance_to("activated")
    shown = await api.get(f"{PATH}/{answer.json['id']}")
    assert shown.json["status"] == "ordered"


async def test_module_3(sim: Simulator, api: Api) -> None:
    """Module 3 requires a smart meter and module 1."""
    household = sim.households[0]
    assert (await _order(api, household, MODULE_3)).codes == ["missing_smart_meter"]
    household.advance_to("activated")
    assert (await _order(api, household, MODULE_3)).codes == ["missing_module_1"]
    assert (await _order(api, household, MODULE_1)).status == 200
    assert (await _order(api, household, MODULE_3)).status == 200


@pytest.mark.parametrize("status", ["rejected", "ended"])
async def test_module_1_is_gone(sim: Simulator, api: Api, status: str) -> None:
    """Module 3 requires a module 1 that is not rejected or ended."""
    household = sim.households[0]
    household.advance_to("activated")
    household.add_module(MODULE_1, status)
    assert (await _order(api, household, MODULE_3)).codes == ["missing_module_1"]


async def test_missing_scope(sim: Simulator, anonymous: Api) -> None:
    """Read-only clients and customers cannot order."""
    household = sim.households[0]
    reader = await anonymous.log_in(READ_ONLY)
    customer = await anonymous.log_in_customer(sim, household.customer_id)
    for api in (reader, customer):
        answer = await _order(api, household, MODULE_1)
        assert (answer.status, answer.json["code"]) == (403, "FORBIDDEN")
    assert household.modules == []


async def test_module_set_by_a_test(sim: Simulator, api: Api) -> None:
    """The API shows what a test sets."""
    household = sim.households[0]
    begin, end = datetime(2026, 4, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    module = household.add_module(MODULE_2, valid_from=begin, valid_until=end)
    assert await _shown(api, household) == (
        "activated",
        "2026-04-01T00:00:00.000Z",
        "2027-01-01T00:00:00.000Z",
    )
    module.status, module.valid_from, module.valid_until = "rejected", None, None
    assert await _shown(api, household) == ("rejected", None, None)
    module.status, module.valid_until = "ended", begin
    assert await _shown(api, household) == ("ended", None, "2026-04-01T00:00:00.000Z")


async def _shown(api: Api, household: Household) -> tuple[str, Any, Any]:
    query = {"filter[subscription][eq]": household.subscription_id}
    (item,) = (await api.get(PATH, **query)).json["items"]
    assert (await api.get(f"{PATH}/{item['id']}")).json == item
    return item["status"], item["valid_from"], item["valid_until"]


async def test_rejected(sim: Simulator, clock: Clock) -> None:
    """A rejected module is not activated."""
    household = sim.add(scenarios.no_order(2))
    module = household.order_module(MODULE_1)
    module.status = "rejected"
    assert household.next_due() is None
    clock.move(days=14)
    sim.tick()
    assert module.status == "rejected"


async def test_several_orders(sim: Simulator, clock: Clock) -> None:
    """Each module is activated two weeks after its order."""
    household = sim.add(scenarios.smart_already(2))
    first = household.order_module(MODULE_1)
    clock.move(days=1)
    second = household.order_module(MODULE_3)
    clock.move(days=13)
    sim.tick()
    assert (first.status, second.status) == ("activated", "ordered")
    clock.move(days=1)
    sim.tick()
    assert second.status == "activated"


@pytest.mark.parametrize("status", ["intended", "ordered", "activated"])
async def test_duplicate(sim: Simulator, api: Api, status: str) -> None:
    """An open or active module cannot be ordered again."""
    household = sim.households[0]
    household.add_module(MODULE_2, status)
    answer = await _order(api, household, MODULE_2)
    assert answer.status == 400
    assert answer.codes == ["duplicate_grid_reduction"]


@pytest.mark.parametrize("status", ["rejected", "ended"])
async def test_reorder(sim: Simulator, api: Api, status: str) -> None:
    """A rejected or ended module can be ordered again."""
    household = sim.households[0]
    first = household.add_module(MODULE_2, status)
    assert (first.valid_until is not None) == (status == "ended")
    answer = await _order(api, household, MODULE_2)
    assert answer.status == 200
    query = {"filter[subscription][eq]": household.subscription_id}
    items = (await api.get(PATH, **query)).json["items"]
    assert {item["id"] for item in items} == {first.id, answer.json["id"]}


@pytest.mark.parametrize(
    ("make", "kind", "code"),
    [
        (scenarios.feed_in, MODULE_1, "unsupported_product"),
        (scenarios.no_order, "enwg-14a-module-4", "invalid_value"),
        (scenarios.no_order, None, "invalid_type"),
    ],
)
async def test_refused(
    sim: Simulator, api: Api, make: Any, kind: Any, code: str
) -> None:
    """Unknown modules and feed-in contracts are refused."""
    household = sim.household(make().subscription_id)
    assert (await _order(api, household, kind)).codes == [code]


async def test_ended_contract(sim: Simulator, api: Api) -> None:
    """A module for an ended contract is refused."""
    household = sim.add(scenarios.no_order(2, status="ended"))
    assert (await _order(api, household, MODULE_1)).codes == ["ended_subscription"]


async def test_pace(clock: Clock) -> None:
    """The pace applies to modules."""
    household = scenarios.no_order()
    sim = Simulator([household], now=clock, pace=timedelta(seconds=1) / DAY)
    module = household.order_module(MODULE_1)
    clock.moment += timedelta(seconds=14)
    sim.tick()
    assert module.status == "activated"


async def test_unknown_module(api: Api) -> None:
    """An unknown ID is not found."""
    assert (await api.get(f"{PATH}/gfr_none")).status == 404
