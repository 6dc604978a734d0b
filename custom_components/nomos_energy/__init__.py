"""Nomos Energy: the smart-meter order of a household, and what it unlocks."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from .api import async_create_client
from .coordinator import NomosConfigEntry, NomosCoordinator

PLATFORMS = [Platform.BINARY_SENSOR, Platform.SENSOR]


async def async_setup_entry(hass: HomeAssistant, entry: NomosConfigEntry) -> bool:
    """Set up an account with Nomos."""
    client = await async_create_client(hass, entry)
    coordinator = NomosCoordinator(hass, entry, client)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: NomosConfigEntry) -> bool:
    """Take an account down."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
