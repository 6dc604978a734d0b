"""Ordering a module of §14a EnWG: sent once, errors with their reason."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
import voluptuous as vol

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import transport
from simulator import OLDER, READ_ONLY, Fault, Household, Simulator, api, scenarios
from simulator.errors import ApiError, Detail
from simulator.households import MODULE_1, MODULE_2, MODULE_3
from tests import (
    DAY,
    customer_entry,
    key_entry,
    local,
    next_start,
    pass_time,
    requests_since,
    state,
)
from tests.actions import (
    FAILED,
    INVALID,
    UNCERTAIN,
    call,
    check_translations,
    device_id,
    together,
    translations_of,
)
from tests.conftest import NOW, SetUp

PATH = "/grid-fee-reductions"


async def order(
    hass: HomeAssistant, home: Household, module: object = 1
) -> Mapping[str, Any]:
    """Order a module, as an automation does."""
    return await call(
        hass, "order_grid_fee_reduction", device_id(hass, home), module=module
    )


async def refusal(
    hass: HomeAssistant, home: Household, module: int = 1
) -> tuple[type[HomeAssistantError], str | None]:
    """Order a module in vain; return what kind of error that is."""
    with pytest.raises(HomeAssistantError) as caught:
        await order(hass, home, module)
    await hass.async_block_till_done(wait_background_tasks=True)
    await check_translations(hass, caught.value)
    return type(caught.value), caught.value.translation_key


def orders_of(simulator: Simulator) -> int:
    """Return how often a module was ordered since the last time."""
    return requests_since(simulator).count("create_grid_fee_reduction")


# Ordering


@pytest.mark.parametrize("module", [1, 2])
async def test_order(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, module: int
) -> None:
    """The action returns the order, and the sensor shows it at once."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    assert state(hass, home, f"module_{module}") == "not_ordered"
    requests_since(simulator)
    response = await order(hass, home, module)
    assert orders_of(simulator) == 1
    assert response == {
        "subscription_id": home.subscription_id,
        "module": module,
        "status": "ordered",
        "created_at": local(NOW),
        "valid_from": None,
        "valid_until": None,
    }
    assert json_bytes(response)
    assert state(hass, home, f"module_{module}") == "ordered"
    assert state(hass, home, f"module_{3 - module}") == "not_ordered"


async def test_order_without_response(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The response is optional; forms send the module as text."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    await hass.services.async_call(
        DOMAIN,
        "order_grid_fee_reduction",
        {"device_id": device_id(hass, home), "module": "2"},
        blocking=True,
    )
    assert [module.type for module in home.modules] == [MODULE_2]


