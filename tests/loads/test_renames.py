"""Targets that change their entity ID, and devices that take back what they confirmed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import ChooseSelector, EntitySelector
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import voluptuous as vol

from custom_components.nomos_energy.loads.form import hours_schema, need_schema
from custom_components.nomos_energy.loads.form_switching import switching_schema
from custom_components.nomos_energy.loads.limit_option import limit_schema
from custom_components.nomos_energy.loads.need import NeedKind
from simulator import Household
from tests.loads.common import (
    AFTER,
    MIDDLE,
    a_car,
    a_wallbox,
    add_load,
    limit,
    load_state,
    pass_time_until,
)
from tests.loads.targets import BOX, add_targets, changes, is_on, missed


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
    home: Household,
    switch: Callable[[], str],
) -> None:
    """A target is switched under its new ID."""
    wallbox = a_wallbox(home, targets=[switch(), BOX])
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
    home: Household,
    switch: Callable[[], str],
) -> None:
    """A target that is on stays on, and goes off under its new ID."""
    await add_load(hass, account, a_wallbox(home, targets=[switch()]))
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
    home: Household,
    switch: Callable[[], str],
) -> None:
    """The repair names the target by its new ID."""
    hass.states.async_remove(switch())
    await add_load(hass, account, a_wallbox(home, targets=["switch.old"]))
    await pass_time_until(hass, freezer, AFTER)
    rename(hass, "switch.old", "switch.new")
    await hass.async_block_till_done()
    (shown,) = missed(hass)
    assert shown
    assert shown["entity"] == "switch.new"


@dataclass(frozen=True)
class Setting:
    """Setting that holds an entity, and what shows that its state counts."""

    name: str
    entity: str
    before: str
    after: str
    shown: str
    expected: tuple[str, str]


@pytest.mark.parametrize(
    "setting",
    [
        Setting("level", "sensor.old", "50", "70", "remaining_level", ("30.0", "10.0")),
        Setting(
            "target", "number.old", "80", "60", "remaining_level", ("30.0", "10.0")
        ),
        # 20 kWh are missing.
        Setting("power", "sensor.old", "10", "5", "remaining_today", ("2.0", "4.0")),
        Setting(
            "latest",
            "input_datetime.old",
            "07:00:00",
            "03:00:00",
            "next_start",
            ("2026-11-24T01:00:00+00:00", "2026-11-23T17:00:00+00:00"),
        ),
        Setting(
            "power_limit",
            "sensor.old",
            "4.2",
            "11",
            "plan_state",
            ("cannot_finish", "planned"),
        ),
    ],
    ids=lambda setting: setting.name,
)
async def test_value_follows(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    evening: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
    setting: Setting,
) -> None:
    """Each entity whose state counts is followed to its new ID."""
    domain, _, name = setting.entity.partition(".")
    new = f"{domain}.new"
    er.async_get(hass).async_get_or_create(
        domain, "demo", "1", suggested_object_id=name
    )
    hass.states.async_set("sensor.car", "50")
    hass.states.async_set(setting.entity, setting.before)
    is_limit = setting.name == "power_limit"
    changes = {} if is_limit else {setting.name: setting.entity}
    key = await add_load(hass, evening, a_car(home, **changes))
    if is_limit:
        await limit(hass, hass_client, evening, setting.entity)
    shown = [load_state(hass, key, setting.shown)]

    rename(hass, setting.entity, new)
    hass.states.async_remove(setting.entity)
    hass.states.async_set(new, setting.before)
    await hass.async_block_till_done(wait_background_tasks=True)
    contracts = evening.options.get("contracts", {})
    settings = contracts.get(home.subscription_id, {})
    stored = settings if is_limit else evening.subentries[key].data
    assert stored[setting.name] == new
    assert load_state(hass, key, setting.shown) == shown[0]
    freezer.tick(timedelta(minutes=2))
    hass.states.async_set(new, setting.after)
    await hass.async_block_till_done()
    shown.append(load_state(hass, key, setting.shown))
    assert tuple(shown) == setting.expected


async def test_number_follows(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A number that is set is followed while it has the value of a run."""
    seen: list[tuple[str, float]] = []

    async def set_value(call: ServiceCall) -> None:
        seen.append((call.data["entity_id"], call.data["value"]))
        entity, value = seen[-1]
        hass.states.async_set(entity, str(value), context=call.context)

    hass.services.async_register("number", "set_value", set_value)
    er.async_get(hass).async_get_or_create(
        "number", "demo", "1", suggested_object_id="old"
    )
    hass.states.async_set("number.old", "0")
    number = {"number": "number.old", "number_on": "16", "number_off": "6"}
    key = await add_load(hass, account, a_wallbox(home, **number))
    await pass_time_until(hass, freezer, MIDDLE)
    rename(hass, "number.old", "number.new")
    hass.states.async_remove("number.old")
    hass.states.async_set("number.new", "16.0")
    await hass.async_block_till_done()
    assert account.subentries[key].data["number"] == "number.new"
    await pass_time_until(hass, freezer, AFTER)
    assert seen == [("number.old", 16.0), ("number.new", 6.0)]


def test_all_entities_are_followed() -> None:
    """The tests above know all settings that hold an entity."""
    known = {"targets", "number", "level", "target", "power", "latest", "power_limit"}
    steps = [need_schema(kind, None) for kind in NeedKind]
    forms = [*steps, hours_schema(), switching_schema(), limit_schema()]
    assert {key for form in forms for key in entity_fields(form)} == known


def entity_fields(form: vol.Schema) -> Iterator[str]:
    """Yield the fields of a form in which an entity may be chosen."""
    for key, field in form.schema.items():
        if isinstance(field, section):
            yield from entity_fields(field.schema)
        elif isinstance(field, EntitySelector) or (
            isinstance(field, ChooseSelector) and "entity" in field.config["choices"]
        ):
            yield str(key)


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
    home: Household,
    switch: Callable[[], str],
    after: int,
    context: Context,
    is_refused: bool,
) -> None:
    """What a device takes back at once is tried again; a person is not overruled."""
    wallbox = a_wallbox(home, targets=[switch()])
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
    home: Household,
    switch: Callable[[], str],
) -> None:
    """A repair names a device that never stayed on."""
    await add_load(hass, account, a_wallbox(home, targets=[switch()]))
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
