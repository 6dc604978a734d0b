"""The blueprints, loaded and run by Home Assistant."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
import re
import shutil
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import Blueprint
from homeassistant.components.notify import DATA_COMPONENT
from homeassistant.const import (
    EVENT_HOMEASSISTANT_START,
    EVENT_HOMEASSISTANT_STARTED,
    STATE_OFF,
    STATE_ON,
    Platform,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import selector
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import BERLIN, HOUR, ChangeType
from simulator import Fault, Household, Simulator, Step, scenarios
from tests import DAY, entity_id, pass_time, refresh, start_again, stop
from tests.actions import device_id
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load, load_entity, pass_time_until
from tests.phone import Phone
from tests.test_translations import ENGLISH, GERMAN

FOLDER = Path(__file__).parent.parent / "blueprints" / "automation" / "nomos_energy"
BLUEPRINTS = sorted(FOLDER.glob("*.yaml"))
LIGHT = "input_boolean.cheap_hours"
TELL = "tell_me_about_my_smart_meter.yaml"
REMIND = "appointment_reminder.yaml"
EVENT_TYPE = "entity.event.order_update.state_attributes.event_type"


@pytest.fixture
def config_folder(hass: HomeAssistant, tmp_path: Path) -> None:
    """Give Home Assistant a folder with our blueprints in it."""
    shutil.copytree(FOLDER, tmp_path / "blueprints" / "automation" / "nomos_energy")
    hass.config.config_dir = str(tmp_path)


async def start_automation(hass: HomeAssistant, home: Household) -> None:
    """Make an automation of the blueprint."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(
        hass, "input_boolean", {"input_boolean": {"cheap_hours": None}}
    )
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "use_blueprint": {
                    "path": "nomos_energy/start_my_energy_automations.yaml",
                    "input": {
                        "gate": entity_id(hass, home, "smart_meter_active"),
                        "targets": [LIGHT],
                    },
                }
            }
        },
    )
    await hass.async_block_till_done()
    assert len(hass.states.async_entity_ids("automation")) == 1


def shows(hass: HomeAssistant) -> str:
    """Return the state of what the automation starts."""
    found = hass.states.get(LIGHT)
    assert found
    return found.state


async def test_gate_opens(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, config_folder: None
) -> None:
    """What waited for the meter starts when it is activated, and not before."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    await start_automation(hass, home)
    home.advance_to("installed")
    await refresh(hass, home)
    assert shows(hass) == STATE_OFF
    home.advance_to("activated")
    await refresh(hass, home)
    assert shows(hass) == STATE_ON


async def test_gate_closes(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, config_folder: None
) -> None:
    """It stops when the gate closes, not while its state is unavailable."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    await start_automation(hass, home)
    await hass.services.async_call(
        "input_boolean", "turn_on", {"entity_id": LIGHT}, blocking=True
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert shows(hass) == STATE_ON
    home.status = "ended"
    await refresh(hass, home)
    assert shows(hass) == STATE_OFF


async def test_gate_was_open_before(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, config_folder: None
) -> None:
    """A gate that is open when Home Assistant starts counts as well."""
    home = simulator.add(scenarios.smart_already())
    hass.set_state(CoreState.not_running)
    await set_up()
    await start_automation(hass, home)
    assert shows(hass) == STATE_OFF
    await hass.async_start()
    await hass.async_block_till_done()
    assert shows(hass) == STATE_ON


# What all have in common


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_blueprint_is_one(path: Path) -> None:
    """Home Assistant takes each for a blueprint, and can show its inputs."""
    data: Any = parse_yaml(path.read_text(encoding="utf-8"))
    blueprint = Blueprint(
        data, expected_domain=AUTOMATION, schema=AUTOMATION_BLUEPRINT_SCHEMA
    )
    assert not blueprint.validate()
    assert blueprint.name.startswith("Nomos Energy: ")
    assert blueprint.name.count(" · ") == 1
    assert data["blueprint"]["description"].count("\n\n") == 1
    for name, each in blueprint.inputs.items():
        assert each["name"].count(" · ") == 1, name
        assert each.get("description", " · ").count(" · ") == 1, name
        choose: Any = selector(each["selector"])
        if "default" in each:
            choose(each["default"])
        if "duration" in each["selector"]:
            assert choose.config["enable_second"] is False


def in_both(key: str) -> str:
    """Return a translated text in both languages."""
    return f"{GERMAN[key]} · {ENGLISH[key]}"


def test_inputs_are_named_like_entities() -> None:
    """An input for an entity of a contract or load has the name of the entity."""
    blueprints: list[Any] = [parse_yaml(path.read_text("utf-8")) for path in BLUEPRINTS]
    chosen = [
        each["name"]
        for content in blueprints
        for each in content["blueprint"]["input"].values()
        if DOMAIN in str(each["selector"]) and "device" not in each["selector"]
    ]
    assert len(chosen) == len(BLUEPRINTS)
    assert set(chosen) <= {
        in_both(key) for key in ENGLISH if re.fullmatch(r"entity\.\w+\.\w+\.name", key)
    }


def test_every_news_has_a_text() -> None:
    """Each event type can be chosen, by the words of the entity, and has a text."""
    data: Any = parse_yaml((FOLDER / TELL).read_text(encoding="utf-8"))
    every = {str(kind) for kind in ChangeType}
    given = data["blueprint"]["input"]["event_types"]
    assert given["default"] == []
    options = given["selector"]["select"]["options"]
    assert {option["value"]: option["label"] for option in options} == {
        kind: in_both(f"{EVENT_TYPE}.state.{kind}") for kind in every
    }
    texts = data["actions"][0]["variables"]["texts"]
    assert set(texts["de"]) == set(texts["en"]) == every


# Messages


@pytest.fixture
async def phone(hass: HomeAssistant, config_folder: None) -> Phone:
    """Give the household a phone, in Berlin."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    assert await async_setup_component(hass, "notify", {})
    phone = Phone()
    await hass.data[DATA_COMPONENT].async_add_entities([phone])
    return phone


async def use(hass: HomeAssistant, blueprint: str, inputs: Mapping[str, Any]) -> None:
    """Make an automation of a blueprint."""
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "use_blueprint": {
                    "path": f"nomos_energy/{blueprint}",
                    "input": dict(inputs),
                }
            }
        },
    )
    await hass.async_block_till_done()
    (found,) = hass.states.async_all("automation")
    assert found.state == STATE_ON


def found(hass: HomeAssistant, home: Household, platform: str, key: str) -> str:
    """Return an entity of a household's contract."""
    entity = er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, f"{home.subscription_id}_{key}"
    )
    assert entity
    return entity


