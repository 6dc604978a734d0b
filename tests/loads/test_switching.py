"""Switching of the targets of a planned load, through a night."""

import asyncio
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import (
    EVENT_CALL_SERVICE,
    EVENT_HOMEASSISTANT_STARTED,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
)
from homeassistant.core import CoreState, Event, HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.nomos_energy.const import DOMAIN
from simulator import Household, Simulator, Step, scenarios
from tests import next_start, refresh, start_again, stop, warnings
from tests.conftest import SetUp
from tests.loads.common import (
    AFTER,
    MIDDLE,
    a_wallbox,
    add_load,
    call,
    change_load,
    load_entity,
    load_state,
    pass_time_until,
)
from tests.loads.targets import BOX, LAMP, add_targets, by_hand, changes, is_on, missed

BEFORE = "2026-11-24T01:30+01:00"


@pytest.fixture(autouse=True)
async def targets(hass: HomeAssistant) -> None:
    """Set the time zone of Home Assistant, and add what is switched."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    await add_targets(hass)


async def test_borders(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Targets go on when a piece begins and off when it ends, night after night."""
    await add_load(hass, account, a_wallbox(home, targets=[BOX, LAMP]))
    box, lamp = changes(hass), changes(hass, LAMP)
    await pass_time_until(hass, freezer, "2026-11-25T08:00+01:00")
    expected = ["Tue 02:00 on", "Tue 05:00 off", "Wed 02:00 on", "Wed 05:00 off"]
    assert box == lamp == expected
    assert missed(hass) == []
    assert warnings(caplog) == []


async def test_known_before_it_is_on(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    storage: dict[str, Any],
) -> None:
    """What a power cut would leave on is on disk before it goes on."""
    key = await add_load(hass, account, a_wallbox(home, targets=[BOX]))
    known: list[list[str]] = []

    @callback
    def note(event: Event) -> None:
        if event.data["service"] == "turn_on":
            stored = storage[f"{DOMAIN}.{account.entry_id}.loads"]["data"]
            known.append(stored[key]["switched"]["on"])

    hass.bus.async_listen(EVENT_CALL_SERVICE, note)
    await pass_time_until(hass, freezer, MIDDLE)
    assert known
    assert known[0] == [BOX]


