"""Data update coordinator for the contracts of an account."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from simulator import Client, Fault, Simulator, scenarios
from tests import (
    DAY,
    entity_id,
    included,
    logged,
    organisation_entry,
    pass_time,
    refresh,
    requests_since,
    state,
    writes,
)
from tests.conftest import SetUp

# The order's life


async def test_happy_path(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Over eight weeks a household sees every milestone, and the gate open once."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    seen = [state(hass, home, "order_status")]
    gate = []
    for _ in range(58):
        await pass_time(hass, freezer, DAY, DAY)
        if (status := state(hass, home, "order_status")) != seen[-1]:
            seen.append(status)
        gate.append(state(hass, home, "smart_meter_active"))
    assert seen == [
        "created",
        "placed",
        "check_submitted",
        "check_reviewed",
        "scheduled",
        "installed",
        "activated",
    ]
    assert Counter(gate) == {
        STATE_OFF: gate.index(STATE_ON),
        STATE_ON: gate.count("on"),
    }
    assert gate == sorted(gate)
    assert home.order
    assert home.order.activated_at
    assert state(hass, home, "activated") == home.order.activated_at.isoformat()
    assert state(hass, home, "progress") == "100"


@pytest.mark.parametrize(
    ("scenario", "gates"),
    [
        (scenarios.happy_path, [STATE_OFF, STATE_ON]),
        (scenarios.blocked_then_unblocked, [STATE_OFF, STATE_ON]),
        (scenarios.appointment_moved, [STATE_OFF, STATE_ON]),
        (scenarios.cancelled_by_request, [STATE_OFF]),
        (scenarios.pre_existing_then_activated, [STATE_OFF, STATE_ON]),
        (scenarios.skipped_steps, [STATE_OFF, STATE_ON]),
        (scenarios.no_order, [STATE_OFF]),
        (scenarios.smart_already, [STATE_ON]),
        (scenarios.feed_in, [STATE_ON]),
        (scenarios.unsupported_plan, [STATE_OFF]),
    ],
)
async def test_gate_of_every_scenario(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    scenario: Any,
    gates: list[str],
) -> None:
    """The gate opens when it should, stays open, and else never moves."""
    home = simulator.add(scenario())
    await set_up()
    seen = [state(hass, home, "smart_meter_active")]
    for _ in range(63):
        await pass_time(hass, freezer, DAY, DAY)
        if (gate := state(hass, home, "smart_meter_active")) != seen[-1]:
            seen.append(gate)
    assert seen == gates


async def test_order_placed_elsewhere(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An order that is placed elsewhere appears the next day."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    assert state(hass, home, "order_status") == "not_ordered"
    home.place_order()
    await pass_time(hass, freezer, DAY)
    assert state(hass, home, "order_status") == "created"


# How often


async def test_requests_of_a_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A day takes a token and one list, whatever the clocks do in between."""
    freezer.move_to("2026-10-22T09:00:00+00:00")
    home = simulator.add(scenarios.happy_path())
    await hass.config.async_set_time_zone("Europe/Berlin")
    await set_up(home.subscription_id)
    assert requests_since(simulator) == [
        "create_token",
        "list_meter_orders",
        "get_subscription",
        "get_plan",
        "list_meter_readings",
        "list_invoices",
    ]
    weeks = Counter[str]()
    for _ in range(14):
        await pass_time(hass, freezer, DAY)
        weeks.update(requests_since(simulator))
    # Before the gate is open, meter readings are listed once a week.
    assert weeks == {
        "create_token": 14,
        "list_meter_orders": 14,
        "get_plan": 2,
        "list_meter_readings": 2,
        "list_invoices": 2,
    }


