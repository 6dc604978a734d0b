"""Calendar of the installation."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant, ServiceCall, State
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.const import DOMAIN
from simulator import Fault, Household, Simulator, scenarios
from tests import DAY, next_start, pass_time, refresh, start_again, stop
from tests.conftest import SetUp

NINE = datetime(2026, 12, 12, 8, tzinfo=UTC)
"""Nine o'clock in Berlin, on the day that the simulator finds."""

TWO_HOURS = timedelta(hours=2)


@pytest.fixture(autouse=True)
async def berlin(hass: HomeAssistant) -> None:
    """Let the household be where Nomos delivers."""
    await hass.config.async_set_time_zone("Europe/Berlin")


@pytest.fixture
def home(simulator: Simulator) -> Household:
    """Return a household whose appointment is in nineteen days."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("scheduled")
    return home


def calendar_id(hass: HomeAssistant, home: Household) -> str:
    """Return the calendar of a household's contract."""
    found = er.async_get(hass).async_get_entity_id(
        Platform.CALENDAR, DOMAIN, f"{home.subscription_id}_installation"
    )
    assert found
    return found


def calendar(hass: HomeAssistant, home: Household) -> State:
    """Return what the calendar shows."""
    found = hass.states.get(calendar_id(hass, home))
    assert found
    return found


async def events(
    hass: HomeAssistant,
    home: Household,
    start: datetime = datetime(2026, 11, 1, tzinfo=UTC),
    end: datetime = datetime(2027, 12, 1, tzinfo=UTC),
) -> list[dict[str, Any]]:
    """Return what the calendar has between two moments, as an automation asks."""
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {
            "entity_id": calendar_id(hass, home),
            "start_date_time": start,
            "end_date_time": end,
        },
        blocking=True,
        return_response=True,
    )
    found: Any = (answer or {})[calendar_id(hass, home)]
    return list(found["events"])


async def starts(hass: HomeAssistant, home: Household) -> list[datetime]:
    """Return when the appointments begin that the calendar has."""
    return [
        datetime.fromisoformat(event["start"]) for event in await events(hass, home)
    ]


# What it shows


ENGLISH = """Metering operator: Energy Metering

Please clear the way to the meter cabinet and make sure that someone is at home to \
open it. The power will be off for part of the visit."""

GERMAN = """Messstellenbetreiber: Energy Metering

Bitte räumen Sie den Zugang zum Zählerschrank frei. Jemand muss zu Hause sein und ihn \
öffnen können. Während des Einbaus ist der Strom zeitweise abgeschaltet."""


@pytest.mark.parametrize(
    ("language", "summary", "description"),
    [
        ("en", "{contract}: installation of the smart meter", ENGLISH),
        ("de", "{contract}: Einbau des intelligenten Messsystems", GERMAN),
        # Other languages fall back to English.
        ("fr", "{contract}: installation of the smart meter", ENGLISH),
    ],
)
async def test_appointment(
    hass: HomeAssistant,
    set_up: SetUp,
    home: Household,
    language: str,
    summary: str,
    description: str,
) -> None:
    """The event tells provider, time, address, and what to prepare."""
    hass.config.language = language
    await set_up()
    summary = summary.format(contract=f"{home.street} {home.house_number}")
    assert await events(hass, home) == [
        {
            "start": "2026-12-12T09:00:00+01:00",
            "end": "2026-12-12T11:00:00+01:00",
            "summary": summary,
            "description": description,
            "location": f"{home.street} {home.house_number}, {home.zip} {home.city}",
        }
    ]
    shown = calendar(hass, home)
    assert shown.state == STATE_OFF
    assert shown.attributes["message"] == summary
    assert shown.attributes["start_time"] == "2026-12-12 09:00:00"
    assert shown.attributes["end_time"] == "2026-12-12 11:00:00"


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("energy-metering", "Metering operator: Energy Metering\n\nPlease"),
        ("metrify", "Metering operator: metrify\n\nPlease"),
        ("inexogy", "Metering operator: inexogy\n\nPlease"),
        ("somebody-new", "Please"),
    ],
)
async def test_provider(
    hass: HomeAssistant, set_up: SetUp, home: Household, provider: str, expected: str
) -> None:
    """Known providers are named, unknown ones are not."""
    assert home.order
    home.order.provider = provider
    await set_up()
    (event,) = await events(hass, home)
    assert event["description"].startswith(expected)


