"""An account, and an address on the internet."""

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator, scenarios
from tests.conftest import SetUp
from tests.webhooks.common import EXTERNAL


@pytest.fixture
async def entry(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> MockConfigEntry:
    """Set up an account without webhooks."""
    simulator.add(scenarios.happy_path())
    return await set_up()


@pytest.fixture
async def external(hass: HomeAssistant) -> None:
    """Let Home Assistant be reached over the internet."""
    await hass.config.async_update(external_url=EXTERNAL)
