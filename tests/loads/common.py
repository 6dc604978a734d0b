"""Forms, entities and clock of planned loads."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.const import DOMAIN, SUBENTRY_PLANNED_LOAD
from custom_components.nomos_energy.nomos import QUARTER
from simulator import Household, Simulator, scenarios
from tests import DAY, devices, pass_time
from tests.forms import open_options

TODAY = date(2026, 11, 23)

EVENING = "2026-11-23T17:00+01:00"
"""Time at which the prices of the next day are known."""

MIDDLE, AFTER = "2026-11-24T03:20+01:00", "2026-11-24T08:00+01:00"
"""Times within a run in the cheapest hours, and when the hours of a wallbox are over."""

NIGHTS = 8
"""Days from today on whose prices are set."""

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


async def add_home(
    hass: HomeAssistant, simulator: Simulator, cheap: Mapping[int, float]
) -> Household:
    """Return a home with prices in ct/kWh by hour, in all nights; at other times, 30."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    for place in range(NIGHTS):
        prices = [cheap.get(each // 4, 30.0) for each in range(96)]
        simulator.set_prices(TODAY + place * DAY, prices)
    return simulator.add(scenarios.dynamic_tariff())


def a_wallbox(home: Household, **changes: Any) -> dict[str, Any]:
    """Return the form data of a wallbox with some fields changed; None removes one."""
    entered = {
        CONF_NAME: "Wallbox",
        "subscription": home.subscription_id,
        "run_time": {"hours": 3, "minutes": 0},
        "earliest": "18:00:00",
        "latest": "07:00:00",
        "weekdays": WEEK,
        **changes,
    }
    return {key: value for key, value in entered.items() if value is not None}


ADVANCED = {
    "efficiency",
    "shortest_piece",
    "upper_price",
    "always_below",
    "least_pause",
    "most_starts",
    "number",
    "number_on",
    "number_off",
    "start_actions",
    "end_actions",
}
"""Fields in the section of a step; with a charge level, also the run time."""

HOURS_FIELDS = {
    "earliest",
    "latest",
    "weekdays",
    "shortest_piece",
    "upper_price",
    "always_below",
    "least_pause",
    "most_starts",
}
SWITCHING_FIELDS = {
    "targets",
    "number",
    "number_on",
    "number_off",
    "start_actions",
    "end_actions",
}


def steps_of(entered: dict[str, Any]) -> list[dict[str, Any]]:
    """Return form data of a load as it is entered in each step, after the menu."""
    fields = {key: each for key, each in entered.items() if key != "need"}
    is_level = entered.get("need") == "charge_level"
    advanced = ADVANCED | ({"run_time"} if is_level else set())
    hours = {key: fields.pop(key) for key in HOURS_FIELDS & fields.keys()}
    switching = {key: fields.pop(key) for key in SWITCHING_FIELDS & fields.keys()}
    return [
        {
            **{key: each for key, each in step.items() if key not in advanced},
            **(
                {"advanced": {key: step[key] for key in advanced & step.keys()}}
                if advanced & step.keys()
                else {}
            ),
        }
        for step in (fields, hours, switching)
    ]


async def enter(
    hass: HomeAssistant, flow: SubentryFlowResult, entered: dict[str, Any]
) -> SubentryFlowResult:
    """Choose the kind of need, and fill in all steps."""
    assert flow["type"] is FlowResultType.MENU
    configure = hass.config_entries.subentries.async_configure
    need = entered.get("need", "run_time")
    flow = await configure(flow["flow_id"], {"next_step_id": need})
    for step in steps_of(entered):
        assert flow["type"] is FlowResultType.FORM
        assert flow["data_schema"]
        if "subscription" in step and "subscription" not in flow["data_schema"].schema:
            step = {key: each for key, each in step.items() if key != "subscription"}
        flow = await configure(flow["flow_id"], step)
        assert not flow.get("errors"), flow["errors"]
    return flow


async def add_load(
    hass: HomeAssistant, entry: MockConfigEntry, entered: dict[str, Any]
) -> str:
    """Add a planned load and return the ID of its subentry."""
    before = set(entry.subentries)
    flow = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_PLANNED_LOAD), context={"source": SOURCE_USER}
    )
    done = await enter(hass, flow, entered)
    assert done["type"] is FlowResultType.CREATE_ENTRY, done
    await hass.async_block_till_done()
    (key,) = set(entry.subentries) - before
    return key


