"""Calls that fail are tried again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Household
from tests import pass_time
from tests.loads.common import a_wallbox, add_load, pass_time_until
from tests.loads.targets import add_targets

SWITCH = "switch.bad"
START = "2026-11-24T02:00+01:00"
SOON = timedelta(seconds=20)


@pytest.fixture(autouse=True)
async def targets(hass: HomeAssistant) -> None:
    """Add what is switched."""
    await add_targets(hass)
    hass.states.async_set(SWITCH, STATE_OFF)


async def _refuse(_hass: HomeAssistant, _call: ServiceCall) -> None:
    raise HomeAssistantError("no answer")


async def _do_nothing(_hass: HomeAssistant, _call: ServiceCall) -> None:
    """Confirm what does not happen."""


async def _take_back(hass: HomeAssistant, call: ServiceCall) -> None:
    hass.states.async_set(SWITCH, STATE_ON, context=call.context)
    hass.states.async_set(SWITCH, STATE_OFF, context=Context())


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        # Twice in a quarter-hour, since at the latest time one lost is one too many.
        (_refuse, ["02:00", "02:01", "02:15", "02:16", "02:30"]),
        (_take_back, ["02:00", "02:01", "02:15", "02:16", "02:30"]),
        # A device that is slow is not hurried.
        (_do_nothing, ["02:00", "02:15", "02:30"]),
    ],
)
async def test_again(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    device: Callable[[HomeAssistant, ServiceCall], Awaitable[None]],
    expected: list[str],
) -> None:
    """What failed is tried again after a minute, and at each quarter-hour."""
    calls: list[str] = []

    async def turn_on(call: ServiceCall) -> None:
        calls.append(f"{dt_util.now():%H:%M}")
        await device(hass, call)

    hass.services.async_register("switch", "turn_on", turn_on)
    await add_load(hass, account, a_wallbox(home, targets=[SWITCH]))
    await pass_time_until(hass, freezer, START)
    await pass_time(hass, freezer, timedelta(minutes=30), SOON)
    assert calls == expected


async def test_served_after_a_refusal(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A device that refuses once is on a minute later."""
    calls: list[str] = []

    async def turn_on(call: ServiceCall) -> None:
        calls.append(f"{dt_util.now():%H:%M}")
        if len(calls) == 1:
            raise HomeAssistantError("no answer")
        hass.states.async_set(SWITCH, STATE_ON, context=call.context)

    hass.services.async_register("switch", "turn_on", turn_on)
    await add_load(hass, account, a_wallbox(home, targets=[SWITCH]))
    await pass_time_until(hass, freezer, START)
    assert hass.states.is_state(SWITCH, STATE_OFF)
    await pass_time(hass, freezer, timedelta(minutes=30), SOON)
    assert calls == ["02:00", "02:01"]
    assert hass.states.is_state(SWITCH, STATE_ON)
