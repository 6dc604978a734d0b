"""Action run_load_once."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Household, Simulator, scenarios
from tests.actions import call as call_action, check_translations, device_id
from tests.conftest import SetUp
from tests.loads.common import (
    a_car,
    a_wallbox,
    add_home,
    add_load,
    call,
    load_device_id,
    load_state,
    pass_time_until,
    plan_of,
    watch,
)

AFTERNOON = "2026-11-23T16:00+01:00"


@pytest.fixture
async def home(hass: HomeAssistant, simulator: Simulator) -> Household:
    """Return a home for which nights are cheap, and the hours from 13 to 15."""
    cheap = {13: 20.0, 14: 18.0, 2: 10.0, 3: 5.0, 4: 12.0}
    return await add_home(hass, simulator, cheap)


async def test_once(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """It runs on a day and at hours at which it never does, after a restart too."""
    weekdays = ["mon"]
    key = await add_load(
        hass, account, a_wallbox(home, run_time={"hours": 1}, weekdays=weekdays)
    )
    await pass_time_until(hass, freezer, AFTERNOON)
    usual = plan_of(hass, key)
    assert usual[0] == "Tue 03:00–04:00"
    times = {"earliest": "2026-11-24 09:00:00", "latest": "2026-11-24 17:00:00"}
    answer = await call_action(
        hass,
        "run_load_once",
        load_device_id(hass, key),
        run_time={"hours": 2},
        **times,
    )
    assert answer["unit"] == "EUR/kWh"
    (piece,) = answer["plan"]
    assert piece["start"] == "2026-11-24T13:00:00+01:00"
    assert piece["end"] == "2026-11-24T15:00:00+01:00"
    assert piece["price"] == 0.19
    assert plan_of(hass, key)[:2] == [usual[0], "Tue 13:00–15:00"]
    await hass.config_entries.async_reload(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert plan_of(hass, key)[:2] == [usual[0], "Tue 13:00–15:00"]
    # Another call replaces the first.
    await call_action(hass, "run_load_once", load_device_id(hass, key), **times)
    assert plan_of(hass, key)[:2] == [usual[0], "Tue 14:00–15:00"]
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-25T12:00+01:00")
    assert switched == [
        "Tue 03:00 on",
        "Tue 04:00 off",
        "Tue 14:00 on",
        "Tue 15:00 off",
    ]


async def test_within_the_usual_hours(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """The usual run time is kept beside it, and neither counts for the other."""
    key = await add_load(hass, account, a_wallbox(home, run_time={"hours": 3}))
    await pass_time_until(hass, freezer, "2026-11-23T20:00+01:00")
    await call_action(
        hass,
        "run_load_once",
        load_device_id(hass, key),
        run_time={"minutes": 30},
        latest="2026-11-23 21:00:00",
    )
    assert plan_of(hass, key)[:2] == ["Mon 20:00–20:30", "Tue 02:00–05:00"]
    assert load_state(hass, key, "run_now") == "on"
    switched = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T12:00+01:00")
    assert switched == ["Mon 20:30 off", "Tue 02:00 on", "Tue 05:00 off"]


async def test_energy_and_target(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """The amount is that of the need: kWh or percent."""
    hass.states.async_set("sensor.car", "80")
    car = await add_load(hass, account, a_car(home))
    energy = a_wallbox(home, need="energy", run_time=None, energy="30", power="10")
    box = await add_load(hass, account, energy)
    await pass_time_until(hass, freezer, AFTERNOON)
    assert plan_of(hass, car) == []
    times = {"earliest": "2026-11-24T12:00", "latest": "2026-11-24T17:00"}
    action = "run_load_once"
    await call_action(hass, action, load_device_id(hass, car), target=95, **times)
    assert plan_of(hass, car) == ["Tue 14:00–15:00"]
    # The number is that of the single run, once it is the next one.
    await pass_time_until(hass, freezer, "2026-11-24T12:05+01:00")
    assert load_state(hass, car, "run_time_today") == "95.0"
    await call(hass, car, "run_time_today", "set_value", value=87)
    assert plan_of(hass, car) == ["Tue 14:00–14:30"]
    times["earliest"] = "2026-11-24T12:30"
    await call_action(hass, action, load_device_id(hass, box), energy=20, **times)
    assert "Tue 13:00–15:00" in plan_of(hass, box)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"energy": 5}, "once_needs_run_time"),
        ({"run_time": {"hours": 26}}, "once_needs_run_time"),
        ({"run_time": {"minutes": 0}}, "once_needs_run_time"),
        ({"run_time": {"hours": 25}}, "window_too_short"),
        ({"latest": "2026-11-23 17:00:00"}, "window_too_short"),
        ({"latest": "2026-11-23 15:00:00"}, "end_before_start"),
        ({"latest": "2026-12-23 15:00:00"}, "once_too_late"),
        ({"latest": "9999-12-31 23:59:59"}, "once_too_late"),
        ({"earliest": "9998-12-31 23:59:59"}, "once_too_late"),
    ],
)
async def test_mistakes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    data: dict[str, Any],
    error: str,
) -> None:
    """What can't be planned is refused, and the plan stays."""
    key = await add_load(hass, account, a_wallbox(home))
    await pass_time_until(hass, freezer, AFTERNOON)
    before = plan_of(hass, key)
    await refused(hass, load_device_id(hass, key), error, **data)
    assert plan_of(hass, key) == before


@pytest.mark.parametrize(
    ("load", "data", "error"),
    [
        ({"energy": "5", "power": "5"}, {"run_time": {"hours": 1}}, "energy"),
        ({"energy": "5", "power": "5"}, {"energy": float("nan")}, "energy"),
        ({"energy": "5", "power": "5"}, {"energy": -1}, "energy"),
    ],
)
async def test_mistakes_with_energy(
    hass: HomeAssistant,
    account: MockConfigEntry,
    home: Household,
    load: dict[str, Any],
    data: dict[str, Any],
    error: str,
) -> None:
    """A load by energy takes kWh only."""
    key = await add_load(
        hass, account, a_wallbox(home, need="energy", run_time=None, **load)
    )
    await refused(hass, load_device_id(hass, key), f"once_needs_{error}", **data)


async def test_mistakes_with_a_level(
    hass: HomeAssistant, account: MockConfigEntry, home: Household
) -> None:
    """A target is needed, if that of the entity was never known."""
    key = await add_load(hass, account, a_car(home, target="number.limit"))
    await refused(hass, load_device_id(hass, key), "once_needs_charge_level")
    await refused(
        hass, load_device_id(hass, key), "once_needs_charge_level", target=101
    )


async def test_which_load(
    hass: HomeAssistant, account: MockConfigEntry, home: Household
) -> None:
    """The device of a contract is none of a load; planning has to be on."""
    key = await add_load(hass, account, a_wallbox(home))
    await refused(hass, device_id(hass, home), "no_such_load")
    await refused(hass, "nothing", "no_such_load")
    await call(hass, key, "enabled", "turn_off")
    await refused(hass, load_device_id(hass, key), "planning_off")


async def test_before_the_meter(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Nothing runs before the gate is open."""
    home = simulator.add(scenarios.happy_path())
    account = await set_up()
    key = await add_load(hass, account, a_wallbox(home))
    await refused(hass, load_device_id(hass, key), "no_smart_meter_yet")


async def refused(hass: HomeAssistant, device: str, error: str, **data: Any) -> None:
    """Check that a call is refused with a translated error."""
    with pytest.raises(ServiceValidationError) as caught:
        await call_action(hass, "run_load_once", device, **data)
    assert caught.value.translation_key == error
    await check_translations(hass, caught.value)
