"""Conditions of the prices, in automations."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from simulator import Simulator, scenarios
from tests import next_start
from tests.automations import ask, device_of
from tests.conftest import SetUp
from tests.prices.common import TODAY, local, move_clock

HOURS = {12: 10.0, 13: 45.0, 14: 5.0, 15: 20.0, 16: 35.0, 17: 20.0, 18: 10.0}
"""Price in ct/kWh by hour; 30 otherwise."""

CASES: list[tuple[str, dict[str, Any], list[int]]] = [
    ("price_is_cheap", {}, [12, 14, 15, 17, 18]),
    ("price_is_cheap", {"level": "very_cheap"}, [12, 14, 18]),
    ("price_is_expensive", {}, [13, 16]),
    ("price_is_expensive", {"level": "very_expensive"}, [13]),
    ("price_is_below", {"threshold": 10.1}, [12, 14, 18]),
    ("price_is_below", {"threshold": "input_number.limit"}, [12, 14, 15, 17, 18]),
    ("price_is_above", {"threshold": 30}, [13, 16]),
    ("price_is_above", {"threshold": "input_number.limit"}, [13, 16, 19]),
    ("price_is_above", {"threshold": "input_number.hours"}, []),
]


@pytest.mark.parametrize(("condition", "options", "expected"), CASES)
async def test_price(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    condition: str,
    options: dict[str, Any],
    expected: list[int],
) -> None:
    """It passes in the hours in which the price is so, also after a restart."""
    freezer.move_to(local("2026-11-23T11:30"))
    simulator.set_prices(TODAY, [HOURS.get(place // 4, 30.0) for place in range(96)])
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    async with next_start(hass, entry) as (new, _):
        unit = {"unit_of_measurement": "EUR/kWh"}
        new.states.async_set("input_number.limit", "0.21", unit)
        new.states.async_set("input_number.hours", "1", {"unit_of_measurement": "h"})
        target = {"device_id": device_of(new, home.subscription_id)}
        asked = await ask(new, condition, target, **options)
        await new.async_start()
        await new.async_block_till_done()
        passed = []
        for hour in range(12, 20):
            await move_clock(new, freezer, f"2026-11-23T{hour}:05")
            passed += [hour] if await asked.passes() else []
        assert passed == expected


async def test_no_price_is_no_price(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A price that is not known is neither below nor above."""
    simulator.set_prices(TODAY, [None] * 96)
    home = simulator.add(scenarios.smart_already())
    await set_up()
    target = {"device_id": device_of(hass, home.subscription_id)}
    asked = await ask(hass, "price_is_below", target, threshold=100)
    assert not await asked.passes()
