"""Data update coordinator that polls Nomos."""

from abc import abstractmethod
from asyncio import Task
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util
from homeassistant.util.async_ import create_eager_task

from .connection import Connection
from .const import LOGGER
from .errors import login_error, update_error
from .nomos import NomosAuthError, NomosError
from .schedule import TIMER_TOLERANCE, Timer, backoff, share_of

PAUSE_MARGIN = timedelta(seconds=2)
"""Home Assistant's intervals may be a second short."""

WAKE_SPREAD = timedelta(seconds=30)
"""Time over which the coordinators of an account refresh when Nomos answers again."""


class PollingCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """Coordinator with capped back-off that respects the account's connection.

    Its interval is a timer of the event loop; a timer by the clock on the wall makes up
    for a refresh that was missed because the machine slept or its clock was set.
    """

    config_entry: ConfigEntry

    first_retry = timedelta(minutes=5)
    longest_retry = timedelta(hours=6)
    may_try_login = False
    """True for the one coordinator of an account that tries a refused login."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        connection: Connection,
        name: str,
        *,
        always_update: bool = True,
    ) -> None:
        """Initialize the coordinator; the name tells log lines apart."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{entry.title} {name}",
            always_update=always_update,
        )
        self.connection = connection
        self.failures = 0
        """Number of failed refreshes in a row."""
        self._wake_share = share_of(name)
        self._is_refreshing = False
        self._running: set[Task[Any]] = set()
        self._catch_up = Timer(hass, self._async_catch_up)
        self._remove_connection_listener: CALLBACK_TYPE | None = (
            connection.async_add_listener(self._async_connection_changed)
        )

    @abstractmethod
    async def _async_poll(self) -> DataT:
        """Return new data, and note an answer in the connection; raises NomosError."""

    @override
    async def _async_update_data(self) -> DataT:
        self._is_refreshing = True
        try:
            self.connection.async_check(may_try_login=self.may_try_login)
            try:
                data = await self._async_run(self._async_poll())
            except NomosError as err:
                self.connection.async_failed(err)
                raise
        except NomosError as err:
            if (
                isinstance(err, NomosAuthError)
                and self.may_try_login
                and self._is_first_refresh
            ):
                raise login_error(err) from err
            wait = self._wait(err)
            self.failures += 1
            raise update_error(err, wait) from err
        finally:
            self._is_refreshing = False
        self.failures = 0
        return data

    async def _async_run[ResultT](self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Return the result of work that ends with the coordinator.

        Its caller is not cancelled: it may belong to an automation. Raises
        CancelledError, which Home Assistant's coordinator does not log.
        """
        task = create_eager_task(work, loop=self.hass.loop)
        self._running.add(task)
        try:
            return await task
        finally:
            self._running.discard(task)

    @callback
    @override
    def _schedule_refresh(self) -> None:
        # Home Assistant schedules also after a refresh that ended behind the shutdown.
        if not self._shutdown_requested:
            super()._schedule_refresh()

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Update all listeners; none after the shutdown."""
        if not self._shutdown_requested:
            super().async_update_listeners()

    def _wait(self, err: NomosError) -> timedelta:
        """Return the time until the next attempt after an error."""
        wait = backoff(self.failures, self.first_retry, self.longest_retry)
        pause = self.connection.remaining_pause
        # An attempt within the pause would only wait once more.
        return max(wait, pause + PAUSE_MARGIN) if pause else wait

    @property
    def _is_first_refresh(self) -> bool:
        return not self.data and (
            self.config_entry.state is ConfigEntryState.SETUP_IN_PROGRESS
        )

    @callback
    @override
    def async_set_updated_data(self, data: DataT) -> None:
        """Set data that an action has fetched."""
        super().async_set_updated_data(data)
        self._async_refresh_finished()

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Start the timer that makes up for a missed refresh."""
        error = self.last_exception
        if self.last_update_success:
            wait = self.update_interval
        elif isinstance(error, UpdateFailed) and error.retry_after is not None:
            wait = timedelta(seconds=error.retry_after)
        else:
            wait = None
        if wait is not None:
            self._start_catch_up(dt_util.utcnow() + wait + TIMER_TOLERANCE)

    @callback
    def _async_connection_changed(self) -> None:
        """Refresh soon if Nomos answers again, or after the pause to try the login."""
        now = dt_util.utcnow()
        if self.connection.is_waiting_for_login:
            if self.may_try_login:
                pause = self.connection.remaining_pause + PAUSE_MARGIN
                self._start_catch_up(now + pause)
        elif not self.last_update_success:
            self._start_catch_up(now + self._wake_share * WAKE_SPREAD)

    @callback
    def _start_catch_up(self, moment: datetime) -> None:
        if not self._shutdown_requested and not self.config_entry.pref_disable_polling:
            self._catch_up.async_start(moment)

    @callback
    def _async_catch_up(self, _now: datetime) -> None:
        if not self._is_refreshing and not self._shutdown_requested:
            self.config_entry.async_create_background_task(
                self.hass, self.async_refresh(), f"{self.name} catches up"
            )

    @override
    async def async_shutdown(self) -> None:
        """Stop polling; called once more when the entry is unloaded."""
        await super().async_shutdown()
        for task in tuple(self._running):
            task.cancel()
        self._catch_up.async_cancel()
        if self._remove_connection_listener:
            self._remove_connection_listener()
            self._remove_connection_listener = None