async def test_requests_without_chosen_contracts(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Once a week the subscriptions are listed.

    When no order can change any more, that takes the place of the day's look
    at the orders.
    """
    home = simulator.add(scenarios.happy_path())
    await set_up()
    requests_since(simulator)
    weeks = Counter[str]()
    for _ in range(28):
        await pass_time(hass, freezer, DAY)
        weeks.update(requests_since(simulator))
    assert weeks == {
        "create_token": 28,
        "list_meter_orders": 28,
        "list_subscriptions": 4,
        "get_plan": 4,
        "list_meter_readings": 4,
        "list_invoices": 4,
    }

    home.advance_to("activated")
    await pass_time(hass, freezer, 7 * DAY)
    requests_since(simulator)
    weeks.clear()
    for _ in range(28):
        await pass_time(hass, freezer, DAY)
        weeks.update(requests_since(simulator))
    assert weeks == {
        "create_token": 2 * 28,
        "list_meter_orders": 24,
        "list_subscriptions": 4,
        "get_plan": 4,
        "list_grid_fee_reductions": 28,
        "list_meter_readings": 28,
        "list_invoices": 4,
        "get_prices": 28,
    }


async def test_chosen_contract_ends(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Once its order is settled, a chosen subscription is read weekly."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    entry = await set_up(home.subscription_id)
    home.status = "ended"
    requests_since(simulator)
    for _ in range(8):
        await pass_time(hass, freezer, DAY)
        of_orders = {"list_meter_orders", "list_subscriptions", "get_subscription"}
        assert len(of_orders.intersection(requests_since(simulator))) == 1
    known = entry.runtime_data.contracts.data[home.subscription_id].subscription
    assert known.status == "ended"


async def test_requests_for_a_contract_without_order(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Only a contract whose order can't tell about the meter is read again."""
    without = simulator.add(scenarios.no_order())
    ordered = simulator.add(scenarios.happy_path())
    await set_up(without.subscription_id, ordered.subscription_id)
    requests_since(simulator)
    await pass_time(hass, freezer, DAY)
    assert [request.path for request in simulator.requests] == [
        "/oauth/token",
        "/meter-orders",
        f"/subscriptions/{without.subscription_id}",
    ]


async def test_accounts_ask_at_different_times(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The moments of twelve accounts are spread over the day, and stay the same."""
    home = simulator.add(scenarios.happy_path())
    for number in range(12):
        client = Client(f"key-{number}")
        simulator.tokens.clients[client.client_id] = client
        entry = MockConfigEntry(
            domain=DOMAIN,
            unique_id=client.client_id,
            data={"client_id": client.client_id, "client_secret": client.client_secret},
            options={"subscriptions": [home.subscription_id]},
        )
        await set_up(entry=entry)
    days: list[list[datetime]] = []
    for _ in range(2):
        moments = []
        for _ in range(48):
            requests_since(simulator)
            await pass_time(hass, freezer, DAY / 48)
            moments += [dt_util.utcnow()] * requests_since(simulator).count(
                "list_meter_orders"
            )
        days.append(moments)
    assert [moment + DAY for moment in days[0]] == days[1]
    assert len(days[0]) == 12
    assert len(set(days[0])) >= 8
    assert len({moment.hour // 6 for moment in days[0]}) >= 3


async def test_quiet_month(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Nothing is written while nothing changes, also not when Nomos is away."""
    home = simulator.add(scenarios.happy_path(timeline=[]))
    simulator.add(scenarios.smart_already())
    home.place_order()
    await set_up()
    written = writes(hass)
    for day in range(30):
        if day in (10, 20):
            simulator.fail(Fault.SERVER_ERROR)
        if day in (12, 21):
            simulator.recover()
        await pass_time(hass, freezer, DAY, timedelta(hours=3))
    # Where the gate is open, prices change all day; meters are read once a week.
    changing = ("price", "meter_reading")
    assert not [
        entity for entity in written if not any(key in entity for key in changing)
    ]
    readings = [entity for entity in written if "meter_reading" in entity]
    assert max(Counter(readings).values()) <= 5


# When Nomos does not answer


@pytest.mark.parametrize(
    ("fault", "details"),
    [
        (Fault.SERVER_ERROR, {}),
        (Fault.BAD_GATEWAY, {}),
        (Fault.HTML, {}),
        (Fault.CONNECTION_RESET, {}),
        (Fault.TRUNCATED_JSON, {}),
        (Fault.RATE_LIMIT, {"seconds": 90}),
        (Fault.RATE_LIMIT, {"seconds": 5, "retry_after": True}),
    ],
)
@pytest.mark.parametrize("path", [None, "/oauth/token", "/meter-orders"])
async def test_failure_keeps_the_last_update(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    path: str | None,
    fault: Fault,
    details: dict[str, Any],
) -> None:
    """Before, during and after: the order is shown, and said once what is wrong."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("scheduled")
    await set_up()
    before = {found.entity_id: found.state for found in hass.states.async_all()}

    caplog.clear()
    simulator.fail(fault, path=path, **details)
    await pass_time(hass, freezer, 2 * DAY, timedelta(minutes=30))
    assert before == {found.entity_id: found.state for found in hass.states.async_all()}
    assert caplog.text.count("Error fetching Nomos Energy contracts data") == 1
    assert "recovered" not in caplog.text

    home.advance_to("installed")
    simulator.recover()
    await pass_time(hass, freezer, timedelta(hours=6), timedelta(minutes=30))
    assert state(hass, home, "order_status") == "installed"
    assert caplog.text.count("Fetching Nomos Energy contracts data recovered") == 1


async def test_retries_get_rarer(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """After 5 minutes, then twice as long each time, up to 6 hours."""
    home = simulator.add(scenarios.happy_path())
    await set_up(home.subscription_id)
    simulator.fail(Fault.HTML)
    simulator.requests.clear()
    tries: list[datetime] = []
    while len(tries) < 10:
        await pass_time(hass, freezer, timedelta(minutes=1), timedelta(minutes=1))
        tries += [dt_util.utcnow()] * len(requests_since(simulator))
    waits = [
        round((later - earlier) / timedelta(minutes=5))
        for earlier, later in pairwise(tries)
    ]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 72, 72]


async def test_rate_limit_is_honoured(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Nomos is left alone for as long as it asks to."""
    home = simulator.add(scenarios.happy_path())
    await set_up(home.subscription_id)
    simulator.fail(Fault.RATE_LIMIT, path="/meter-orders", times=1, seconds=7200)
    requests_since(simulator)
    while not requests_since(simulator):
        await pass_time(hass, freezer, timedelta(minutes=1))
    await pass_time(hass, freezer, timedelta(minutes=119), timedelta(minutes=1))
    assert not requests_since(simulator)
    await pass_time(hass, freezer, timedelta(minutes=2), timedelta(minutes=1))
    assert "list_meter_orders" in requests_since(simulator)


async def test_answer_wears_out(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """After a week without an answer the order is unknown; the gate is not."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    await set_up()
    simulator.fail(Fault.CONNECTION_RESET)
    await pass_time(hass, freezer, 7 * DAY - timedelta(minutes=1))
    assert state(hass, home, "order_status") == "activated"
    await pass_time(hass, freezer, timedelta(minutes=1))
    assert state(hass, home, "order_status") == STATE_UNAVAILABLE
    assert state(hass, home, "order_blocked") == STATE_UNAVAILABLE
    assert state(hass, home, "smart_meter_active") == STATE_ON

    await pass_time(hass, freezer, 30 * DAY, timedelta(hours=6))
    assert state(hass, home, "smart_meter_active") == STATE_ON
    simulator.recover()
    await pass_time(hass, freezer, timedelta(hours=7))
    assert state(hass, home, "order_status") == "activated"


async def test_broken_login(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A login that is refused twice hides the order, and not the gate."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    await set_up()
    # Trouble first: the refusal has to be noticed as the second of two failures.
    simulator.fail(Fault.SERVER_ERROR)
    await pass_time(hass, freezer, DAY)
    assert state(hass, home, "order_status") == "activated"
    simulator.recover()
    simulator.tokens.clients.clear()
    await pass_time(hass, freezer, timedelta(hours=9))
    assert state(hass, home, "order_status") == STATE_UNAVAILABLE
    assert state(hass, home, "smart_meter_active") == STATE_ON
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.SERVER_ERROR, ConfigEntryState.SETUP_RETRY),
        (Fault.HTML, ConfigEntryState.SETUP_RETRY),
        (Fault.RATE_LIMIT, ConfigEntryState.SETUP_RETRY),
        (Fault.CONNECTION_RESET, ConfigEntryState.SETUP_RETRY),
    ],
)
async def test_no_answer_at_start(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    fault: Fault,
    expected: ConfigEntryState,
) -> None:
    """Home Assistant tries again by itself, and tells why."""
    simulator.add(scenarios.happy_path())
    simulator.fail(fault)
    entry = await set_up()
    assert entry.state is expected
    assert entry.error_reason_translation_key in (
        "cannot_connect",
        "rate_limited",
        "unexpected_answer",
    )
    simulator.recover()
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED


async def test_no_permission(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A key that may not read is an error with its reason."""
    simulator.tokens.clients["demo-organisation"] = Client(
        "demo-organisation", scopes=("write:*",)
    )
    entry = await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "no_permission"


async def test_address_without_encryption(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The entry does not load when tokens would cross a network in plain text."""
    monkeypatch.setenv("NOMOS_API_URL", "http://192.0.2.1")
    entry = await set_up()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "insecure_url"


# Answers that are odd


async def test_unknown_status(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An unknown value becomes unknown, is logged once, and breaks nothing else."""
    odd, fine = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    await set_up()
    simulator.fail(
        Fault.UNKNOWN_STATUS, subscription=odd.subscription_id, value="welded"
    )
    fine.advance_to("installed")
    await refresh(hass, odd)
    assert state(hass, odd, "order_status") == STATE_UNKNOWN
    assert state(hass, odd, "progress") == STATE_UNKNOWN
    assert state(hass, odd, "smart_meter_active") == STATE_OFF
    assert state(hass, fine, "order_status") == "installed"
    assert logged(caplog).count("welded") == 1


async def test_unknown_status_leaves_the_gate_open(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An activated order stays active if its status becomes unknown."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    await set_up()
    simulator.fail(Fault.UNKNOWN_STATUS, value="billing")
    await refresh(hass, home)
    assert state(hass, home, "order_status") == STATE_UNKNOWN
    assert state(hass, home, "smart_meter_active") == STATE_ON


async def test_extra_fields(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What Nomos adds to its answers does not matter."""
    home = simulator.add(scenarios.happy_path())
    simulator.fail(Fault.EXTRA_FIELDS)
    await set_up()
    assert state(hass, home, "order_status") == "created"


async def test_malformed_timestamp(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A timestamp that is none reads as none, and is logged once."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("scheduled")
    simulator.fail(
        Fault.MALFORMED_TIMESTAMP, path="/meter-orders", field="appointment_at"
    )
    await set_up()
    assert state(hass, home, "appointment") == STATE_UNKNOWN
    assert state(hass, home, "order_status") == "scheduled"
    await refresh(hass, home)
    assert logged(caplog).count("appointment_at") == 1


async def test_unreadable_order(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An order without what it needs keeps its last good answer; others move on."""
    odd, fine = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    odd.advance_to("scheduled")
    await set_up()
    simulator.fail(
        Fault.MISSING_FIELD,
        path="/meter-orders",
        subscription=odd.subscription_id,
        field="status",
    )
    odd.advance_to("installed")
    fine.advance_to("installed")
    await refresh(hass, fine)
    assert state(hass, odd, "order_status") == "scheduled"
    assert state(hass, fine, "order_status") == "installed"
    assert "status" in logged(caplog)
    assert odd.subscription_id not in logged(caplog)


@pytest.mark.parametrize("choose", [True, False])
async def test_order_that_was_never_readable(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, choose: bool
) -> None:
    """Nothing is claimed about an order that could not be read: no gate, no status."""
    odd = simulator.add(scenarios.pre_existing_then_activated(1, meter_type="smart"))
    fine = simulator.add(scenarios.happy_path(2))
    simulator.fail(
        Fault.MISSING_FIELD,
        path="/meter-orders",
        subscription=odd.subscription_id,
        field="created_at",
    )
    chosen = (odd.subscription_id, fine.subscription_id) if choose else ()
    await set_up(*chosen)
    assert included(hass) == {fine.subscription_id}

    simulator.recover()
    await refresh(hass, fine)
    assert included(hass) == {odd.subscription_id, fine.subscription_id}
    assert state(hass, odd, "smart_meter_active") == STATE_OFF


async def test_unreadable_subscription(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract that can't be read does not keep the others away, nor is it lost."""
    odd, fine = (simulator.add(scenarios.no_order(index)) for index in (1, 2))
    await set_up()
    simulator.fail(Fault.HTML, path=f"/subscriptions/{odd.subscription_id}")
    fine.place_order()
    await refresh(hass, fine)
    assert state(hass, fine, "order_status") == "created"
    assert state(hass, odd, "order_status") == "not_ordered"


async def test_unreadable_plan(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Without its plan a contract merely lacks the way to the portal."""
    home = simulator.add(scenarios.happy_path())
    simulator.fail(Fault.SERVER_ERROR, path="/plans")
    await set_up()
    assert state(hass, home, "order_status") == "created"


# Contracts that come and go


async def test_new_subscription_with_order(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A new contract is noticed by its order on the next day."""
    simulator.add(scenarios.happy_path(1))
    await set_up()
    new = simulator.add(scenarios.happy_path(2))
    await pass_time(hass, freezer, DAY)
    assert state(hass, new, "order_status") == "created"
    assert state(hass, new, "smart_meter_active") == STATE_OFF

    requests_since(simulator)
    await pass_time(hass, freezer, DAY)
    assert requests_since(simulator) == ["create_token", "list_meter_orders"]


async def test_new_subscription_without_order(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A new contract without an order is noticed within a week."""
    simulator.add(scenarios.happy_path())
    await set_up()
    roof = simulator.add(scenarios.feed_in())
    await pass_time(hass, freezer, 7 * DAY)
    assert state(hass, roof, "smart_meter_active") == STATE_ON


async def test_choice_is_kept(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """New contracts are not added if contracts were chosen."""
    home = simulator.add(scenarios.happy_path(1))
    await set_up(home.subscription_id)
    simulator.add(scenarios.happy_path(2))
    await pass_time(hass, freezer, 8 * DAY)
    assert included(hass) == {home.subscription_id}


@pytest.mark.parametrize("choose", [True, False])
async def test_subscription_vanishes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    choose: bool,
) -> None:
    """The device of a contract that is gone goes too, and comes back with it."""
    home, stays = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    chosen = (home.subscription_id, stays.subscription_id) if choose else ()
    await set_up(*chosen)
    simulator.remove(home.subscription_id)
    await pass_time(hass, freezer, DAY)
    assert included(hass) == {stays.subscription_id}
    assert state(hass, stays, "order_status") == "created"

    simulator.add(home)
    await pass_time(hass, freezer, DAY)
    assert included(hass) == {home.subscription_id, stays.subscription_id}
    assert state(hass, home, "order_status") == "created"


async def test_subscription_vanished_while_home_assistant_was_off(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Devices of contracts that are gone don't survive a restart."""
    home, stays = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    simulator.remove(home.subscription_id)
    await hass.config_entries.async_setup(entry.entry_id)
    assert included(hass) == {stays.subscription_id}


async def test_incomplete_list_removes_nothing(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A contract that a list lacks stays as long as it can be read."""
    home, other = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    await set_up()
    # The record in the list has no ID: it may be of any contract.
    simulator.fail(
        Fault.MISSING_FIELD,
        path="/subscriptions",
        subscription=home.subscription_id,
        field="id",
    )
    await pass_time(hass, freezer, 8 * DAY)
    assert included(hass) == {home.subscription_id, other.subscription_id}


async def test_subscription_ends(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The gate of a meter without an order closes when the contract ends."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    assert state(hass, home, "smart_meter_active") == STATE_ON
    home.status = "ended"
    await pass_time(hass, freezer, DAY)
    assert state(hass, home, "smart_meter_active") == STATE_OFF


async def test_thousand_subscriptions(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With a thousand contracts a change writes the entities of one only."""
    caplog.set_level(logging.WARNING)
    homes = [simulator.add(scenarios.happy_path(index)) for index in range(1, 1001)]
    await set_up()
    assert len(included(hass)) == 1000
    # Home Assistant adds ten thousand entities: the gate must be among them.
    assert all(state(hass, home, "smart_meter_active") == STATE_OFF for home in homes)
    assert not [record for record in caplog.records if "maximum" in record.message]
    requests_since(simulator)
    written = writes(hass)
    homes[500].advance_to("placed")
    await refresh(hass, homes[0])
    assert requests_since(simulator) == ["list_meter_orders"] * 10
    # The action writes its entity, whether it has changed or not.
    assert set(written) - {entity_id(hass, homes[0], "smart_meter_active")} <= {
        registered.entity_id
        for registered in er.async_get(hass).entities.values()
        if registered.unique_id.startswith(homes[500].subscription_id)
    }
    assert state(hass, homes[500], "order_status") == "placed"


# Tokens


async def test_expired_token(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A refused token is replaced once, and no state changes."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    simulator.expire_tokens()
    requests_since(simulator)
    await refresh(hass, home)
    assert requests_since(simulator) == [
        "list_meter_orders",
        "create_token",
        "list_meter_orders",
    ]
    assert entry.state is ConfigEntryState.LOADED


async def test_two_entries(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Two accounts don't take each other's devices away."""
    first, second = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    await set_up(first.subscription_id)
    other = MockConfigEntry(
        domain=DOMAIN,
        unique_id="demo-read-only",
        data={"client_id": "demo-read-only", "client_secret": "demo-secret"},
        options={"subscriptions": [second.subscription_id]},
    )
    await set_up(entry=other)
    await refresh(hass, first)
    assert included(hass) == {first.subscription_id, second.subscription_id}
    assert organisation_entry().unique_id != other.unique_id
