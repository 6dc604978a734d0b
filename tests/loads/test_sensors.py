"""Sensors of planned loads: the state of the plan, and the next start."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.nomos_energy.const import DOMAIN
from simulator import Fault, Household, Simulator, scenarios
from tests import next_start, refresh
from tests.conftest import SetUp
from tests.loads.common import (
    a_wallbox,
    add_home,
    add_load,
    call,
    load_entity,
    load_state,
    pass_time_until,
    watch,
)

TWO_BLOCKS = {
    "run_time": {"hours": 4, "minutes": 0},
    "shortest_piece": {"hours": 1, "minutes": 0},
}
MORNING = {"earliest": "06:00:00", "latest": "12:00:00"}


@pytest.fixture
async def home(hass: HomeAssistant, simulator: Simulator) -> Household:
    """Return a home for which nights are cheap: at 22, and even more from 2."""
    cheap = {22: 15.0, 2: 10.0, 3: 5.0, 4: 12.0}
    return await add_home(hass, simulator, cheap)


def running_since(hass: HomeAssistant, key: str) -> Any:
    """Return the attribute of the next start."""
    state = hass.states.get(load_entity(hass, key, "next_start"))
    assert state
    return state.attributes["running_since"]


# State of the plan


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            TWO_BLOCKS,
            [
                "planned",
                "Mon 22:00 running",
                "Mon 23:00 planned",
                "Tue 02:00 running",
                "Tue 05:00 done",
                # The next night's prices are published in the afternoon.
                "Tue 07:00 provisional",
                "Tue 14:45 planned",
                "Tue 22:00 running",
                "Tue 23:00 planned",
            ],
            id="two blocks of a night",
        ),
        pytest.param(
            MORNING,
            [
                "done",
                "Tue 00:00 planned",
                "Tue 06:00 running",
                # After the hours it is done until midnight.
                "Tue 09:00 done",
                "Wed 00:00 planned",
            ],
            id="morning",
        ),
        pytest.param(
            {"earliest": "00:00:00", "latest": "00:00:00"},
            [
                "planned",
                "Mon 20:00 running",
                "Mon 23:00 done",
                "Tue 00:00 planned",
                "Tue 02:00 running",
                "Tue 05:00 done",
                "Wed 00:00 planned",
            ],
            id="all day",
        ),
        pytest.param(
            MORNING | {"weekdays": ["wed"]},
            ["idle", "Wed 00:00 planned"],
            id="another weekday",
        ),
        pytest.param(
            {"weekdays": ["mon"]},
            ["planned", "Tue 02:00 running", "Tue 05:00 done", "Wed 00:00 idle"],
            id="last day of the week",
        ),
        pytest.param(
            {"upper_price": "1"},
            ["cannot_finish", "Tue 07:00 provisional", "Tue 14:45 cannot_finish"],
            id="too expensive",
        ),
    ],
)
async def test_plan_state(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    changes: dict[str, Any],
    expected: list[str],
) -> None:
    """The state of the plan changes with blocks, prices and days."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, **changes))
    await pass_time_until(hass, freezer, "2026-11-23T16:00+01:00")
    states = [load_state(hass, key, "plan_state")]
    changed = watch(hass, key, "plan_state")
    await pass_time_until(hass, freezer, "2026-11-25T01:00+01:00")
    assert states + changed == expected


