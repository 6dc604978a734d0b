"""Calls to the targets of a planned load, and when they may be repeated."""

from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from ..nomos import QUARTER

AGAIN_AFTER = timedelta(minutes=1)
"""Time after which what failed is tried once more before the next quarter-hour."""

LENGTH = QUARTER.total_seconds()

type Call = tuple[str, str]
"""Service and entity."""


class Attempts:
    """Calls of a quarter-hour.

    A call is repeated at the next quarter-hour, and one that failed also after a minute.
    """

    def __init__(self) -> None:
        """Initialize without a call."""
        self._quarter = 0.0
        self._allowed: dict[Call, datetime] = {}
        """Moment from which on a call may be repeated."""
        self._failed: set[Call] = set()

    def follow(self, now: datetime) -> None:
        """Forget the calls of another quarter-hour, also when the clock was set."""
        quarter = now.timestamp() // LENGTH
        if quarter != self._quarter:
            self._quarter = quarter
            self.clear()

    def begin(self, call: Call, now: datetime) -> bool:
        """Note a call; return False if it may not be repeated yet."""
        if now < self._allowed.get(call, now):
            return False
        self._allowed[call] = self._end
        return True

    def fail(self, call: Call, now: datetime) -> None:
        """Let a call be repeated soon, once."""
        if call not in self._failed:
            self._failed.add(call)
            self._allowed[call] = now + AGAIN_AFTER

    def forget(self, *calls: Call) -> None:
        """Let calls be repeated at once."""
        for call in calls:
            self._allowed.pop(call, None)

    def clear(self) -> None:
        """Forget all calls."""
        self._allowed.clear()
        self._failed.clear()

    def next_moment(self, now: datetime) -> datetime:
        """Return when the next call may be repeated: at the latest at the quarter-hour."""
        later = [each for each in self._allowed.values() if each > now]
        return min([self._end, *later])

    @property
    def _end(self) -> datetime:
        return dt_util.utc_from_timestamp((self._quarter + 1) * LENGTH)