async def test_no_targets(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """Without targets nothing is switched."""
    key = await add_load(hass, account, a_wallbox(home))
    box = changes(hass)
    await pass_time_until(hass, freezer, MIDDLE)
    assert load_state(hass, key, "run_now") == "on"
    assert box == []


async def test_never_before_the_gate(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Nothing is switched until the meter is active."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    account = await set_up()
    await add_load(hass, account, a_wallbox(home, targets=[BOX]))
    box = changes(hass)
    await pass_time_until(hass, freezer, "2026-11-24T12:00+01:00")
    assert box == []
    home.advance_to("activated")
    await refresh(hass, home)
    await pass_time_until(hass, freezer, "2026-11-25T12:00+01:00")
    assert [each.split()[-1] for each in box] == ["on", "off"]


async def test_reload(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """Reloading switches nothing."""
    await add_load(hass, account, a_wallbox(home, targets=[BOX]))
    await pass_time_until(hass, freezer, MIDDLE)
    assert is_on(hass)
    box = changes(hass)
    await hass.config_entries.async_reload(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert box == []
    await pass_time_until(hass, freezer, AFTER)
    assert box == ["Tue 05:00 off"]


@pytest.mark.parametrize(
    ("until", "expected"), [("2026-11-24T03:40+01:00", True), (AFTER, False)]
)
async def test_restart(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    until: str,
    expected: bool,
) -> None:
    """After a restart the state is made right, also when the run is over."""
    await add_load(hass, account, a_wallbox(home, targets=[BOX]))
    await pass_time_until(hass, freezer, MIDDLE)
    async with next_start(hass, account) as (new, again):
        assert is_on(hass)
        await new.config_entries.async_unload(again.entry_id)
        freezer.move_to(until)
        await start_again(new, again)
        # The target is there only after the account, not as it should be.
        await add_targets(new)
        action = "turn_off" if expected else "turn_on"
        await by_hand(new, action)
        new.set_state(CoreState.running)
        new.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        await new.async_block_till_done(wait_background_tasks=True)
        assert is_on(new) is expected


async def test_by_hand(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """What is switched off by hand stays off until the next piece, over a reload too."""
    key = await add_load(hass, account, a_wallbox(home, targets=[BOX, LAMP]))
    await pass_time_until(hass, freezer, MIDDLE)
    await by_hand(hass, "turn_off")
    box = changes(hass)
    state = hass.states.get(load_entity(hass, key, "plan_state"))
    assert state
    assert state.state == "switched_by_hand"
    assert state.attributes["until"].isoformat() == "2026-11-24T05:00:00+01:00"
    await hass.config_entries.async_reload(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert load_state(hass, key, "plan_state") == "switched_by_hand"
    await pass_time_until(hass, freezer, "2026-11-24T04:50+01:00")
    assert box == []
    assert is_on(hass, LAMP)
    await pass_time_until(hass, freezer, AFTER)
    state = hass.states.get(load_entity(hass, key, "plan_state"))
    assert state
    assert state.state != "switched_by_hand"
    assert state.attributes["until"] is None
    assert not is_on(hass, LAMP)
    assert missed(hass) == []
    await pass_time_until(hass, freezer, "2026-11-25T03:00+01:00")
    assert box == ["Wed 02:00 on"]
    assert load_state(hass, key, "plan_state") == "running"


async def test_target_that_comes_later(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A target is switched on as soon as it is available, and off again likewise."""
    await add_load(hass, account, a_wallbox(home, targets=[BOX]))
    hass.states.async_set(BOX, STATE_UNAVAILABLE)
    await pass_time_until(hass, freezer, "2026-11-24T02:50+01:00")
    assert hass.states.is_state(BOX, STATE_UNAVAILABLE)
    hass.states.async_set(BOX, STATE_OFF)
    await hass.async_block_till_done()
    assert is_on(hass)
    hass.states.async_set(BOX, STATE_UNAVAILABLE)
    await pass_time_until(hass, freezer, AFTER)
    assert missed(hass) == []
    hass.states.async_set(BOX, STATE_ON)
    await hass.async_block_till_done()
    assert not is_on(hass)


async def test_target_that_never_comes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A repair names what was missed until a piece works, over a reload too."""
    await add_load(hass, account, a_wallbox(home, targets=["switch.gone", BOX]))
    await pass_time_until(hass, freezer, MIDDLE)
    assert is_on(hass)
    assert missed(hass) == []
    await pass_time_until(hass, freezer, AFTER)
    (shown,) = missed(hass)
    assert shown
    assert shown["load"] == "Wallbox"
    assert shown["entity"] == r"switch.gone"
    assert (shown["start"], shown["end"]) == ("2026-11-24 02:00", "05:00")
    await hass.config_entries.async_reload(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert missed(hass) == [shown]
    hass.states.async_set("switch.gone", STATE_ON)
    await pass_time_until(hass, freezer, "2026-11-25T02:10+01:00")
    assert missed(hass) == []


async def _disable_load(
    hass: HomeAssistant, account: MockConfigEntry, key: str
) -> None:
    await call(hass, key, "enabled", "turn_off")


async def _remove_load(hass: HomeAssistant, account: MockConfigEntry, key: str) -> None:
    hass.config_entries.async_remove_subentry(account, key)


async def _disable(hass: HomeAssistant, account: MockConfigEntry, key: str) -> None:
    await hass.config_entries.async_set_disabled_by(
        account.entry_id, ConfigEntryDisabler.USER
    )


async def _remove(hass: HomeAssistant, account: MockConfigEntry, key: str) -> None:
    await hass.config_entries.async_remove(account.entry_id)


async def _leave_out(hass: HomeAssistant, account: MockConfigEntry, key: str) -> None:
    hass.config_entries.async_update_entry(account, options={"subscriptions": ["none"]})
    await hass.config_entries.async_reload(account.entry_id)


@pytest.mark.parametrize(
    "act", [_disable_load, _remove_load, _disable, _remove, _leave_out]
)
async def test_switched_off(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    act: Any,
) -> None:
    """What was switched on goes off when the load goes; nothing else does."""
    key = await add_load(hass, account, a_wallbox(home, targets=[BOX]))
    await by_hand(hass, "turn_on", LAMP)
    await pass_time_until(hass, freezer, MIDDLE)
    assert is_on(hass)
    await act(hass, account, key)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not is_on(hass)
    assert is_on(hass, LAMP)


async def test_gate_closes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """When the gate closes in the middle of a piece, the target goes off."""
    await add_load(hass, account, a_wallbox(home, targets=[BOX]))
    await pass_time_until(hass, freezer, MIDDLE)
    assert is_on(hass)
    home.timeline.append(Step(after=timedelta(days=300), status="cancelled"))
    home.advance_to("cancelled")
    await refresh(hass, home)
    assert not is_on(hass)


async def test_removed_while_it_goes_on(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A target that answers late is off in the end when its load was removed meanwhile."""
    answer, was_off = asyncio.Event(), asyncio.Event()

    async def turn_on(service: ServiceCall) -> None:
        await answer.wait()
        hass.states.async_set("switch.late", STATE_ON)

    async def turn_off(service: ServiceCall) -> None:
        hass.states.async_set("switch.late", STATE_OFF)
        was_off.set()

    hass.services.async_register("switch", "turn_on", turn_on)
    hass.services.async_register("switch", "turn_off", turn_off)
    hass.states.async_set("switch.late", STATE_OFF)
    key = await add_load(hass, account, a_wallbox(home, targets=["switch.late"]))
    await pass_time_until(hass, freezer, "2026-11-24T01:59+01:00")
    freezer.tick(timedelta(minutes=1))
    async_fire_time_changed(hass)
    hass.config_entries.async_remove_subentry(account, key)
    await was_off.wait()
    answer.set()
    await hass.async_block_till_done()
    assert not is_on(hass, "switch.late")


@pytest.mark.parametrize(
    "target",
    [
        # Its domain has no action to turn it on.
        "script.lost",
        # The action does nothing.
        "switch.lost",
    ],
)
async def test_target_that_stays_off(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    target: str,
) -> None:
    """A target that stays off during the whole piece is missed."""
    hass.states.async_set(target, STATE_OFF)
    await add_load(hass, account, a_wallbox(home, targets=[target]))
    await pass_time_until(hass, freezer, AFTER)
    (shown,) = missed(hass)
    assert shown
    assert shown["entity"] == target


async def test_issue_goes_with_the_load(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """The repair goes when the target is replaced, or the load removed."""
    gone = a_wallbox(home, targets=["switch.gone"])
    first = await add_load(hass, account, gone)
    second = await add_load(hass, account, gone)
    await pass_time_until(hass, freezer, AFTER)
    assert len(missed(hass)) == 2
    await change_load(hass, account, first, a_wallbox(home, targets=[BOX]))
    assert len(missed(hass)) == 1
    hass.config_entries.async_remove_subentry(account, second)
    assert missed(hass) == []


async def test_scene_and_script(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A scene and a script are run once, when the piece begins, reloaded or not."""
    set_on = {"action": "input_boolean.turn_on", "target": {"entity_id": BOX}}
    scenes = {"scene": {"name": "Cosy", "entities": {LAMP: "on"}}}
    scripts = {"script": {"run": {"sequence": [set_on]}}}
    await async_setup_component(hass, "scene", scenes)
    await async_setup_component(hass, "script", scripts)
    await hass.async_block_till_done()
    targets = ["scene.cosy", "script.run"]
    await add_load(hass, account, a_wallbox(home, targets=targets))
    box, lamp = changes(hass), changes(hass, LAMP)
    await pass_time_until(hass, freezer, "2026-11-24T02:20+01:00")
    assert box == lamp == ["Tue 02:00 on"]
    await by_hand(hass, "turn_off")
    await by_hand(hass, "turn_off", LAMP)
    await hass.config_entries.async_reload(account.entry_id)
    await pass_time_until(hass, freezer, AFTER)
    assert box == lamp == ["Tue 02:00 on", "Tue 02:20 off"]
    assert missed(hass) == []


async def test_changed_load(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A target that is replaced during a piece goes off, and the new one on."""
    key = await add_load(hass, account, a_wallbox(home, targets=[BOX]))
    await pass_time_until(hass, freezer, MIDDLE)
    await change_load(hass, account, key, a_wallbox(home, targets=[LAMP]))
    await hass.async_block_till_done()
    assert not is_on(hass)
    assert is_on(hass, LAMP)


async def test_failing_call(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failing target is logged once, tried again, and holds back no other."""
    calls: list[str] = []

    async def refuse(service: ServiceCall) -> None:
        calls.append(f"{dt_util.now():%H:%M}")
        if dt_util.now().hour < 3:
            raise HomeAssistantError("Torstraße 119 does not answer")
        hass.states.async_set("switch.bad", STATE_ON, context=service.context)

    hass.services.async_register("switch", "turn_on", refuse)
    hass.states.async_set("switch.bad", STATE_OFF)
    key = await add_load(hass, account, a_wallbox(home, targets=["switch.bad", BOX]))
    await pass_time_until(hass, freezer, MIDDLE)
    assert is_on(hass)
    assert calls == ["02:00", "02:15", "02:30", "02:45", "03:00"]
    assert warnings(caplog) == [
        f"A target of the planned load {key} could not be switched: HomeAssistantError"
    ]
    hass.services.async_remove("switch", "turn_on")


@pytest.mark.parametrize(
    "damage",
    [
        "nonsense",
        {"on": "box", "by_hand": 5, "run": "never", "missed": {}},
        {"on": ["nonsense", BOX, 7], "missed": [{"entity": BOX}, 3]},
    ],
)
async def test_damaged_store(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    hass_storage: dict[str, Any],
    damage: Any,
) -> None:
    """Unreadable parts of the store are left out, and switching goes on."""
    key = await add_load(hass, account, a_wallbox(home, targets=[BOX]))
    await pass_time_until(hass, freezer, MIDDLE)
    await stop(hass, account)
    stored = hass_storage[f"{DOMAIN}.{account.entry_id}.loads"]["data"][key]
    assert stored["switched"]["on"] == [BOX]
    stored["switched"] = damage
    freezer.tick(timedelta(minutes=1))
    await start_again(hass, account)
    assert is_on(hass)
    await pass_time_until(hass, freezer, AFTER)
    assert not is_on(hass)
    assert missed(hass) == []
