"""Actions of a household at the borders of a planned load's runs."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, Event, HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Household
from tests import next_start, start_again, warnings
from tests.loads.common import (
    AFTER,
    MIDDLE,
    a_wallbox,
    add_load,
    call,
    change_load,
    pass_time_until,
)


def with_actions(home: Household, **more: Any) -> dict[str, Any]:
    """Return the form data of a wallbox whose actions fire events."""
    actions = {
        "start_actions": [{"event": "wallbox", "event_data": {"it": "{{ 'starts' }}"}}],
        "end_actions": [{"event": "wallbox", "event_data": {"it": "ends"}}],
    }
    return a_wallbox(home, **(actions | more))


@callback
def ran(hass: HomeAssistant) -> list[str]:
    """Return which actions run, and when, from now on."""
    seen: list[str] = []

    @callback
    def note(event: Event[dict[str, Any]]) -> None:
        seen.append(f"{dt_util.now():%a %H:%M} {event.data['it']}")

    hass.bus.async_listen("wallbox", note)
    return seen


async def test_borders(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """Actions run once at each border, reloaded in between or not."""
    key = await add_load(hass, account, with_actions(home))
    seen = ran(hass)
    await pass_time_until(hass, freezer, MIDDLE)
    await hass.config_entries.async_reload(account.entry_id)
    await pass_time_until(hass, freezer, "2026-11-25T08:00+01:00")
    assert seen == [
        "Tue 02:00 starts",
        "Tue 05:00 ends",
        "Wed 02:00 starts",
        "Wed 05:00 ends",
    ]
    # They are stored as they were entered.
    (action,) = account.subentries[key].data["start_actions"]
    assert action == {"event": "wallbox", "event_data": {"it": "{{ 'starts' }}"}}


async def test_more_is_wanted(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A piece that continues the one before is no border."""
    key = await add_load(hass, account, with_actions(home))
    seen = ran(hass)
    await pass_time_until(hass, freezer, "2026-11-24T04:50+01:00")
    await call(hass, key, "run_time_today", "set_value", value=3.5)
    await pass_time_until(hass, freezer, AFTER)
    assert seen == ["Tue 02:00 starts", "Tue 05:30 ends"]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-11-24T03:40+01:00", []),
        ("2026-11-24T06:00+01:00", ["Tue 06:00 ends"]),
        ("2026-11-25T03:00+01:00", ["Wed 03:00 ends", "Wed 03:00 starts"]),
    ],
)
async def test_restart(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    until: str,
    expected: list[str],
) -> None:
    """What is due after a restart runs once Home Assistant has started."""
    await add_load(hass, account, with_actions(home))
    await pass_time_until(hass, freezer, MIDDLE)
    async with next_start(hass, account) as (new, again):
        await new.config_entries.async_unload(again.entry_id)
        freezer.move_to(until)
        seen = ran(new)
        await start_again(new, again)
        assert seen == []
        new.set_state(CoreState.running)
        new.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        await new.async_block_till_done(wait_background_tasks=True)
        assert seen == expected


@pytest.mark.parametrize("how", ["disable", "remove", "remove account"])
@pytest.mark.parametrize("moment", [MIDDLE, "2026-11-24T01:00+01:00"])
async def test_load_goes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    how: str,
    moment: str,
) -> None:
    """The last actions run when the load goes, if the first ones did."""
    key = await add_load(hass, account, with_actions(home))
    await pass_time_until(hass, freezer, moment)
    seen = ran(hass)
    match how:
        case "disable":
            await call(hass, key, "enabled", "turn_off")
        case "remove":
            hass.config_entries.async_remove_subentry(account, key)
        case _:
            await hass.config_entries.async_remove(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert seen == (["Tue 03:20 ends"] if moment == MIDDLE else [])


async def test_changed_actions(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A change in the middle of a piece repeats nothing; its new end counts."""
    key = await add_load(hass, account, with_actions(home))
    seen = ran(hass)
    await pass_time_until(hass, freezer, MIDDLE)
    farewell = [{"event": "wallbox", "event_data": {"it": "says goodbye"}}]
    changed = with_actions(home, end_actions=farewell)
    await change_load(hass, account, key, changed)
    await pass_time_until(hass, freezer, AFTER)
    assert seen == ["Tue 02:00 starts", "Tue 05:00 says goodbye"]


async def test_failing_actions(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failure is logged without texts of others, and the last actions run."""

    async def refuse(service: ServiceCall) -> None:
        raise HomeAssistantError("Torstraße 119 does not answer")

    hass.services.async_register("demo", "refuse", refuse)
    failing = with_actions(home, start_actions=[{"action": "demo.refuse"}])
    key = await add_load(hass, account, failing)
    seen = ran(hass)
    await pass_time_until(hass, freezer, AFTER)
    assert seen == ["Tue 05:00 ends"]
    assert warnings(caplog) == [
        f"Actions of the planned load {key} failed: HomeAssistantError"
    ]
    assert "Torstraße 119 does not answer" not in caplog.text
