"""Nomos Energy: the smart-meter order of a household, and what it unlocks."""

from homeassistant.components.webhook import async_generate_id
from homeassistant.const import CONF_WEBHOOK_ID, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .api import async_create_client
from .const import DOMAIN
from .coordinator import NomosConfigEntry, NomosCoordinator
from .gates import async_watch_gates
from .loads.subentries import async_watch_loads
from .repairs import async_forget_issues, async_watch_contracts
from .services import async_setup_services
from .store import MemoryStore
from .webhooks.receiver import async_forget_webhook, async_setup_webhook

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what does not belong to an account."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: NomosConfigEntry) -> bool:
    """Set up an account with Nomos."""
    if CONF_WEBHOOK_ID not in entry.data:
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_WEBHOOK_ID: async_generate_id()}
        )
    client = await async_create_client(hass, entry)
    coordinator = NomosCoordinator(hass, entry, client)
    if await coordinator.async_restore():
        # What was known before is better than nothing while Nomos is away.
        await coordinator.async_refresh()
    else:
        await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    async_watch_contracts(hass, entry)
    async_watch_gates(hass, entry)
    async_watch_loads(hass, entry)
    async_setup_webhook(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: NomosConfigEntry) -> bool:
    """Take an account down."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Forget an account that is removed."""
    async_forget_issues(hass, entry)
    if webhook_id := entry.data.get(CONF_WEBHOOK_ID):
        await async_forget_webhook(hass, webhook_id)
    await MemoryStore(hass, entry.entry_id).async_remove()