async def tell(hass: HomeAssistant, home: Household, **inputs: Any) -> None:
    """Set up the automation that notifies of changes."""
    news = found(hass, home, Platform.EVENT, "order_update")
    target = {"entity_id": news}
    await use(hass, TELL, {"news": target, "recipients": ["notify.phone"], **inputs})


def in_short(home: Household, messages: list[str]) -> list[str]:
    """Return messages without the address that they all begin with."""
    address = f"{home.street} {home.house_number}: "
    assert all(message.startswith(address) for message in messages)
    return [message.removeprefix(address) for message in messages]


async def test_tell_everything(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
) -> None:
    """A household reads of every step, once, in German and by its own clock."""
    home = simulator.add(scenarios.appointment_moved())
    await set_up()
    await tell(hass, home)
    await pass_time(hass, freezer, 63 * DAY, DAY)
    moved = "Der Einbau des Zählers ist jetzt am"
    assert in_short(home, phone.messages) == [
        "Die Bestellung des Zählers liegt beim Messstellenbetreiber.",
        "Die Angaben zum Zählerplatz sind eingereicht.",
        "Der Messstellenbetreiber hat den Einbau zugesagt.",
        "Der Einbau des Zählers ist geplant.",
        "Der Zähler wird am 28.12.2026 um 09:00 Uhr eingebaut.",
        f"{moved} 19.01.2027 um 09:00 Uhr, nicht mehr am 28.12.2026 um 09:00 Uhr.",
        f"{moved} 12.01.2027 um 09:00 Uhr, nicht mehr am 19.01.2027 um 09:00 Uhr.",
        "Der Zähler ist eingebaut. Bis zur Freischaltung dauert es noch etwas.",
        "Der Zähler ist freigeschaltet.",
    ]


async def test_tell_in_english(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
) -> None:
    """English messages have the reason of a block and the appointment."""
    home = simulator.add(scenarios.blocked_then_unblocked())
    await set_up()
    await tell(
        hass,
        home,
        language="en",
        event_types=["blocked", "unblocked", "appointment_set"],
    )
    await pass_time(hass, freezer, 63 * DAY, DAY)
    blocked = "The order of the smart meter is blocked"
    assert in_short(home, phone.messages) == [
        f"{blocked}: details of the meter cabinet are missing.",
        "The order of the smart meter is no longer blocked.",
        f"{blocked}: the registration with the grid operator is pending.",
        "The order of the smart meter is no longer blocked.",
        "The meter will be installed on 2027-01-09 at 09:00.",
    ]


