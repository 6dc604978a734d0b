"""Clocks that are wrong, and machines that sleep."""

from collections.abc import Callable
from datetime import date, timedelta
import logging

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import (
    NomosClient,
    PriceSeries,
    berlin_day,
    midnight,
)
from simulator import Household, Simulator, scenarios

from . import DAY, pass_time, requests_since, start_again, state, stop
from .conftest import SetUp

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sleep(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[timedelta], None]:
    """Let the machine sleep: its clock goes on, the timers of its loop do not."""
    time = hass.loop.time
    slept = 0.0

    def sleep(duration: timedelta) -> None:
        nonlocal slept
        slept += duration.total_seconds()
        freezer.tick(duration)
        monkeypatch.setattr(hass.loop, "time", lambda: time() - slept)

    return sleep


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged with a traceback."""
    return [
        each.getMessage()
        for each in caplog.records
        if each.exc_info and each.levelno >= logging.WARNING
    ]


def is_shown(hass: HomeAssistant, home: Household) -> bool:
    """Return if a household has a price, and today's average."""
    return all(
        state(hass, home, key) not in ("unknown", "unavailable")
        for key in ("price", "average_price_today")
    )


def is_tomorrow_known(hass: HomeAssistant, home: Household) -> bool:
    """Return if tomorrow's prices are published, as the binary sensor tells."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "binary_sensor", DOMAIN, f"{home.subscription_id}_tomorrow_prices"
    )
    return hass.states.is_state(entity_id or "", "on")


@pytest.mark.parametrize("duration", [26 * HOUR, 37 * HOUR, 48 * HOUR, 10 * DAY])
async def test_machine_that_slept(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    sleep: Callable[[timedelta], None],
    caplog: pytest.LogCaptureFixture,
    duration: timedelta,
) -> None:
    """All that is due is asked for within a minute of waking."""
    home = simulator.add(scenarios.smart_already())
    waits = simulator.add(scenarios.happy_path(2))
    await set_up()
    await pass_time(hass, freezer, 3 * HOUR, MINUTE)
    waits.advance_to("placed")
    requests_since(simulator)
    sleep(duration)
    await pass_time(hass, freezer, timedelta(seconds=62), timedelta(seconds=31))
    assert is_shown(hass, home)
    assert state(hass, waits, "order_status") not in ("created", "unavailable")
    assert requests_since(simulator).count("get_prices") == 1
    assert not errors(caplog)


@pytest.mark.parametrize("behind", [20 * HOUR, 30 * HOUR, 80 * HOUR])
async def test_start_with_the_clock_behind(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    behind: timedelta,
) -> None:
    """The account is loaded, and catches up when the clock is put right."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    await pass_time(hass, freezer, 6 * HOUR, timedelta(minutes=15))
    await stop(hass, entry)
    freezer.tick(-behind)
    await start_again(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    await pass_time(hass, freezer, 5 * MINUTE, MINUTE)
    freezer.tick(behind)
    async_fire_time_changed(hass)
    await pass_time(hass, freezer, 2 * MINUTE, MINUTE)
    assert is_shown(hass, home)
    assert not errors(caplog)


@pytest.mark.parametrize("ahead", [30 * HOUR, 80 * HOUR])
async def test_clock_that_goes_back(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    ahead: timedelta,
) -> None:
    """A start with the clock ahead heals within minutes of its being put right."""
    home = simulator.add(scenarios.smart_already())
    freezer.tick(ahead)
    await set_up()
    freezer.tick(-ahead)
    async_fire_time_changed(hass)
    await pass_time(hass, freezer, 3 * MINUTE, MINUTE)
    assert is_shown(hass, home)
    for _ in range(8):
        await pass_time(hass, freezer, 6 * HOUR, timedelta(minutes=15))
        assert is_shown(hass, home)
    assert not errors(caplog)


async def test_answer_with_other_days(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Days that were not asked for are left out, and do not lead to more requests."""
    fetch = NomosClient.prices

    async def more(
        client: NomosClient, key: str, first: date, last: date
    ) -> PriceSeries:
        return await fetch(client, key, first - 3 * DAY, last + 3 * DAY)

    monkeypatch.setattr(NomosClient, "prices", more)
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    await pass_time(hass, freezer, 2 * DAY, timedelta(minutes=5))
    assert is_shown(hass, home)
    assert requests_since(simulator).count("get_prices") <= 4


@pytest.mark.parametrize("days", [1, 2])
async def test_prices_that_are_late(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    days: int,
) -> None:
    """They are seen within 90 minutes, with at most eight requests a day."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    for late in (2, 5, 7)[: days + 1]:
        simulator.publication_delay = timedelta(hours=late)
        today = berlin_day(dt_util.utcnow())
        requests_since(simulator)
        published: timedelta | None = None
        while dt_util.utcnow() < midnight(today + DAY):
            await pass_time(hass, freezer, 5 * MINUTE, 5 * MINUTE)
            if published is None and is_tomorrow_known(hass, home):
                published = dt_util.utcnow() - midnight(today)
        assert requests_since(simulator).count("get_prices") <= 8
        if published is not None:
            assert published <= timedelta(hours=14 + late, minutes=20 + 90)
