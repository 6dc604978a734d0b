"""Need of a load: energy, charge level, and values that are states of entities."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.nomos_energy.disk import UNREADABLE, Damage
from custom_components.nomos_energy.loads.history import LoadHistory, _read
from custom_components.nomos_energy.loads.parsing import InvalidLoadError
from custom_components.nomos_energy.loads.settings import PlannedLoad
from simulator import Household, Simulator
from tests.conftest import SetUp
from tests.loads.common import (
    a_car,
    a_wallbox,
    add_home,
    add_load,
    call,
    load_entity,
    load_state,
    pass_time_until,
    plan_attribute,
    plan_of,
    watch,
)

AFTERNOON = "2026-11-23T16:00+01:00"
PERCENT = {"unit_of_measurement": "%", "device_class": "battery"}


@pytest.fixture
async def home(hass: HomeAssistant, simulator: Simulator) -> Household:
    """Return a home for which nights are cheap: from 21 and, even more, from 2."""
    cheap = {12: -1.0, 21: 20.0, 22: 15.0, 2: 10.0, 3: 5.0, 4: 12.0}
    return await add_home(hass, simulator, cheap)


async def shows(hass: HomeAssistant, entity: str, state: str, **more: Any) -> None:
    """Show the state of an entity of another integration."""
    hass.states.async_set(entity, state, more)
    await hass.async_block_till_done()


# Energy


async def test_energy(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """The run time is the energy divided by the power, in full quarter-hours."""
    entry = await set_up()
    energy = a_wallbox(home, need="energy", run_time=None, energy="12,5", power="5")
    key = await add_load(hass, entry, energy)
    await pass_time_until(hass, freezer, AFTERNOON)
    assert plan_of(hass, key)[0] == "Tue 02:00–04:30"
    assert load_state(hass, key, "planned_cost") == "1.05"
    assert plan_attribute(hass, key, "need_basis") == "energy"
    number = hass.states.get(load_entity(hass, key, "run_time_today"))
    assert number
    assert (number.state, number.attributes["unit_of_measurement"]) == ("12.5", "kWh")
    assert number.name == "Wallbox Energy this period"
    await call(hass, key, "run_time_today", "set_value", value=5)
    assert plan_of(hass, key)[0] == "Tue 03:00–04:00"
    assert plan_of(hass, key)[1] == "Wed 04:30–07:00"


@pytest.mark.parametrize(
    ("state", "unit", "piece"),
    [
        ("5", "kW", "Tue 02:00–04:30"),
        ("5000", "W", "Tue 02:00–04:30"),
        ("5", None, "Tue 02:00–04:30"),
        ("10000", "W", "Tue 02:45–04:00"),
    ],
)
async def test_power_of_an_entity(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    state: str,
    unit: str | None,
    piece: str,
) -> None:
    """Its unit counts; 0 W while it waits, or no state, leaves the last power."""
    unit_of = {"unit_of_measurement": unit} if unit else {}
    await shows(hass, "sensor.power", state, **unit_of)
    entry = await set_up()
    entered = a_wallbox(
        home, need="energy", run_time=None, energy="12.5", power="sensor.power"
    )
    key = await add_load(hass, entry, entered)
    await pass_time_until(hass, freezer, AFTERNOON)
    assert plan_of(hass, key)[0] == piece
    for nothing in ("0", "unavailable", "much", "-3"):
        await shows(hass, "sensor.power", nothing, **unit_of)
        assert plan_of(hass, key)[0] == piece
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert plan_of(hass, key)[0] == piece
    await shows(hass, "sensor.power", "12.5", unit_of_measurement="kW")
    assert plan_of(hass, key)[0] == "Tue 03:00–04:00"


async def test_power_that_was_never_known(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """Without a power there is no run time, and the plan says why."""
    entry = await set_up()
    key = await add_load(hass, entry, a_car(home, power="sensor.power"))
    await pass_time_until(hass, freezer, AFTERNOON)
    assert plan_of(hass, key) == []
    assert plan_attribute(hass, key, "need_basis") == "power_unknown"


# Charge level


async def test_charge_level(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """What is missing makes the run time; level and target replan at once."""
    await shows(hass, "sensor.car", "50", **PERCENT)
    await shows(hass, "input_number.target", "80")
    entry = await set_up()
    key = await add_load(hass, entry, a_car(home, target="input_number.target"))
    await pass_time_until(hass, freezer, AFTERNOON)
    # 30 % of 60 kWh are 18 kWh, 20 kWh from the grid: two hours at 10 kW.
    assert plan_of(hass, key) == ["Tue 02:00–04:00"]
    assert load_state(hass, key, "remaining_today") == "2.0"
    assert plan_attribute(hass, key, "need_basis") == "charge_level"
    assert load_state(hass, key, "run_time_today") == "80.0"
    await shows(hass, "input_number.target", "95")
    assert plan_of(hass, key) == ["Tue 02:00–05:00"]
    await shows(hass, "sensor.car", "65")
    assert plan_of(hass, key) == ["Tue 02:00–04:00"]
    await shows(hass, "sensor.car", "96")
    assert plan_of(hass, key) == []
    assert load_state(hass, key, "plan_state") == "idle"


async def test_charging(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A car that charges slower than expected is charged longer, to its target."""
    await shows(hass, "sensor.car", "50")
    for domain in ("homeassistant", "input_boolean"):
        config = {"input_boolean": {"wallbox": None}}
        assert await async_setup_component(hass, domain, config)
    entry = await set_up()
    key = await add_load(hass, entry, a_car(home, targets=["input_boolean.wallbox"]))
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T02:00+01:00")
    level = 50.0
    for quarter in range(1, 15):
        hour, minute = divmod(quarter * 15, 60)
        charging = hass.states.is_state("input_boolean.wallbox", "on")
        await pass_time_until(
            hass, freezer, f"2026-11-24T{2 + hour:02}:{minute:02}+01:00"
        )
        # 8 kW instead of 10.
        level += 3.0 if charging else 0.0
        await shows(hass, "sensor.car", str(level))
    assert switched[0] == "Tue 02:00 on"
    assert level >= 80
    assert level <= 83
    assert load_state(hass, key, "run_now") == "off"
    assert hass.states.is_state("input_boolean.wallbox", "off")
    assert plan_of(hass, key) == []


