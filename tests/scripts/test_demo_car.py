"""Car of the demo, and its planned load."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest

from custom_components.nomos_energy.const import SUBENTRY_PLANNED_LOAD
from scripts.demo_car import CHARGED, LEVEL, LOAD, WALLBOX, car_config
from simulator import Simulator, scenarios
from tests import pass_time
from tests.conftest import SetUp
from tests.loads.common import load_state, pass_time_until, plan_of

MINUTE = timedelta(minutes=1)


def level(hass: HomeAssistant) -> float:
    """Return the charge level of the car."""
    state = hass.states.get(LEVEL)
    assert state
    return float(state.state)


@pytest.fixture(autouse=True)
async def car(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[None]:
    """Set up the car at two in the afternoon."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to("2026-11-23T14:00:30+01:00")
    await async_setup_component(hass, "homeassistant", {})
    for domain, config in car_config("de").items():
        assert await async_setup_component(hass, domain, {domain: config})
    await hass.async_block_till_done()
    yield
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "all"}, blocking=True
    )


async def test_level(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """The level falls while the car is driven, and rises while the wallbox is on."""
    before = level(hass)
    await pass_time(hass, freezer, MINUTE, MINUTE)
    assert level(hass) < before
    before = level(hass)
    await hass.services.async_call(
        "input_boolean", "turn_on", {"entity_id": WALLBOX}, blocking=True
    )
    await pass_time(hass, freezer, MINUTE, MINUTE)
    assert level(hass) == pytest.approx(before + CHARGED, abs=0.001)


async def test_charge(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    simulator: Simulator,
    set_up: SetUp,
) -> None:
    """The form of the demo makes a load that charges the car to its target."""
    simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    subentries = hass.config_entries.subentries
    flow: Any = await subentries.async_init(
        (entry.entry_id, SUBENTRY_PLANNED_LOAD), context={"source": SOURCE_USER}
    )
    for entered in LOAD:
        flow = await subentries.async_configure(flow["flow_id"], entered)
        assert not flow.get("errors")
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    (key,) = entry.subentries
    assert plan_of(hass, key)
    await hass.services.async_call(
        "input_number", "set_value", {"entity_id": LEVEL, "value": 75}, blocking=True
    )
    await pass_time_until(hass, freezer, "2026-11-23T14:15+01:00")
    assert 0.1 < float(load_state(hass, key, "remaining_today")) < 1