async def test_tell_of_cancellation(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, phone: Phone
) -> None:
    """An appointment that does not take place is named, and so is its order's end."""
    home = simulator.add(
        scenarios.happy_path(
            timeline=[
                *scenarios.happy_path().timeline[:5],
                Step(after=40 * DAY, status="cancelled", cancelled_reason="no_room"),
            ]
        )
    )
    home.advance_to("scheduled")
    await set_up()
    await tell(hass, home)
    home.advance()
    await refresh(hass, home)
    assert in_short(home, phone.messages) == [
        "Die Bestellung des Zählers wurde storniert.",
        "Der Einbau des Zählers am 12.12.2026 um 09:00 Uhr wurde abgesagt.",
    ]


async def test_tell_of_unknown_block(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, phone: Phone
) -> None:
    """An unknown reason leaves no gap in the text."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    await tell(hass, home)
    assert home.order
    for reason in ("full_moon", None):
        home.order.blocked_reason, home.order.blocked_at = reason, dt_util.utcnow()
        await refresh(hass, home)
        home.order.blocked_reason = home.order.blocked_at = None
        await refresh(hass, home)
    assert (
        in_short(home, phone.messages)
        == [
            "Die Bestellung des Zählers ist blockiert.",
            "Die Bestellung des Zählers ist nicht mehr blockiert.",
        ]
        * 2
    )


async def test_tell_nothing_twice(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
) -> None:
    """A reload is not notified of; what happened meanwhile is."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    await tell(hass, home)
    assert not phone.messages
    home.advance()
    await refresh(hass, home)
    assert len(phone.take()) == 1
    for _ in range(2):
        await stop(hass, entry)
        await start_again(hass, entry)
    assert not phone.messages
    await stop(hass, entry)
    home.advance_to("scheduled")
    freezer.tick(14 * DAY)
    await start_again(hass, entry)
    assert in_short(home, phone.messages) == [
        "Die Angaben zum Zählerplatz sind eingereicht.",
        "Der Messstellenbetreiber hat den Einbau zugesagt.",
        "Der Einbau des Zählers ist geplant.",
        "Der Zähler wird am 12.12.2026 um 09:00 Uhr eingebaut.",
    ]


async def test_tell_after_start(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
) -> None:
    """Changes while Home Assistant was off are notified of after the start."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    await tell(hass, home)
    await stop(hass, entry)
    home.advance(2)
    freezer.tick(2 * DAY)
    hass.set_state(CoreState.not_running)
    await start_again(hass, entry)
    assert not phone.messages
    await hass.async_start()
    await hass.async_block_till_done()
    assert in_short(home, phone.messages) == [
        "Die Bestellung des Zählers liegt beim Messstellenbetreiber.",
        "Die Angaben zum Zählerplatz sind eingereicht.",
    ]


# Reminders


async def remind(hass: HomeAssistant, home: Household, **inputs: Any) -> None:
    """Let a household be reminded."""
    calendar = found(hass, home, Platform.CALENDAR, "installation")
    await use(
        hass, REMIND, {"calendar": calendar, "recipients": ["notify.phone"], **inputs}
    )


async def appoint(hass: HomeAssistant, home: Household, ahead: timedelta) -> str:
    """Make an appointment, or move it; return when, as a person reads it."""
    assert home.order
    moment = (dt_util.utcnow() + ahead).replace(second=0, microsecond=0)
    home.order.appointment_at = moment
    home.order.status = "scheduled"
    await refresh(hass, home)
    return f"Am {dt_util.as_local(moment):%d.%m.%Y um %H:%M} Uhr wird"


@pytest.fixture
async def home(simulator: Simulator) -> Household:
    """Return a household whose order does not move by itself."""
    return simulator.add(
        scenarios.happy_path(timeline=[Step(after=timedelta(0), status="created")])
    )


def reminders(home: Household, phone: Phone) -> list[str]:
    """Return how the reminders begin that came since the last time."""
    return [text[: text.index("wird") + 4] for text in in_short(home, phone.take())]


async def test_reminder(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
) -> None:
    """The reminder is sent once, the day before the appointment."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    await remind(hass, home)
    await pass_time(hass, freezer, 24 * DAY, DAY)
    assert home.order
    appointment = home.order.appointment_at
    assert appointment
    await pass_time(hass, freezer, appointment - DAY - HOUR - dt_util.utcnow())
    assert not phone.messages
    await pass_time(hass, freezer, HOUR)
    text = (
        "Am 04.01.2027 um 09:00 Uhr wird Ihr Zähler eingebaut. Bitte räumen Sie den"
        " Zugang zum Zählerschrank frei. Der Strom ist dabei zeitweise abgeschaltet."
    )
    assert in_short(home, phone.take()) == [text]
    await pass_time(hass, freezer, 20 * DAY, 6 * HOUR)
    assert not phone.messages


