"""Subentry flow of planned loads."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.const import DOMAIN, SUBENTRY_PLANNED_LOAD
from simulator import Simulator, scenarios
from tests import devices, organisation_entry
from tests.conftest import SetUp
from tests.forms import Form, open_load
from tests.loads.common import (
    WEEK,
    a_wallbox,
    add_load,
    change_load,
    load_entity,
    load_state,
    steps_of,
)


async def test_add(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """A planned load has a device of its own, with the entered name."""
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, name=" Wallbox "))
    assert entry.subentries[key].title == "Wallbox"
    (device,) = (each for each in devices(hass) if (DOMAIN, key) in each.identifiers)
    assert device.name == "Wallbox"
    assert device.config_subentry_id == key
    contract = dr.async_get(hass).async_get(str(device.via_device_id))
    assert contract
    assert (DOMAIN, home.subscription_id) in contract.identifiers
    assert load_state(hass, key, "run_now") == "off"
    assert hass.states.get("binary_sensor.wallbox_should_run")


async def test_what_is_suggested(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """The form begins with a night; a single contract needs no choice."""
    simulator.add(scenarios.dynamic_tariff())
    simulator.add(scenarios.feed_in())
    entry = await set_up()
    form = await open_load(hass, hass_client, entry)
    await form.choose("run_time")
    assert form.suggested() == {"run_time": {"hours": 3, "minutes": 0}}
    assert fields(form) == ["name", "run_time", "power"]
    await form.send(name="Wallbox", run_time={"hours": 2})
    assert form.suggested() == {
        "earliest": "18:00:00",
        "latest": {"active_choice": "time", "time": "07:00:00"},
        "weekdays": WEEK,
    }
    advanced = form.shown["data_schema"][-1]
    assert (advanced["name"], advanced["expanded"]) == ("advanced", False)


@pytest.mark.parametrize("emptied", [None, {}, {"active_choice": "time"}])
async def test_emptied_time(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    emptied: Any,
) -> None:
    """An emptied time has an error of the form, in the language of the household."""
    simulator.add(scenarios.dynamic_tariff())
    form = await open_load(hass, hass_client, await set_up())
    await form.choose("run_time")
    await form.send(name="Wallbox", run_time={"hours": 2})
    await form.send(earliest="18:00:00", latest=emptied, weekdays=WEEK, advanced={})
    assert form.shown["errors"] == {"latest": "no_time"}


async def test_contract_is_chosen_among_several(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """With two consumption contracts, the form asks which one to plan by."""
    homes = [simulator.add(scenarios.dynamic_tariff(index)) for index in (1, 2)]
    entry = await set_up()
    form = await open_load(hass, hass_client, entry)
    await form.choose("energy")
    assert set(form.choices("subscription")) == {each.subscription_id for each in homes}
    key = await add_load(hass, entry, a_wallbox(homes[1]))
    data = entry.subentries[key].data
    assert data["subscription"] == homes[1].subscription_id


STEPS = ("run_time", "hours", "switching")


@pytest.mark.parametrize(
    ("changes", "step", "errors"),
    [
        ({"name": "  "}, 0, {"name": "name_missing"}),
        ({"run_time": {"hours": 0}}, 0, {"run_time": "run_time_missing"}),
        ({"run_time": {"hours": -1}}, 0, {"run_time": "negative_duration"}),
        ({"run_time": {"hours": 1e300}}, 0, {"run_time": "run_time_too_long"}),
        (
            {"run_time": {"hours": 24, "minutes": 15}},
            0,
            {"run_time": "run_time_too_long"},
        ),
        ({"power": "viel"}, 0, {"power": "not_a_number"}),
        ({"power": "3700"}, 0, {"power": "power_out_of_range"}),
        ({"power": "-1"}, 0, {"power": "power_out_of_range"}),
        ({"power": "switch.wallbox"}, 0, {"power": "not_a_number"}),
        (
            {"power": "3700", "name": ""},
            0,
            {"power": "power_out_of_range", "name": "name_missing"},
        ),
        ({"run_time": {"hours": 13, "minutes": 15}}, 1, {"latest": "hours_too_short"}),
        (
            {"earliest": "10:05:00", "latest": "13:10:00"},
            1,
            {"latest": "hours_too_short"},
        ),
        ({"latest": "sensor.alarm"}, 1, {"latest": "no_time"}),
        ({"latest": ""}, 1, {"latest": "no_time"}),
        ({"weekdays": []}, 1, {"weekdays": "no_weekday"}),
        ({"shortest_piece": {"hours": 3, "minutes": 15}}, 1, "piece_too_long"),
        ({"shortest_piece": {"minutes": -15}}, 1, "negative_duration"),
        ({"shortest_piece": {"hours": 1e300}}, 1, "piece_too_long"),
        ({"upper_price": "x"}, 1, "not_a_number"),
        ({"upper_price": "1.000,5"}, 1, "not_a_number"),
        ({"upper_price": "inf"}, 1, "not_a_number"),
        ({"upper_price": "500,1"}, 1, "price_out_of_range"),
        ({"always_below": "-501"}, 1, "price_out_of_range"),
        ({"upper_price": "0,25"}, 1, "price_in_euros"),
        ({"always_below": "0,25"}, 1, "price_in_euros"),
        (
            {"upper_price": "x", "weekdays": []},
            1,
            {"advanced": "not_a_number", "weekdays": "no_weekday"},
        ),
        ({"targets": ["lock.front_door"]}, 2, {"targets": "target_unusable"}),
    ],
)
async def test_mistakes(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    changes: dict[str, Any],
    step: int,
    errors: dict[str, str] | str,
) -> None:
    """Each mistake is explained where it was made, and can be corrected.

    The frontend shows no errors within a section, so it has them itself, and is open.
    """
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    form = await open_load(hass, hass_client, entry)
    await form.choose("run_time")
    wrong = steps_of(a_wallbox(home, subscription=None, **changes))
    right = steps_of(a_wallbox(home, subscription=None))
    for each in wrong[: step + 1]:
        await form.send(**each)
    assert form.shown["step_id"] == STEPS[step]
    expected = errors if isinstance(errors, dict) else {"advanced": errors}
    assert form.shown["errors"] == expected
    assert entered(form) == wrong[step]
    if "advanced" in expected:
        assert form.shown["data_schema"][-1]["expanded"]
    form = await open_load(hass, hass_client, entry)
    await form.choose("run_time")
    for each in right:
        await form.send(**each)
    assert form.shown["type"] == "create_entry"


ENERGY = {"name": "Auto", "energy": "12,5", "power": "11"}
LEVEL = {
    "name": "Auto",
    "level": "sensor.car_battery",
    "target": "80",
    "capacity": "60",
    "power": "11",
}


@pytest.mark.parametrize(
    ("need", "changes", "errors"),
    [
        ("energy", {"energy": "x"}, {"energy": "not_a_number"}),
        ("energy", {"energy": ""}, {"energy": "value_missing"}),
        ("energy", {"energy": "0"}, {"energy": "energy_out_of_range"}),
        ("energy", {"energy": "1000,1"}, {"energy": "energy_out_of_range"}),
        ("energy", {"power": "0"}, {"power": "power_missing"}),
        ("energy", {"power": {"active_choice": "entity"}}, {"power": "power_missing"}),
        ("charge_level", {"level": "light.car"}, {"level": "level_unusable"}),
        ("charge_level", {"target": "101"}, {"target": "percent_out_of_range"}),
        (
            "charge_level",
            {"target": {"active_choice": "number"}},
            {"target": "value_missing"},
        ),
        ("charge_level", {"capacity": "0"}, {"capacity": "energy_out_of_range"}),
        (
            "charge_level",
            {"advanced": {"efficiency": "0"}},
            {"advanced": "percent_out_of_range"},
        ),
        (
            "charge_level",
            {"advanced": {"run_time": {"hours": 25}}},
            {"advanced": "run_time_too_long"},
        ),
    ],
)
async def test_mistakes_in_energy_and_charge_level(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    need: str,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """What makes no run time is refused in the first step."""
    simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    form = await open_load(hass, hass_client, entry)
    await form.choose(need)
    right = ENERGY if need == "energy" else LEVEL
    await form.send(**right | changes)
    assert form.shown["errors"] == errors
    await form.send(**right)
    assert form.shown["step_id"] == "hours"


async def test_energy_that_does_not_fit(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """Energy and power make a run time, which has to fit in the hours."""
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    form = await open_load(hass, hass_client, entry)
    await form.choose("energy")
    await form.send(name="Auto", energy="30", power="2,3")
    _, hours, _ = steps_of(a_wallbox(home))
    await form.send(**hours)
    assert form.shown["errors"] == {"latest": "hours_too_short"}


async def test_kind_of_need_can_be_changed(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """A car that was charged by hours is charged by level; what is known stays."""
    home = simulator.add(scenarios.dynamic_tariff())
    hass.config.language = "de"
    entry = await set_up()
    key = await add_load(
        hass,
        entry,
        a_wallbox(home, power="7.4", upper_price="30", targets=["switch.wallbox"]),
    )
    form = await open_load(hass, hass_client, entry, key)
    assert form.shown["step_id"] == "reconfigure"
    await form.choose("charge_level")
    shown = form.suggested()
    assert shown == {
        "name": "Wallbox",
        "target": {"active_choice": "number", "number": "80"},
        "power": {"active_choice": "number", "number": "7,4"},
        "advanced": {"efficiency": "90", "run_time": {"hours": 3, "minutes": 0}},
    }
    limit = {"active_choice": "entity", "entity": "number.car_limit"}
    await form.send(
        **shown | {"level": "sensor.car_battery", "capacity": "58,5", "target": limit}
    )
    assert form.suggested()["advanced"] == {"upper_price": "30"}
    assert form.shown["data_schema"][-1]["expanded"]
    await form.send(**form.suggested())
    assert form.suggested() == {"targets": ["switch.wallbox"]}
    await form.send(**form.suggested())
    assert form.shown["reason"] == "reconfigure_successful"
    before = dict(entry.subentries[key].data)
    assert before == {
        "subscription": home.subscription_id,
        "need": "charge_level",
        "level": "sensor.car_battery",
        "target": "number.car_limit",
        "capacity": 58.5,
        "efficiency": 90.0,
        "run_time": {"hours": 3, "minutes": 0},
        "power": 7.4,
        "earliest": "18:00:00",
        "latest": "07:00:00",
        "weekdays": WEEK,
        "upper_price": 0.3,
        "targets": ["switch.wallbox"],
    }
    await send_unchanged(hass, hass_client, entry, key, "charge_level")
    assert entry.subentries[key].data == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subscription", "gone"),
        ("run_time", {"hours": 25}),
        ("run_time", {"hours": -1}),
        ("run_time", {"hours": 0}),
        ("run_time", 3),
        ("power", 3700),
        ("power", "light.lamp"),
        ("power", [11]),
        ("level", "light.car"),
        ("target", 0),
        ("target", float("nan")),
        ("capacity", -5),
        ("efficiency", 500),
        ("energy", "12"),
        ("earliest", "25:00"),
        ("latest", 7),
        ("latest", "sensor.alarm"),
        ("weekdays", []),
        ("weekdays", ["mon", 5]),
        ("shortest_piece", {"hours": 1e300}),
        ("upper_price", 50),
        ("always_below", "0"),
        ("targets", ["lock.front_door"]),
        ("targets", "switch.wallbox"),
    ],
)
@pytest.mark.parametrize("need", ["run_time", "energy", "charge_level"])
async def test_nothing_is_suggested_that_would_be_refused(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    need: str,
    name: str,
    value: Any,
) -> None:
    """A damaged setting is left empty or suggested anew, and the form repairs it."""
    home = simulator.add(scenarios.dynamic_tariff())
    right = {
        "subscription": home.subscription_id,
        "need": need,
        "run_time": {"hours": 2},
        "energy": 12.0,
        "level": "sensor.car",
        "target": 80.0,
        "capacity": 60.0,
        "power": 11.0,
        "earliest": "18:00:00",
        "latest": "07:00:00",
        "weekdays": ["mon"],
        "targets": ["switch.wallbox"],
    }
    subentry = ConfigSubentryData(
        data=right | {name: value},
        subentry_type=SUBENTRY_PLANNED_LOAD,
        title="Car",
        unique_id=None,
    )
    entry = await set_up(entry=organisation_entry(subentries_data=[subentry]))
    (key,) = entry.subentries
    form = await open_load(hass, hass_client, entry, key)
    await form.choose(need)
    steps = [need, "hours", "switching"]
    for step in steps:
        assert form.shown["step_id"] == step
        missing = {
            each: REQUIRED[each]
            for each in fields(form)
            if each in REQUIRED and each not in form.suggested()
        }
        if "subscription" in missing:
            missing["subscription"] = home.subscription_id
        assert set(missing) <= {name}
        await form.send(**missing | form.suggested())
    assert form.shown["reason"] == "reconfigure_successful"
    assert set(entry.runtime_data.loads) == {key}


REQUIRED = {
    "subscription": "",
    "level": "sensor.car",
    "capacity": "60",
    "energy": "12",
    "power": "11",
}
"""Fields without a suggested value, with what a person enters."""


async def send_unchanged(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    key: str,
    need: str,
    **changes: Any,
) -> None:
    """Send each step of a load as it is shown, apart from fields of the first one."""
    form = await open_load(hass, hass_client, entry, key)
    await form.choose(need)
    await form.send(**form.suggested() | changes)
    await form.send(**form.suggested())
    await form.send(**form.suggested())
    assert form.shown["reason"] == "reconfigure_successful"


def fields(form: Form) -> list[str]:
    """Return the names of the fields of a step."""
    return [each["name"] for each in form.shown["data_schema"]]


def entered(form: Form) -> dict[str, Any]:
    """Return the values that are filled in, as they were typed."""
    return {
        name: value[value["active_choice"]]
        if isinstance(value, dict) and "active_choice" in value
        else value
        for name, value in form.suggested().items()
    }


@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        ("25", 0.25),
        ("25,5", 0.255),
        (" 25.73 ", 0.2573),
        ("-3,5", -0.035),
        ("−3.5", -0.035),
        ("0", 0.0),
        ("1", 0.01),
        ("500", 5.0),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
async def test_price_limit_is_entered_in_cents(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    entered: str | None,
    stored: float | None,
) -> None:
    """Prices are entered in ct/kWh with a comma or a point, and stored in EUR/kWh."""
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, upper_price=entered))
    assert entry.subentries[key].data.get("upper_price") == stored


async def test_price_in_euros_is_asked_back(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """A price below 1 ct is asked back once; entered again, it is meant."""
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    form = await open_load(hass, hass_client, entry)
    await form.choose("run_time")
    need, hours, _ = steps_of(a_wallbox(home, subscription=None))
    await form.send(**need)
    for typed, english, german in (
        (
            "0.257",
            "0.257 ct/kWh – did you mean 25.7?",
            "0.257 ct/kWh – meinten Sie 25.7?",
        ),
        ("0,25", "0,25 ct/kWh – did you mean 25?", "0,25 ct/kWh – meinten Sie 25?"),
    ):
        await form.send(**hours, advanced={"upper_price": typed})
        assert form.shown["errors"] == {"advanced": "price_in_euros"}
        assert english in form.texts("en")[-1]
        assert german in form.texts("de")[-1]
        assert form.suggested()["advanced"] == {"upper_price": typed}
    await form.send(**hours, advanced={"upper_price": "0.25"})
    done = await form.send()
    assert done["type"] == "create_entry"
    await hass.async_block_till_done()
    (key,) = entry.subentries
    assert entry.subentries[key].data["upper_price"] == 0.0025

    # It is not asked back again when the load is changed.
    await send_unchanged(hass, hass_client, entry, key, "run_time", name="Auto")
    assert entry.subentries[key].title == "Auto"
    assert entry.subentries[key].data["upper_price"] == 0.0025


@pytest.mark.parametrize(
    ("language", "price", "power"), [("en", "25.73", "3.7"), ("de", "25,73", "3,7")]
)
async def test_numbers_are_shown_as_they_are_entered(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    language: str,
    price: str,
    power: str,
) -> None:
    """A form that is sent unchanged changes nothing."""
    home = simulator.add(scenarios.dynamic_tariff())
    hass.config.language = language
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, upper_price="25.73", power="3.7"))
    before = dict(entry.subentries[key].data)
    assert (before["upper_price"], before["power"]) == (0.2573, 3.7)
    form = await open_load(hass, hass_client, entry, key)
    await form.choose("run_time")
    assert form.suggested()["power"] == {"active_choice": "number", "number": power}
    choices = form.shown["data_schema"][-1]["selector"]["choose"]["choices"]
    assert choices["number"]["selector"]["text"]["suffix"] == "kW"
    await form.send(**form.suggested())
    assert form.suggested()["advanced"] == {"upper_price": price}
    units = {
        each["name"]: each["selector"]["text"]["suffix"]
        for each in form.shown["data_schema"][-1]["schema"]
        if "suffix" in each["selector"].get("text", {})
    }
    assert units == {"upper_price": "ct/kWh", "always_below": "ct/kWh"}
    await send_unchanged(hass, hass_client, entry, key, "run_time")
    assert entry.subentries[key].data == before


async def test_nothing_to_plan_by(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Without a consumption contract, or unloaded, the flow is aborted."""
    simulator.add(scenarios.feed_in())
    entry = await set_up()

    async def reason() -> str | None:
        flow = await hass.config_entries.subentries.async_init(
            (entry.entry_id, SUBENTRY_PLANNED_LOAD), context={"source": SOURCE_USER}
        )
        assert flow["type"] is FlowResultType.ABORT
        return flow["reason"]

    assert await reason() == "no_consumption"
    await hass.config_entries.async_unload(entry.entry_id)
    assert await reason() == "not_loaded"