async def test_no_appointment(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Without an appointment, or an order, the calendar is empty."""
    waits = simulator.add(scenarios.happy_path())
    without = simulator.add(scenarios.no_order())
    await set_up()
    for home in (waits, without):
        assert calendar(hass, home).state == STATE_OFF
        assert "start_time" not in calendar(hass, home).attributes
        assert not await events(hass, home)


async def test_address_that_is_not_told(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """An appointment is there without the address as well."""
    simulator.fail(Fault.MISSING_FIELD, path="/subscriptions/", field="address")
    await set_up()
    (event,) = await events(hass, home)
    assert "location" not in event


async def test_visit(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """The calendar is on for two hours, and then has nothing before it."""
    await set_up()
    minute = timedelta(minutes=1)
    await pass_time(hass, freezer, NINE - dt_util.utcnow() - minute, DAY)
    assert calendar(hass, home).state == STATE_OFF
    await pass_time(hass, freezer, minute)
    assert calendar(hass, home).state == STATE_ON
    await pass_time(hass, freezer, TWO_HOURS - minute)
    assert calendar(hass, home).state == STATE_ON
    await pass_time(hass, freezer, minute)
    assert calendar(hass, home).state == STATE_OFF
    assert "start_time" not in calendar(hass, home).attributes


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (NINE, NINE + TWO_HOURS, 1),
        (NINE - DAY, NINE, 0),
        (NINE - DAY, NINE + timedelta(seconds=1), 1),
        (NINE + timedelta(hours=1), NINE + DAY, 1),
        (NINE + TWO_HOURS, NINE + DAY, 0),
    ],
)
async def test_time_that_is_asked_for(
    hass: HomeAssistant,
    set_up: SetUp,
    home: Household,
    start: datetime,
    end: datetime,
    expected: int,
) -> None:
    """The calendar tells what lies at least partly within the time asked for."""
    await set_up()
    assert len(await events(hass, home, start, end)) == expected


async def test_dashboard(
    hass: HomeAssistant,
    set_up: SetUp,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """The calendar is among those on the dashboard, with its appointment."""
    await set_up()
    client = await hass_client()
    found = calendar_id(hass, home)
    answer = await client.get("/api/calendars")
    assert [calendar["entity_id"] for calendar in await answer.json()] == [found]
    answer = await client.get(
        f"/api/calendars/{found}",
        params={"start": "2026-12-12T00:00:00Z", "end": "2026-12-13T00:00:00Z"},
    )
    (event,) = await answer.json()
    assert event["start"] == {"dateTime": "2026-12-12T09:00:00+01:00"}
    assert event["end"] == {"dateTime": "2026-12-12T11:00:00+01:00"}


# What becomes of it


async def test_appointment_is_moved(
    hass: HomeAssistant, set_up: SetUp, home: Household
) -> None:
    """An appointment that is moved is not there twice, and one called off not at all."""
    await set_up()
    assert home.order
    for moved in (NINE + 7 * DAY, NINE - DAY):
        home.order.appointment_at = moved
        await refresh(hass, home)
        assert await starts(hass, home) == [moved]
    home.order.appointment_at = None
    await refresh(hass, home)
    assert not await starts(hass, home)


async def test_history(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """Past appointments stay over a restart, missed ones included."""
    entry = await set_up()
    assert home.order
    home.timeline = []
    await pass_time(hass, freezer, 20 * DAY, DAY)
    again = NINE + 10 * DAY
    home.order.appointment_at = again
    await refresh(hass, home)
    assert await starts(hass, home) == [NINE, again]
    assert calendar(hass, home).attributes["start_time"] == "2026-12-22 09:00:00"

    await pass_time(hass, freezer, 10 * DAY, DAY)
    home.order.status = "installed"
    home.order.appointment_at = None
    await refresh(hass, home)
    assert await starts(hass, home) == [NINE, again]
    await stop(hass, entry)
    await start_again(hass, entry)
    assert await starts(hass, home) == [NINE, again]


async def test_installed_before_the_appointment(
    hass: HomeAssistant, set_up: SetUp, home: Household
) -> None:
    """An early installation removes the appointment."""
    await set_up()
    assert await starts(hass, home) == [NINE]
    home.advance_to("installed")
    await refresh(hass, home)
    assert not await starts(hass, home)


async def test_restart_while_nomos_is_away(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """The appointment is there after a restart without Nomos, and put right by it."""
    entry = await set_up()
    simulator.fail(Fault.CONNECTION_RESET)
    async with next_start(hass, entry) as (new, _):
        assert await starts(new, home) == [NINE]
        simulator.recover()
        assert home.order
        home.order.appointment_at = NINE + DAY
        await refresh(new, home)
        assert await starts(new, home) == [NINE + DAY]


async def test_answer_that_is_too_old(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """Like the order, the calendar is unavailable when Nomos is silent for a week."""
    await set_up()
    simulator.fail(Fault.SERVER_ERROR)
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=6))
    assert calendar(hass, home).state == STATE_UNAVAILABLE
    simulator.recover()
    await pass_time(hass, freezer, timedelta(hours=7))
    assert await starts(hass, home) == [NINE]


# Clock changes


@pytest.mark.parametrize(
    ("start", "shown", "end"),
    [
        # In March the hour from two to three is not there, in October it is twice.
        (
            datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
            "2027-03-28T01:30:00+01:00",
            "2027-03-28T04:30:00+02:00",
        ),
        (
            datetime(2027, 3, 28, 7, tzinfo=UTC),
            "2027-03-28T09:00:00+02:00",
            "2027-03-28T11:00:00+02:00",
        ),
        (
            datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
            "2027-10-31T02:30:00+02:00",
            "2027-10-31T03:30:00+01:00",
        ),
        (
            datetime(2027, 10, 31, 8, tzinfo=UTC),
            "2027-10-31T09:00:00+01:00",
            "2027-10-31T11:00:00+01:00",
        ),
    ],
)
async def test_day_of_a_clock_change(
    hass: HomeAssistant,
    set_up: SetUp,
    home: Household,
    start: datetime,
    shown: str,
    end: str,
) -> None:
    """Two hours are two hours, whatever is done to the clocks meanwhile."""
    assert home.order
    home.order.appointment_at = start
    await set_up()
    (event,) = await events(hass, home)
    assert (event["start"], event["end"]) == (shown, end)


# Automations


@asynccontextmanager
async def reminders_of(
    hass: HomeAssistant, home: Household, offset: str
) -> AsyncGenerator[list[ServiceCall]]:
    """Collect the reminders of an automation."""
    reminders = async_mock_service(hass, "test", "remind")
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {
                    "trigger": "calendar",
                    "entity_id": calendar_id(hass, home),
                    "event": "start",
                    "offset": offset,
                },
                "actions": {
                    "action": "test.remind",
                    "data": {
                        "start": "{{ trigger.calendar_event.start }}",
                        "text": "{{ trigger.calendar_event.description }}",
                        "now": "{{ utcnow().isoformat() }}",
                    },
                },
            }
        },
    )
    await hass.async_block_till_done()
    yield reminders
    # Home Assistant leaves its timer behind when it stops.
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "all"}, blocking=True
    )


async def walk(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, until: datetime
) -> None:
    """Let time pass in the steps in which Home Assistant reads calendars."""
    await pass_time(hass, freezer, until - dt_util.utcnow(), timedelta(minutes=15))


@pytest.mark.parametrize("offset", ["-24:00:00", "-02:30:00"])
async def test_reminder(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    offset: str,
) -> None:
    """An automation is started in time before the visit, once."""
    # Calendars are read at other times than that of the reminder.
    freezer.move_to(NINE - 2 * DAY - timedelta(minutes=7))
    await set_up()
    hours, minutes, _ = (abs(int(part)) for part in offset.split(":"))
    moment = NINE - timedelta(hours=hours, minutes=minutes)
    async with reminders_of(hass, home, offset) as reminders:
        await walk(hass, freezer, moment - timedelta(minutes=15))
        assert not reminders
        await pass_time(hass, freezer, moment - dt_util.utcnow(), timedelta(minutes=1))
        assert len(reminders) == 1
        await walk(hass, freezer, NINE + DAY)
    (reminder,) = reminders
    assert reminder.data["start"] == "2026-12-12T09:00:00+01:00"
    assert reminder.data["text"].startswith("Metering operator: Energy Metering")
    assert datetime.fromisoformat(reminder.data["now"]) - moment < timedelta(seconds=1)


async def test_reminder_of_a_moved_appointment(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """A moved appointment triggers at the new time only."""
    freezer.move_to(NINE - 2 * DAY)
    await set_up()
    assert home.order
    async with reminders_of(hass, home, "-24:00:00") as reminders:
        home.order.appointment_at = NINE + DAY
        await refresh(hass, home)
        await walk(hass, freezer, NINE - timedelta(hours=1))
        assert not reminders
        await walk(hass, freezer, NINE + timedelta(hours=1))
    (reminder,) = reminders
    assert reminder.data["start"] == "2026-12-13T09:00:00+01:00"


async def test_reminder_after_a_restart(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """The reminder comes also from a Home Assistant that never reached Nomos."""
    freezer.move_to(NINE - 2 * DAY)
    entry: MockConfigEntry = await set_up()
    simulator.fail(Fault.SERVER_ERROR)
    async with next_start(hass, entry) as (new, _):
        async with reminders_of(new, home, "-24:00:00") as reminders:
            await new.async_start()
            await walk(new, freezer, NINE)
        assert len(reminders) == 1


@pytest.mark.parametrize(
    "day", [datetime(2027, 3, 28, 7, tzinfo=UTC), datetime(2027, 10, 31, 8, tzinfo=UTC)]
)
async def test_reminder_over_a_clock_change(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    day: datetime,
) -> None:
    """One day before means the same time of the day before."""
    freezer.move_to(day - 2 * DAY)
    home.timeline = []
    assert home.order
    home.order.appointment_at = day
    await set_up()
    async with reminders_of(hass, home, "-24:00:00") as reminders:
        await walk(hass, freezer, day + TWO_HOURS)
    (reminder,) = reminders
    told = dt_util.as_local(datetime.fromisoformat(reminder.data["now"]))
    assert told.date() == day.date() - DAY
    assert told.hour == 9
