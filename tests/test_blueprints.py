"""The blueprints, loaded and run by Home Assistant."""

from pathlib import Path
import shutil

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from simulator import Household, Simulator, scenarios

from . import entity_id, look_again
from .conftest import SetUp

FOLDER = Path(__file__).parent.parent / "blueprints" / "automation" / "nomos_energy"
LIGHT = "input_boolean.cheap_hours"


@pytest.fixture
def config_folder(hass: HomeAssistant, tmp_path: Path) -> None:
    """Give Home Assistant a folder with our blueprints in it."""
    shutil.copytree(FOLDER, tmp_path / "blueprints" / "automation" / "nomos_energy")
    hass.config.config_dir = str(tmp_path)


async def start_automation(hass: HomeAssistant, home: Household) -> None:
    """Make an automation of the blueprint."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(
        hass, "input_boolean", {"input_boolean": {"cheap_hours": None}}
    )
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "use_blueprint": {
                    "path": "nomos_energy/start_my_energy_automations.yaml",
                    "input": {
                        "gate": entity_id(hass, home, "smart_meter_active"),
                        "targets": [LIGHT],
                    },
                }
            }
        },
    )
    await hass.async_block_till_done()
    assert len(hass.states.async_entity_ids("automation")) == 1


def shows(hass: HomeAssistant) -> str:
    """Return the state of what the automation starts."""
    found = hass.states.get(LIGHT)
    assert found
    return found.state


async def test_gate_opens(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, config_folder: None
) -> None:
    """What waited for the meter starts when it is activated, and not before."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    await start_automation(hass, home)
    home.advance_to("installed")
    await look_again(hass, home)
    assert shows(hass) == STATE_OFF
    home.advance_to("activated")
    await look_again(hass, home)
    assert shows(hass) == STATE_ON


async def test_gate_closes(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, config_folder: None
) -> None:
    """It stops when the gate closes for good, not when nobody knows for a while."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    await start_automation(hass, home)
    await hass.services.async_call(
        "input_boolean", "turn_on", {"entity_id": LIGHT}, blocking=True
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert shows(hass) == STATE_ON
    home.status = "ended"
    await look_again(hass, home)
    assert shows(hass) == STATE_OFF


async def test_gate_was_open_before(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, config_folder: None
) -> None:
    """A gate that is open when Home Assistant starts counts as well."""
    home = simulator.add(scenarios.smart_already())
    hass.set_state(CoreState.not_running)
    await set_up()
    await start_automation(hass, home)
    assert shows(hass) == STATE_OFF
    await hass.async_start()
    await hass.async_block_till_done()
    assert shows(hass) == STATE_ON
