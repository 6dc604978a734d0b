"""Number that is set by a planned load, such as the charging current of a wallbox."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Household
from tests.loads.common import (
    AFTER,
    MIDDLE,
    a_wallbox,
    add_load,
    call,
    change_load,
    load_state,
    pass_time_until,
)
from tests.loads.targets import changes, missed

CURRENT = "input_number.current"
OTHER = "input_number.other"


@pytest.fixture(autouse=True)
async def numbers(hass: HomeAssistant) -> None:
    """Add two numbers to set."""
    await async_setup_component(hass, "homeassistant", {})
    limits = {"min": 0, "max": 32, "initial": 6}
    helpers = {"input_number": {"current": limits, "other": limits}}
    await async_setup_component(hass, "input_number", helpers)
    await hass.async_block_till_done()


def with_number(home: Household, **more: Any) -> dict[str, Any]:
    """Return the form data of a wallbox with a charging current."""
    values = {"number": CURRENT, "number_on": "16", "number_off": "0"}
    return a_wallbox(home, **(values | more))


def value(hass: HomeAssistant, entity: str = CURRENT) -> float:
    """Return the value of a number."""
    state = hass.states.get(entity)
    assert state
    return float(state.state)


async def set_by_hand(hass: HomeAssistant, current: float) -> None:
    """Set the number as a person does."""
    await hass.services.async_call(
        "input_number",
        "set_value",
        {"entity_id": CURRENT, "value": current},
        blocking=True,
    )
    await hass.async_block_till_done()


async def test_borders(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """The number has one value during a piece, and another one after it."""
    await add_load(hass, account, with_number(home))
    current = changes(hass, CURRENT)
    await pass_time_until(hass, freezer, "2026-11-25T08:00+01:00")
    assert current == [
        "Tue 02:00 16.0",
        "Tue 05:00 0.0",
        "Wed 02:00 16.0",
        "Wed 05:00 0.0",
    ]
    assert missed(hass) == []


async def test_by_hand(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A value that a person sets stays until the end of the piece."""
    key = await add_load(hass, account, with_number(home))
    await pass_time_until(hass, freezer, MIDDLE)
    await set_by_hand(hass, 10)
    assert load_state(hass, key, "plan_state") == "switched_by_hand"
    current = changes(hass, CURRENT)
    await hass.config_entries.async_reload(account.entry_id)
    await pass_time_until(hass, freezer, AFTER)
    assert current == ["Tue 05:00 0.0"]
    assert missed(hass) == []


async def test_number_that_comes_later(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A number is set as soon as it is available."""
    await add_load(hass, account, with_number(home))
    hass.states.async_set(CURRENT, STATE_UNAVAILABLE)
    await pass_time_until(hass, freezer, "2026-11-24T02:50+01:00")
    hass.states.async_set(CURRENT, "6.0")
    await hass.async_block_till_done()
    assert value(hass) == 16
    await pass_time_until(hass, freezer, AFTER)
    assert value(hass) == 0
    assert missed(hass) == []


async def test_number_that_never_works(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A repair names a number that refused each try."""
    calls: list[float] = []

    async def refuse(service: ServiceCall) -> None:
        calls.append(service.data["value"])
        raise HomeAssistantError("no answer")

    hass.services.async_register("number", "set_value", refuse)
    hass.states.async_set("number.box", "6")
    await add_load(hass, account, with_number(home, number="number.box"))
    await pass_time_until(hass, freezer, "2026-11-24T05:10+01:00")
    # At each quarter-hour; afterwards also a while later.
    assert calls == [16.0] * 12 + [0.0] * 2
    (shown,) = missed(hass)
    assert shown
    assert shown["entity"] == "number.box"


async def test_device_that_rounds(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A device that takes whole values only is not set again and again."""
    calls: list[float] = []

    async def set_value(service: ServiceCall) -> None:
        calls.append(service.data["value"])
        hass.states.async_set(
            "number.box", str(int(service.data["value"])), context=service.context
        )

    hass.services.async_register("number", "set_value", set_value)
    hass.states.async_set("number.box", "6")
    rounding = {"number": "number.box", "number_on": "15,6"}
    await add_load(hass, account, with_number(home, **rounding))
    await pass_time_until(hass, freezer, AFTER)
    assert calls == [15.6, 0.0]
    assert missed(hass) == []


@pytest.mark.parametrize("how", ["disable", "replace", "remove", "remove account"])
async def test_set_back(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    how: str,
) -> None:
    """The number is set back to its own value when the load goes or changes."""
    key = await add_load(hass, account, with_number(home, number_off="7"))
    await pass_time_until(hass, freezer, MIDDLE)
    assert value(hass) == 16
    match how:
        case "disable":
            await call(hass, key, "enabled", "turn_off")
        case "replace":
            other = with_number(home, number=OTHER, number_off="3")
            await change_load(hass, account, key, other)
            assert value(hass, OTHER) == 16
        case "remove":
            hass.config_entries.async_remove_subentry(account, key)
        case _:
            await hass.config_entries.async_remove(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert value(hass) == 7
