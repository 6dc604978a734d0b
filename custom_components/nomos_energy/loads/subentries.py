"""The planned loads of an account come, change and go with its subentries."""

from functools import partial

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import (
    async_dispatcher_connect,
    async_dispatcher_send,
)

from ..const import SUBENTRY_PLANNED_LOAD
from ..coordinator import NomosConfigEntry
from .coordinator import LoadCoordinator
from .planner import PlannedLoad


@callback
def async_watch_loads(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    """Run what is planned, also what is added or changed later."""
    update = partial(_update, hass, entry)

    @callback
    def changed(change: ConfigEntryChange, which: ConfigEntry) -> None:
        if which is entry and change is ConfigEntryChange.UPDATED:
            update()

    entry.async_on_unload(
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)
    )
    update()


@callback
def _update(hass: HomeAssistant, entry: NomosConfigEntry) -> None:
    account = entry.runtime_data
    planned = {
        key: PlannedLoad.from_data(subentry.title, subentry.data)
        for key, subentry in entry.subentries.items()
        if subentry.subentry_type == SUBENTRY_PLANNED_LOAD
    }
    for key in account.memory.loads.keys() - planned.keys():
        del account.memory.loads[key]
    current = {key: each.load for key, each in account.loads.items()}
    if current == planned:
        return
    for key, load in current.items():
        if planned.get(key) != load:
            entry.async_create_task(hass, account.loads.pop(key).async_shutdown())
    for key in planned.keys() - account.loads.keys():
        account.loads[key] = LoadCoordinator(hass, account, key, planned[key])
    account.save()
    async_dispatcher_send(hass, account.signal_loads)