@pytest.mark.parametrize("hours", [1, 2.5, 72])
async def test_reminder_in_time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    home: Household,
    hours: float,
) -> None:
    """The reminder is sent the configured number of hours before, to the minute."""
    await set_up()
    await remind(hass, home, hours=hours, language="en")
    await appoint(hass, home, 5 * DAY)
    await pass_time(hass, freezer, 5 * DAY - timedelta(hours=hours, minutes=2))
    assert not phone.messages
    await pass_time(hass, freezer, timedelta(minutes=2), timedelta(minutes=1))
    (message,) = in_short(home, phone.take())
    assert message.startswith(
        "Your meter will be installed on 2026-11-28 at 11:00. Please"
    )
    await pass_time(hass, freezer, 5 * DAY)
    assert not phone.messages


async def test_reminder_of_appointment_that_moves(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
) -> None:
    """Of an appointment that is moved twice only the last one counts."""
    home = simulator.add(scenarios.appointment_moved())
    await set_up()
    await remind(hass, home)
    await pass_time(hass, freezer, 63 * DAY)
    assert home.order
    last = home.order.appointment_at
    assert last
    assert reminders(home, phone) == [f"Am {last:%d.%m.%Y} um 09:00 Uhr wird"]


async def test_reminder_on_short_notice(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    home: Household,
) -> None:
    """The reminder of an appointment within a day is sent at once."""
    await set_up()
    await remind(hass, home)
    first = await appoint(hass, home, 20 * HOUR)
    assert reminders(home, phone) == [first]
    await pass_time(hass, freezer, 3 * DAY)
    assert not phone.messages


async def test_reminder_of_appointment_that_comes_nearer(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    home: Household,
) -> None:
    """The reminder of an appointment that is moved to tomorrow is sent once."""
    await set_up()
    await remind(hass, home)
    await appoint(hass, home, 5 * DAY)
    await pass_time(hass, freezer, HOUR)
    assert not phone.messages
    second = await appoint(hass, home, 20 * HOUR)
    assert reminders(home, phone) == [second]
    await pass_time(hass, freezer, 6 * DAY)
    assert not phone.messages


@pytest.mark.parametrize("ahead", [6 * HOUR, 22 * HOUR])
async def test_reminder_that_was_wrong(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    home: Household,
    ahead: timedelta,
) -> None:
    """A changed time after the reminder is reminded of again."""
    await set_up()
    await remind(hass, home)
    first = await appoint(hass, home, 20 * HOUR)
    assert reminders(home, phone) == [first]
    await pass_time(hass, freezer, HOUR)
    second = await appoint(hass, home, ahead)
    assert second != first
    assert reminders(home, phone) == [second]
    await pass_time(hass, freezer, 3 * DAY)
    assert not phone.messages


async def test_reminder_of_appointment_that_is_put_off(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    home: Household,
) -> None:
    """An appointment that is put off after the reminder is reminded of again."""
    await set_up()
    await remind(hass, home)
    await appoint(hass, home, 20 * HOUR)
    assert len(phone.take()) == 1
    await pass_time(hass, freezer, 2 * HOUR)
    later = await appoint(hass, home, 5 * DAY)
    assert not phone.messages
    await pass_time(hass, freezer, 6 * DAY)
    assert reminders(home, phone) == [later]


async def test_reminder_of_cancelled_appointment(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    home: Household,
) -> None:
    """A cancelled appointment is not reminded of."""
    await set_up()
    await remind(hass, home)
    await appoint(hass, home, 3 * DAY)
    assert home.order
    home.order.appointment_at = None
    await pass_time(hass, freezer, 5 * DAY)
    assert not phone.messages


async def test_reminder_comes_once(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    home: Household,
) -> None:
    """Neither a reload nor a restart sends the reminder twice."""
    entry = await set_up()
    await remind(hass, home)
    await appoint(hass, home, 20 * HOUR)
    assert len(phone.take()) == 1
    for _ in range(3):
        await pass_time(hass, freezer, HOUR)
        await stop(hass, entry)
        await pass_time(hass, freezer, HOUR)
        await start_again(hass, entry)
    hass.set_state(CoreState.not_running)
    await hass.async_start()
    await hass.async_block_till_done()
    await pass_time(hass, freezer, 2 * DAY)
    assert not phone.messages


