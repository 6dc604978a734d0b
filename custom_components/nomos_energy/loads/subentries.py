"""Planned loads are created, replaced and removed with their subentries."""

from collections.abc import Callable
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

from ..const import DOMAIN, LOGGER, SUBENTRY_PLANNED_LOAD
from ..store import RecordStore
from .coordinator import LoadCoordinator
from .history import LoadHistory
from .parsing import InvalidLoadError
from .settings import PlannedLoad
from .switching import LoadSwitching


def signal_loads_updated(entry: ConfigEntry) -> str:
    """Return the signal that is dispatched when planned loads come, change or go."""
    return f"{DOMAIN}_{entry.entry_id}_loads"


@callback
def async_setup_loads(
    hass: HomeAssistant,
    entry: ConfigEntry,
    store: RecordStore[LoadHistory],
    loads: dict[str, LoadCoordinator],
    create: Callable[[str, PlannedLoad], LoadCoordinator],
) -> None:
    """Keep a coordinator for each planned load in `loads`, by subentry ID."""
    switching: dict[str, LoadSwitching] = {}
    update = partial(_update, hass, entry, store, loads, switching, create, set())

    @callback
    def entry_changed(change: ConfigEntryChange, changed: ConfigEntry) -> None:
        if changed is entry and change is ConfigEntryChange.UPDATED:
            update()

    # An update listener would do, but Home Assistant refuses one beside flows that reload.
    entry.async_on_unload(
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed)
    )

    @callback
    def unload() -> None:
        for each in switching.values():
            if entry.disabled_by:
                each.async_release()
            else:
                each.async_stop()

    entry.async_on_unload(unload)
    update()


@callback
def _update(
    hass: HomeAssistant,
    entry: ConfigEntry,
    store: RecordStore[LoadHistory],
    loads: dict[str, LoadCoordinator],
    switching: dict[str, LoadSwitching],
    create: Callable[[str, PlannedLoad], LoadCoordinator],
    invalid: set[str],
) -> None:
    """Create and remove coordinators; `invalid` holds what was logged already."""
    subentries = {
        key: subentry
        for key, subentry in entry.subentries.items()
        if subentry.subentry_type == SUBENTRY_PLANNED_LOAD
    }
    planned: dict[str, PlannedLoad] = {}
    for key, subentry in subentries.items():
        try:
            planned[key] = PlannedLoad.from_data(subentry.title, subentry.data)
        except InvalidLoadError as err:
            if key not in invalid:
                LOGGER.warning("The planned load %s is skipped: %s", key, err)
            invalid.add(key)
        else:
            invalid.discard(key)
    for key in switching.keys() - planned.keys():
        switching.pop(key).async_release()
    # An invalid load keeps its history until somebody corrects or removes it.
    store.async_retain(subentries)
    current = {key: each.load for key, each in loads.items()}
    if current == planned:
        return
    for key, load in current.items():
        if planned.get(key) != load:
            if key in switching:
                switching.pop(key).async_stop()
            gone = loads.pop(key)
            gone.limit.async_remove(gone)
            entry.async_create_task(hass, gone.async_shutdown())
    # In the order of the subentries: of equal plans within a limit, the same is taken.
    for key in [each for each in planned if each not in loads]:
        loads[key] = create(key, planned[key])
        switching[key] = LoadSwitching(hass, entry, loads[key])
    for limit in {each.limit for each in loads.values()}:
        limit.async_replan_all()
    async_dispatcher_send(hass, signal_loads_updated(entry))
