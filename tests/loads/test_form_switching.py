"""Third step of the form of planned loads: what is switched."""

from pathlib import Path
import shutil
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

import custom_components.nomos_energy as integration
from simulator import Household
from tests.forms import Form, open_load

BLUEPRINT = "ha-nomos-energy/run_a_switch_by_a_planned_load.yaml"


async def third_step(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> Form:
    """Return the form of a new load at its third step."""
    form = await open_load(hass, hass_client, entry)
    await form.choose("run_time")
    await form.send(name="Wallbox", run_time={"hours": 3, "minutes": 0})
    await form.send(**form.suggested())
    return form


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
    form = await third_step(hass, hass_client, account)
    right = {"number": "number.box", "number_on": "16", "number_off": "0"}
    wrong = {key: each for key, each in (right | entered).items() if each is not None}
    shown = await form.send(advanced=wrong)
    assert shown["errors"] == {"advanced": error}
    assert form.suggested() == {"advanced": wrong}
    done = await form.send(advanced=right)
    assert done["type"] == "create_entry"


@pytest.mark.parametrize(
    "actions",
    [
        [{"action": "no action"}],
        [{"nonsense": 1}],
        "nonsense",
        [{"device_id": "gone", "domain": "light", "type": "turn_on"}],
    ],
)
@pytest.mark.parametrize("field", ["start_actions", "end_actions"])
async def test_actions(
    hass: HomeAssistant,
    account: MockConfigEntry,
    cheap_nights: Household,
    hass_client: ClientSessionGenerator,
    actions: Any,
    field: str,
) -> None:
    """Actions that can't run are refused in the form, in its language."""
    form = await third_step(hass, hass_client, account)
    shown = await form.send(advanced={field: actions})
    assert shown["errors"] == {"advanced": "actions_unusable"}
    done = await form.send(advanced={field: [{"delay": "00:00:05"}]})
    assert done["type"] == "create_entry"


async def test_automation_that_switches_the_same(
    hass: HomeAssistant,
    automation_of_ours: None,
    account: MockConfigEntry,
    cheap_nights: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """A warning names the automation once; sent again, the form is accepted."""
    form = await third_step(hass, hass_client, account)
    shown = await form.send(targets=["switch.other", "switch.box"])
    assert shown["errors"] == {"targets": "switched_by_automation"}
    assert any("„Wallbox günstig“" in each for each in form.texts("de"))
    done = await form.send(targets=["switch.other", "switch.box"])
    assert done["type"] == "create_entry"


async def test_automation_that_switches_something_else(
    hass: HomeAssistant,
    automation_of_ours: None,
    account: MockConfigEntry,
    cheap_nights: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """Nothing is asked about other entities."""
    form = await third_step(hass, hass_client, account)
    done = await form.send(targets=["switch.other"])
    assert done["type"] == "create_entry"


@pytest.fixture
async def automation_of_ours(hass: HomeAssistant, tmp_path: Path) -> None:
    """Set up an automation of our blueprint, in the folder of an import."""
    source = Path(integration.__file__).parents[2] / "blueprints/automation"
    target = tmp_path / "blueprints/automation" / BLUEPRINT
    target.parent.mkdir(parents=True)
    shutil.copy(source / "nomos_energy" / target.name, target)
    hass.config.config_dir = str(tmp_path)
    inputs = {"run_now": "binary_sensor.box_should_run", "targets": ["switch.box"]}
    automation = {
        "alias": "Wallbox günstig",
        "use_blueprint": {"path": BLUEPRINT, "input": inputs},
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()