async def test_reminder_while_account_is_not_loaded(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    home: Household,
) -> None:
    """A reminder that was due while the account was not there is made up for."""
    entry = await set_up()
    await remind(hass, home)
    moment = await appoint(hass, home, 30 * HOUR)
    await stop(hass, entry)
    await pass_time(hass, freezer, 10 * HOUR)
    assert not phone.messages
    await start_again(hass, entry)
    await pass_time(hass, freezer, timedelta(minutes=1))
    assert reminders(home, phone) == [moment]


async def test_reminder_after_start(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    home: Household,
) -> None:
    """A reminder that was due while Home Assistant was off comes at its start."""
    assert home.order
    home.order.status = "scheduled"
    home.order.appointment_at = dt_util.utcnow() + 20 * HOUR
    hass.set_state(CoreState.not_running)
    await set_up()
    await remind(hass, home)
    assert not phone.messages
    await hass.async_start()
    await hass.async_block_till_done()
    assert len(reminders(home, phone)) == 1
    await pass_time(hass, freezer, 2 * DAY)
    assert not phone.messages


# Loads


HELPERS = ("pump", "ready", "boost", "lock", "heater")


@pytest.fixture
async def house(
    hass: HomeAssistant, simulator: Simulator, config_folder: None
) -> Household:
    """Give a household with cheap nights things to switch, in Berlin."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(
        hass, "input_boolean", {"input_boolean": dict.fromkeys(HELPERS)}
    )
    hass.states.async_set("sensor.room", "19")
    thermostat = {
        "platform": "generic_thermostat",
        "name": "room",
        "heater": "input_boolean.heater",
        "target_sensor": "sensor.room",
        "comfort_temp": 22,
        "eco_temp": 17,
    }
    assert await async_setup_component(hass, "climate", {"climate": [thermostat]})
    for number in range(4):
        amounts = [30.0] * 8 + [10.0] * 12 + [30.0] * 76
        simulator.set_prices(date(2026, 11, 23) + number * DAY, amounts)
    await hass.async_block_till_done()
    return simulator.add(scenarios.dynamic_tariff())


@pytest.fixture
async def script_runs(hass: HomeAssistant) -> list[Any]:
    """Return how often the household's script has run."""
    runs: list[Any] = []
    hass.bus.async_listen("script_ran", runs.append)
    sequence = [{"event": "script_ran"}]
    assert await async_setup_component(
        hass, "script", {"script": {"charge": {"sequence": sequence}}}
    )
    return runs


async def settle() -> None:
    """Let happen what happens now; an automation that waits goes on waiting."""
    for _ in range(400):
        await asyncio.sleep(0)


async def go_on(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    duration: timedelta,
    step: timedelta,
) -> None:
    """Let time pass, also while an automation waits."""
    for _ in range(duration // step):
        freezer.tick(step)
        async_fire_time_changed(hass)
        await settle()


def is_on(hass: HomeAssistant, name: str) -> bool:
    """Whether a helper is on."""
    return hass.states.is_state(f"input_boolean.{name}", STATE_ON)


def room(hass: HomeAssistant, name: str) -> Any:
    """Return what the thermostat is set to."""
    state = hass.states.get("climate.room")
    assert state
    return state.attributes[name]


async def run_by_plan(
    hass: HomeAssistant, entry: MockConfigEntry, home: Household
) -> str:
    """Plan a load, and let the blueprint switch by it."""
    key = await add_load(hass, entry, a_wallbox(home))
    sensor = load_entity(hass, key, "run_now")
    await use(
        hass,
        "run_a_switch_by_a_planned_load.yaml",
        {
            "run_now": sensor,
            "targets": ["input_boolean.pump", "script.charge"],
            "thermostats": ["climate.room"],
        },
    )
    return sensor


async def test_switch_by_a_planned_load(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    house: Household,
    script_runs: list[Any],
) -> None:
    """Everything runs from 2 to 5, and at no other time."""
    await run_by_plan(hass, await set_up(), house)
    await pass_time_until(hass, freezer, "2026-11-24T01:45+01:00")
    assert not is_on(hass, "pump")
    assert not script_runs
    await pass_time_until(hass, freezer, "2026-11-24T02:00+01:00")
    assert is_on(hass, "pump")
    assert room(hass, "preset_mode") == "comfort"
    assert len(script_runs) == 1
    await pass_time_until(hass, freezer, "2026-11-24T05:00+01:00")
    assert not is_on(hass, "pump")
    assert room(hass, "preset_mode") == "eco"
    assert len(script_runs) == 1


async def test_switch_over_a_reload(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    house: Household,
    script_runs: list[Any],
) -> None:
    """A moment without the plan switches nothing, and starts no script again."""
    entry = await set_up()
    await run_by_plan(hass, entry, house)
    await pass_time_until(hass, freezer, "2026-11-24T03:00+01:00")
    await hass.config_entries.async_unload(entry.entry_id)
    await settle()
    await go_on(hass, freezer, timedelta(minutes=3), timedelta(minutes=1))
    assert is_on(hass, "pump")
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time_until(hass, freezer, "2026-11-24T04:00+01:00")
    assert is_on(hass, "pump")
    assert len(script_runs) == 1


async def test_switch_without_a_plan(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    house: Household,
    script_runs: list[Any],
) -> None:
    """The load is turned off when its plan becomes unavailable."""
    entry = await set_up()
    await run_by_plan(hass, entry, house)
    await pass_time_until(hass, freezer, "2026-11-24T03:00+01:00")
    await hass.config_entries.async_unload(entry.entry_id)
    await settle()
    await go_on(hass, freezer, timedelta(minutes=11), timedelta(minutes=1))
    assert not is_on(hass, "pump")
    assert room(hass, "preset_mode") == "eco"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [("2026-11-24T03:00+01:00", True), ("2026-11-24T05:30+01:00", False)],
)
async def test_switch_after_a_start(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    house: Household,
    script_runs: list[Any],
    moment: str,
    expected: bool,
) -> None:
    """What the plan says then is done at the start of Home Assistant."""
    hass.set_state(CoreState.starting)
    await run_by_plan(hass, await set_up(), house)
    await hass.services.async_call(
        "input_boolean",
        "turn_off" if expected else "turn_on",
        {"entity_id": "input_boolean.pump"},
        blocking=True,
    )
    await pass_time_until(hass, freezer, moment)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_START)
    await hass.async_block_till_done()
    assert is_on(hass, "pump") is expected


