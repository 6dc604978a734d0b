"""Set-up, unload and removal of an account."""

from pathlib import Path
import subprocess
import sys

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant

from custom_components.nomos_energy import nomos
from simulator import Simulator, scenarios
from tests import DAY, included, pass_time, requests_since, state
from tests.conftest import SetUp


async def test_unload(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An unloaded entry sends no requests, and can be set up again."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert state(hass, home, "smart_meter_active") == STATE_UNAVAILABLE
    requests_since(simulator)
    await pass_time(hass, freezer, 2 * DAY)
    assert not requests_since(simulator)

    assert await hass.config_entries.async_setup(entry.entry_id)
    assert state(hass, home, "smart_meter_active") == "off"


async def test_remove(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """Removing an account removes its devices and entities."""
    simulator.add(scenarios.happy_path())
    entry = await set_up()
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not included(hass)
    assert not hass.states.async_all()


def test_client_knows_nothing_of_home_assistant() -> None:
    """The client can be used without Home Assistant."""
    code = (
        "import importlib.util as u, sys;"
        "s = u.spec_from_file_location('nomos', sys.argv[1] + '/__init__.py');"
        "sys.modules['nomos'] = m = u.module_from_spec(s); s.loader.exec_module(m);"
        "assert not [name for name in sys.modules if 'homeassistant' in name]"
    )
    folder = Path(nomos.__file__).parent
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
