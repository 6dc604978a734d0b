"""Data update coordinator of a planned load, through a night."""

from datetime import date, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.nomos import HOUR
from simulator import Fault, Household, Simulator, scenarios
from tests import DAY, next_start, refresh, requests_since, warnings
from tests.conftest import SetUp
from tests.loads.common import (
    TODAY,
    a_wallbox,
    add_home,
    add_load,
    call,
    change_load,
    load_entity,
    load_state,
    pass_time_until,
    watch,
)

TOMORROW = TODAY + DAY
PIECES = {"shortest_piece": {"hours": 1, "minutes": 0}}


@pytest.fixture
async def home(hass: HomeAssistant, simulator: Simulator) -> Household:
    """Return a home for which nights are cheap: from 21 and, even more, from 2."""
    cheap = {21: 20.0, 22: 15.0, 2: 10.0, 3: 5.0, 4: 12.0}
    return await add_home(hass, simulator, cheap)


def clock(moment: str) -> str:
    """Return a timestamp as the clock on the wall shows it."""
    return f"{dt_util.as_local(datetime.fromisoformat(moment)):%a %H:%M}"


def pieces(hass: HomeAssistant, key: str) -> list[tuple[str, str]]:
    """Return the plan that the attribute shows."""
    state = hass.states.get(load_entity(hass, key, "run_now"))
    assert state
    return [
        (clock(each["start"]), clock(each["end"])) for each in state.attributes["plan"]
    ]


def attribute(hass: HomeAssistant, key: str, name: str) -> Any:
    """Return another attribute."""
    state = hass.states.get(load_entity(hass, key, "run_now"))
    assert state
    return state.attributes[name]


async def test_one_block(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """It runs at the cheapest time of the night, once, and then the next night."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, power="11"))
    await pass_time_until(hass, freezer, "2026-11-23T16:00+01:00")
    assert pieces(hass, key)[0] == ("Tue 02:00", "Tue 05:00")
    assert not attribute(hass, key, "fallback")
    assert load_state(hass, key, "next_start") == "2026-11-24T01:00:00+00:00"
    assert load_state(hass, key, "next_end") == "2026-11-24T04:00:00+00:00"
    assert load_state(hass, key, "planned_price") == "0.09"
    assert load_state(hass, key, "planned_cost") == "2.97"
    assert load_state(hass, key, "remaining_today") == "3.0"
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T03:20+01:00")
    assert load_state(hass, key, "run_now") == "on"
    assert load_state(hass, key, "remaining_today") == "1.75"
    assert load_state(hass, key, "planned_price") == "0.09"
    assert load_state(hass, key, "next_end") == "2026-11-24T04:00:00+00:00"
    await pass_time_until(hass, freezer, "2026-11-24T06:30+01:00")
    assert load_state(hass, key, "remaining_today") == "0.0"
    assert load_state(hass, key, "planned_cost") == "2.97"
    await pass_time_until(hass, freezer, "2026-11-25T08:00+01:00")
    assert switched == [
        "Tue 02:00 on",
        "Tue 05:00 off",
        "Wed 02:00 on",
        "Wed 05:00 off",
    ]
    assert load_state(hass, key, "remaining_today") == "3.0"


async def test_pieces(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """With pauses it is cheaper."""
    run_time = {"hours": 4, "minutes": 0}
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, run_time=run_time, **PIECES))
    await pass_time_until(hass, freezer, "2026-11-23T16:00+01:00")
    assert pieces(hass, key)[:2] == [
        ("Mon 22:00", "Mon 23:00"),
        ("Tue 02:00", "Tue 05:00"),
    ]
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T08:00+01:00")
    assert switched == [
        "Mon 22:00 on",
        "Mon 23:00 off",
        "Tue 02:00 on",
        "Tue 05:00 off",
    ]


@pytest.mark.usefixtures("berlin")
async def test_closed_gate(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """It can be planned before the meter is there, and runs from that day on."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T12:00+01:00")
    assert switched == []
    assert pieces(hass, key) == []
    assert load_state(hass, key, "next_start") == STATE_UNKNOWN
    assert load_state(hass, key, "planned_price") == STATE_UNKNOWN
    home.advance_to("activated")
    await refresh(hass, home)
    await pass_time_until(hass, freezer, "2026-11-24T16:00+01:00")
    assert pieces(hass, key)
    await pass_time_until(hass, freezer, "2026-11-25T12:00+01:00")
    assert [each.split()[-1] for each in switched] == ["on", "off"]


