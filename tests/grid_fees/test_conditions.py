"""Condition of the grid fee window, in automations."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from simulator import Simulator, scenarios
from tests.automations import ask, device_of
from tests.conftest import SetUp
from tests.prices.common import local, move_clock, value_of


@pytest.mark.parametrize("windows", [["low"], ["high", "standard"]])
async def test_grid_fee_window_is(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    windows: list[str],
) -> None:
    """It passes in the chosen windows."""
    freezer.move_to(local("2026-11-23T00:30"))
    home = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    target = {"device_id": device_of(hass, home.subscription_id)}
    condition = await ask(hass, "grid_fee_window_is", target, window=windows)
    seen = set()
    for hour in range(1, 24):
        await move_clock(hass, freezer, f"2026-11-23T{hour:02}:00")
        window = value_of(hass, home, "grid_fee_window")
        assert await condition.passes() == (window in windows)
        seen.add(window)
    assert seen == {"low", "standard", "high"}


async def test_without_module_3(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """It does not pass for a contract without windows."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    target = {"device_id": device_of(hass, home.subscription_id)}
    windows = ["low", "standard", "high"]
    condition = await ask(hass, "grid_fee_window_is", target, window=windows)
    assert not await condition.passes()
