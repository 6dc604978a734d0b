"""Sensors of costs and invoices."""

from collections.abc import Callable
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.nomos_energy.billing.sensors import (
    CONSUMPTION,
    FEED_IN,
    LAST_INVOICE,
)
from custom_components.nomos_energy.const import DOMAIN
from simulator import Household, Simulator, scenarios
from tests import entity_id
from tests.conftest import SetUp


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize(
    ("scenario", "descriptions"),
    [
        (scenarios.dynamic_tariff, (*CONSUMPTION, LAST_INVOICE)),
        (scenarios.feed_in, FEED_IN),
    ],
)
async def test_everything(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    snapshot: SnapshotAssertion,
    scenario: Callable[..., Household],
    descriptions: tuple[Any, ...],
) -> None:
    """Each figure has its name, unit and class, and no state class."""
    home = simulator.add(scenario())
    await set_up()
    for each in descriptions:
        assert hass.states.get(entity_id(hass, home, each.key)) == snapshot(
            name=each.key
        )
    others = {each.key for each in (*CONSUMPTION, *FEED_IN, LAST_INVOICE)} - {
        each.key for each in descriptions
    }
    registry = er.async_get(hass)
    assert not [
        key
        for key in others
        if registry.async_get_entity_id(
            "sensor", DOMAIN, f"{home.subscription_id}_{key}"
        )
    ]
