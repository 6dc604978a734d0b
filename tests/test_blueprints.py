"""The blueprints, loaded and run by Home Assistant."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
import shutil
from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import Blueprint
from homeassistant.components.notify import DATA_COMPONENT, NotifyEntity
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import selector
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
import pytest

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import ChangeType
from simulator import Household, Simulator, Step, scenarios

from . import DAY, come_back, entity_id, leave, look_again, pass_time
from .conftest import SetUp

FOLDER = Path(__file__).parent.parent / "blueprints" / "automation" / "nomos_energy"
BLUEPRINTS = sorted(FOLDER.glob("*.yaml"))
LIGHT = "input_boolean.cheap_hours"
HOUR = timedelta(hours=1)
TELL = "tell_me_about_my_smart_meter.yaml"
REMIND = "appointment_reminder.yaml"


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
    await look_again(hass, home)
    assert shows(hass) == STATE_OFF
    home.advance_to("activated")
    await look_again(hass, home)
    assert shows(hass) == STATE_ON


async def test_gate_closes(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, config_folder: None
) -> None:
    """It stops when the gate closes for good, not when nobody knows for a while."""
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
    await look_again(hass, home)
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
    for name, each in blueprint.inputs.items():
        assert "·" in each["name"], name
        choose: Any = selector(each["selector"])
        if "default" in each:
            choose(each["default"])


def test_every_news_has_a_text() -> None:
    """All that can happen to an order can be chosen and told, in both languages."""
    data: Any = parse_yaml((FOLDER / TELL).read_text(encoding="utf-8"))
    every = {str(kind) for kind in ChangeType}
    given = data["blueprint"]["input"]["event_types"]
    assert set(given["default"]) == every
    options = given["selector"]["select"]["options"]
    assert {option["value"] for option in options} == every
    texts = data["actions"][0]["variables"]["texts"]
    assert set(texts["de"]) == set(texts["en"]) == every


# Messages


class Phone(NotifyEntity):
    """Somebody's phone."""

    _attr_name = "Phone"
    entity_id = "notify.phone"

    def __init__(self) -> None:
        """Begin without messages."""
        self.messages: list[str] = []

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        self.messages.append(message)

    def take(self) -> list[str]:
        """Return what came since the last time."""
        messages, self.messages = self.messages, []
        return messages