async def test_no_run_is_cut_below_its_shortest_block(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A level that jumps to the target ends a run, but not before its least time."""
    await shows(hass, "sensor.car", "50")
    entry = await set_up()
    key = await add_load(hass, entry, a_car(home))
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T02:20+01:00")
    await shows(hass, "sensor.car", "85")
    assert load_state(hass, key, "run_now") == "on"
    assert plan_of(hass, key) == ["Tue 02:00–03:00"]
    await pass_time_until(hass, freezer, "2026-11-24T06:00+01:00")
    assert switched == ["Tue 02:00 on", "Tue 03:00 off"]


async def test_unknown_level(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """The last level counts, also after a restart, with what ran since."""
    await shows(hass, "sensor.car", "50")
    entry = await set_up()
    key = await add_load(hass, entry, a_car(home))
    await pass_time_until(hass, freezer, AFTERNOON)
    for nothing in (STATE_UNAVAILABLE, "unknown", "full", "101", "nan"):
        await shows(hass, "sensor.car", nothing)
        assert plan_of(hass, key) == ["Tue 02:00–04:00"]
        assert plan_attribute(hass, key, "need_basis") == "last_charge_level"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert plan_of(hass, key) == ["Tue 02:00–04:00"]
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T03:00+01:00")
    assert load_state(hass, key, "remaining_today") == "1.0"
    await pass_time_until(hass, freezer, "2026-11-24T12:00+01:00")
    assert switched == ["Tue 02:00 on", "Tue 04:00 off"]


@pytest.mark.parametrize(
    ("entered", "plan"),
    [({"run_time": {"hours": 1}}, ["Tue 03:00–04:00"]), ({}, [])],
)
async def test_level_that_was_never_known(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    entered: dict[str, Any],
    plan: list[str],
) -> None:
    """The entered run time counts; without one there is no charging."""
    entry = await set_up()
    key = await add_load(hass, entry, a_car(home, **entered))
    await pass_time_until(hass, freezer, AFTERNOON)
    assert plan_of(hass, key)[:1] == plan
    assert plan_attribute(hass, key, "need_basis") == "entered_run_time"


async def test_target_this_period(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """The number is the target level, until the night is over."""
    await shows(hass, "sensor.car", "50")
    entry = await set_up()
    key = await add_load(hass, entry, a_car(home))
    await pass_time_until(hass, freezer, AFTERNOON)
    number = hass.states.get(load_entity(hass, key, "run_time_today"))
    assert number
    assert number.name == "Car Target level this period"
    assert number.attributes["unit_of_measurement"] == "%"
    await call(hass, key, "run_time_today", "set_value", value=65)
    # The rest of the usual target is left for the night after.
    assert plan_of(hass, key) == ["Tue 03:00–04:00", "Wed 06:00–07:00"]
    await shows(hass, "sensor.car", "65")
    await pass_time_until(hass, freezer, "2026-11-24T16:00+01:00")
    assert load_state(hass, key, "run_time_today") == "80.0"
    assert plan_of(hass, key) == ["Wed 03:00–04:00"]


# End of the hours


async def test_finish_by_an_entity(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A time of day, a moment or a day ends the hours; changes replan at once."""
    await shows(hass, "input_datetime.leave", "03:30:00")
    entry = await set_up()
    key = await add_load(
        hass,
        entry,
        a_wallbox(home, latest="input_datetime.leave", run_time={"hours": 1}),
    )
    await pass_time_until(hass, freezer, AFTERNOON)
    assert plan_of(hass, key)[0] == "Tue 02:30–03:30"
    assert plan_attribute(hass, key, "finish_by_known") is True
    await shows(hass, "input_datetime.leave", "23:00:00")
    assert plan_of(hass, key) == ["Mon 22:00–23:00", "Tue 22:00–23:00"]
    await shows(hass, "input_datetime.leave", "2026-11-24 02:30:00")
    assert plan_of(hass, key) == ["Mon 22:00–23:00"]
    unusable = ("soon", "9999-12-31 23:00:00", "07:00:00+01:00")
    for nothing in (STATE_UNAVAILABLE, *unusable):
        await shows(hass, "input_datetime.leave", nothing)
        assert plan_of(hass, key) == ["Mon 22:00–23:00"]
        assert plan_attribute(hass, key, "finish_by_known") is False
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert plan_of(hass, key) == ["Mon 22:00–23:00"]
    # When the moment is over there are no hours, until another one is set.
    await pass_time_until(hass, freezer, "2026-11-24T16:00+01:00")
    assert plan_of(hass, key) == []
    assert load_state(hass, key, "plan_state") == "idle"
    await shows(hass, "input_datetime.leave", "2026-11-25")
    assert plan_of(hass, key) == ["Wed 22:00–23:00"]


async def test_finish_by_that_was_never_known(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """Seven in the morning counts, and the plan says so."""
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, latest="input_datetime.leave"))
    await pass_time_until(hass, freezer, AFTERNOON)
    assert plan_of(hass, key)[0] == "Tue 02:00–05:00"
    assert plan_attribute(hass, key, "finish_by_known") is False


