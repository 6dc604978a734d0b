"""Actions of a household that run when a planned load starts and when it ends."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script, async_validate_actions_config
from homeassistant.helpers.start import async_at_started
import voluptuous as vol

from ..const import DOMAIN, LOGGER
from .coordinator import LoadCoordinator
from .history import load_store
from .settings import END_ACTIONS
from .targets import CALL_ERRORS

# A script logs the messages of other integrations, which may hold names and addresses.
_SILENT = logging.getLogger(f"{__name__}.scripts")
_SILENT.disabled = True

INVALID_ACTIONS = (vol.Invalid, HomeAssistantError, KeyError, TypeError, ValueError)


async def async_validate_actions(hass: HomeAssistant, data: Any) -> list[Any]:
    """Return actions as a script runs them; raises one of INVALID_ACTIONS."""
    # The data of a subentry stays as it was entered.
    return await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA(deepcopy(data)))


class LoadActions:
    """Runs the actions of a load once for each run.

    The start of the run whose first actions ran is stored: a restart in the middle of it
    repeats nothing, and the last actions follow also when the load goes.
    """

    def __init__(self, hass: HomeAssistant, load: LoadCoordinator) -> None:
        """Initialize with the stored state."""
        self._hass = hass
        self._load = load
        self._is_started = False
        self._removers: list[CALLBACK_TYPE] = []
        if load.load.start_actions or load.load.end_actions or self._begun:
            self._removers = [load.async_add_listener(self._update)]
            # Services of others are there only when Home Assistant has started.
            self._removers.append(async_at_started(hass, self._start))

    @callback
    def _start(self, _hass: HomeAssistant) -> None:
        self._is_started = True
        self._update()

    @property
    def _begun(self) -> datetime | None:
        return self._load.history.actions_run

    @callback
    def async_stop(self) -> None:
        """Stop; what follows at the end of a run is due later."""
        while self._removers:
            self._removers.pop()()

    @callback
    def async_release(self) -> None:
        """Stop for good, and run the last actions if the first ones ran."""
        self.async_stop()
        if self._begun:
            self._load.async_set_actions_run(None)
            self._run(self._load.load.end_actions)

    @callback
    def _update(self) -> None:
        if not self._is_started:
            return
        running, begun = self._load.data.running, self._begun
        if (running and running.start) == begun:
            return
        self._load.async_set_actions_run(running.start if running else None)
        # A piece that begins where the one before ends continues the run.
        if begun and running and self._load.history.is_continued(begun):
            return
        load = self._load.load
        self._run(
            load.end_actions if begun else (), load.start_actions if running else ()
        )

    @callback
    def _run(self, *lists: Sequence[Any]) -> None:
        name, key = self._load.load.name, self._load.key
        self._hass.async_create_task(
            _async_run(self._hass, key, name, *lists), f"{self._load.name} actions"
        )


async def _async_run(
    hass: HomeAssistant, key: str, name: str, *lists: Sequence[Any]
) -> None:
    """Run actions of a load, one list after the other."""
    for actions in filter(None, lists):
        try:
            script = Script(
                hass,
                await async_validate_actions(hass, list(actions)),
                name,
                DOMAIN,
                running_description="actions of a planned load",
                logger=_SILENT,
            )
            await script.async_run(context=Context())
        except (*CALL_ERRORS, *INVALID_ACTIONS) as err:
            LOGGER.warning(
                "Actions of the planned load %s failed: %s", key, type(err).__name__
            )


async def async_end_stored(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Run the last actions of the loads of an entry that is removed."""
    store = load_store(hass, entry)
    await store.async_load()
    for key, history in store.records.items():
        subentry = entry.subentries.get(key)
        if history.actions_run and subentry and END_ACTIONS in subentry.data:
            hass.async_create_task(
                _async_run(hass, key, subentry.title, subentry.data[END_ACTIONS]),
                "planned load actions",
            )
