"""Condition of planned loads, in automations."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from simulator import Simulator, scenarios
from tests import next_start, refresh
from tests.automations import ask, device_of
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load, load_state, pass_time_until


@pytest.mark.parametrize("target", ["load", "contract"])
async def test_load_is_running(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    target: str,
) -> None:
    """It passes while the load should run, also after a restart; a contract stands for its loads."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    whole = {"run_time": {"hours": 3, "minutes": 0}, "latest": "15:00:00"}
    key = await add_load(hass, entry, a_wallbox(home, earliest="12:00:00", **whole))
    await add_load(hass, entry, a_wallbox(home, name="Later"))
    async with next_start(hass, entry) as (new, _):
        device = device_of(new, key if target == "load" else home.subscription_id)
        condition = await ask(new, "load_is_running", {"device_id": device})
        await new.async_start()
        await new.async_block_till_done()
        for moment, expected in {"11:45": False, "12:15": True, "15:15": False}.items():
            await pass_time_until(new, freezer, f"2026-11-23T{moment}:00+01:00")
            assert (load_state(new, key, "run_now") == "on") is expected
            assert await condition.passes() is expected


async def test_load_stands_for_its_contract(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The device of a load has the conditions of its contract, and of no other."""
    homes = (scenarios.dynamic_tariff(), scenarios.happy_path(2))
    home, other = (simulator.add(each) for each in homes)
    entry = await set_up()
    await add_load(hass, entry, a_wallbox(home))
    key = await add_load(hass, entry, a_wallbox(other, name="Later"))
    target = {"device_id": device_of(hass, key)}
    condition = await ask(hass, "smart_meter_is_active", target)
    assert not await condition.passes()
    other.advance_to("activated")
    await refresh(hass, other)
    assert await condition.passes()
