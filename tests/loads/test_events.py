"""Events of planned loads: each run is announced once."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import (
    CoreState,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from simulator import Household
from tests import next_start, start_again, stop
from tests.loads.common import (
    AFTER,
    MIDDLE,
    a_wallbox,
    add_load,
    call,
    load_entity,
    load_state,
    pass_time_until,
)

type Seen = list[tuple[str, dict[str, Any]]]


@callback
def events(hass: HomeAssistant, key: str) -> Seen:
    """Return the events of a load with their details, from now on."""
    seen: Seen = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if new and old and old.state not in {new.state, "unavailable"}:
            details = {
                name: new.attributes[name]
                for name in ("run_time", "energy", "cost", "missed", "reason")
                if name in new.attributes
            }
            kind = new.attributes["event_type"]
            seen.append((f"{dt_util.now():%a %H:%M} {kind}", details))

    async_track_state_change_event(hass, load_entity(hass, key, "run"), note)
    return seen


async def test_run(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A run in three pieces is announced when it starts and when all of it is done."""
    wallbox = a_wallbox(
        home,
        run_time={"hours": 3, "minutes": 30},
        shortest_piece={"hours": 0, "minutes": 15},
        power="11",
    )
    key = await add_load(hass, account, wallbox)
    seen = events(hass, key)
    await pass_time_until(hass, freezer, "2026-11-25T03:00+01:00")
    assert seen == [
        ("Mon 18:00 started", {"run_time": 0.0, "energy": 0.0, "cost": 0.0}),
        # 3 hours at night, and 30 minutes at the usual price of 30 ct/kWh.
        ("Tue 05:00 finished", {"run_time": 3.5, "energy": 38.5, "cost": 4.62}),
        ("Tue 18:00 started", {"run_time": 0.0, "energy": 0.0, "cost": 0.0}),
    ]


@pytest.mark.parametrize(
    ("changes", "reason", "run_time"),
    [
        ({"upper_price": "8"}, "price_limit_too_low", 1.0),
        ({"run_time": {"hours": 13, "minutes": 0}}, "time_too_short", 11.0),
    ],
)
async def test_could_not_finish(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    changes: dict[str, Any],
    reason: str,
    run_time: float,
) -> None:
    """What will be left is said beforehand, and announced when the hours are over."""
    await pass_time_until(hass, freezer, "2026-11-23T20:00+01:00")
    wallbox = a_wallbox(home, shortest_piece={"hours": 0, "minutes": 15}, **changes)
    key = await add_load(hass, account, wallbox)
    seen = events(hass, key)
    state = hass.states.get(load_entity(hass, key, "plan_state"))
    assert state
    # While it runs, that comes first; the reason is there all the same.
    assert state.state in ("cannot_finish", "running")
    assert state.attributes["reason"] == reason
    await pass_time_until(hass, freezer, AFTER)
    end, details = seen[-1]
    assert end == "Tue 07:00 could_not_finish"
    wanted = changes.get("run_time", {"hours": 3})["hours"]
    missed = wanted - run_time
    assert details == {"run_time": run_time, "missed": missed, "reason": reason}
    assert [each.split()[-1] for each, _ in seen].count("could_not_finish") == 1


async def test_nothing_is_cheap_enough(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A run that never begins is announced, though no other state changes."""
    key = await add_load(hass, account, a_wallbox(home, upper_price="1"))
    seen = events(hass, key)
    await pass_time_until(hass, freezer, "2026-11-23T20:00+01:00")
    assert load_state(hass, key, "plan_state") == "cannot_finish"
    await pass_time_until(hass, freezer, AFTER)
    assert [each for each, _ in seen] == ["Tue 07:00 could_not_finish"]


async def test_not_wanted_any_more(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A load whose planning was turned off during its run failed at nothing."""
    key = await add_load(hass, account, a_wallbox(home))
    seen = events(hass, key)
    await pass_time_until(hass, freezer, MIDDLE)
    await call(hass, key, "enabled", "turn_off")
    assert load_state(hass, key, "plan_state") == "disabled"
    await pass_time_until(hass, freezer, AFTER)
    assert [each for each, _ in seen] == ["Tue 02:00 started"]


async def test_more_is_wanted(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A load that runs once more after it had finished is announced once more."""
    key = await add_load(hass, account, a_wallbox(home))
    seen = events(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T05:10+01:00")
    await call(hass, key, "run_time_today", "set_value", value=3.5)
    await pass_time_until(hass, freezer, AFTER)
    assert [each for each, _ in seen] == [
        "Tue 02:00 started",
        "Tue 05:00 finished",
        "Tue 05:15 started",
        "Tue 05:45 finished",
    ]


async def test_reload(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A reload announces nothing again."""
    key = await add_load(hass, account, a_wallbox(home))
    seen = events(hass, key)
    await pass_time_until(hass, freezer, MIDDLE)
    await hass.config_entries.async_reload(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time_until(hass, freezer, AFTER)
    assert [each for each, _ in seen] == ["Tue 02:00 started", "Tue 05:00 finished"]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-11-24T03:40+01:00", None),
        # The end passed while Home Assistant was off.
        ("2026-11-24T06:00+01:00", "finished"),
        ("2026-11-24T09:00+01:00", "finished"),
    ],
)
async def test_restart(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    until: str,
    expected: str | None,
) -> None:
    """After a restart, only what is new is announced, once automations are there."""
    key = await add_load(hass, account, a_wallbox(home))
    await pass_time_until(hass, freezer, MIDDLE)
    async with next_start(hass, account) as (new, again):
        await new.config_entries.async_unload(again.entry_id)
        freezer.move_to(until)
        await start_again(new, again)
        entity = load_entity(new, key, "run")
        before = new.states.get(entity)
        new.set_state(CoreState.running)
        new.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        await new.async_block_till_done(wait_background_tasks=True)
        after = new.states.get(entity)
        assert before
        assert after
        if expected is None:
            assert after.state == before.state
        else:
            assert after.state != before.state
            assert after.attributes["event_type"] == expected


@pytest.mark.parametrize(
    "damage",
    [
        {"periods": "nonsense", "news": 5, "savings": None},
        {"periods": [{"hours": 3}], "news": [{"type": "stolen"}, 7], "savings": {}},
    ],
)
async def test_damaged_store(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    hass_storage: dict[str, Any],
    damage: dict[str, Any],
) -> None:
    """Unreadable parts of the store are left out, and the run is announced."""
    key = await add_load(hass, account, a_wallbox(home, power="11"))
    await pass_time_until(hass, freezer, MIDDLE)
    await stop(hass, account)
    stored = hass_storage[f"{DOMAIN}.{account.entry_id}.loads"]["data"][key]
    assert stored["periods"][0]["is_started"]
    assert {"periods", "news", "savings"} <= stored.keys()
    stored |= damage
    freezer.tick(timedelta(minutes=1))
    await start_again(hass, account)
    seen = events(hass, key)
    await pass_time_until(hass, freezer, AFTER)
    # Without the mark, the start is announced once more.
    assert [each for each, _ in seen][-1] == "Tue 05:00 finished"