# Also whenever the price is below


async def test_always_below(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A boiler also runs when the price is negative: at any hour, on any day."""
    entry = await set_up()
    key = await add_load(
        hass,
        entry,
        a_wallbox(home, run_time={"hours": 1}, always_below="0", weekdays=["mon"]),
    )
    await pass_time_until(hass, freezer, AFTERNOON)
    assert plan_of(hass, key)[:2] == ["Tue 03:00–04:00", "Tue 12:00–13:00"]
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-25T16:00+01:00")
    assert switched == [
        "Tue 03:00 on",
        "Tue 04:00 off",
        "Tue 12:00 on",
        "Tue 13:00 off",
        "Wed 12:00 on",
        "Wed 13:00 off",
    ]
    assert load_state(hass, key, "plan_state") == "done"


async def test_battery_is_not_charged_beyond_its_target(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A cheap hour at noon is taken from what is left for the night."""
    await shows(hass, "sensor.car", "80")
    entry = await set_up()
    key = await add_load(hass, entry, a_car(home, always_below="0"))
    await pass_time_until(hass, freezer, "2026-11-24T10:00+01:00")
    assert plan_of(hass, key) == []
    await shows(hass, "sensor.car", "50")
    assert plan_of(hass, key)[0] == "Tue 12:00–13:00"
    await shows(hass, "sensor.car", "74")
    assert plan_of(hass, key) == ["Tue 12:00–12:30"]


# Data from disk

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "run_time",
            "energy",
            "charge_level",
            "sensor.car",
            "9999-12-31",
            "07:00:00+01:00",
        ]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["hours", "minutes", "x"]), st.floats(), max_size=2
    ),
)

NEED = ("need", "run_time", "energy", "level", "target", "capacity", "efficiency")
STORED = {
    "subscription": "sub_1",
    "need": "charge_level",
    "level": "sensor.car",
    "target": 80.0,
    "capacity": 60.0,
    "power": 11.0,
    "earliest": "18:00:00",
    "latest": "07:00:00",
    "weekdays": ["mon"],
}


@given(changes=st.dictionaries(st.sampled_from([*NEED, *STORED]), JUNK, max_size=4))
@settings(max_examples=300)
def test_stored_settings(changes: dict[str, Any]) -> None:
    """Any settings are parsed or refused by name, never with another error."""
    try:
        load = PlannedLoad.from_data("Car", STORED | changes)
    except InvalidLoadError as err:
        assert err.setting in {*NEED, *STORED}  # noqa: PT017
    else:
        assert load.fixed_run_time is None or load.fixed_run_time.total_seconds() >= 0


RECORD = st.fixed_dictionaries(
    {},
    optional={
        "today": st.fixed_dictionaries(
            {}, optional={"kind": JUNK, "amount": JUNK, "until": JUNK}
        ),
        "once": st.fixed_dictionaries(
            {}, optional={"kind": JUNK, "amount": JUNK, "start": JUNK, "end": JUNK}
        ),
        "known": st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                ("level", "level_at", "target", "power", "latest"), JUNK
            ),
        ),
    },
)


@given(record=RECORD)
@settings(max_examples=300)
def test_stored_history(record: dict[str, Any]) -> None:
    """What can't be planned by is left out alone, and counted."""
    damage = Damage()
    try:
        history = _read(record, damage)
    except UNREADABLE:  # pragma: no cover
        pytest.fail("The whole record was given up")
    assert isinstance(history, LoadHistory)
    assert history.known.level is None or 0 <= history.known.level <= 100
    assert history.once is None or history.once.start < history.once.end
