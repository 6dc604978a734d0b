"""Limit of all planned loads of a contract, from its form to what is switched."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import Household, Simulator
from tests import next_start, organisation_entry, warnings
from tests.conftest import SetUp
from tests.forms import open_options
from tests.loads.common import (
    AFTER,
    EVENING,
    MIDDLE,
    a_car,
    a_wallbox,
    add_load,
    limit,
    load_entity,
    load_state,
    pass_time_until,
    plan_attribute,
    plan_of,
)
from tests.loads.targets import BOX, LAMP, add_targets, changes, is_on

LIMIT = "sensor.allowed"
POWER = "input_number.power"

BEFORE = "2026-11-24T01:50+01:00"
THREE, LATER = "2026-11-24T03:00+01:00", "2026-11-24T03:36+01:00"


@pytest.fixture(autouse=True)
async def targets(hass: HomeAssistant) -> None:
    """Add what is switched, and a number in watts."""
    await add_targets(hass)
    limits = {"min": 0, "max": 11000, "step": 100, "initial": 0}
    watts = {**limits, "unit_of_measurement": "W"}
    await async_setup_component(
        hass, "input_number", {"input_number": {"power": watts}}
    )
    await hass.async_block_till_done()


def allow(hass: HomeAssistant, power: str, unit: str = "kW") -> None:
    """Let the entity report a limit."""
    hass.states.async_set(LIMIT, power, {"unit_of_measurement": unit})


async def add_two(
    hass: HomeAssistant, entry: MockConfigEntry, home: Household, **changes: Any
) -> tuple[str, str]:
    """Add two wallboxes that want the cheapest hours; the second one has more time."""
    common = {"run_time": {"hours": 1, "minutes": 30}, "power": "11", **changes}
    first = a_wallbox(home, name="First", targets=[BOX], latest="06:00:00", **common)
    second = a_wallbox(home, name="Second", targets=[LAMP], **common)
    return await add_load(hass, entry, first), await add_load(hass, entry, second)


async def test_form(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """The limit is a number as people type it, or an entity; empty removes it."""
    form = await open_options(hass, hass_client, evening)
    await form.choose("load_limit")
    assert form.shown["reason"] == "no_loads"
    await add_load(hass, evening, a_wallbox(home))
    form = await open_options(hass, hass_client, evening)
    await form.choose("load_limit")
    # A load without a power is named, since it can't be limited.
    assert form.shown["description_placeholders"]["loads"] == "Wallbox"
    for wrong, error in (("much", "not_a_number"), ("1001", "power_out_of_range")):
        shown = await form.send(
            power_limit={"active_choice": "number", "number": wrong}
        )
        assert shown["errors"] == {"power_limit": error}
    await form.send(power_limit={"active_choice": "number", "number": "4,2"})
    settings = {"power_limit": 4.2}
    assert evening.options == {"contracts": {home.subscription_id: settings}}

    await limit(hass, hass_client, evening, LIMIT)
    entity = {"power_limit": LIMIT}
    assert evening.options == {"contracts": {home.subscription_id: entity}}
    form = await open_options(hass, hass_client, evening)
    await form.choose("load_limit")
    assert form.suggested() == {
        "power_limit": {"active_choice": "entity", "entity": LIMIT}
    }
    await form.send()
    assert evening.options == {}


async def test_limit_of_nothing_is_kept(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """No power at all is a limit, too."""
    key = await add_load(hass, evening, a_wallbox(home, power="11"))
    await limit(hass, hass_client, evening, "0")
    settings = {"power_limit": 0.0}
    assert evening.options == {"contracts": {home.subscription_id: settings}}
    assert load_state(hass, key, "plan_state") == "cannot_finish"


async def test_loads_share_the_cheap_hours(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
) -> None:
    """Two wallboxes run one after the other; without a limit, they run at once."""
    first, second = await add_two(hass, evening, home)
    starts = [load_state(hass, key, "next_start") for key in (first, second)]
    assert starts == ["2026-11-24T01:30:00+00:00"] * 2
    await limit(hass, hass_client, evening, "11")
    starts = sorted(load_state(hass, key, "next_start") for key in (first, second))
    assert starts == ["2026-11-24T01:00:00+00:00", "2026-11-24T02:30:00+00:00"]
    box, lamp = changes(hass), changes(hass, LAMP)
    await pass_time_until(hass, freezer, AFTER)
    assert sorted([tuple(box), tuple(lamp)]) == [
        ("Tue 02:00 on", "Tue 03:30 off"),
        ("Tue 03:30 on", "Tue 05:00 off"),
    ]


async def test_same_plan_after_a_restart(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """Of equal loads, it is not by chance which one runs first."""
    loads = [
        await add_load(hass, evening, a_wallbox(home, name=f"Load {place}", power="11"))
        for place in range(6)
    ]
    await limit(hass, hass_client, evening, "11")
    plans = [plan_of(hass, key) for key in loads]
    assert plans[0][0] != plans[1][0]
    for _ in range(2):
        async with next_start(hass, evening) as (new, _entry):
            assert [plan_of(new, key) for key in loads] == plans


async def test_the_later_deadline_lacks(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """If there is not enough time for both, the plan state of the second one says so."""
    first, second = await add_two(
        hass, evening, home, run_time={"hours": 7}, earliest="22:00:00"
    )
    await limit(hass, hass_client, evening, "11")
    assert load_state(hass, first, "plan_state") == "planned"
    state = hass.states.get(load_entity(hass, second, "plan_state"))
    assert state
    assert state.state == "cannot_finish"
    assert state.attributes["reason"] == "power_limit_too_low"


async def test_battery_is_full_in_time(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """The rest of a charge is not put off until the next night to leave cheap hours."""
    hass.states.async_set("sensor.car", "58", {"unit_of_measurement": "%"})
    boiler = {"run_time": {"hours": 2}, "power": "11", "latest": "04:30:00"}
    first = await add_load(
        hass, evening, a_wallbox(home, earliest="00:00:00", **boiler)
    )
    car = a_car(
        home,
        earliest="02:00:00",
        latest="05:00:00",
        shortest_piece={"minutes": 30},
    )
    second = await add_load(hass, evening, car)
    await limit(hass, hass_client, evening, "11")
    assert plan_of(hass, first)[0] == "Tue 01:30–03:30"
    assert plan_of(hass, second) == ["Tue 03:30–05:00"]


async def test_loads_give_way_and_come_back(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
) -> None:
    """While an entity lowers the limit, the run with the later deadline pauses."""
    allow(hass, "22")
    first, second = await add_two(hass, evening, home, shortest_piece={"minutes": 15})
    await limit(hass, hass_client, evening, LIMIT)
    box, lamp = changes(hass), changes(hass, LAMP)
    await pass_time_until(hass, freezer, "2026-11-24T03:15+01:00")
    assert is_on(hass, BOX)
    assert is_on(hass, LAMP)
    allow(hass, "11000", "W")
    await hass.async_block_till_done()
    assert is_on(hass, BOX)
    assert not is_on(hass, LAMP)
    assert load_state(hass, second, "plan_state") == "planned"
    allow(hass, "4.2")
    await hass.async_block_till_done()
    assert not is_on(hass, BOX)
    await pass_time_until(hass, freezer, "2026-11-24T03:35+01:00")
    allow(hass, "22")
    await hass.async_block_till_done()
    await pass_time_until(hass, freezer, "2026-11-24T05:45+01:00")
    # Both run for an hour and a half, in the cheapest time that is left.
    for seen in (box, lamp):
        assert _minutes(seen) == 90, seen
        assert "Tue 03:15 off" in seen
    for key in (first, second):
        assert load_state(hass, key, "plan_state") == "done"
        assert float(load_state(hass, key, "remaining_today")) == 0


def _minutes(seen: list[str]) -> int:
    """Return how long a target was on."""
    moments = [int(each[4:6]) * 60 + int(each[7:9]) for each in seen]
    assert [each.rsplit(" ", 1)[1] for each in seen] == ["on", "off"] * (len(seen) // 2)
    return sum(moments[1::2]) - sum(moments[::2])


async def test_numbers_in_watts_are_reduced(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A wallbox goes on with what is left of the power, and with all of it afterwards."""
    allow(hass, "11")
    number = {"number": POWER, "number_on": "11000", "number_off": "0"}
    key = await add_load(hass, evening, a_wallbox(home, targets=[BOX], **number))
    await limit(hass, hass_client, evening, LIMIT)
    seen, box = changes(hass, POWER), changes(hass)
    await pass_time_until(hass, freezer, MIDDLE)
    allow(hass, "4.25")
    await hass.async_block_till_done()
    # The entity takes steps of 100 W.
    assert hass.states.is_state(POWER, "4200.0")
    assert is_on(hass)
    assert load_state(hass, key, "plan_state") == "running"
    await pass_time_until(hass, freezer, "2026-11-24T03:50+01:00")
    allow(hass, "11")
    await hass.async_block_till_done()
    await pass_time_until(hass, freezer, AFTER)
    assert seen == [
        "Tue 02:00 11000.0",
        "Tue 03:20 4200.0",
        "Tue 03:50 11000.0",
        "Tue 05:00 0.0",
    ]
    assert box == ["Tue 02:00 on", "Tue 05:00 off"]
    assert not warnings(caplog)