async def test_missing_prices(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """Without tomorrow's prices it takes the latest hours, with them the cheapest."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-24T12:00+01:00")
    simulator.publication_delay = 5 * HOUR
    await pass_time_until(hass, freezer, "2026-11-24T19:00+01:00")
    assert pieces(hass, key)[0] == ("Wed 04:00", "Wed 07:00")
    assert attribute(hass, key, "fallback")
    assert load_state(hass, key, "planned_price") == STATE_UNKNOWN
    await pass_time_until(hass, freezer, "2026-11-24T22:00+01:00")
    assert pieces(hass, key)[0] == ("Wed 02:00", "Wed 05:00")
    assert not attribute(hass, key, "fallback")


async def test_prices_that_are_null(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A tomorrow without a single price is waited for, however cheap the night is."""
    simulator.set_prices(TODAY, [40.0] * 96)
    simulator.set_prices(TOMORROW, [None] * 96)
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-23T19:00+01:00")
    assert pieces(hass, key)[0] == ("Tue 04:00", "Tue 07:00")
    assert attribute(hass, key, "fallback")
    assert load_state(hass, key, "planned_price") == STATE_UNKNOWN
    simulator.set_prices(TOMORROW, [10.0] * 16 + [40.0] * 80)
    await pass_time_until(hass, freezer, "2026-11-24T06:30+01:00")
    assert switched == ["Tue 00:00 on", "Tue 03:00 off"]
    assert load_state(hass, key, "planned_price") == "0.1"


async def test_outage(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """The car is charged by morning, also when Nomos is away for days."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    simulator.fail(Fault.SERVER_ERROR)
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-26T08:00+01:00")
    assert switched == [
        f"{day} {what}"
        for day in ("Tue", "Wed", "Thu")
        for what in ("04:00 on", "07:00 off")
    ]


async def test_no_flapping(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """What runs goes on, although prices arrive that would have been cheaper later."""
    simulator.publication_delay = 11 * HOUR
    entry = await set_up()
    key = await add_load(
        hass,
        entry,
        a_wallbox(
            home,
            earliest="00:00:00",
            latest="03:00:00",
            run_time={"hours": 2, "minutes": 30},
        ),
    )
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T04:00+01:00")
    assert switched == ["Tue 00:30 on", "Tue 03:00 off"]


async def test_restart(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """After a restart in the middle of a piece it goes on, and what ran counts."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-24T03:20+01:00")
    assert load_state(hass, key, "run_now") == "on"
    async with next_start(hass, entry) as (new, _):
        freezer.tick(timedelta(minutes=7))
        assert load_state(new, key, "run_now") == "on"
        switched = watch(new, key)
        await pass_time_until(new, freezer, "2026-11-24T08:00+01:00")
        assert switched == ["Tue 05:00 off"]


async def test_start_that_was_missed(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """What did not run while Home Assistant was off is made up for."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-24T01:00+01:00")
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.move_to("2026-11-24T03:10:00+01:00")
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T08:00+01:00")
    assert switched == ["Tue 03:15 on", "Tue 06:15 off"]


async def test_switched_off(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """Turning planning off stops a run; it counts when planning is turned on again."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-24T02:30+01:00")
    await call(hass, key, "enabled", "turn_off")
    assert load_state(hass, key, "run_now") == "off"
    assert load_state(hass, key, "enabled") == "off"
    assert load_state(hass, key, "remaining_today") == "2.5"
    assert pieces(hass, key) == []
    await pass_time_until(hass, freezer, "2026-11-24T03:00+01:00")
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert load_state(hass, key, "enabled") == "off"
    await call(hass, key, "enabled", "turn_on")
    assert load_state(hass, key, "run_now") == "on"
    assert pieces(hass, key)[0] == ("Tue 03:00", "Tue 05:30")


@pytest.mark.parametrize(
    ("moment", "run_time", "expected"),
    [
        # Before it runs
        ("2026-11-23T20:00+01:00", 1, ["Tue 03:00 on", "Tue 04:00 off"]),
        ("2026-11-23T20:00+01:00", 0, []),
        ("2026-11-23T20:00+01:00", 13, ["Mon 20:00 on", "Tue 07:00 off"]),
        # While it runs
        ("2026-11-24T02:30+01:00", 1.5, ["Tue 02:00 on", "Tue 03:30 off"]),
        ("2026-11-24T02:30+01:00", 0.25, ["Tue 02:00 on", "Tue 02:30 off"]),
        ("2026-11-24T02:30+01:00", 4, ["Tue 02:00 on", "Tue 06:00 off"]),
    ],
)
async def test_run_time_today(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    moment: str,
    run_time: float,
    expected: list[str],
) -> None:
    """Another run time holds for this night, and only for this."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, moment)
    await call(hass, key, "run_time_today", "set_value", value=run_time)
    assert float(load_state(hass, key, "run_time_today")) == run_time
    await pass_time_until(hass, freezer, "2026-11-24T07:00+01:00")
    assert switched == expected
    assert load_state(hass, key, "run_time_today") == "3.0"
    assert load_state(hass, key, "remaining_today") == "3.0"


async def test_upper_price(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """It rather stays short than pays more, and shows by how much."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, upper_price="11"))
    await pass_time_until(hass, freezer, "2026-11-24T06:30+01:00")
    assert load_state(hass, key, "remaining_today") == "1.0"
    assert load_state(hass, key, "planned_price") == "0.075"


async def test_change_while_it_runs(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A change of the load does not stop what still fits, and stops what does not."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-24T02:30+01:00")
    await change_load(hass, entry, key, a_wallbox(home, power="3.7"))
    assert load_state(hass, key, "run_now") == "on"
    assert pieces(hass, key)[0] == ("Tue 02:00", "Tue 05:00")
    await change_load(
        hass, entry, key, a_wallbox(home, earliest="10:00:00", latest="16:00:00")
    )
    assert load_state(hass, key, "run_now") == "off"


async def test_hours_end_while_it_runs(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A run ends with the hours, also if they are shortened during the run."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-24T02:30+01:00")
    await change_load(hass, entry, key, a_wallbox(home, latest="04:00:00"))
    assert pieces(hass, key)[0] == ("Tue 02:00", "Tue 04:00")
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T08:00+01:00")
    assert switched == ["Tue 04:00 off"]


@pytest.mark.parametrize(
    ("second", "first_piece"),
    [(20, ("Tue 02:00", "Tue 05:00")), (40, ("Tue 02:15", "Tue 05:15"))],
)
async def test_start_within_a_quarter_hour(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    second: int,
    first_piece: tuple[str, str],
) -> None:
    """A quarter-hour that has just begun is used; one that is under way is not."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await call(hass, key, "enabled", "turn_off")
    await pass_time_until(hass, freezer, f"2026-11-24T02:00:{second}+01:00")
    await call(hass, key, "enabled", "turn_on")
    assert pieces(hass, key)[0] == first_piece
    assert load_state(hass, key, "run_now") == ("on" if second == 20 else "off")


async def test_reload(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """Reloading the account neither stops nor starts anything."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    await pass_time_until(hass, freezer, "2026-11-24T02:40+01:00")
    switched = watch(hass, key)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time_until(hass, freezer, "2026-11-24T08:00+01:00")
    assert [each for each in switched if STATE_UNAVAILABLE not in each] == [
        "Tue 02:40 on",
        "Tue 05:00 off",
    ]


async def test_contract_that_goes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without its contract nothing runs, and nothing breaks."""
    other = simulator.add(scenarios.smart_already(2))
    entry = await set_up(home.subscription_id, other.subscription_id)
    key = await add_load(hass, entry, a_wallbox(home))
    hass.config_entries.async_update_entry(
        entry, options={"subscriptions": [other.subscription_id]}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert load_state(hass, key, "run_now") == STATE_UNAVAILABLE
    await pass_time_until(hass, freezer, "2026-11-24T08:00+01:00")
    assert warnings(caplog) == []


@pytest.mark.usefixtures("berlin")
async def test_clocks_are_changed(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A night with the hour that comes twice has one more to choose from."""
    freezer.move_to("2026-10-24T10:00:00+00:00")
    home = simulator.add(scenarios.dynamic_tariff())
    simulator.set_prices(date(2026, 10, 24), [30.0] * 96)
    # From 2 to 3 for the first and the second time.
    simulator.set_prices(date(2026, 10, 25), [30.0] * 8 + [5.0] * 8 + [30.0] * 84)
    entry: MockConfigEntry = await set_up()
    run_time = {"hours": 2, "minutes": 0}
    key = await add_load(hass, entry, a_wallbox(home, run_time=run_time))
    await pass_time_until(hass, freezer, "2026-10-24T18:30+02:00")
    assert load_state(hass, key, "next_start") == "2026-10-25T00:00:00+00:00"
    assert load_state(hass, key, "next_end") == "2026-10-25T02:00:00+00:00"


async def test_diagnostics(
    hass: HomeAssistant,
    home: Household,
    hass_client: ClientSessionGenerator,
    set_up: SetUp,
) -> None:
    """Diagnostics have the schedule of a load, and not its name."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, name="Lisas Auto"))
    diagnostics: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    load = diagnostics["loads"][key]
    assert load["pieces"][0] == [
        "2026-11-24T03:00:00+00:00",
        "2026-11-24T06:00:00+00:00",
    ]
    assert (load["is_enabled"], load["is_fallback"]) == (True, True)
    assert (load["run_time"], load["remaining"]) == ("3:00:00", "3:00:00")
    assert "Lisa" not in str(diagnostics["loads"])


async def test_plan_is_not_recorded(
    hass: HomeAssistant, set_up: SetUp, home: Household
) -> None:
    """The list would fill the database."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    state = hass.states.get(load_entity(hass, key, "run_now"))
    assert state
    assert state.state_info
    assert "plan" in state.state_info["unrecorded_attributes"]


async def test_update_entity(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    home: Household,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The action update_entity plans again without a request."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    requests_since(simulator)
    await async_setup_component(hass, "homeassistant", {})
    await hass.services.async_call(
        "homeassistant",
        "update_entity",
        {"entity_id": load_entity(hass, key, "next_start")},
        blocking=True,
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert requests_since(simulator) == []
    assert warnings(caplog) == []
    assert load_state(hass, key, "next_start") == "2026-11-24T03:00:00+00:00"
