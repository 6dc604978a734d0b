"""Event entity of the meter order: each change is announced once."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    ServiceCall,
    callback,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import ChangeType
from simulator import Fault, Household, Simulator, Step, scenarios
from tests import DAY, next_start, pass_time, refresh, start_again, state, stop
from tests.conftest import SetUp
from tests.orders.common import Announcement, capture_events, event_id, steps

WAY = [
    "created",
    "placed",
    "check_submitted",
    "check_reviewed",
    "scheduled",
    "installed",
    "activated",
]


async def tell_by_automation(hass: HomeAssistant, home: Household) -> list[ServiceCall]:
    """Set up an automation on the events; return the calls of its action."""
    told = async_mock_service(hass, "test", "tell")
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "mode": "queued",
                "triggers": {
                    "trigger": "event.received",
                    "target": {"entity_id": event_id(hass, home)},
                    "options": {"event_type": list(ChangeType)},
                },
                "actions": {
                    "action": "test.tell",
                    "data": {
                        key: f"{{{{ trigger.to_state.attributes.{key} }}}}"
                        for key in ("event_type", "old", "new")
                    },
                },
            }
        },
    )
    await hass.async_block_till_done()
    return told


# The order's life


HAPPY = [
    *steps(*WAY[:5]),
    ("appointment_set", None, "2027-01-04T08:00:00+00:00"),
    *steps(*WAY[4:]),
]


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("happy_path", HAPPY),
        (
            "blocked_then_unblocked",
            [
                *steps("created", "placed"),
                ("blocked", None, "check_missing"),
                ("unblocked", "check_missing", None),
                *steps("placed", "check_submitted", "check_reviewed"),
                ("blocked", None, "grid_operator_registration"),
                ("unblocked", "grid_operator_registration", None),
                *steps("check_reviewed", "scheduled"),
                ("appointment_set", None, "2027-01-09T08:00:00+00:00"),
                *steps("scheduled", "installed", "activated"),
            ],
        ),
        (
            "appointment_moved",
            [
                *steps(*WAY[:5]),
                ("appointment_set", None, "2026-12-28T08:00:00+00:00"),
                (
                    "appointment_moved",
                    "2026-12-28T08:00:00+00:00",
                    "2027-01-19T08:00:00+00:00",
                ),
                (
                    "appointment_moved",
                    "2027-01-19T08:00:00+00:00",
                    "2027-01-12T08:00:00+00:00",
                ),
                *steps("scheduled", "installed", "activated"),
            ],
        ),
        (
            "cancelled_by_request",
            steps("created", "placed", "check_submitted", "cancelled"),
        ),
        (
            "pre_existing_then_activated",
            steps("created", "placed", "cancelled", "activated"),
        ),
        (
            "skipped_steps",
            [
                *steps("created", "check_reviewed", "scheduled"),
                ("appointment_set", None, "2027-01-02T08:00:00+00:00"),
                *steps("scheduled", "activated"),
            ],
        ),
        ("no_order", []),
        ("smart_already", []),
        ("feed_in", []),
        ("unsupported_plan", []),
    ],
)
@pytest.mark.usefixtures("all_entities_enabled")
async def test_every_scenario(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    scenario: str,
    expected: list[Announcement],
) -> None:
    """Each change of an order is announced once."""
    simulator.add(scenarios.ALL[scenario]())
    heard = capture_events(hass)
    await set_up()
    await pass_time(hass, freezer, 63 * DAY, DAY)
    assert heard == expected


@pytest.mark.parametrize("days", range(0, 57, 7))
async def test_state_at_setup(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, days: int
) -> None:
    """The state at the set-up is not announced, however far the order is."""
    home = simulator.add(scenarios.blocked_then_unblocked())
    while home.next_due() and home.timeline[home.position].after <= days * DAY:
        home.advance()
    heard = capture_events(hass)
    entry = await set_up()
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    found = hass.states.get(event_id(hass, home))
    assert found
    assert found.state == STATE_UNKNOWN
    assert not heard


async def test_order_placed_elsewhere(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An order that is placed elsewhere is announced, and all that follows."""
    home = simulator.add(scenarios.no_order())
    heard = capture_events(hass)
    await set_up()
    home.place_order()
    await refresh(hass, home)
    assert heard == steps("not_ordered", "created")
    await pass_time(hass, freezer, 60 * DAY, DAY)
    assert heard == steps("not_ordered", "created") + HAPPY


