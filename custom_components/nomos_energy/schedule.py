"""Back-off, spread over households, and restartable timers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time

from .nomos import DAY

TIMER_TOLERANCE = timedelta(minutes=1)
"""A timer that fires this early belongs to the same slot."""

_MAX_DOUBLINGS = 16
"""More would overflow a timedelta after weeks of failures."""


def backoff(failures: int, first: timedelta, longest: timedelta) -> timedelta:
    """Return the wait after a number of earlier failures: doubled each time, capped."""
    return min(first * (1 << min(failures, _MAX_DOUBLINGS)), longest)


def share_of(key: str) -> float:
    """Return a number from 0 to below 1 that is constant for a key.

    Spreads over households what must not happen everywhere at once.
    """
    return int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32


def until_daily_slot(key: str, now: datetime) -> timedelta:
    """Return the time until the next daily slot (UTC) of a key."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    wait = (midnight + DAY * share_of(key) - now) % DAY
    return wait if wait > TIMER_TOLERANCE else wait + DAY


class Timer:
    """Timer that is restarted for each next moment."""

    def __init__(self, hass: HomeAssistant, action: Callable[[datetime], None]) -> None:
        """Initialize the timer; the action is a callback that gets the time (UTC)."""
        self._hass = hass
        self._action = action
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def async_start(self, moment: datetime) -> None:
        """Fire at a moment, and not at an earlier one that was set before."""
        self.async_cancel()
        self._cancel = async_track_point_in_utc_time(self._hass, self._fire, moment)

    @callback
    def async_cancel(self) -> None:
        """Stop the timer."""
        if self._cancel:
            self._cancel()
            self._cancel = None

    @callback
    def _fire(self, now: datetime) -> None:
        self._cancel = None
        self._action(now)
