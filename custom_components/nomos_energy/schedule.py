"""Back-off, spread over households, and timers that outlast sleep and clock changes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import (
    async_track_point_in_utc_time,
    async_track_time_interval,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .nomos import DAY

TIMER_TOLERANCE = timedelta(minutes=1)
"""A timer that fires this early belongs to the same slot."""

HEARTBEAT = timedelta(minutes=1)

MISSED_AFTER = timedelta(seconds=30)
"""Time after which a timer that has not fired was held up."""

WEEKLY = timedelta(days=6, hours=12)
"""Half a day short of a week, so that the daily poll nearest to it counts."""

_MAX_DOUBLINGS = 16
"""More would overflow a timedelta after weeks of failures."""

_HEARTBEAT_KEY: HassKey[_Heartbeat] = HassKey(f"{DOMAIN}_heartbeat")


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


def is_weekly_due(last: datetime | None, now: datetime) -> bool:
    """Return if what a daily poll requests once a week is due."""
    return last is None or now >= last + WEEKLY


class Timer:
    """Timer that is restarted for each next moment, by the clock on the wall.

    Timers of the event loop stand still while a machine sleeps, and ignore a clock that
    is set. The heartbeat notices both: it fires a timer that was held up, and each
    timer when the clock went back. Actions therefore check again what is due.
    """

    def __init__(self, hass: HomeAssistant, action: Callable[[datetime], None]) -> None:
        """Initialize the timer; the action is a callback that gets the time (UTC)."""
        self._hass = hass
        self._action = action
        self._moment: datetime | None = None
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def async_start(self, moment: datetime) -> None:
        """Fire at a moment, and not at an earlier one that was set before."""
        if self._cancel:
            self._cancel()
        self._moment = moment
        self._cancel = async_track_point_in_utc_time(self._hass, self._fire, moment)
        _heartbeat(self._hass).async_add(self)

    @callback
    def async_cancel(self) -> None:
        """Stop the timer."""
        if self._cancel:
            self._cancel()
            self._cancel = None
            self._moment = None
            _heartbeat(self._hass).async_discard(self)

    @callback
    def async_beat(self, now: datetime, is_clock_set_back: bool) -> None:
        """Fire if the timer was held up, or started by a clock that was ahead."""
        if self._moment and (is_clock_set_back or now >= self._moment + MISSED_AFTER):
            self._fire(now)

    @callback
    def _fire(self, now: datetime) -> None:
        self.async_cancel()
        self._action(now)


class _Heartbeat:
    """Beat once a minute for all timers of the integration."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._timers: set[Timer] = set()
        self._last = dt_util.utcnow()
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def async_add(self, timer: Timer) -> None:
        self._timers.add(timer)
        if self._cancel is None:
            self._last = dt_util.utcnow()
            self._cancel = async_track_time_interval(
                self._hass, self._async_beat, HEARTBEAT, name=f"{DOMAIN} heartbeat"
            )

    @callback
    def async_discard(self, timer: Timer) -> None:
        self._timers.discard(timer)
        if not self._timers and self._cancel:
            self._cancel()
            self._cancel = None

    @callback
    def _async_beat(self, _now: datetime) -> None:
        now = dt_util.utcnow()
        is_clock_set_back = now < self._last - TIMER_TOLERANCE
        self._last = now
        for timer in list(self._timers):
            timer.async_beat(now, is_clock_set_back)


@callback
def _heartbeat(hass: HomeAssistant) -> _Heartbeat:
    """Return the heartbeat of the integration."""
    if _HEARTBEAT_KEY not in hass.data:
        hass.data[_HEARTBEAT_KEY] = _Heartbeat(hass)
    return hass.data[_HEARTBEAT_KEY]
