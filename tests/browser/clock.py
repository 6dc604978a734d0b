"""Home Assistant with a clock that jumps: `python -m tests.browser.clock -c FOLDER`.

At SIGUSR1, it is soon the next quarter-hour, where planned loads are switched. Timers
that are set already keep their time.
"""

from datetime import UTC, datetime, tzinfo
import signal
import sys
import time

from homeassistant.util import dt as dt_util

QUARTER = 900
BEFORE = 8
"""Seconds that are left until the quarter-hour."""

_real = time.time
_ahead = 0.0


def _time() -> float:
    return _real() + _ahead


def _utcnow() -> datetime:
    return datetime.fromtimestamp(_time(), UTC)


def _now(time_zone: tzinfo | None = None) -> datetime:
    return datetime.fromtimestamp(_time(), time_zone or dt_util.DEFAULT_TIME_ZONE)


def _jump(*_: object) -> None:
    global _ahead  # noqa: PLW0603
    _ahead += max(QUARTER - _time() % QUARTER - BEFORE, 0)


if __name__ == "__main__":
    time.time = _time
    vars(dt_util).update(utcnow=_utcnow, now=_now)
    signal.signal(signal.SIGUSR1, _jump)
    # Home Assistant gets the clock when it is imported.
    from homeassistant.__main__ import main

    sys.exit(main())
