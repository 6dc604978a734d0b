"""Trigger and condition of the grid fee window, in automations."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from simulator import Simulator, scenarios
from tests import next_start
from tests.automations import device_of, listen
from tests.conftest import SetUp
from tests.prices.common import local, move_clock, value_of


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["standard", "high", "standard", "low"]),
        ({"window": "high"}, ["high"]),
        ({"window": ["standard", "low"]}, ["standard", "standard", "low"]),
    ],
)
async def test_grid_fee_window_changed(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    options: dict[str, Any],
    expected: list[str],
) -> None:
    """It fires when a window begins, and not at a start or a change of its end."""
    freezer.move_to(local("2026-11-23T00:30"))
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    async with next_start(hass, entry) as (new, _):
        target = {"device_id": device_of(new, home.subscription_id)}
        told = await listen(new, "grid_fee_window_changed", target, **options)
        await new.async_start()
        await new.async_block_till_done()
        assert value_of(new, home, "grid_fee_window") == "low"
        assert not told
        for hour in range(1, 24):
            await move_clock(new, freezer, f"2026-11-23T{hour:02}:00")
        await move_clock(new, freezer, "2026-11-24T00:10")
        assert told == expected