async def limit(
    hass: HomeAssistant, client: ClientSessionGenerator, entry: MockConfigEntry, to: str
) -> None:
    """Enter the limit of the only contract with planned loads."""
    form = await open_options(hass, client, entry)
    await form.choose("load_limit")
    assert form.shown["step_id"] == "power_limit"
    done = await form.send(power_limit=to)
    assert done["type"] == "create_entry", done


async def change_load(
    hass: HomeAssistant, entry: MockConfigEntry, key: str, entered: dict[str, Any]
) -> None:
    """Change a planned load."""
    flow = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_PLANNED_LOAD),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": key},
    )
    done = await enter(hass, flow, entered)
    assert done["type"] is FlowResultType.ABORT
    assert done["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()


def load_entity(hass: HomeAssistant, key: str, what: str) -> str:
    """Return an entity of a planned load."""
    platform = {
        "run_now": "binary_sensor",
        "enabled": "switch",
        "run": "event",
        "run_time_today": "number",
    }.get(what, "sensor")
    found = er.async_get(hass).async_get_entity_id(platform, DOMAIN, f"{key}_{what}")
    assert found, what
    return found


def load_state(hass: HomeAssistant, key: str, what: str) -> str:
    """Return the state of a planned load's entity."""
    state = hass.states.get(load_entity(hass, key, what))
    assert state
    return state.state


def a_car(home: Household, **changes: Any) -> dict[str, Any]:
    """Return the form data of a car that is charged by its level; None removes one."""
    level = {
        CONF_NAME: "Car",
        "need": "charge_level",
        "run_time": None,
        "level": "sensor.car",
        "target": "80",
        "capacity": "60",
        "efficiency": "90",
        "power": "10",
        "shortest_piece": {"hours": 1, "minutes": 0},
    }
    return a_wallbox(home, **level | changes)


def plan_of(hass: HomeAssistant, key: str) -> list[str]:
    """Return the plan that the attribute shows, by the clock on the wall."""
    state = hass.states.get(load_entity(hass, key, "run_now"))
    assert state
    return [
        f"{_clock(each['start'])}–{_clock(each['end'])[4:]}"
        for each in state.attributes["plan"]
    ]


def _clock(moment: str) -> str:
    return f"{dt_util.as_local(datetime.fromisoformat(moment)):%a %H:%M}"


def plan_attribute(hass: HomeAssistant, key: str, name: str) -> Any:
    """Return an attribute of the plan state."""
    state = hass.states.get(load_entity(hass, key, "plan_state"))
    assert state
    return state.attributes.get(name)


@callback
def watch(hass: HomeAssistant, key: str, what: str = "run_now") -> list[str]:
    """Return when an entity of a planned load changes, and to what, from now on."""
    switched: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        new, old = event.data["new_state"], event.data["old_state"]
        if new and (old is None or new.state != old.state):
            switched.append(f"{dt_util.now():%a %H:%M} {new.state}")

    async_track_state_change_event(hass, load_entity(hass, key, what), note)
    return switched


async def call(
    hass: HomeAssistant, key: str, what: str, action: str, **data: Any
) -> None:
    """Operate an entity, as a user does."""
    entity = load_entity(hass, key, what)
    await hass.services.async_call(
        entity.partition(".")[0],
        action,
        {"entity_id": entity, **data},
        blocking=True,
    )
    await hass.async_block_till_done()


async def pass_time_until(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: str
) -> None:
    """Let time pass until a moment, in steps of quarter-hours."""
    end = datetime.fromisoformat(moment).astimezone(dt_util.UTC)
    while (now := dt_util.utcnow()) < end:
        border = now + QUARTER - timedelta(seconds=now.timestamp() % 900)
        step = min(border, end) - now
        await pass_time(hass, freezer, step, step)


def load_device_id(hass: HomeAssistant, key: str) -> str:
    """Return the device ID of a planned load."""
    return next(
        device.id for device in devices(hass) if (DOMAIN, key) in device.identifiers
    )
