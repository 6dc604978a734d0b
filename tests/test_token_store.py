"""A rotated refresh token is on disk before it is used."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
import stat
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_storage

from custom_components.nomos_energy.const import DOMAIN
from simulator import Simulator, scenarios

from . import customer_entry, reauths, refresh, state
from .conftest import SetUp

ENTRY_ID = "01KAV0000000000000000000ME"


@pytest.fixture
def hass_storage(request: pytest.FixtureRequest) -> Generator[dict[str, Any]]:
    """Keep what Home Assistant stores in memory, except where files are read."""
    if "on_disk" in request.fixturenames:
        yield {}
    else:
        with mock_storage() as stored:
            yield stored


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Give Home Assistant a folder of its own."""
    return str(tmp_path)


@pytest.fixture
def on_disk(tmp_path: Path) -> Path:
    """Return the file of the token."""
    (tmp_path / ".storage").mkdir(exist_ok=True)
    return tmp_path / ".storage" / f"{DOMAIN}.{ENTRY_ID}.token"


@pytest.mark.usefixtures("credentials")
async def test_power_cut_after_a_rotation(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An entry that still holds a spent token gets its successor at the start."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up(entry=await customer_entry(hass, home))
    spent = dict(entry.data)
    for _ in range(3):
        freezer.tick(timedelta(hours=2))
        await refresh(hass, home)
    latest = entry.data["token"]["refresh_token"]
    assert latest != spent["token"]["refresh_token"]
    await hass.config_entries.async_unload(entry.entry_id)
    # What Home Assistant would read again, had it not written the entry yet.
    hass.config_entries.async_update_entry(entry, data=spent)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["token"]["refresh_token"] == latest
    freezer.tick(timedelta(hours=2))
    await refresh(hass, home)
    assert not reauths(hass)
    assert state(hass, home, "order_status") == "not_ordered"


@pytest.mark.usefixtures("credentials")
async def test_another_login_is_kept(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A token of a new login has no successor, whatever the clock says."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up(entry=await customer_entry(hass, home))
    freezer.tick(timedelta(hours=2))
    await refresh(hass, home)
    other = await customer_entry(hass, home)
    freezer.tick(-timedelta(days=3))
    hass.config_entries.async_update_entry(entry, data=dict(other.data))
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.data["token"]["refresh_token"] == other.data["token"]["refresh_token"]


@pytest.mark.usefixtures("credentials")
async def test_file(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    on_disk: Path,
) -> None:
    """The file is private, holds the token before the entry does, and goes with it."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up(entry=await customer_entry(hass, home, entry_id=ENTRY_ID))
    assert not on_disk.exists()
    freezer.tick(timedelta(hours=2))
    await refresh(hass, home)
    assert entry.data["token"]["refresh_token"] in on_disk.read_text()
    assert stat.S_IMODE(on_disk.stat().st_mode) == 0o600
    await hass.config_entries.async_remove(ENTRY_ID)
    assert not on_disk.exists()


@pytest.mark.usefixtures("credentials")
async def test_file_that_can_not_be_written(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    on_disk: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The token is used all the same, and the failure is logged once."""
    home = simulator.add(scenarios.smart_already())
    entry: MockConfigEntry = await set_up(
        entry=await customer_entry(hass, home, entry_id=ENTRY_ID)
    )
    on_disk.mkdir()
    for _ in range(2):
        spent = entry.data["token"]["refresh_token"]
        freezer.tick(timedelta(hours=2))
        await refresh(hass, home)
        assert entry.data["token"]["refresh_token"] != spent
    assert state(hass, home, "order_status") == "not_ordered"
    assert caplog.text.count("could not be written to disk") == 1
    assert entry.data["token"]["refresh_token"] not in caplog.text


@pytest.mark.parametrize(
    "stored", [[], {"token": 5}, {"token": {}, "predecessors": 7}, {"predecessors": []}]
)
@pytest.mark.usefixtures("credentials")
async def test_damaged_file(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    storage: dict[str, Any],
    stored: Any,
) -> None:
    """A damaged file changes nothing."""
    home = simulator.add(scenarios.smart_already())
    storage[f"{DOMAIN}.{ENTRY_ID}.token"] = {
        "version": 1,
        "minor_version": 1,
        "data": stored,
    }
    entry = await set_up(entry=await customer_entry(hass, home, entry_id=ENTRY_ID))
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, home, "order_status") == "not_ordered"
