"""The gate, and whether the way to it is blocked."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from simulator import Simulator, scenarios
from tests.conftest import SetUp


@pytest.mark.parametrize("status", ["created", "activated"])
async def test_binary_sensors(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
) -> None:
    """The gate is shut at first, and open in the end."""
    monkeypatch.setattr(
        "custom_components.nomos_energy.PLATFORMS", [Platform.BINARY_SENSOR]
    )
    simulator.add(scenarios.happy_path()).advance_to(status)
    entry = await set_up()
    await snapshot_platform(hass, er.async_get(hass), snapshot, entry.entry_id)
