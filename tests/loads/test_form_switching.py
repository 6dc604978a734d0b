"""Third step of the form of planned loads: what is switched."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import Household
from tests.forms import open_load


@pytest.mark.parametrize(
    ("entered", "error"),
    [
        ({"number_on": "16", "number_off": None}, "number_value_missing"),
        ({"number_on": "16", "number_off": "16,0"}, "number_value_missing"),
        ({"number_on": "sixteen"}, "not_a_number"),
        ({"number_on": "1e9"}, "number_out_of_range"),
        ({"number": "sensor.current"}, "number_unusable"),
    ],
)
async def test_number(
    hass: HomeAssistant,
    account: MockConfigEntry,
    cheap_nights: Household,
    hass_client: ClientSessionGenerator,
    entered: dict[str, Any],
    error: str,
) -> None:
    """The form says what is missing, and shows again what was entered."""
    form = await open_load(hass, hass_client, account)
    await form.choose("run_time")
    await form.send(name="Wallbox", run_time={"hours": 3, "minutes": 0})
    await form.send(**form.suggested())
    right = {"number": "number.box", "number_on": "16", "number_off": "0"}
    wrong = {key: each for key, each in (right | entered).items() if each is not None}
    shown = await form.send(advanced=wrong)
    assert shown["errors"] == {"advanced": error}
    assert form.suggested() == {"advanced": wrong}
    done = await form.send(advanced=right)
    assert done["type"] == "create_entry"
