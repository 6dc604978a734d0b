"""Sensors of the contract itself."""

from datetime import UTC, datetime

from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.nomos_energy.const import DOMAIN
from simulator import Simulator, scenarios
from tests import entity_id, refresh, state
from tests.conftest import SetUp


async def test_period_of_a_contract(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """First and last day are German days; the last one appears once there is one."""
    home = simulator.add(
        scenarios.dynamic_tariff(start_at=datetime(2026, 6, 30, 22, tzinfo=UTC))
    )
    await set_up()
    assert state(hass, home, "contract_start") == "2026-07-01"
    registry = er.async_get(hass)
    start = registry.async_get(entity_id(hass, home, "contract_start"))
    assert start
    assert start.entity_category is EntityCategory.DIAGNOSTIC
    end = f"{home.subscription_id}_contract_end"
    assert not registry.async_get_entity_id(Platform.SENSOR, DOMAIN, end)

    home.end_at = datetime(2026, 12, 31, 23, tzinfo=UTC)
    entry = hass.config_entries.async_entries(DOMAIN)[0]
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state(hass, home, "contract_end") == "2026-12-31"
    home.end_at = None
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await refresh(hass, home)
    assert state(hass, home, "contract_end") == "unavailable"