async def test_only_the_contract_that_changed(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Changes of one contract are not announced for another one."""
    home, other = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    await set_up()
    heard, elsewhere = capture_events(hass, home), capture_events(hass, other)
    home.advance()
    await refresh(hass, other)
    assert heard == steps("created", "placed")
    assert not elsewhere


async def test_new_contract(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Of a new contract only later changes are announced."""
    simulator.add(scenarios.happy_path(1, timeline=[]))
    await set_up()
    heard = capture_events(hass)
    new = simulator.add(scenarios.happy_path(2))
    new.advance_to("check_submitted")
    await pass_time(hass, freezer, DAY)
    assert not heard
    new.advance()
    await refresh(hass, new)
    assert heard == steps("check_submitted", "check_reviewed")


# Blocks and appointments


async def test_blocks(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """A block is announced with its reason, and so is one that follows another."""
    timeline = [
        Step(after=0 * DAY, status="created"),
        Step(after=1 * DAY, blocked="check_missing"),
        Step(after=2 * DAY, blocked="grid_operator_registration"),
        Step(after=3 * DAY, blocked=False),
        Step(after=4 * DAY, blocked="check_missing"),
        Step(after=5 * DAY, blocked=False, status="placed"),
    ]
    home = simulator.add(scenarios.happy_path(timeline=timeline))
    await set_up()
    heard = capture_events(hass)
    for expected in (
        [("blocked", None, "check_missing")],
        [
            ("unblocked", "check_missing", None),
            ("blocked", None, "grid_operator_registration"),
        ],
        [("unblocked", "grid_operator_registration", None)],
        [("blocked", None, "check_missing")],
        [("unblocked", "check_missing", None), ("placed", "created", "placed")],
    ):
        heard.clear()
        home.advance()
        await refresh(hass, home)
        assert heard == expected


async def test_blocked_again_between_two_polls(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A block that ended and began again between two polls is announced as both."""
    home = simulator.add(scenarios.blocked_then_unblocked())
    home.advance(2)
    await set_up()
    assert home.order
    heard = capture_events(hass)
    freezer.tick(timedelta(hours=2))
    home.order.blocked_at = dt_util.utcnow()
    await refresh(hass, home)
    assert heard == [
        ("unblocked", "check_missing", None),
        ("blocked", None, "check_missing"),
    ]


async def test_appointments(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An appointment is set, moved and cancelled; a kept one is not announced."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("check_reviewed")
    await set_up()
    order = home.order
    assert order
    heard = capture_events(hass)
    first, second = (dt_util.utcnow() + days * DAY for days in (7, 9))
    order.appointment_at = first
    await refresh(hass, home)
    order.appointment_at = second
    await refresh(hass, home)
    order.appointment_at = None
    await refresh(hass, home)
    order.appointment_at = first
    await refresh(hass, home)
    assert heard == [
        ("appointment_set", None, first.isoformat()),
        ("appointment_moved", first.isoformat(), second.isoformat()),
        ("appointment_cancelled", second.isoformat(), None),
        ("appointment_set", None, first.isoformat()),
    ]
    heard.clear()
    home.advance_to("installed")
    order.appointment_at = None
    await refresh(hass, home)
    assert heard == steps("check_reviewed", "installed")


async def test_cancelled_with_appointment(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A cancelled order cancels its appointment, which is announced, too."""
    home = simulator.add(
        scenarios.happy_path(
            timeline=[
                *scenarios.happy_path().timeline[:5],
                Step(
                    after=40 * DAY,
                    status="cancelled",
                    cancelled_reason="customer_request",
                ),
            ]
        )
    )
    home.advance_to("scheduled")
    await set_up()
    assert home.order
    assert home.order.appointment_at
    appointment = home.order.appointment_at.isoformat()
    heard = capture_events(hass)
    home.advance()
    await refresh(hass, home)
    assert heard == [
        *steps("scheduled", "cancelled"),
        ("appointment_cancelled", appointment, None),
    ]


# Once, whatever happens in between


@pytest.mark.parametrize(
    "fault",
    [Fault.SERVER_ERROR, Fault.HTML, Fault.CONNECTION_RESET, Fault.TRUNCATED_JSON],
)
async def test_failures_in_between(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    fault: Fault,
) -> None:
    """With an outage every other day each change is announced once."""
    simulator.add(scenarios.happy_path())
    await set_up()
    heard = capture_events(hass)
    for day in range(60):
        if day % 2:
            simulator.recover()
        else:
            simulator.fail(fault)
        await pass_time(hass, freezer, DAY, timedelta(hours=6))
    assert heard == HAPPY


async def test_long_silence(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """After ten days without an answer all that happened meanwhile is announced."""
    simulator.add(scenarios.happy_path())
    await set_up()
    heard = capture_events(hass)
    simulator.fail(Fault.SERVER_ERROR)
    await pass_time(hass, freezer, 10 * DAY, timedelta(hours=6))
    assert not heard
    simulator.recover()
    await pass_time(hass, freezer, timedelta(hours=7))
    assert heard == steps("created", "placed", "check_submitted")


async def test_milestones_skipped_after_an_outage(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Milestones count as passed for the polls that were missed, not for later ones."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    heard = capture_events(hass)
    simulator.fail(Fault.SERVER_ERROR)
    await pass_time(hass, freezer, 10 * DAY, timedelta(hours=6))
    simulator.recover()
    await pass_time(hass, freezer, timedelta(hours=7))
    assert heard == steps("created", "placed", "check_submitted")
    heard.clear()
    home.advance_to("installed")
    assert home.order
    home.order.appointment_at = None
    await refresh(hass, home)
    assert heard == steps("check_submitted", "installed")


async def test_login_that_was_broken_for_a_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Changes during a broken login are announced when it works again."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    heard = capture_events(hass)
    clients = dict(simulator.tokens.clients)
    simulator.tokens.clients.clear()
    simulator.expire_tokens()
    await refresh(hass, home)
    await pass_time(hass, freezer, timedelta(minutes=62), timedelta(minutes=1))
    found = hass.states.get(event_id(hass, home))
    assert found
    assert found.state == STATE_UNAVAILABLE
    home.advance()
    simulator.tokens.clients.update(clients)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert heard == steps("created", "placed")


async def test_unknown_status_in_between(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An unknown status is no milestone, and does not repeat the last one."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("check_reviewed")
    await set_up()
    heard = capture_events(hass)
    simulator.fail(Fault.UNKNOWN_STATUS)
    await refresh(hass, home)
    simulator.recover()
    await refresh(hass, home)
    assert not heard
    simulator.fail(Fault.UNKNOWN_STATUS)
    await refresh(hass, home)
    home.advance_to("installed")
    await refresh(hass, home)
    assert [kind for kind, _, _ in heard] == ["appointment_set"]
    simulator.recover()
    await refresh(hass, home)
    assert heard[1:] == steps("check_reviewed", "installed")


async def test_new_order_with_unknown_status(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A new order is announced also if its status is unknown."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    heard = capture_events(hass)
    simulator.fail(Fault.UNKNOWN_STATUS)
    home.place_order()
    await refresh(hass, home)
    assert heard == steps("not_ordered", "created")
    simulator.recover()
    home.advance()
    await refresh(hass, home)
    assert heard == steps("not_ordered", "created", "placed")


async def test_order_is_not_told_for_a_day(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An order that Nomos forgets for a while is not announced a second time."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("placed")
    await set_up()
    heard = capture_events(hass)
    order, home.order = home.order, None
    await refresh(hass, home)
    assert state(hass, home, "order_status") == "not_ordered"
    home.order = order
    await refresh(hass, home)
    assert not heard
    home.advance()
    await refresh(hass, home)
    assert heard == steps("placed", "check_submitted")


# Restarts


async def test_reload_every_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An entry that is loaded again announces everything still, and nothing twice."""
    simulator.add(scenarios.happy_path())
    entry = await set_up()
    heard = capture_events(hass)
    for _ in range(60):
        freezer.tick(DAY)
        # What was announced by the first is not on disk yet when the second begins.
        for _ in range(2):
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
    assert [kind for kind, _, _ in heard] == [kind for kind, _, _ in HAPPY]


@pytest.mark.parametrize("status", WAY)
async def test_restart_in_every_state(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, status: str
) -> None:
    """What was announced before a restart is not again, and what follows is."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    home.advance_to(status)
    await refresh(hass, home)
    async with next_start(hass, entry) as (new, _):
        told = await tell_by_automation(new, home)
        heard = capture_events(new)
        await new.async_start()
        await new.async_block_till_done()
        assert not heard
        assert not told
        home.advance()
        await refresh(new, home)
        following = WAY[WAY.index(status) :][:2]
        assert [told for told in heard if told[0] in WAY] == steps(*following)


@pytest.mark.parametrize("status", WAY[1:])
async def test_step_while_home_assistant_was_off(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, status: str
) -> None:
    """A milestone that was reached during a restart is announced after it, once."""
    home = simulator.add(scenarios.happy_path())
    before = WAY[WAY.index(status) - 1]
    home.advance_to(before)
    entry = await set_up()
    heard = capture_events(hass)
    await stop(hass, entry)
    home.advance()
    await start_again(hass, entry)
    await stop(hass, entry)
    await start_again(hass, entry)
    assert [told for told in heard if told[0] in WAY] == steps(before, status)


@pytest.mark.parametrize("restarts", [1, 3])
async def test_missed_fortnight(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    restarts: int,
) -> None:
    """Three changes while Home Assistant was off are three events, in their order."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("check_reviewed")
    entry = await set_up()
    heard = capture_events(hass)
    await stop(hass, entry)
    freezer.tick(14 * DAY)
    home.advance_to("installed")
    for _ in range(restarts):
        await start_again(hass, entry)
        await stop(hass, entry)
    assert home.order
    assert home.order.appointment_at
    assert heard == [
        *steps("check_reviewed", "scheduled"),
        ("appointment_set", None, home.order.appointment_at.isoformat()),
        *steps("scheduled", "installed"),
    ]


async def test_missed_fortnight_reaches_automations(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Automations hear what happened while Home Assistant was off, all of it.

    They do not listen before Home Assistant has started, so the events wait.
    """
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    freezer.tick(14 * DAY)
    home.advance_to("check_submitted")
    async with next_start(hass, entry) as (new, _):
        heard = capture_events(new)
        told = await tell_by_automation(new, home)
        # A refresh before the end of the start finds one more.
        home.advance()
        await refresh(new, home)
        assert not heard
        await new.async_start()
        await new.async_block_till_done()
        expected = steps("created", "placed", "check_submitted", "check_reviewed")
        assert heard == expected
        assert [
            (call.data["event_type"], call.data["old"], call.data["new"])
            for call in told
        ] == expected


async def test_missed_fortnight_while_nomos_is_away(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Missed changes are announced once Nomos answers after the restart."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    heard = capture_events(hass)
    await stop(hass, entry)
    freezer.tick(14 * DAY)
    home.advance_to("check_reviewed")
    simulator.fail(Fault.CONNECTION_RESET)
    await start_again(hass, entry)
    await pass_time(hass, freezer, timedelta(hours=2), timedelta(minutes=5))
    assert not heard
    simulator.recover()
    await pass_time(hass, freezer, timedelta(hours=3), timedelta(minutes=5))
    assert heard == steps("created", "placed", "check_submitted", "check_reviewed")


async def test_last_event_is_shown_after_a_restart(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The event that was announced last is still there, and no new one."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    home.advance()
    await refresh(hass, home)
    before = hass.states.get(event_id(hass, home))
    await stop(hass, entry)
    await start_again(hass, entry)
    after = hass.states.get(event_id(hass, home))
    assert before
    assert after
    assert after.state == before.state
    assert after.attributes == before.attributes
    assert before.attributes["event_type"] == "placed"


async def test_mark_is_stored_before_the_event(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    storage: dict[str, Any],
) -> None:
    """After a power cut an event may be missing, but none comes twice."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    marks: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == event_id(hass, home):
            stored = storage[f"{DOMAIN}.{entry.entry_id}.contracts"]["data"]
            marks.append(stored[home.subscription_id]["announced"]["status"])

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    for status in ("placed", "check_submitted", "scheduled"):
        home.advance_to(status)
        await refresh(hass, home)
        assert marks[-1] == status
