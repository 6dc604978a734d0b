"""A home with a dynamic tariff, in which electricity is cheapest at night."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Household, Simulator
from tests.conftest import SetUp
from tests.loads.common import EVENING, add_home, pass_time_until


@pytest.fixture
async def berlin(hass: HomeAssistant) -> None:
    """Set the time zone of Home Assistant, for tests without that home."""
    await hass.config.async_set_time_zone("Europe/Berlin")


@pytest.fixture
async def home(hass: HomeAssistant, simulator: Simulator) -> Household:
    """Return a home for which electricity is cheapest from 2 to 5."""
    return await add_home(hass, simulator, {2: 10.0, 3: 5.0, 4: 12.0})


@pytest.fixture
async def account(set_up: SetUp, home: Household) -> MockConfigEntry:
    """Return the entry of the home's account."""
    return await set_up()


@pytest.fixture
async def evening(
    hass: HomeAssistant, account: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return the entry of the home's account, when prices of the night are known."""
    await pass_time_until(hass, freezer, EVENING)
    return account