async def test_heat_pump(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    house: Household,
) -> None:
    """It gets more while the grid fee is low, and less while it is high."""
    entry = await set_up()
    window = found(hass, house, Platform.SENSOR, "grid_fee_window")
    await use(
        hass,
        "heat_pump_by_grid_fee_window.yaml",
        {
            "window": window,
            "heating": ["climate.room"],
            "boost": ["input_boolean.boost"],
            "lock": ["input_boolean.lock"],
        },
    )
    seen = {}
    for hour in range(12, 36):
        begin = datetime.fromisoformat("2026-11-23T00:00+01:00") + hour * HOUR
        await pass_time_until(hass, freezer, begin.isoformat())
        shown = hass.states.get(window)
        assert shown
        seen[shown.state] = (
            room(hass, "temperature"),
            is_on(hass, "boost"),
            is_on(hass, "lock"),
        )
    assert seen["low"] == (22, True, False)
    assert seen["high"] == (19.5, False, True)
    assert seen["standard"] == (21, False, False)
    # Without a window, nothing is held back for good.
    while not is_on(hass, "lock"):
        await pass_time(hass, freezer, HOUR)
    await hass.config_entries.async_unload(entry.entry_id)
    await settle()
    await go_on(hass, freezer, timedelta(minutes=3), timedelta(minutes=1))
    assert not is_on(hass, "lock")


@pytest.fixture
async def dishwasher(hass: HomeAssistant, set_up: SetUp, house: Household) -> Household:
    """Let a dishwasher wait for the cheapest block."""
    await set_up()
    await use(
        hass,
        "start_in_the_cheapest_block.yaml",
        {
            "ready": "input_boolean.ready",
            "price": found(hass, house, Platform.SENSOR, "price"),
            "machine": "input_boolean.pump",
        },
    )
    return house


async def fill(hass: HomeAssistant, action: str = "turn_on") -> None:
    """Say that the machine is filled, or that it is not."""
    await hass.services.async_call(
        "input_boolean", action, {"entity_id": "input_boolean.ready"}, blocking=True
    )
    await settle()


async def started(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: str
) -> str | None:
    """Wait until a moment, and return when the machine was started."""
    end = datetime.fromisoformat(moment)
    while dt_util.now() < end:
        await go_on(hass, freezer, timedelta(minutes=15), timedelta(minutes=15))
        if is_on(hass, "pump"):
            return f"{dt_util.now():%a %H:%M}"
    return None


async def test_machine_starts_when_it_is_cheapest(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, dishwasher: Household
) -> None:
    """Filled in the evening, it runs at night, once."""
    await pass_time_until(hass, freezer, "2026-11-23T20:00+01:00")
    await fill(hass)
    assert await started(hass, freezer, "2026-11-24T08:00+01:00") == "Tue 02:00"
    assert not is_on(hass, "ready")


async def test_machine_waits_for_prices(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, dishwasher: Household
) -> None:
    """Filled before tomorrow is known, it takes the better time that comes up."""
    await pass_time_until(hass, freezer, "2026-11-23T12:00+01:00")
    await fill(hass)
    assert await started(hass, freezer, "2026-11-24T08:00+01:00") == "Tue 02:00"


