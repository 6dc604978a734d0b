"""A home with a dynamic tariff, in which electricity is cheapest at night."""

from datetime import date

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Household, Simulator, scenarios
from tests import DAY
from tests.conftest import SetUp
from tests.loads.common import EVENING, pass_time_until

CHEAP = {2: 10.0, 3: 5.0, 4: 12.0}
"""Prices in ct/kWh by hour; at all other times, it is 30."""


@pytest.fixture
async def cheap_nights(hass: HomeAssistant, simulator: Simulator) -> Household:
    """Return a home for which electricity is cheapest from 2 to 5."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    today = date(2026, 11, 23)
    for day in (today, today + DAY, today + 2 * DAY):
        simulator.set_prices(day, [CHEAP.get(place // 4, 30.0) for place in range(96)])
    return simulator.add(scenarios.dynamic_tariff())


@pytest.fixture
async def account(set_up: SetUp, cheap_nights: Household) -> MockConfigEntry:
    """Return the entry of that home's account."""
    return await set_up()


@pytest.fixture
async def evening(
    hass: HomeAssistant, account: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return the entry of that home's account, when prices of the night are known."""
    await pass_time_until(hass, freezer, EVENING)
    return account