async def test_energy_is_made_up_for(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
) -> None:
    """A load that is planned by energy runs longer after it was reduced."""
    allow(hass, "10")
    number = {"number": POWER, "number_on": "10000", "number_off": "0", "power": "10"}
    need = {"need": "energy", "energy": "20", "run_time": None}
    short = {"shortest_piece": {"minutes": 15}}
    key = await add_load(hass, evening, a_wallbox(home, **need, **number, **short))
    await limit(hass, hass_client, evening, LIMIT)
    seen = changes(hass, POWER)
    await pass_time_until(hass, freezer, "2026-11-24T02:30+01:00")
    allow(hass, "5")
    await hass.async_block_till_done()
    await pass_time_until(hass, freezer, "2026-11-24T03:30+01:00")
    allow(hass, "10")
    await hass.async_block_till_done()
    await pass_time_until(hass, freezer, "2026-11-24T06:00+01:00")
    # Half an hour at 10 kW, an hour at 5 kW, and what is left at 10 kW. The clock of
    # the test moves by quarter-hours; without making up, it would be 15 kWh.
    assert "Tue 02:30 5000.0" in seen
    assert 20 <= _energy(seen) <= 22.5
    assert load_state(hass, key, "plan_state") == "done"


LONG, ENOUGH = {"run_time": {"hours": 3}}, {"need": "energy", "energy": "20"}


