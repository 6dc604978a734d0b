"""Nomos Energy: the smart meter order of a household, and what it unlocks."""

from homeassistant.components.webhook import async_generate_id
from homeassistant.const import CONF_WEBHOOK_ID, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.typing import ConfigType

from .api import async_create_client
from .compat import async_first_refresh
from .const import DOMAIN
from .device import contract_devices
from .frontend import async_setup_frontend
from .gates import async_setup_gates
from .issues import async_delete_issues
from .loads.other_actions import async_end_stored
from .loads.targets import async_switch_off_stored
from .options import async_check_options
from .orders.issues import async_setup_order_issues
from .orders.visibility import async_setup_order_visibility
from .ownership import async_release_contracts
from .runtime import NomosConfigEntry, async_create_runtime_data, async_remove_stores
from .services import async_setup_services
from .webhooks.address import async_delete_cloudhook
from .webhooks.receiver import async_setup_webhook

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions and the modules of the frontend."""
    async_setup_services(hass)
    await async_setup_frontend(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: NomosConfigEntry) -> bool:
    """Set up an account."""
    if CONF_WEBHOOK_ID not in entry.data:
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_WEBHOOK_ID: async_generate_id()}
        )
    async_check_options(entry)
    _async_remove_buttons(hass, entry)
    client = await async_create_client(hass, entry)
    runtime = await async_create_runtime_data(hass, entry, client)
    contracts = runtime.contracts
    if contracts.async_restore():
        # Stored contracts are better than none while Nomos does not answer.
        await contracts.async_refresh()
    else:
        await async_first_refresh(contracts)
    entry.runtime_data = runtime
    async_setup_order_issues(hass, entry, contracts)
    async_setup_gates(hass, entry)
    runtime.billing.async_start()
    runtime.deliveries = async_setup_webhook(
        hass,
        entry,
        contracts,
        runtime.stores.deliveries,
        runtime.billing.async_invoice_changed,
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    async_setup_order_visibility(hass, entry, contracts)
    return True


@callback
def _async_remove_buttons(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Remove the buttons of earlier versions: one tap ordered a smart meter."""
    registry = er.async_get(hass)
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        if found.domain == Platform.BUTTON:
            registry.async_remove(found.entity_id)


async def async_unload_entry(hass: HomeAssistant, entry: NomosConfigEntry) -> bool:
    """Unload an account; issues outlast a reload, with what a person ignored."""
    if entry.disabled_by:
        async_delete_issues(hass, entry)
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Remove all that belongs to an account."""
    async_delete_issues(hass, entry)
    async_release_contracts(hass, entry, contract_devices(hass, entry).keys())
    if webhook_id := entry.data.get(CONF_WEBHOOK_ID):
        await async_delete_cloudhook(hass, webhook_id)
    await async_switch_off_stored(hass, entry)
    await async_end_stored(hass, entry)
    await async_remove_stores(hass, entry)
