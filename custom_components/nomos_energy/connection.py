"""State of an account's connection to Nomos, shared by all its coordinators."""

from collections.abc import Callable
from datetime import datetime, timedelta

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .nomos import NomosAuthError, NomosConnectionError, NomosError, NomosRateLimitError
from .schedule import backoff

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)
"""Longest time without any request during an outage."""

PROBE_TIME = timedelta(minutes=1)
"""Time for which other requests wait for the one that tries if Nomos answers again."""

FIRST_REFUSAL_PAUSE = timedelta(hours=1)
LATER_REFUSAL_PAUSE = timedelta(hours=6)

FIRST_REAUTH_STEPS = ("reauth_confirm", "api_credentials")
"""Steps of a reauthentication flow in which a person has not done anything yet."""


class Connection:
    """State of the connection of one account.

    During an outage one request in a while tries if Nomos answers; the others fail
    without being sent. A login that is refused may be accepted later: it is tried again
    after an hour and then every six, and reauthentication starts with the second
    refusal. A refresh token that is refused is spent for good.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize the connection."""
        self._hass = hass
        self._entry = entry
        self._error: NomosError | None = None
        self._failures = 0
        self._refusals = 0
        self._is_spent = False
        self._paused_until: datetime | None = None
        self._listeners: list[CALLBACK_TYPE] = []

    @property
    def is_login_refused(self) -> bool:
        """Return if the login was refused for good, or at least twice."""
        return self._is_spent or self._refusals > 1

    @property
    def is_waiting_for_login(self) -> bool:
        """Return if the login was refused, and is tried again after the pause."""
        return self._refusals > 0

    @property
    def is_paused(self) -> bool:
        """Return if no request may be sent now."""
        return self.remaining_pause > timedelta(0)

    @property
    def remaining_pause(self) -> timedelta:
        """Time until the next request may be sent."""
        now = dt_util.utcnow()
        if self._paused_until is None:
            return timedelta(0)
        # No pause is longer; the clock was set back since then.
        if self._paused_until > now + timedelta(days=1):
            self._paused_until = now
        return max(self._paused_until - now, timedelta(0))

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> Callable[[], None]:
        """Call a listener when Nomos answers again or refuses the login; return how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_check(self, *, may_try_login: bool = False) -> None:
        """Raise the last NomosError if a request would be pointless now.

        `may_try_login` is true for the one coordinator that tries a refused login.
        """
        if self._error is None:
            return
        if self.is_paused or self._is_spent or (self._refusals and not may_try_login):
            self._request_login()
            raise self._error
        if self._failures > 1:
            self._paused_until = dt_util.utcnow() + PROBE_TIME

    @callback
    def async_failed(self, err: NomosError) -> None:
        """Note an error; one that concerns a single request does not count."""
        now = dt_util.utcnow()
        if isinstance(err, NomosAuthError):
            self._refused(err, now)
        elif isinstance(err, NomosRateLimitError):
            self._error = err
            self._paused_until = now + timedelta(seconds=err.retry_after or 0)
        elif isinstance(err, NomosConnectionError) or (err.status or 0) >= 500:
            self._error = err
            self._failures += 1
            # A single failure may concern one request only.
            if self._failures > 1:
                self._paused_until = now + backoff(
                    self._failures - 2, FIRST_PAUSE, LONGEST_PAUSE
                )

    @callback
    def async_succeeded(self) -> None:
        """Note an answer: everything that waits for Nomos goes on."""
        if self._error is None:
            return
        was_refused = self._refusals > 0
        self._error = self._paused_until = None
        self._failures = self._refusals = 0
        if was_refused:
            self._abort_reauth()
        self._update_listeners()

    def _update_listeners(self) -> None:
        for listener in list(self._listeners):
            listener()

    def _refused(self, err: NomosAuthError, now: datetime) -> None:
        self._error = err
        self._is_spent |= err.is_final
        if self._refusals and self.is_paused and not err.is_final:
            # Sent before the first refusal: one answer to several requests.
            return
        # A refusal is an answer: the outage before it, if any, is over.
        self._failures = 0
        self._refusals += 1
        self._paused_until = now + (
            FIRST_REFUSAL_PAUSE if self._refusals == 1 else LATER_REFUSAL_PAUSE
        )
        self._request_login()
        self._update_listeners()

    def _request_login(self) -> None:
        """Start reauthentication; again if the last one was aborted."""
        if self.is_login_refused:
            self._entry.async_start_reauth(self._hass)

    def _abort_reauth(self) -> None:
        """Abort a reauthentication that has become needless, unless a person is at it."""
        manager = self._hass.config_entries.flow
        for flow in manager.async_progress_by_handler(
            DOMAIN,
            match_context={"entry_id": self._entry.entry_id, "source": SOURCE_REAUTH},
        ):
            if flow.get("step_id") in FIRST_REAUTH_STEPS:
                manager.async_abort(flow["flow_id"])