async def test_machine_without_prices(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    dishwasher: Household,
) -> None:
    """Where prices are missing, the dishes are clean in time nevertheless."""
    simulator.fail(Fault.SERVER_ERROR)
    await pass_time_until(hass, freezer, "2026-11-23T20:00+01:00")
    await fill(hass)
    assert await started(hass, freezer, "2026-11-24T08:00+01:00") == "Tue 05:00"


async def test_machine_that_is_not_filled_after_all(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, dishwasher: Household
) -> None:
    """Turning the helper off cancels the planned start."""
    await pass_time_until(hass, freezer, "2026-11-23T20:00+01:00")
    await fill(hass)
    await fill(hass, "turn_off")
    assert await started(hass, freezer, "2026-11-24T08:00+01:00") is None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T23:00+01:00", "Tue 02:00"),
        ("2026-11-24T05:30+01:00", "Tue 05:45"),
    ],
)
async def test_machine_after_a_start(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    dishwasher: Household,
    moment: str,
    expected: str,
) -> None:
    """It goes on waiting, and starts at once where it has missed its time."""
    await pass_time_until(hass, freezer, "2026-11-23T20:00+01:00")
    hass.states.async_set("input_boolean.ready", STATE_ON)
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "all"}, blocking=True
    )
    await pass_time_until(hass, freezer, moment)
    hass.set_state(CoreState.starting)
    await hass.services.async_call(
        "automation", "turn_on", {"entity_id": "all"}, blocking=True
    )
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle()
    if is_on(hass, "pump"):
        assert expected == "Tue 05:45"
    else:
        assert await started(hass, freezer, "2026-11-24T08:00+01:00") == expected


# Meter readings

READER = "sensor.optical_reader"
REPORT = "report_the_meter_reading.yaml"


def last_report(home: Household) -> tuple[float, str] | None:
    """Return the last reading that the household has reported, and its day."""
    if not home.reports:
        return None
    report = home.reports[-1]
    return report.value, f"{report.timestamp.astimezone(BERLIN):%Y-%m-%d}"


async def turn_off(hass: HomeAssistant) -> None:
    """Let the automation wait for no other evening."""
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "all"}, blocking=True
    )


@pytest.mark.parametrize(
    ("unit", "state", "reported"),
    [
        ("kWh", "98765.43", 98765.4),
        ("Wh", "98765432", 98765.4),
        ("MWh", "98.76543", 98765.4),
        ("kWh", "unavailable", None),
        ("m³", "98765", None),
        # Less than the meter has shown before.
        ("kWh", "12", None),
    ],
)
async def test_reading_at_the_end_of_the_month(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
    unit: str,
    state: str,
    reported: float | None,
) -> None:
    """The counter is reported on the last evening of the month, once, in kWh."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    hass.states.async_set(
        READER, state, {"device_class": "energy", "unit_of_measurement": unit}
    )
    inputs = {
        "gate": entity_id(hass, home, "smart_meter_active"),
        "counter": READER,
        "recipients": phone.entity_id,
    }
    await use(hass, REPORT, inputs)
    await pass_time(hass, freezer, timedelta(days=7), HOUR)
    assert (dt_util.now().day, home.reports) == (30, [])
    await pass_time(hass, freezer, DAY, HOUR)
    (message,) = phone.take()
    if reported:
        assert last_report(home) == (reported, "2026-11-30")
        assert message.endswith(": Der Zählerstand 98765,4 kWh ist gemeldet.")
    else:
        assert not home.reports
        assert "konnte nicht gemeldet werden" in message
    await pass_time(hass, freezer, 3 * DAY, timedelta(hours=3))
    assert len(home.reports) == bool(reported)
    await turn_off(hass)


async def test_no_reading_of_an_active_meter(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
) -> None:
    """Once the meter is active, nothing is reported any more."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    hass.states.async_set(READER, "98765", {"unit_of_measurement": "kWh"})
    gate = entity_id(hass, home, "smart_meter_active")
    inputs = {"gate": gate, "counter": READER, "recipients": phone.entity_id}
    await use(hass, REPORT, inputs)
    simulator.requests.clear()
    await pass_time(hass, freezer, timedelta(days=8), timedelta(hours=3))
    assert not phone.take()
    operations = {each.operation for each in simulator.requests}
    assert "create_meter_reading" not in operations
    await turn_off(hass)


# Questions


ASK = "answer_questions_about_my_electricity.yaml"