async def test_change(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """What is changed is planned at once, and the entities keep their ids."""
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    assert load_state(hass, key, "run_time_today") == "3.0"
    registry = er.async_get(hass)
    cost = ("sensor", DOMAIN, f"{key}_planned_cost")
    assert not registry.async_get_entity_id(*cost)
    entity = load_entity(hass, key, "run_now")

    await change_load(hass, entry, key, a_wallbox(home, name="Auto", power="11"))
    assert registry.async_get_entity_id(*cost)
    assert load_entity(hass, key, "run_now") == entity
    assert entry.subentries[key].title == "Auto"
    (device,) = (each for each in devices(hass) if (DOMAIN, key) in each.identifiers)
    assert device.name == "Auto"

    run_time = {"hours": 1, "minutes": 30}
    await change_load(hass, entry, key, a_wallbox(home, run_time=run_time))
    assert load_state(hass, key, "run_time_today") == "1.5"
    assert not registry.async_get_entity_id(*cost)


async def test_remove(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    storage: dict[str, Any],
) -> None:
    """What is removed is gone, and the others stay."""
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home))
    other = await add_load(hass, entry, a_wallbox(home, name="Boiler"))
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.async_block_till_done()
    assert not hass.states.get("binary_sensor.wallbox_should_run")
    assert load_state(hass, other, "run_now") == "off"
    assert not er.async_get(hass).async_get_entity_id(
        "binary_sensor", DOMAIN, f"{key}_run_now"
    )
    await hass.config_entries.async_unload(entry.entry_id)
