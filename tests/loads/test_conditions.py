"""Condition of planned loads, in automations."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from simulator import Simulator, scenarios
from tests import next_start
from tests.automations import ask, device_of
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load, load_state, pass_time_until


async def test_load_is_running(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """It passes while the load should run, also after a restart, and for no other."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    whole = {"run_time": {"hours": 3, "minutes": 0}, "latest": "15:00:00"}
    key = await add_load(hass, entry, a_wallbox(home, earliest="12:00:00", **whole))
    await add_load(hass, entry, a_wallbox(home, name="Later"))
    async with next_start(hass, entry) as (new, _):
        target = {"device_id": device_of(new, key)}
        condition = await ask(new, "load_is_running", target)
        await new.async_start()
        await new.async_block_till_done()
        for moment, expected in {"11:45": False, "12:15": True, "15:15": False}.items():
            await pass_time_until(new, freezer, f"2026-11-23T{moment}:00+01:00")
            assert (load_state(new, key, "run_now") == "on") is expected
            assert await condition.passes() is expected
