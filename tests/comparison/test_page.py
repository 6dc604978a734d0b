"""The example month on the page is what the simulated household paid."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import Simulator, scenarios
from tests.actions import call, device_id
from tests.conftest import SetUp
from tests.test_pages import ENGLISH, GERMAN, Pages

from .common import add_tariff


@pytest.mark.usefixtures("recorder_mock")
async def test_example_month(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """Both pages show what the action answers for October."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    await add_tariff(
        hass, hass_client, entry, home, name="Stadtwerke", price="36", base_fee="13,90"
    )
    answer = await call(
        hass,
        "compare_tariffs",
        device_id(hass, home),
        start="2026-10-01",
        end="2026-11-01",
    )

    def shown(pages: Pages) -> object:
        return pages.action("compare_tariffs")[1]

    assert shown(ENGLISH) == answer
    assert shown(GERMAN) == answer
