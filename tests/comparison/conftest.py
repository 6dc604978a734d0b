"""Fixtures of comparison tariffs."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import Household
from tests.conftest import SetUp

from .common import Compare, add_tariff


@pytest.fixture
def compare(
    hass: HomeAssistant,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    home: Household,
) -> Compare:
    """Set up the account of a household, and add a comparison tariff."""

    async def compare(*changes: Any, **entered: Any) -> tuple[MockConfigEntry, str]:
        entry = await set_up()
        return entry, await add_tariff(
            hass, hass_client, entry, home, *changes, **entered
        )

    return compare