@pytest.mark.parametrize(
    ("need", "allowed", "energy", "cost"),
    [
        # 2 to 5 o'clock at 10 kW for 10, 5 and 12 ct/kWh.
        (LONG, {EVENING: 10}, 30, [2.7]),
        # From 3 o'clock on at 5 kW, for an hour at least.
        (LONG, {EVENING: 10, THREE: 5, LATER: 10}, 27, [2.7, 2.45, 2.55]),
        # Always at 5 kW, also from 1 to 2 o'clock for 30 ct/kWh: energy takes longer.
        (ENOUGH, {EVENING: 5}, 20, [2.85]),
    ],
)
async def test_costs_by_the_power_that_is_meant(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
    need: dict[str, Any],
    allowed: dict[str, int],
    energy: float,
    cost: list[float],
) -> None:
    """Cost, energy and savings count what a load draws while its number is reduced."""
    number = {"number": POWER, "number_on": "10000", "number_off": "0", "power": "10"}
    short = {"shortest_piece": {"minutes": 15}, "run_time": None}
    wallbox = a_wallbox(home, **short | number | need)
    key = await add_load(hass, evening, wallbox)
    allow(hass, str(allowed[EVENING]))
    await limit(hass, hass_client, evening, LIMIT)
    planned = []
    for moment, power in allowed.items():
        await pass_time_until(hass, freezer, moment)
        allow(hass, str(power))
        await hass.async_block_till_done()
        planned.append(float(load_state(hass, key, "planned_cost")))
        reduced = plan_attribute(hass, key, "reduced_to")
        assert reduced == (power if moment == THREE else None)
    assert planned == pytest.approx(cost)
    await pass_time_until(hass, freezer, "2026-11-24T06:59+01:00")
    assert float(load_state(hass, key, "planned_cost")) == pytest.approx(cost[-1])
    run = hass.states.get(load_entity(hass, key, "run"))
    assert run
    assert run.attributes["event_type"] == "finished"
    assert run.attributes["energy"] == pytest.approx(energy)
    assert run.attributes["cost"] == pytest.approx(cost[-1])
    await pass_time_until(hass, freezer, AFTER)
    # A start at once would be at 30 ct/kWh.
    saved = float(load_state(hass, key, "savings_this_month"))
    assert saved == pytest.approx(energy * 0.3 - cost[-1])