async def test_module_3_after_module_1(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Module 3 comes on top of module 1, and both go their way."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    assert await refusal(hass, home, 3) == (INVALID, "module_needs_module_1")
    assert state(hass, home, "module_3") == "not_ordered"
    await order(hass, home, 1)
    await order(hass, home, 3)
    assert state(hass, home, "module_3") == "ordered"
    await pass_time(hass, freezer, 16 * DAY, DAY)
    assert state(hass, home, "module_1") == "activated"
    assert state(hass, home, "module_3") == "activated"
    assert [module.type for module in home.modules] == [MODULE_1, MODULE_3]


async def test_order_before_the_delivery(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Before the delivery begins, Nomos only takes note of the wish."""
    home = simulator.add(scenarios.no_order(status="pending"))
    await set_up()
    assert (await order(hass, home))["status"] == "intended"


async def test_order_without_smart_meter(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Module 1 takes no smart meter; it is shown when there is one."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    assert (await order(hass, home))["status"] == "ordered"
    home.advance_to("activated")
    await pass_time(hass, freezer, DAY)
    assert state(hass, home, "module_1") == "ordered"


async def test_order_of_one_of_many(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The device says which contract is meant."""
    home, other = (simulator.add(scenarios.smart_already(index)) for index in (1, 2))
    await set_up()
    await order(hass, other)
    assert not home.modules
    assert state(hass, home, "module_1") == "not_ordered"
    assert state(hass, other, "module_1") == "ordered"


async def test_order_after_a_rejection(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What was rejected or has ended can be ordered again; the new order counts."""
    home = simulator.add(scenarios.smart_already())
    for status, days in (("ended", 90), ("rejected", 30)):
        old = home.add_module(MODULE_1, status)
        old.created_at = dt_util.utcnow() - days * DAY
    await set_up()
    assert state(hass, home, "module_1") == "rejected"
    response = await order(hass, home)
    assert (response["status"], response["created_at"]) == ("ordered", local(NOW))
    assert state(hass, home, "module_1") == "ordered"


async def test_nomos_goes_away_after_the_order(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A confirmed order is shown, also if the refresh after it fails."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    simulator.fail(Fault.EXTRA_FIELDS, path=PATH, times=1)
    ordering = hass.async_create_task(order(hass, home))
    while not home.modules:
        await asyncio.sleep(0)
    simulator.fail(Fault.SERVER_ERROR)
    assert (await ordering)["status"] == "ordered"
    assert state(hass, home, "module_1") == "ordered"


async def test_next_start(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What was ordered is known after a restart, also if Nomos is away then."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    await order(hass, home)
    simulator.fail(Fault.CONNECTION_RESET)
    async with next_start(hass, entry) as (new, _):
        assert state(new, home, "module_1") == "ordered"


async def test_day_after_the_order(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An order does not delay the next poll."""
    home = simulator.add(scenarios.smart_already())
    await set_up()

    async def hours_until_the_next_look() -> int:
        requests_since(simulator)
        for hours in range(1, 49):
            await pass_time(hass, freezer, timedelta(hours=1))
            # Which of the two it is depends on the day of the week.
            if {"list_meter_orders", "list_subscriptions"} & set(
                requests_since(simulator)
            ):
                return hours
        return 0

    assert await hours_until_the_next_look()
    assert await hours_until_the_next_look() == 24
    await pass_time(hass, freezer, timedelta(hours=20))
    await order(hass, home)
    assert await hours_until_the_next_look() == 4


# Refusals


@pytest.mark.parametrize(
    ("scenario", "module", "key"),
    [
        ("no_order", 3, "module_needs_smart_meter"),
        ("smart_already", 3, "module_needs_module_1"),
        ("feed_in", 1, "module_not_for_feed_in"),
    ],
)
async def test_module_that_a_contract_cannot_have(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    scenario: str,
    module: int,
    key: str,
) -> None:
    """What stands against a module is named."""
    home = simulator.add(scenarios.ALL[scenario]())
    await set_up()
    requests_since(simulator)
    assert await refusal(hass, home, module) == (INVALID, key)
    assert requests_since(simulator) == ["create_grid_fee_reduction"]
    assert not home.modules


async def test_contract_that_has_ended(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract that ended meanwhile is named as such."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    home.status = "ended"
    assert await refusal(hass, home) == (INVALID, "subscription_ended")


async def test_contract_that_is_gone(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract that Nomos does not know any more can't be ordered for."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    simulator.remove(home.subscription_id)
    assert await refusal(hass, home) == (FAILED, "module_order_failed")


@pytest.mark.parametrize("status", ["intended", "ordered", "activated"])
async def test_module_that_was_ordered_elsewhere(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, status: str
) -> None:
    """An unknown order is the reason for the refusal, and then shown."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    home.add_module(MODULE_1, status)
    assert await refusal(hass, home) == (INVALID, "module_already_ordered")
    assert len(home.modules) == 1
    assert state(hass, home, "module_1") == status


@pytest.mark.parametrize("detail", [True, False])
async def test_conflict(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    detail: bool,
) -> None:
    """A conflict is understood as such, with and without an explanation."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    home.add_module(MODULE_1, "ordered")
    details = [Detail("duplicate_grid_reduction", "type", "It is there already.")]

    def refuse(_household: Household, _kind: str) -> None:
        raise ApiError(409, "There is one.", *(details if detail else []))

    monkeypatch.setattr(api, "_check_module", refuse)
    assert await refusal(hass, home) == (INVALID, "module_already_ordered")
    assert len(home.modules) == 1
    assert state(hass, home, "module_1") == "ordered"


@pytest.mark.parametrize("login", ["key", "customer"])
async def test_login_that_may_only_read(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    set_up: SetUp,
    login: str,
) -> None:
    """A key that may only read can't order, and nor can a customer who signed in."""
    home = simulator.add(scenarios.smart_already())
    entry = key_entry(READ_ONLY) if login == "key" else await customer_entry(hass, home)
    await set_up(entry=entry)
    requests_since(simulator)
    assert await refusal(hass, home) == (INVALID, "read_only")
    assert requests_since(simulator) == ["create_grid_fee_reduction"]
    assert not home.modules


async def test_login_that_is_broken(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A key that was withdrawn is named as the reason, and asked for an hour later."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    simulator.tokens.clients.clear()
    simulator.expire_tokens()
    assert await refusal(hass, home) == (FAILED, "invalid_auth")
    assert not hass.config_entries.flow.async_progress()
    await pass_time(hass, freezer, timedelta(minutes=62), timedelta(minutes=1))
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert not home.modules


async def test_token_that_is_void(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A token that Nomos does not accept any more is no reason not to order."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    simulator.expire_tokens()
    assert (await order(hass, home))["status"] == "ordered"
    assert len(home.modules) == 1


async def test_unknown_refusal(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An unknown reason is passed on with its code and request ID."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    # Older versions of the API leave the details out.
    monkeypatch.setattr(transport, "API_VERSION", OLDER)
    requests_since(simulator)
    with pytest.raises(HomeAssistantError) as caught:
        await order(hass, home, 3)
    assert caught.value.translation_key == "module_order_failed"
    known = r" \(Status: 400, Code: BAD_REQUEST, Request ID: [0-9a-f-]{36}\)$"
    for text in await translations_of(hass, caught.value):
        assert re.search(known, text)
    assert requests_since(simulator) == ["create_grid_fee_reduction"]


async def test_rate_limit(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, waits: list[float]
) -> None:
    """When Nomos has had too many requests, ordering is left to the person."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    simulator.fail(Fault.RATE_LIMIT, path=PATH)
    assert await refusal(hass, home) == (FAILED, "module_order_failed")
    assert requests_since(simulator) == ["create_grid_fee_reduction"]
    assert not waits


@pytest.mark.parametrize("module", [0, 4, -1, "one", None])
async def test_no_such_module(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, module: object
) -> None:
    """There are three modules."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    with pytest.raises(vol.Invalid, match="module"):
        await order(hass, home, module)
    assert not requests_since(simulator)


# When it is uncertain if the order arrived


@pytest.mark.parametrize("fault", UNCERTAIN)
async def test_order_did_not_arrive(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, fault: Fault
) -> None:
    """After a failure Nomos is asked for the order; nothing is ordered twice."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    simulator.fail(fault, path=PATH, times=1)
    assert await refusal(hass, home) == (FAILED, "module_order_failed")
    assert requests_since(simulator) == [
        "create_grid_fee_reduction",
        "list_grid_fee_reductions",
    ]
    assert not home.modules
    assert state(hass, home, "module_1") == "not_ordered"
    # A later attempt succeeds.
    assert (await order(hass, home))["status"] == "ordered"
    assert len(home.modules) == 1


@pytest.mark.parametrize("fault", UNCERTAIN)
async def test_order_arrived_after_all(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, fault: Fault
) -> None:
    """An order that is there in spite of the failure counts as placed."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    home.order_module(MODULE_1)
    requests_since(simulator)
    simulator.fail(fault, path=PATH, times=1)
    response = await order(hass, home)
    assert (response["module"], response["status"]) == (1, "ordered")
    assert orders_of(simulator) == 1
    assert len(home.modules) == 1
    assert state(hass, home, "module_1") == "ordered"


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        (Fault.TRUNCATED_JSON, None),
        (Fault.MISSING_FIELD, "status"),
        (Fault.MALFORMED_TIMESTAMP, "created_at"),
    ],
)
async def test_answer_that_is_not_readable(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    fault: Fault,
    field: str | None,
) -> None:
    """An order that was placed is found, whatever its confirmation looked like."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    simulator.fail(fault, path=PATH, times=1, field=field)
    assert (await order(hass, home, 2))["module"] == 2
    assert orders_of(simulator) == 1
    assert [module.type for module in home.modules] == [MODULE_2]
    assert state(hass, home, "module_2") == "ordered"


@pytest.mark.parametrize("fault", UNCERTAIN)
async def test_order_cannot_be_searched(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, fault: Fault
) -> None:
    """While Nomos can't be asked for the order either, none is placed again."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    simulator.fail(fault, path=PATH)
    assert await refusal(hass, home) == (FAILED, "module_order_failed")
    operations = requests_since(simulator)
    assert operations[0] == "create_grid_fee_reduction"
    assert set(operations[1:]) == {"list_grid_fee_reductions"}


@pytest.mark.parametrize("age", [timedelta(days=30), timedelta(minutes=2)])
@pytest.mark.parametrize("status", ["rejected", "ended"])
async def test_old_order_is_not_the_new_one(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    age: timedelta,
    status: str,
) -> None:
    """An order that was rejected before is not taken for the one that got lost."""
    home = simulator.add(scenarios.smart_already())
    old = home.add_module(MODULE_1, status)
    old.created_at = dt_util.utcnow() - age
    await set_up()
    simulator.fail(Fault.CONNECTION_RESET, path=PATH, times=1)
    assert await refusal(hass, home) == (FAILED, "module_order_failed")
    assert home.modules == [old]
    assert state(hass, home, "module_1") == status
    # It is the new one that is found, if it arrived.
    home.order_module(MODULE_1)
    simulator.fail(Fault.CONNECTION_RESET, path=PATH, times=1)
    response = await order(hass, home)
    assert (response["status"], response["created_at"]) == ("ordered", local(NOW))
    assert len(home.modules) == 2


async def test_other_module_is_not_the_new_one(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Another module that was just ordered is not taken for the one that got lost."""
    home = simulator.add(scenarios.smart_already())
    other = simulator.add(scenarios.smart_already(2))
    await set_up()
    home.order_module(MODULE_2)
    other.order_module(MODULE_1)
    simulator.fail(Fault.CONNECTION_RESET, path=PATH, times=1)
    assert await refusal(hass, home) == (FAILED, "module_order_failed")
    assert len(home.modules) == 1


async def test_two_at_once(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Of three orders at the same moment one is sent; the others are told."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    answers = await together(*(order(hass, home) for _ in range(3)))
    assert answers == ["ordered", *["module_already_ordered"] * 2]
    assert orders_of(simulator) == 1
    assert state(hass, home, "module_1") == "ordered"
    assert len(home.modules) == 1


async def test_two_things_at_once(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Other modules, and those of other contracts, do not wait for each other."""
    homes = [simulator.add(scenarios.smart_already(index)) for index in (1, 2)]
    await set_up()
    requests_since(simulator)
    calls = [order(hass, home, module) for home in homes for module in (1, 2)]
    assert await together(*calls) == ["ordered"] * 4
    assert orders_of(simulator) == 4


async def test_two_at_once_without_an_answer(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """While it is uncertain if the first order arrived, no second one is sent."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    simulator.fail(Fault.LATENCY, path=PATH, times=1, seconds=60)
    ordering = hass.async_create_background_task(
        together(*(order(hass, home) for _ in range(2))), "Two orders"
    )
    while not simulator.requests:
        await asyncio.sleep(0)
    home.order_module(MODULE_1)
    start = dt_util.utcnow()
    async_fire_time_changed(hass, start + timedelta(seconds=31))
    assert await ordering == ["ordered", "module_already_ordered"]
    async_fire_time_changed(hass, start + timedelta(seconds=61))
    await hass.async_block_till_done()
    assert orders_of(simulator) == 1
    assert len(home.modules) == 1


async def test_two_at_once_of_which_one_is_refused(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """After a refusal the second order has its own try."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    simulator.fail(Fault.FORBIDDEN, path=PATH, times=1)
    answers = await together(*(order(hass, home) for _ in range(2)))
    assert answers == ["read_only", "ordered"]
    assert len(home.modules) == 1
    # What was ordered and rejected can be ordered again.
    home.modules[0].status = "rejected"
    assert (await order(hass, home))["status"] == "ordered"


@pytest.mark.parametrize("arrives", ["before", "never"])
async def test_time_out(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, arrives: str
) -> None:
    """An order without an answer is searched for."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    simulator.fail(Fault.LATENCY, path=PATH, times=1, seconds=60)
    ordering = hass.async_create_task(order(hass, home))
    while not simulator.requests:
        await asyncio.sleep(0)
    if arrives == "before":
        home.order_module(MODULE_1)
    start = dt_util.utcnow()
    async_fire_time_changed(hass, start + timedelta(seconds=31))
    if arrives == "before":
        assert (await ordering)["status"] == "ordered"
    else:
        with pytest.raises(HomeAssistantError) as caught:
            await ordering
        assert caught.value.translation_key == "module_order_failed"
    async_fire_time_changed(hass, start + timedelta(seconds=61))
    await hass.async_block_till_done()
    assert orders_of(simulator) == 1