async def test_start_lacks_nothing(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A run that begins is part of what is planned."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, **TWO_BLOCKS))
    await pass_time_until(hass, freezer, "2026-11-23T21:45+01:00")
    seen = {}
    for moment in ("2026-11-23T22:00+01:00", "2026-11-24T02:00+01:00"):
        await pass_time_until(hass, freezer, moment)
        state = hass.states.get(load_entity(hass, key, "plan_state"))
        assert state
        seen[moment] = state.state, state.attributes["reason"]
    assert [*seen.values()] == [("running", None)] * 2


async def test_plan_without_prices(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A plan that was made during an outage is provisional."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    simulator.fail(Fault.SERVER_ERROR)
    await pass_time_until(hass, freezer, "2026-11-23T20:00+01:00")
    assert load_state(hass, key, "plan_state") == "provisional"
    changed = watch(hass, key, "plan_state")
    await pass_time_until(hass, freezer, "2026-11-24T08:00+01:00")
    assert changed == ["Tue 04:00 running", "Tue 07:00 provisional"]


async def test_planning_is_turned_off(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """The switch is seen at once, and what ran before still counts."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-24T02:30+01:00")
    changed = watch(hass, key, "plan_state")
    await call(hass, key, "enabled", "turn_off")
    await pass_time_until(hass, freezer, "2026-11-24T03:00+01:00")
    await call(hass, key, "enabled", "turn_on")
    await call(hass, key, "run_time_today", "set_value", value=0.5)
    assert changed == ["Tue 02:30 disabled", "Tue 03:00 running", "Tue 03:00 done"]


async def test_run_time_of_zero(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A night without run time is a night without a run."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-23T20:00+01:00")
    await call(hass, key, "run_time_today", "set_value", value=0)
    assert load_state(hass, key, "plan_state") == "idle"


@pytest.mark.usefixtures("berlin")
async def test_closed_gate(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
) -> None:
    """A load waits for the meter, unless its planning is off, until the gate opens."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    assert {
        what: load_state(hass, key, what)
        for what in ("plan_state", "run_now", "next_start", "next_end", "enabled")
    } == {
        "plan_state": "waiting_for_meter",
        "run_now": "off",
        "next_start": STATE_UNKNOWN,
        "next_end": STATE_UNKNOWN,
        "enabled": "on",
    }
    changed = watch(hass, key, "plan_state")
    await call(hass, key, "enabled", "turn_off")
    await call(hass, key, "enabled", "turn_on")
    home.advance_to("activated")
    await refresh(hass, home)
    assert [each.split()[-1] for each in changed] == [
        "disabled",
        "waiting_for_meter",
        "provisional",
    ]


async def test_contract_that_has_ended_before(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract that has ended does not wait for a meter."""
    home = simulator.add(scenarios.happy_path(status="ended"))
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    assert load_state(hass, key, "plan_state") == "idle"


async def test_contract_that_has_ended(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """When a contract ends, the plan ends with it."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-24T02:30+01:00")
    home.status = "ended"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert load_state(hass, key, "plan_state") == "done"
    await pass_time_until(hass, freezer, "2026-11-25T01:00+01:00")
    assert load_state(hass, key, "plan_state") == "idle"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T20:00+01:00", "planned"),
        ("2026-11-24T03:20+01:00", "running"),
        ("2026-11-24T05:30+01:00", "done"),
        ("2026-11-24T08:00+01:00", "done"),
        ("2026-11-25T08:00+01:00", "idle"),
    ],
)
async def test_restart(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    moment: str,
    expected: str,
) -> None:
    """The state is the same after a restart."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, weekdays=["mon"]))
    await pass_time_until(hass, freezer, moment)
    assert load_state(hass, key, "plan_state") == expected
    async with next_start(hass, entry) as (new, _):
        assert load_state(new, key, "plan_state") == expected


async def test_contract_that_goes(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """Without its contract the plan has no state."""
    other = simulator.add(scenarios.smart_already(2))
    entry = await set_up(home.subscription_id, other.subscription_id)
    key = await add_load(hass, entry, a_wallbox(home))
    hass.config_entries.async_update_entry(
        entry, options={"subscriptions": [other.subscription_id]}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert load_state(hass, key, "plan_state") == STATE_UNAVAILABLE


async def test_costs_of_one_period(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """What ran earlier today is not in the price and the cost of the next night."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, power="11"))
    for moment in ("2026-11-24T06:30+01:00", "2026-11-24T16:00+01:00"):
        await pass_time_until(hass, freezer, moment)
        assert load_state(hass, key, "planned_price") == "0.09"
        assert load_state(hass, key, "planned_cost") == "2.97"


# Next start


async def test_next_start_during_a_run(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """During a run the next start is that of the next block, and says so."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, **TWO_BLOCKS))
    await pass_time_until(hass, freezer, "2026-11-23T21:00+01:00")
    assert load_state(hass, key, "next_start") == "2026-11-23T21:00:00+00:00"
    assert running_since(hass, key) is None
    await pass_time_until(hass, freezer, "2026-11-23T22:20+01:00")
    assert load_state(hass, key, "next_start") == "2026-11-24T01:00:00+00:00"
    assert running_since(hass, key).isoformat() == "2026-11-23T22:00:00+01:00"
    await pass_time_until(hass, freezer, "2026-11-24T04:00+01:00")
    # The next block is the next night's.
    assert load_state(hass, key, "next_start") > "2026-11-24T17:00:00+00:00"
    assert running_since(hass, key).isoformat() == "2026-11-24T02:00:00+01:00"
    await pass_time_until(hass, freezer, "2026-11-24T05:00+01:00")
    assert running_since(hass, key) is None


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        ({}, {"remaining_today": "3.0"}),
        (
            {"need": "energy", "run_time": None, "energy": "12", "power": "4"},
            {"remaining_today": "3.0", "remaining_energy": "12.0"},
        ),
        (
            {
                "need": "charge_level",
                "run_time": None,
                "level": "sensor.car",
                "target": "80",
                "capacity": "60",
                "efficiency": "90",
                "power": "10",
            },
            {
                "remaining_today": "2.0",
                "remaining_energy": "20.0",
                "remaining_level": "30.0",
            },
        ),
    ],
)
async def test_what_remains(
    hass: HomeAssistant,
    set_up: SetUp,
    home: Household,
    load: dict[str, Any],
    expected: dict[str, str],
) -> None:
    """What remains is shown in hours, and in the unit in which it was entered."""
    hass.states.async_set("sensor.car", "50", {"unit_of_measurement": "%"})
    key = await add_load(hass, await set_up(), a_wallbox(home, **load))
    registry = er.async_get(hass)
    found = {
        what: load_state(hass, key, what)
        for what in ("remaining_today", "remaining_energy", "remaining_level")
        if registry.async_get_entity_id("sensor", DOMAIN, f"{key}_{what}")
    }
    assert found == expected
