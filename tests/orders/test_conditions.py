"""Condition of the meter order, in automations."""

from homeassistant.core import HomeAssistant

from simulator import Fault, Simulator, scenarios
from tests import next_start, refresh
from tests.automations import ask, device_of, label_device
from tests.conftest import SetUp


async def test_smart_meter_is_active(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """It passes once the meter is active, also while Nomos does not answer."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    target = label_device(hass, device_of(hass, home.subscription_id))
    condition = await ask(hass, "smart_meter_is_active", target)
    assert not await condition.passes()
    home.advance_to("installed")
    await refresh(hass, home)
    assert not await condition.passes()
    home.advance_to("activated")
    await refresh(hass, home)
    assert await condition.passes()
    simulator.fail(Fault.SERVER_ERROR)
    await refresh(hass, home)
    assert await condition.passes()


async def test_after_restart(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """It passes after a start with an active meter."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    async with next_start(hass, entry) as (new, _):
        condition = await ask(
            new,
            "smart_meter_is_active",
            {"device_id": device_of(new, home.subscription_id)},
        )
        await new.async_start()
        await new.async_block_till_done()
        assert await condition.passes()
