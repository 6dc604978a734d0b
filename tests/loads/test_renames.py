"""Targets that change their entity ID, and devices that take back what they confirmed."""

from collections.abc import Callable
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Household
from tests.loads.common import a_wallbox, add_load, load_state, pass_time_until
from tests.loads.targets import BOX, add_targets, changes, is_on, missed

MIDDLE = "2026-11-24T03:20+01:00"
AFTER = "2026-11-24T08:00+01:00"


@pytest.fixture(autouse=True)
async def targets(hass: HomeAssistant) -> None:
    """Add what is switched."""
    await add_targets(hass)


def rename(hass: HomeAssistant, old: str, new: str) -> None:
    """Rename an entity, as a person does in its settings."""
    er.async_get(hass).async_update_entity(old, new_entity_id=new)


@pytest.fixture
def switch(hass: HomeAssistant) -> Callable[[], str]:
    """Return a function that adds a switch to the registry, and switches it."""
    registry = er.async_get(hass)
    entity = registry.async_get_or_create(
        "switch", "demo", "1", suggested_object_id="old"
    )

    async def turn_on(service: ServiceCall) -> None:
        for each in service.data["entity_id"]:
            hass.states.async_set(each, STATE_ON, context=service.context)

    async def turn_off(service: ServiceCall) -> None:
        for each in service.data["entity_id"]:
            hass.states.async_set(each, STATE_OFF, context=service.context)

    hass.services.async_register("switch", "turn_on", turn_on)
    hass.services.async_register("switch", "turn_off", turn_off)
    hass.states.async_set(entity.entity_id, STATE_OFF)
    return lambda: entity.entity_id


async def test_renamed_before(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    cheap_nights: Household,
    switch: Callable[[], str],
) -> None:
    """A target is switched under its new ID."""
    wallbox = a_wallbox(cheap_nights, targets=[switch(), BOX])
    key = await add_load(hass, account, wallbox)
    rename(hass, "switch.old", "switch.new")
    hass.states.async_remove("switch.old")
    hass.states.async_set("switch.new", STATE_OFF)
    await hass.async_block_till_done()
    assert account.subentries[key].data["targets"] == ["switch.new", BOX]
    new = changes(hass, "switch.new")
    await pass_time_until(hass, freezer, AFTER)
    assert new == ["Tue 02:00 on", "Tue 05:00 off"]
    assert missed(hass) == []


async def test_renamed_while_it_runs(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    cheap_nights: Household,
    switch: Callable[[], str],
) -> None:
    """A target that is on stays on, and goes off under its new ID."""
    await add_load(hass, account, a_wallbox(cheap_nights, targets=[switch()]))
    await pass_time_until(hass, freezer, MIDDLE)
    assert is_on(hass, "switch.old")
    rename(hass, "switch.old", "switch.new")
    hass.states.async_remove("switch.old")
    hass.states.async_set("switch.new", STATE_ON)
    await hass.async_block_till_done()
    new = changes(hass, "switch.new")
    await pass_time_until(hass, freezer, AFTER)
    assert new == ["Tue 05:00 off"]
    assert missed(hass) == []


async def test_renamed_after_it_was_missed(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    cheap_nights: Household,
    switch: Callable[[], str],
) -> None:
    """The repair names the target by its new ID."""
    hass.states.async_remove(switch())
    await add_load(hass, account, a_wallbox(cheap_nights, targets=["switch.old"]))
    await pass_time_until(hass, freezer, AFTER)
    rename(hass, "switch.old", "switch.new")
    await hass.async_block_till_done()
    (shown,) = missed(hass)
    assert shown
    assert shown["entity"] == "switch.new"


@pytest.mark.parametrize(
    ("after", "context", "is_refused"),
    [
        # An optimistic device is polled after half a minute.
        (30, Context(), True),
        (119, Context(), True),
        # A person presses its button, or uses Home Assistant.
        (600, Context(), False),
        (30, Context(user_id="somebody"), False),
        # An automation.
        (30, Context(parent_id="trigger"), False),
    ],
)
async def test_device_that_takes_it_back(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    cheap_nights: Household,
    switch: Callable[[], str],
    after: int,
    context: Context,
    is_refused: bool,
) -> None:
    """What a device takes back at once is tried again; a person is not overruled."""
    wallbox = a_wallbox(cheap_nights, targets=[switch()])
    key = await add_load(hass, account, wallbox)
    seen = changes(hass, "switch.old")
    await pass_time_until(hass, freezer, "2026-11-24T02:00+01:00")
    freezer.tick(timedelta(seconds=after))
    hass.states.async_set("switch.old", STATE_OFF, context=context)
    await hass.async_block_till_done()
    state = load_state(hass, key, "plan_state")
    assert state == ("running" if is_refused else "switched_by_hand")
    await pass_time_until(hass, freezer, "2026-11-24T02:20+01:00")
    assert seen[-1].split()[-1] == ("on" if is_refused else "off")
    await pass_time_until(hass, freezer, AFTER)
    assert missed(hass) == []


async def test_device_that_always_takes_it_back(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    cheap_nights: Household,
    switch: Callable[[], str],
) -> None:
    """A repair names a device that never stayed on."""
    await add_load(hass, account, a_wallbox(cheap_nights, targets=[switch()]))
    for quarter in range(12):
        hour, minute = 2 + quarter // 4, quarter % 4 * 15
        moment = f"2026-11-24T{hour:02}:{minute:02}+01:00"
        await pass_time_until(hass, freezer, moment)
        assert is_on(hass, "switch.old")
        freezer.tick(timedelta(seconds=30))
        hass.states.async_set("switch.old", STATE_OFF)
        await hass.async_block_till_done()
    await pass_time_until(hass, freezer, AFTER)
    (shown,) = missed(hass)
    assert shown
    assert shown["entity"] == "switch.old"
