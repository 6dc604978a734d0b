"""Back-off, spread over households, and restartable timers."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.nomos_energy.schedule import (
    TIMER_TOLERANCE,
    WEEKLY,
    Timer,
    backoff,
    is_weekly_due,
    share_of,
    until_daily_slot,
)
from tests import DAY

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        (0, 5 * MINUTE),
        (1, 10 * MINUTE),
        (2, 20 * MINUTE),
        (3, 40 * MINUTE),
        (6, 320 * MINUTE),
        (7, 6 * HOUR),
        (8, 6 * HOUR),
        (100, 6 * HOUR),
        (10**6, 6 * HOUR),
    ],
)
def test_backoff(failures: int, expected: timedelta) -> None:
    """The wait doubles with each failure up to a limit, without an overflow."""
    assert backoff(failures, 5 * MINUTE, 6 * HOUR) == expected


@given(st.integers(0, 10**6), st.integers(1, 3600), st.integers(1, 100))
def test_backoff_is_bounded(failures: int, seconds: int, factor: int) -> None:
    """The wait never decreases and stays between the first and the longest one."""
    first = timedelta(seconds=seconds)
    longest = factor * first
    wait = backoff(failures, first, longest)
    assert first <= wait <= backoff(failures + 1, first, longest) <= longest


@given(st.text())
def test_share(key: str) -> None:
    """The share of a key is constant, and at least 0 and below 1."""
    assert 0 <= share_of(key) < 1
    assert share_of(key) == share_of(key)


def test_share_is_the_same_in_each_process() -> None:
    """The share does not depend on the hash seed of a process."""
    assert share_of("sub_1") == pytest.approx(0.0767, abs=0.0001)


def test_shares_are_spread() -> None:
    """Shares of similar keys are spread over the whole range."""
    tenths = [int(share_of(f"sub_{number}") * 10) for number in range(1000)]
    assert all(60 <= tenths.count(tenth) <= 140 for tenth in range(10))


@given(
    st.text(),
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_daily_slot(key: str, now: datetime) -> None:
    """The next slot is at the same time of each day, and never just now."""
    wait = until_daily_slot(key, now)
    assert TIMER_TOLERANCE < wait <= DAY + TIMER_TOLERANCE
    slot = now + wait
    midnight = slot.replace(hour=0, minute=0, second=0, microsecond=0)
    # A slot at the end of a day may be rounded to the following midnight.
    distance = (slot - midnight - DAY * share_of(key)) % DAY
    assert min(distance, DAY - distance) <= timedelta(microseconds=1)


@pytest.mark.parametrize("early", [timedelta(0), timedelta(seconds=59)])
def test_daily_slot_of_an_early_timer(early: timedelta) -> None:
    """A timer that fires a little too early belongs to the slot that it was set for."""
    slot = NOW + until_daily_slot("sub_1", NOW)
    assert until_daily_slot("sub_1", slot - early) == DAY + early


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, True),
        (NOW, False),
        (NOW - WEEKLY + MINUTE, False),
        (NOW - WEEKLY, True),
        (NOW - 8 * DAY, True),
    ],
)
def test_weekly(last: datetime | None, expected: bool) -> None:
    """What is due weekly is due at once if it never was, else after a week."""
    assert is_weekly_due(last, NOW) is expected


async def test_timer(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """The timer fires once, at the last moment that was set."""
    freezer.move_to(NOW)
    fired: list[datetime] = []
    timer = Timer(hass, fired.append)
    timer.async_start(NOW + HOUR)
    timer.async_start(NOW + 2 * HOUR)
    await _advance(hass, freezer, HOUR)
    assert not fired
    await _advance(hass, freezer, HOUR)
    assert fired == [NOW + 2 * HOUR]
    await _advance(hass, freezer, DAY)
    assert len(fired) == 1


async def test_timer_is_restarted_by_its_action(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The action may start the timer again."""
    freezer.move_to(NOW)
    fired: list[datetime] = []

    def fire(now: datetime) -> None:
        fired.append(now)
        timer.async_start(now + HOUR)

    timer = Timer(hass, fire)
    timer.async_start(NOW + HOUR)
    for _ in range(3):
        await _advance(hass, freezer, HOUR)
    timer.async_cancel()
    assert fired == [NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR]


async def test_timer_is_cancelled(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A cancelled timer does not fire; it may be cancelled twice and started again."""
    freezer.move_to(NOW)
    fired: list[datetime] = []
    timer = Timer(hass, fired.append)
    timer.async_cancel()
    timer.async_start(NOW + HOUR)
    timer.async_cancel()
    timer.async_cancel()
    await _advance(hass, freezer, 2 * HOUR)
    assert not fired
    timer.async_start(NOW + 3 * HOUR)
    await _advance(hass, freezer, HOUR)
    assert fired == [NOW + 3 * HOUR]


async def test_timer_in_the_past(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A moment that is over fires at once."""
    freezer.move_to(NOW)
    fired: list[datetime] = []
    Timer(hass, fired.append).async_start(NOW - HOUR)
    await _advance(hass, freezer, timedelta(seconds=1))
    assert len(fired) == 1


async def test_timer_that_was_held_up(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """After a machine has slept, a timer fires with the next heartbeat, and once."""
    freezer.move_to(NOW)
    fired: list[datetime] = []
    timer = Timer(hass, fired.append)
    timer.async_start(NOW + HOUR)
    freezer.move_to(NOW + 2 * HOUR)
    # Only the heartbeat is due by the clock of the event loop.
    async_fire_time_changed(hass, NOW + MINUTE)
    await hass.async_block_till_done()
    assert fired == [NOW + 2 * HOUR]
    await _advance(hass, freezer, DAY)
    assert len(fired) == 1


@pytest.mark.parametrize(("back", "times"), [(30 * MINUTE, 1), (MINUTE, 0)])
async def test_clock_is_set_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, back: timedelta, times: int
) -> None:
    """Timers are checked at once: the clock may have been ahead when they were started."""
    freezer.move_to(NOW)
    fired: list[datetime] = []
    timer = Timer(hass, fired.append)
    timer.async_start(NOW + HOUR)
    freezer.move_to(NOW - back)
    async_fire_time_changed(hass, NOW + MINUTE)
    await hass.async_block_till_done()
    assert len(fired) == times
    timer.async_cancel()


async def _advance(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, duration: timedelta
) -> None:
    """Move the clock and fire the timers that are due."""
    freezer.tick(duration)
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()
