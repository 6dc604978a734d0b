"""Actions: orders, errors with their reason, devices and descriptions."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.selector import selector
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
import voluptuous as vol

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import transport
from custom_components.nomos_energy.orders import placing
from simulator import Fault, Household, Simulator, scenarios
from simulator.oauth import READ_ONLY
from simulator.versions import OLDER
from tests import (
    DAY,
    customer_entry,
    key_entry,
    local,
    pass_time,
    refresh,
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
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load, load_device_id
from tests.orders.common import capture_events, steps

NOW = "2026-11-23T10:00:00+00:00"


async def order(hass: HomeAssistant, home: Household) -> Mapping[str, Any]:
    """Order a smart meter, as an automation does."""
    return await call(hass, "order_smart_meter", device_id(hass, home))


async def refusal(
    hass: HomeAssistant, home: Household
) -> tuple[type[HomeAssistantError], str | None]:
    """Order a smart meter in vain; return what kind of error that is."""
    with pytest.raises(HomeAssistantError) as caught:
        await order(hass, home)
    await hass.async_block_till_done(wait_background_tasks=True)
    await check_translations(hass, caught.value)
    return type(caught.value), caught.value.translation_key


ACTIONS: dict[str, dict[str, Any]] = {
    "order_smart_meter": {},
    "get_order": {},
    "get_prices": {},
    "find_cheapest_window": {"duration": "01:00:00"},
    "order_grid_fee_reduction": {"module": 1},
    "reimport_usage": {"start": "2026-10-01"},
    "report_meter_reading": {"value": 12345.6},
    "check_invoice": {},
    "get_usage": {"start": "2026-11-01T00:00:00"},
    "compare_tariffs": {"start": "2026-11-01T00:00:00"},
    "get_grid_fee_report": {"start": "2026-11-01T00:00:00"},
}
"""All actions of contracts, with what they need besides the device."""

LOAD_ACTIONS = ["run_load_once"]
"""Actions of planned loads; see tests/loads."""


# Ordering


async def test_order(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """The action returns the order, and all entities show it at once."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    heard = capture_events(hass)
    requests_since(simulator)
    response = await order(hass, home)
    assert requests_since(simulator).count("create_meter_order") == 1
    assert response == {
        "subscription": home.subscription_id,
        "smart_meter_active": False,
        "progress": 14,
        "expected_activation": "2027-01-18",
        "activation_basis": "order",
        "activation_overdue": False,
        "order": {
            "id": home.order_id,
            "subscription_id": home.subscription_id,
            "status": "created",
            "provider": home.provider,
            "created_at": local(NOW),
            "appointment_at": None,
            "installed_at": None,
            "activated_at": None,
            "cancelled_at": None,
            "cancelled_reason": None,
            "blocked_at": None,
            "blocked_reason": None,
        },
    }
    assert json_bytes(response)
    assert state(hass, home, "order_status") == "created"
    assert state(hass, home, "expected_activation") == "2027-01-18"
    assert heard == steps("not_ordered", "created")


async def test_order_without_response(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The response is optional."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    await hass.services.async_call(
        DOMAIN,
        "order_smart_meter",
        {"device_id": device_id(hass, home)},
        blocking=True,
    )
    assert home.order


