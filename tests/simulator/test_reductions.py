"""Grid fee reductions after §14a EnWG."""

from datetime import timedelta
from typing import Any

import pytest

from simulator import Household, Simulator, scenarios

from .common import Answer, Api, Clock

PATH = "/grid-fee-reductions"
ONE, TWO, THREE = (f"enwg-14a-module-{number}" for number in (1, 2, 3))


async def _order(api: Api, household: Household, kind: Any) -> Answer:
    body = {"subscription": household.subscription_id, "type": kind}
    return await api.post(PATH, body)


async def test_order(sim: Simulator, api: Api, clock: Clock) -> None:
    """A module is ordered at once, and comes into force two weeks later."""
    household = sim.households[0]
    answer = await _order(api, household, ONE)
    assert answer.status == 200
    assert (answer.json["type"], answer.json["status"]) == (ONE, "ordered")
    assert (answer.json["valid_from"], answer.json["valid_until"]) == (None, None)
    clock.move(days=14)
    api = await api.log_in()
    shown = (await api.get(f"{PATH}/{answer.json['id']}")).json
    assert shown["status"] == "activated"
    assert shown["valid_from"] == "2026-03-29T22:00:00.000Z"
    listed = (await api.get(PATH, **{"filter[status][eq]": "activated"})).json
    assert [item["id"] for item in listed["items"]] == [shown["id"]]


async def test_pending_contract(sim: Simulator, api: Api) -> None:
    """Before the contract begins, an order is an intention."""
    household = sim.add(scenarios.happy_path(2, status="pending"))
    answer = await _order(api, household, ONE)
    assert answer.json["status"] == "intended"
    household.advance_to("activated")
    shown = await api.get(f"{PATH}/{answer.json['id']}")
    assert shown.json["status"] == "ordered"


async def test_module_3(sim: Simulator, api: Api) -> None:
    """It takes a smart meter first, then module 1."""
    household = sim.households[0]
    assert (await _order(api, household, THREE)).codes == ["missing_smart_meter"]
    household.advance_to("activated")
    assert (await _order(api, household, THREE)).codes == ["missing_module_1"]
    assert (await _order(api, household, ONE)).status == 200
    assert (await _order(api, household, THREE)).status == 200


@pytest.mark.parametrize("status", ["intended", "ordered", "activated"])
async def test_duplicate(sim: Simulator, api: Api, status: str) -> None:
    """What is there or on its way cannot be ordered again."""
    household = sim.households[0]
    household.add_module(TWO, status)
    answer = await _order(api, household, TWO)
    assert answer.status == 400
    assert answer.codes == ["duplicate_grid_reduction"]


@pytest.mark.parametrize("status", ["rejected", "ended"])
async def test_reorder(sim: Simulator, api: Api, status: str) -> None:
    """What was refused or is over can be ordered again."""
    household = sim.households[0]
    first = household.add_module(TWO, status)
    assert (first.valid_until is not None) == (status == "ended")
    answer = await _order(api, household, TWO)
    assert answer.status == 200
    query = {"filter[subscription][eq]": household.subscription_id}
    items = (await api.get(PATH, **query)).json["items"]
    assert {item["id"] for item in items} == {first.id, answer.json["id"]}


@pytest.mark.parametrize(
    ("make", "kind", "code"),
    [
        (scenarios.feed_in, ONE, "unsupported_product"),
        (scenarios.no_order, "enwg-14a-module-4", "invalid_value"),
        (scenarios.no_order, None, "invalid_type"),
    ],
)
async def test_refused(
    sim: Simulator, api: Api, make: Any, kind: Any, code: str
) -> None:
    """Not everything can be had."""
    household = sim.household(make().subscription_id)
    assert (await _order(api, household, kind)).codes == [code]


async def test_ended_contract(sim: Simulator, api: Api) -> None:
    """Who left pays no grid fee that could be reduced."""
    household = sim.add(scenarios.no_order(2, status="ended"))
    assert (await _order(api, household, ONE)).codes == ["ended_subscription"]


async def test_pace(clock: Clock) -> None:
    """The pace of the simulation holds for modules, too."""
    household = scenarios.no_order()
    sim = Simulator([household], now=clock, pace=1 / 86400)
    module = household.order_module(ONE)
    clock.moment += timedelta(seconds=14)
    sim.tick()
    assert module.status == "activated"


async def test_nothing(api: Api) -> None:
    """What is not there is not found."""
    assert (await api.get(f"{PATH}/gfr_none")).status == 404