@pytest.fixture
async def assist(hass: HomeAssistant, config_folder: None) -> None:
    """Set up what understands sentences; an installation without it has no Assist."""
    pytest.importorskip("hassil")
    await hass.config.async_set_time_zone("Europe/Berlin")
    for needed in ("homeassistant", "conversation"):
        assert await async_setup_component(hass, needed, {})


async def answer(hass: HomeAssistant, question: str) -> str:
    """Return what Assist answers to a question."""
    response: Any = await hass.services.async_call(
        "conversation",
        "process",
        {"text": question, "agent_id": "conversation.home_assistant"},
        blocking=True,
        return_response=True,
    )
    speech: str = response["response"]["speech"]["plain"]["speech"]
    return speech


async def use_questions(hass: HomeAssistant, home: Household, **inputs: Any) -> None:
    """Set up the automation that answers questions."""
    await use(hass, ASK, {"contract": device_id(hass, home), **inputs})


@pytest.mark.usefixtures("assist")
async def test_ask_for_the_appointment(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The answer follows the order, in the language of the question."""
    german, english = "Wann kommt der Installateur?", "When does the installer come?"
    home = simulator.add(scenarios.happy_path())
    await set_up()
    await use_questions(hass, home)
    assert await answer(hass, german) == "Einen Einbautermin gibt es noch nicht."
    home.advance_to("scheduled")
    await refresh(hass, home)
    told = "Der Zähler wird am 12.12.2026 um 09:00 Uhr eingebaut."
    assert await answer(hass, german) == told
    assert await answer(hass, "wann wird mein neuer Zähler eingebaut") == told
    told = "The meter will be installed on 2026-12-12 at 09:00."
    assert await answer(hass, english) == told
    home.advance_to("installed")
    await refresh(hass, home)
    told = "Der Zähler ist eingebaut, aber noch nicht freigeschaltet."
    assert await answer(hass, german) == told
    home.advance_to("activated")
    await refresh(hass, home)
    assert await answer(hass, german) == "Der Zähler ist schon freigeschaltet."
    assert await answer(hass, english) == "The smart meter is already active."


@pytest.mark.usefixtures("assist")
async def test_ask_without_order(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Without an order and a meter there are neither appointments nor prices."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    await use_questions(hass, home)
    assert (
        await answer(hass, "Wann kommt der Monteur") == "Es ist kein Zähler bestellt."
    )
    told = "No prices are known for that."
    assert await answer(hass, "When is electricity cheapest today?") == told
    told = "Die Kosten sind noch nicht bekannt."
    assert await answer(hass, "Was hat der Strom zuletzt gekostet?") == told


@pytest.mark.usefixtures("assist")
@pytest.mark.parametrize(
    ("moment", "german", "english"),
    [
        (
            "2026-11-23T09:00:00+00:00",
            "von 20:00 bis 21:00 Uhr, mit 12,5 Cent je Kilowattstunde.",
            "from 20:00 to 21:00, at 12.5 cents per kilowatt-hour.",
        ),
        (
            "2026-11-23T22:30:00+00:00",
            "morgen von 03:00 bis 04:00 Uhr, mit 10,0 Cent je Kilowattstunde.",
            "tomorrow from 03:00 to 04:00, at 10.0 cents per kilowatt-hour.",
        ),
    ],
)
async def test_ask_for_the_cheapest_time(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    moment: str,
    german: str,
    english: str,
) -> None:
    """The answer is the cheapest hour of today; shortly before midnight, of tomorrow."""
    freezer.move_to(moment)
    simulator.set_prices(date(2026, 11, 23), [30.0] * 80 + [12.5] * 4 + [30.0] * 12)
    simulator.set_prices(date(2026, 11, 24), [30.0] * 12 + [10.0] * 4 + [30.0] * 80)
    home = simulator.add(scenarios.smart_already())
    await set_up()
    await use_questions(hass, home)
    told = await answer(hass, "Wann ist der Strom heute am billigsten?")
    assert told == f"Am günstigsten ist der Strom {german}"
    told = await answer(hass, "When is electricity the cheapest today?")
    assert told == f"Electricity is cheapest {english}"


@pytest.mark.usefixtures("assist")
async def test_ask_for_the_cost(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The answer has the day, which may be some days ago."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    hass.states.async_set("sensor.cost", "2.5", {"date": "2026-11-22"})
    await use_questions(hass, home, cost=["sensor.cost"])
    told = await answer(hass, "Wie viel hat der Strom gestern gekostet?")
    assert told == "Am 22.11.2026 hat der Strom 2,50 Euro gekostet."
    told = await answer(hass, "What did electricity cost last?")
    assert told == "On 2026-11-22, electricity cost 2.50 euros."