async def test_order_lives_on(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An order that was placed here goes its way like any other."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    heard = capture_events(hass)
    await order(hass, home)
    await pass_time(hass, freezer, 57 * DAY, DAY)
    assert [kind for kind, _, _ in heard].count("created") == 1
    assert heard[-1][0] == "activated"


async def test_order_of_one_of_many(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The device says which contract is meant."""
    home, other = (simulator.add(scenarios.no_order(index)) for index in (1, 2))
    await set_up()
    await order(hass, other)
    assert home.order is None
    assert other.order


async def test_nomos_goes_away_after_the_order(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A confirmed order is shown, also if the refresh after it fails."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    heard = capture_events(hass)
    simulator.fail(Fault.EXTRA_FIELDS, path="/meter-orders", times=1)
    call_order = hass.async_create_task(order(hass, home))
    while home.order is None:
        await asyncio.sleep(0)
    simulator.fail(Fault.SERVER_ERROR)
    response = await call_order
    assert response["order"]["status"] == "created"
    assert state(hass, home, "order_status") == "created"
    assert heard == steps("not_ordered", "created")


async def test_token_that_is_void(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A token that Nomos does not accept any more is no reason not to order."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    simulator.expire_tokens()
    response = await order(hass, home)
    assert response["order"]["id"] == home.order_id


async def test_two_at_once(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Of three orders at the same moment one is sent; the others are told."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    requests_since(simulator)
    answers = await together(*(order(hass, home) for _ in range(3)))
    assert answers == ["ordered", *["already_ordered"] * 2]
    assert requests_since(simulator).count("create_meter_order") == 1
    assert state(hass, home, "order_status") == "created"


async def test_order_during_a_refresh(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What Nomos said before the order was placed does not hide it for long."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    heard = capture_events(hass)
    simulator.fail(Fault.LATENCY, path="/subscriptions/", times=1, seconds=20)
    requests_since(simulator)
    polling = hass.async_create_background_task(
        entry.runtime_data.contracts.async_refresh(), "A look at Nomos"
    )
    while "get_subscription" not in [each.operation for each in simulator.requests]:
        await asyncio.sleep(0)
    ordering = hass.async_create_background_task(
        hass.services.async_call(
            DOMAIN,
            "order_smart_meter",
            {"device_id": device_id(hass, home)},
            blocking=True,
        ),
        "An order",
    )
    while home.order is None:
        await asyncio.sleep(0)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=21))
    await asyncio.gather(polling, ordering)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state(hass, home, "order_status") == "created"
    assert heard == steps("not_ordered", "created")


# Refusals


@pytest.mark.parametrize("scenario", ["happy_path", "cancelled_by_request"])
async def test_order_that_is_known(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, scenario: str
) -> None:
    """A contract with an order is refused without a request."""
    home = simulator.add(scenarios.ALL[scenario]())
    home.advance(9)
    await set_up()
    requests_since(simulator)
    assert await refusal(hass, home) == (INVALID, "already_ordered")
    assert not requests_since(simulator)


async def test_order_that_is_not_needed(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Where a smart meter is active, an order would shut the gate: it is refused."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    assert await refusal(hass, home) == (INVALID, "meter_is_smart")
    assert not requests_since(simulator)
    assert state(hass, home, "smart_meter_active") == "on"


@pytest.mark.parametrize("status", ["created", "cancelled"])
async def test_order_that_was_placed_elsewhere(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, status: str
) -> None:
    """An unknown order is the reason for the refusal, and then shown."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    placed = home.place_order()
    placed.status = status
    if status == "cancelled":
        placed.cancelled_reason = "customer_request"
    requests_since(simulator)
    assert await refusal(hass, home) == (INVALID, "already_ordered")
    assert requests_since(simulator).count("create_meter_order") == 1
    assert state(hass, home, "order_status") == status


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("unsupported_plan", "unsupported_product"),
        ("feed_in", "unsupported_meter_order"),
    ],
)
async def test_contract_without_smart_meter(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    scenario: str,
    reason: str,
) -> None:
    """A tariff without a smart meter and solar panels are different reasons."""
    home = simulator.add(scenarios.ALL[scenario]())
    await set_up()
    requests_since(simulator)
    assert await refusal(hass, home) == (INVALID, reason)
    assert requests_since(simulator) == ["create_meter_order"]
    assert home.order is None