def _energy(seen: list[str]) -> float:
    """Return the energy in kWh by what a number in watts was set to."""
    moments = [int(each[4:6]) + int(each[7:9]) / 60 for each in seen]
    watts = [float(each[10:]) for each in seen]
    ends = zip(moments, moments[1:], watts, strict=False)
    return sum((end - start) * power for start, end, power in ends) / 1000


async def test_last_known_limit(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
) -> None:
    """An entity without a value lifts no limit, also not after a restart."""
    allow(hass, "11")
    first, second = await add_two(hass, evening, home)
    await limit(hass, hass_client, evening, LIMIT)
    for useless in (STATE_UNAVAILABLE, "unknown", "nan", "-1", "soon"):
        hass.states.async_set(LIMIT, useless)
        await hass.async_block_till_done()
        starts = {load_state(hass, key, "next_start") for key in (first, second)}
        assert starts == {"2026-11-24T01:00:00+00:00", "2026-11-24T02:30:00+00:00"}
    async with next_start(hass, evening) as (new, _):
        starts = {load_state(new, key, "next_start") for key in (first, second)}
        assert starts == {"2026-11-24T01:00:00+00:00", "2026-11-24T02:30:00+00:00"}


async def test_restart_within_a_run(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
) -> None:
    """After a restart, the run in progress goes on and the other load waits for it."""
    first, second = await add_two(hass, evening, home)
    await limit(hass, hass_client, evening, "11")
    await pass_time_until(hass, freezer, "2026-11-24T02:20+01:00")
    before = [load_state(hass, key, "run_now") for key in (first, second)]
    assert sorted(before) == ["off", "on"]
    async with next_start(hass, evening) as (new, _):
        assert [load_state(new, key, "run_now") for key in (first, second)] == before
        moments = {load_state(new, key, "next_start") for key in (first, second)}
        assert "2026-11-24T02:30:00+00:00" in moments


async def test_no_limit_without_any_value(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """An entity that never had a value limits nothing."""
    first, second = await add_two(hass, evening, home)
    await limit(hass, hass_client, evening, LIMIT)
    starts = [load_state(hass, key, "next_start") for key in (first, second)]
    assert starts == ["2026-11-24T01:30:00+00:00"] * 2


@pytest.mark.parametrize("stored", ["switch.wrong", -1, [], True, "much"])
async def test_invalid_setting(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    home: Household,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    stored: object,
) -> None:
    """A damaged setting limits nothing, and that is logged."""
    settings = {home.subscription_id: {"power_limit": stored}}
    contracts = {"contracts": settings}
    entry = await set_up(entry=organisation_entry(options=contracts))
    await pass_time_until(hass, freezer, EVENING)
    first, second = await add_two(hass, entry, home)
    starts = [load_state(hass, key, "next_start") for key in (first, second)]
    assert starts == ["2026-11-24T01:30:00+00:00"] * 2
    assert any("power_limit" in each for each in warnings(caplog))


async def test_removed_load_leaves_its_power(
    hass: HomeAssistant,
    evening: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """When a load goes, the other one gets the best time at once."""
    first, second = await add_two(hass, evening, home)
    await limit(hass, hass_client, evening, "11")
    hass.config_entries.async_remove_subentry(evening, first)
    await hass.async_block_till_done()
    assert load_state(hass, second, "next_start") == "2026-11-24T01:30:00+00:00"