@pytest.fixture
async def phone(hass: HomeAssistant, config_folder: None) -> Phone:
    """Give the household a phone, in Berlin."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    assert await async_setup_component(hass, "notify", {})
    phone = Phone()
    await hass.data[DATA_COMPONENT].async_add_entities([phone])
    return phone


async def use(hass: HomeAssistant, blueprint: str, inputs: Mapping[str, Any]) -> None:
    """Make an automation of a blueprint that tells the phone."""
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "use_blueprint": {
                    "path": f"nomos_energy/{blueprint}",
                    "input": {"recipients": ["notify.phone"], **inputs},
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
    """Let a household be told what happens."""
    news = found(hass, home, Platform.EVENT, "order_update")
    await use(hass, TELL, {"news": news, **inputs})


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
    moved = "Der Einbau des Smart Meters ist jetzt am"
    assert in_short(home, phone.messages) == [
        "Die Bestellung des Smart Meters liegt beim Messstellenbetreiber.",
        "Die Smart-Meter-Prüfung ist eingereicht.",
        "Die Smart-Meter-Prüfung ist bestanden, der Einbau bestätigt.",
        "Der Einbau des Smart Meters ist geplant.",
        "Das Smart Meter wird am 28.12.2026 um 09:00 Uhr eingebaut.",
        f"{moved} 19.01.2027 um 09:00 Uhr, nicht mehr am 28.12.2026 um 09:00 Uhr.",
        f"{moved} 12.01.2027 um 09:00 Uhr, nicht mehr am 19.01.2027 um 09:00 Uhr.",
        "Das Smart Meter ist eingebaut. Bis es aktiv ist, dauert es noch etwas.",
        "Das Smart Meter ist aktiv.",
    ]


async def test_tell_in_english(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
) -> None:
    """Who prefers English reads why an order is held up, and when somebody comes."""
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
        f"{blocked}: the smart-meter check is missing.",
        "The order of the smart meter is no longer blocked.",
        f"{blocked}: the grid operator has not registered it yet.",
        "The order of the smart meter is no longer blocked.",
        "The smart meter will be installed on 2027-01-09 at 09:00.",
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
    await look_again(hass, home)
    assert in_short(home, phone.messages) == [
        "Die Bestellung des Smart Meters wurde storniert.",
        "Der Einbau des Smart Meters am 12.12.2026 um 09:00 Uhr findet nicht statt.",
    ]


async def test_tell_of_unknown_block(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, phone: Phone
) -> None:
    """A reason that nobody knows leaves no hole in the text."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    await tell(hass, home)
    assert home.order
    for reason in ("full_moon", None):
        home.order.blocked_reason, home.order.blocked_at = reason, dt_util.utcnow()
        await look_again(hass, home)
        home.order.blocked_reason = home.order.blocked_at = None
        await look_again(hass, home)
    assert (
        in_short(home, phone.messages)
        == [
            "Die Bestellung des Smart Meters ist blockiert.",
            "Die Bestellung des Smart Meters ist nicht mehr blockiert.",
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
    """That the account is loaded again is no news; what happened meanwhile is."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    await tell(hass, home)
    assert not phone.messages
    home.advance()
    await look_again(hass, home)
    assert len(phone.take()) == 1
    for _ in range(2):
        await leave(hass, entry)
        await come_back(hass, entry)
    assert not phone.messages
    await leave(hass, entry)
    home.advance_to("scheduled")
    freezer.tick(14 * DAY)
    await come_back(hass, entry)
    assert in_short(home, phone.messages) == [
        "Die Smart-Meter-Prüfung ist eingereicht.",
        "Die Smart-Meter-Prüfung ist bestanden, der Einbau bestätigt.",
        "Der Einbau des Smart Meters ist geplant.",
        "Das Smart Meter wird am 12.12.2026 um 09:00 Uhr eingebaut.",
    ]


async def test_tell_after_start(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    phone: Phone,
) -> None:
    """What happened while Home Assistant was off is told when it has started."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    await tell(hass, home)
    await leave(hass, entry)
    home.advance(2)
    freezer.tick(2 * DAY)
    hass.set_state(CoreState.not_running)
    await come_back(hass, entry)
    assert not phone.messages
    await hass.async_start()
    await hass.async_block_till_done()
    assert in_short(home, phone.messages) == [
        "Die Bestellung des Smart Meters liegt beim Messstellenbetreiber.",
        "Die Smart-Meter-Prüfung ist eingereicht.",
    ]


# Reminders


async def remind(hass: HomeAssistant, home: Household, **inputs: Any) -> None:
    """Let a household be reminded."""
    calendar = found(hass, home, Platform.CALENDAR, "installation")
    await use(hass, REMIND, {"calendar": calendar, **inputs})


async def appoint(hass: HomeAssistant, home: Household, ahead: timedelta) -> str:
    """Make an appointment, or move it; return when, as a person reads it."""
    assert home.order
    moment = (dt_util.utcnow() + ahead).replace(second=0, microsecond=0)
    home.order.appointment_at = moment
    home.order.status = "scheduled"
    await look_again(hass, home)
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
    """Whoever waits eight weeks for an installer is reminded once, the day before."""
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
        "Am 04.01.2027 um 09:00 Uhr wird das Smart Meter eingebaut. Bitte halten Sie den"
        " Weg zum Zählerschrank frei; der Strom ist eine Zeit lang abgeschaltet."
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
    """The reminder comes as many hours before as somebody wants, to the minute."""
    await set_up()
    await remind(hass, home, hours=hours, language="en")
    await appoint(hass, home, 5 * DAY)
    await pass_time(hass, freezer, 5 * DAY - timedelta(hours=hours, minutes=2))
    assert not phone.messages
    await pass_time(hass, freezer, timedelta(minutes=2), timedelta(minutes=1))
    (message,) = in_short(home, phone.take())
    assert message.startswith(
        "The smart meter will be installed on 2026-11-28 at 11:00. Please"
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
    """An appointment that is less than a day away is told at once."""
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
    """An appointment that is moved to tomorrow is told at once, and only once."""
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
    """Who was reminded of a moment that then changed is reminded of the new one."""
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
    """Who was reminded of an appointment that is put off is reminded again."""
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
    """Nobody is reminded of an installer who does not come."""
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
    """That the account is loaded again, or Home Assistant started, reminds nobody twice."""
    entry = await set_up()
    await remind(hass, home)
    await appoint(hass, home, 20 * HOUR)
    assert len(phone.take()) == 1
    for _ in range(3):
        await pass_time(hass, freezer, HOUR)
        await leave(hass, entry)
        await pass_time(hass, freezer, HOUR)
        await come_back(hass, entry)
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
    await leave(hass, entry)
    await pass_time(hass, freezer, 10 * HOUR)
    assert not phone.messages
    await come_back(hass, entry)
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