async def test_contract_that_has_ended(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract that ended meanwhile is named as such."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    home.status = "ended"
    assert await refusal(hass, home) == (INVALID, "subscription_ended")


@pytest.mark.parametrize("login", ["key", "customer"])
async def test_login_that_may_only_read(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    set_up: SetUp,
    login: str,
) -> None:
    """A key that may only read can't order, and nor can a customer who signed in."""
    home = simulator.add(scenarios.no_order())
    entry = key_entry(READ_ONLY) if login == "key" else await customer_entry(hass, home)
    await set_up(entry=entry)
    requests_since(simulator)
    assert await refusal(hass, home) == (INVALID, "read_only")
    assert requests_since(simulator) == ["create_meter_order"]
    assert home.order is None


async def test_login_that_is_broken(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A key that was withdrawn is named as the reason, and asked for an hour later."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    simulator.tokens.clients.clear()
    simulator.expire_tokens()
    assert await refusal(hass, home) == (FAILED, "invalid_auth")
    await pass_time(hass, freezer, timedelta(minutes=62), timedelta(minutes=1))
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_unknown_refusal(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An unknown reason is passed on with its code and request ID."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    monkeypatch.setattr(transport, "API_VERSION", "2030-01-01.turing")
    requests_since(simulator)
    with pytest.raises(HomeAssistantError) as caught:
        await order(hass, home)
    assert caught.value.translation_key == "order_failed"
    placeholders = caught.value.translation_placeholders
    assert placeholders
    assert placeholders["answer"].startswith(" (Status: 400, Code: BAD_REQUEST, ")
    assert requests_since(simulator) == ["create_meter_order"]


async def test_unknown_detail(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A refusal with a detail that is new is no reason to stumble."""
    home = simulator.add(scenarios.unsupported_plan())
    await set_up()
    monkeypatch.delitem(placing.METER_ORDER.by_detail, "unsupported_product")
    assert await refusal(hass, home) == (FAILED, "order_failed")


async def test_conflict_without_details(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A conflict is understood also where it is not explained."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    home.place_order()
    # Older versions of the API leave the details out.
    monkeypatch.setattr(transport, "API_VERSION", OLDER)
    assert await refusal(hass, home) == (INVALID, "already_ordered")


async def test_contract_that_is_gone(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract that Nomos does not know any more can't be ordered for."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    simulator.remove(home.subscription_id)
    assert await refusal(hass, home) == (FAILED, "order_failed")


@pytest.mark.parametrize("action", ACTIONS)
async def test_device_without_contract(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, action: str
) -> None:
    """A device that is no contract, or is not there, is refused as such."""
    simulator.add(scenarios.no_order())
    await set_up()
    entry = MockConfigEntry(domain="test")
    entry.add_to_hass(hass)
    register = dr.async_get(hass).async_get_or_create
    # Identifiers of some integrations have more than two parts.
    lamp: Any = {("test", "lamp", "1")}
    strangers = [
        register(config_entry_id=entry.entry_id, identifiers=lamp).id,
        register(config_entry_id=entry.entry_id, connections={("mac", "1")}).id,
        "no device at all",
    ]
    requests_since(simulator)
    for stranger in strangers:
        with pytest.raises(ServiceValidationError) as caught:
            await call(hass, action, stranger, **ACTIONS[action])
        assert caught.value.translation_key == "no_such_contract"
        assert len(set(await translations_of(hass, caught.value))) == 2
    assert not requests_since(simulator)


@pytest.mark.parametrize("action", ACTIONS)
async def test_account_that_is_not_loaded(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, action: str
) -> None:
    """The actions are there without the account, and say that it is not."""
    home = simulator.add(scenarios.no_order())
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    requests_since(simulator)
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, action, device_id(hass, home), **ACTIONS[action])
    assert caught.value.translation_key == "not_loaded"
    assert len(set(await translations_of(hass, caught.value))) == 2
    assert not requests_since(simulator)


# When it is uncertain if the order arrived


@pytest.mark.parametrize("fault", UNCERTAIN)
async def test_order_did_not_arrive(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, fault: Fault
) -> None:
    """After a failure Nomos is asked for the order; nothing is ordered twice."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    requests_since(simulator)
    simulator.fail(fault, path="/meter-orders", times=1)
    assert await refusal(hass, home) == (FAILED, "order_failed")
    assert requests_since(simulator) == ["create_meter_order", "list_meter_orders"]
    assert home.order is None
    assert state(hass, home, "order_status") == "not_ordered"
    # A later attempt succeeds.
    assert (await order(hass, home))["order"]["id"] == home.order_id


@pytest.mark.parametrize("fault", UNCERTAIN)
async def test_order_arrived_after_all(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, fault: Fault
) -> None:
    """An order that is there in spite of the failure counts as placed."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    heard = capture_events(hass)
    home.place_order()
    requests_since(simulator)
    simulator.fail(fault, path="/meter-orders", times=1)
    assert (await order(hass, home))["order"]["id"] == home.order_id
    assert requests_since(simulator).count("create_meter_order") == 1
    assert state(hass, home, "order_status") == "created"
    assert heard == steps("not_ordered", "created")


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        (Fault.TRUNCATED_JSON, None),
        (Fault.MISSING_FIELD, "status"),
        (Fault.MISSING_FIELD, "id"),
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
    home = simulator.add(scenarios.no_order())
    await set_up()
    requests_since(simulator)
    simulator.fail(fault, path="/meter-orders", times=1, field=field)
    assert (await order(hass, home))["order"]["id"] == home.order_id
    assert requests_since(simulator).count("create_meter_order") == 1


@pytest.mark.parametrize("fault", UNCERTAIN)
async def test_order_cannot_be_searched(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, fault: Fault
) -> None:
    """While Nomos can't be asked for the order either, none is placed again."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    requests_since(simulator)
    simulator.fail(fault, path="/meter-orders")
    assert await refusal(hass, home) == (FAILED, "order_failed")
    operations = requests_since(simulator)
    assert operations[0] == "create_meter_order"
    assert set(operations[1:]) == {"list_meter_orders"}


async def test_order_that_is_not_readable_at_all(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An order that can't be read anywhere is not taken for none."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    requests_since(simulator)
    simulator.fail(Fault.MISSING_FIELD, path="/meter-orders")
    assert await refusal(hass, home) == (FAILED, "order_failed")
    assert requests_since(simulator) == ["create_meter_order", "list_meter_orders"]


async def test_rate_limit(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, waits: list[float]
) -> None:
    """When Nomos has had too many requests, ordering is left to the person."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    requests_since(simulator)
    simulator.fail(Fault.RATE_LIMIT, path="/meter-orders")
    assert await refusal(hass, home) == (FAILED, "order_failed")
    assert requests_since(simulator) == ["create_meter_order"]
    assert not waits


async def test_request_id(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An error of an order has the request ID for the support of Nomos."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    simulator.fail(Fault.SERVER_ERROR, path="/meter-orders")
    with pytest.raises(HomeAssistantError) as caught:
        await order(hass, home)
    request_id = r"[0-9a-f-]{36}"
    known = rf" \(Status: 500, Code: \w+, Request ID: {request_id}\)"
    for text in await translations_of(hass, caught.value):
        assert re.search(known + "$", text)


async def test_no_request_id(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Without an answer there is no request ID, and no text with a gap."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    simulator.fail(Fault.CONNECTION_RESET, path="/meter-orders")
    with pytest.raises(HomeAssistantError) as caught:
        await order(hass, home)
    for text in await translations_of(hass, caught.value):
        assert not re.search(r"\(|–$", text)


@pytest.mark.parametrize("arrives", ["before", "after"])
async def test_time_out(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    arrives: str,
) -> None:
    """An order without an answer is searched for; a later one is shown then."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    requests_since(simulator)
    simulator.fail(Fault.LATENCY, path="/meter-orders", times=1, seconds=60)
    ordering = hass.async_create_task(order(hass, home))
    while not simulator.requests:
        await asyncio.sleep(0)
    if arrives == "before":
        home.place_order()
    start = dt_util.utcnow()
    async_fire_time_changed(hass, start + timedelta(seconds=31))
    if arrives == "before":
        assert (await ordering)["order"]["id"] == home.order_id
    else:
        with pytest.raises(HomeAssistantError) as caught:
            await ordering
        assert caught.value.translation_key == "order_failed"
        home.place_order()
    async_fire_time_changed(hass, start + timedelta(seconds=61))
    await hass.async_block_till_done()
    assert requests_since(simulator).count("create_meter_order") == 1
    await refresh(hass, home)
    assert state(hass, home, "order_status") == "created"


# Reading


async def test_get_order(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An order is returned with all its moments."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    await pass_time(hass, freezer, 57 * DAY, DAY)
    requests_since(simulator)
    response = await call(hass, "get_order", device_id(hass, home))
    found = home.order
    assert found
    assert found.appointment_at
    assert found.installed_at
    assert found.activated_at
    assert response == {
        "subscription": home.subscription_id,
        "smart_meter_active": True,
        "progress": 100,
        "expected_activation": "2027-01-18",
        "activation_basis": "activated",
        "activation_overdue": False,
        "order": {
            "id": home.order_id,
            "subscription_id": home.subscription_id,
            "status": "activated",
            "provider": home.provider,
            "created_at": local(NOW),
            "appointment_at": local(found.appointment_at),
            "installed_at": local(found.installed_at),
            "activated_at": local(found.activated_at),
            "cancelled_at": None,
            "cancelled_reason": None,
            "blocked_at": None,
            "blocked_reason": None,
        },
    }
    assert json_bytes(response)
    assert not requests_since(simulator)


async def test_get_order_that_is_cancelled_or_blocked(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What keeps an order from going on is returned as well."""
    gone = simulator.add(scenarios.cancelled_by_request())
    held = simulator.add(scenarios.blocked_then_unblocked())
    gone.advance(9)
    held.advance(2)
    await set_up()
    cancelled = (await call(hass, "get_order", device_id(hass, gone)))["order"]
    assert cancelled["cancelled_reason"] == "customer_request"
    assert cancelled["cancelled_at"] == local(NOW)
    blocked = (await call(hass, "get_order", device_id(hass, held)))["order"]
    assert (blocked["blocked_reason"], blocked["blocked_at"]) == (
        "check_missing",
        local(NOW),
    )


async def test_get_no_order(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract without an order is one that can be asked about."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    assert await call(hass, "get_order", device_id(hass, home)) == {
        "subscription": home.subscription_id,
        "smart_meter_active": False,
        "progress": 0,
        "expected_activation": None,
        "activation_basis": None,
        "activation_overdue": False,
        "order": None,
    }


async def test_get_order_while_nomos_is_away(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What is known can be read also while Nomos does not answer."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    simulator.fail(Fault.CONNECTION_RESET)
    before = await call(hass, "get_order", device_id(hass, home))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert await call(hass, "get_order", device_id(hass, home)) == before
    assert before["order"]["status"] == "created"


# Descriptions


@pytest.mark.parametrize("language", ["en", "de"])
async def test_actions_are_described(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, language: str
) -> None:
    """Actions have names in both languages, and a selector of contracts."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    described = (await async_get_all_descriptions(hass))[DOMAIN]
    texts = await async_get_translations(hass, language, "services", {DOMAIN})
    contract, load = {"en": ("Contract", "Load"), "de": ("Vertrag", "Verbraucher")}[
        language
    ]
    assert set(described) == {*ACTIONS, *LOAD_ACTIONS}
    for action, description in described.items():
        assert description["fields"]["device_id"]["required"]
        choose: Any = selector(description["fields"]["device_id"]["selector"])
        assert choose(device_id(hass, home))
        prefix = f"component.{DOMAIN}.services.{action}"
        assert texts[f"{prefix}.name"]
        assert texts[f"{prefix}.description"]
        assert texts[f"{prefix}.fields.device_id.name"] == (
            load if action in LOAD_ACTIONS else contract
        )
        for name, field in description["fields"].items():
            if "duration" in field["selector"]:
                assert field["selector"]["duration"]["enable_second"] is False
            assert texts[f"{prefix}.fields.{name}.name"]
            assert texts[f"{prefix}.fields.{name}.description"]
    assert {
        action: description["response"]["optional"]
        for action, description in described.items()
        if "response" in description
    } == {
        "order_smart_meter": True,
        "get_order": False,
        "get_prices": False,
        "find_cheapest_window": False,
        "order_grid_fee_reduction": True,
        "run_load_once": True,
        "report_meter_reading": True,
        "check_invoice": False,
        "get_usage": False,
        "compare_tariffs": False,
        "get_grid_fee_report": False,
    }


@pytest.mark.parametrize("action", [*ACTIONS, *LOAD_ACTIONS])
async def test_fields_are_described(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, action: str
) -> None:
    """What an action takes is what the form asks for, and the other way round."""
    simulator.add(scenarios.no_order())
    await set_up()
    fields = (await async_get_all_descriptions(hass))[DOMAIN][action]["fields"]
    schema = hass.services.async_services()[DOMAIN][action].schema
    assert isinstance(schema, vol.Schema)
    taken: dict[Any, Any] = schema.schema
    assert {str(key) for key in taken} == set(fields)
    for key in taken:
        is_required = isinstance(key, vol.Required)
        assert fields[str(key)].get("required", False) is is_required


# Devices of planned loads


async def test_device_of_a_planned_load(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The device of a planned load stands for its contract."""
    home, other = (simulator.add(scenarios.dynamic_tariff(index)) for index in (1, 2))
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    contract, load = device_id(hass, home), load_device_id(hass, key)
    assert load != contract
    for action, data in (
        ("get_order", {}),
        ("get_prices", {}),
        ("find_cheapest_window", {"duration": "01:00:00"}),
    ):
        response = await call(hass, action, load, **data)
        assert response == await call(hass, action, contract, **data)
    order = await call(hass, "get_order", load)
    assert order["subscription"] == home.subscription_id != other.subscription_id


async def test_device_of_a_planned_load_without_contract(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A planned load whose contract is no longer included stands for none."""
    home, other = (simulator.add(scenarios.dynamic_tariff(index)) for index in (1, 2))
    entry = await set_up(home.subscription_id, other.subscription_id)
    key = await add_load(hass, entry, a_wallbox(home))
    hass.config_entries.async_update_entry(
        entry, options={"subscriptions": [other.subscription_id]}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    for action in ("get_order", "get_prices"):
        with pytest.raises(INVALID) as caught:
            await call(hass, action, load_device_id(hass, key))
        await check_translations(hass, caught.value)
        assert caught.value.translation_key == "not_loaded"
