"""Subentry flow of planned loads."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.const import DOMAIN, SUBENTRY_PLANNED_LOAD
from simulator import Simulator, scenarios
from tests import devices
from tests.conftest import SetUp
from tests.forms import open_load
from tests.loads.common import (
    WEEK,
    a_wallbox,
    add_load,
    change_load,
    load_entity,
    load_state,
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
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The form begins with a night, and shows what was entered before."""
    home = simulator.add(scenarios.dynamic_tariff())
    simulator.add(scenarios.feed_in())
    entry = await set_up()
    flow = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_PLANNED_LOAD), context={"source": SOURCE_USER}
    )
    schema = flow["data_schema"]
    assert schema
    fields = {str(each): each for each in schema.schema}
    suggested = {
        name: (field.description or {}).get("suggested_value")
        for name, field in fields.items()
    }
    assert suggested["subscription"] == home.subscription_id
    assert suggested["earliest"] == "18:00:00"
    assert suggested["weekdays"] == WEEK
    assert suggested["run_time"] == {"hours": 3, "minutes": 0}
    for name in ("run_time", "shortest_piece"):
        assert schema.schema[fields[name]].config["enable_second"] is False
    options = schema.schema[fields["subscription"]].config["options"]
    assert [each["value"] for each in options] == [home.subscription_id]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": "  "}, {"name": "name_missing"}),
        (
            {"run_time": {"hours": 0, "minutes": 0}},
            {"run_time": "run_time_missing"},
        ),
        (
            {"run_time": {"hours": 13, "minutes": 15}},
            {"latest": "hours_too_short"},
        ),
        (
            {"earliest": "10:05:00", "latest": "13:10:00"},
            {"latest": "hours_too_short"},
        ),
        (
            {"shortest_piece": {"hours": 3, "minutes": 15}},
            {"shortest_piece": "piece_too_long"},
        ),
        ({"weekdays": []}, {"weekdays": "no_weekday"}),
        ({"targets": ["lock.front_door"]}, {"targets": "target_unusable"}),
        ({"run_time": {"hours": -1}}, {"run_time": "negative_duration"}),
        ({"run_time": {"hours": 1e300}}, {"latest": "hours_too_short"}),
        (
            {"shortest_piece": {"hours": 0, "minutes": -15}},
            {"shortest_piece": "negative_duration"},
        ),
        ({"shortest_piece": {"hours": 1e300}}, {"shortest_piece": "piece_too_long"}),
        ({"upper_price": "x"}, {"upper_price": "not_a_number"}),
        ({"upper_price": "1.000,5"}, {"upper_price": "not_a_number"}),
        ({"upper_price": "inf"}, {"upper_price": "not_a_number"}),
        ({"upper_price": "500,1"}, {"upper_price": "price_out_of_range"}),
        ({"upper_price": "-501"}, {"upper_price": "price_out_of_range"}),
        ({"upper_price": "0,25"}, {"upper_price": "price_in_euros"}),
        ({"power": "viel"}, {"power": "not_a_number"}),
        ({"power": "3700"}, {"power": "power_out_of_range"}),
        ({"power": "-1"}, {"power": "power_out_of_range"}),
        (
            {"power": "3700", "upper_price": "x", "weekdays": []},
            {
                "power": "power_out_of_range",
                "upper_price": "not_a_number",
                "weekdays": "no_weekday",
            },
        ),
        (
            {"name": "", "weekdays": []},
            {"name": "name_missing", "weekdays": "no_weekday"},
        ),
    ],
)
async def test_mistakes(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """Each mistake is explained where it was made, and can be corrected."""
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    form = await open_load(hass, hass_client, entry)
    entered = a_wallbox(home, **changes)
    await form.send(**entered)
    assert form.shown["errors"] == errors
    assert form.suggested() == entered
    done = await form.send(**a_wallbox(home))
    assert done["type"] == "create_entry"


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
    for entered, english, german in (
        (
            "0.257",
            "0.257 ct/kWh – did you mean 25.7?",
            "0.257 ct/kWh – meinten Sie 25.7?",
        ),
        ("0,25", "0,25 ct/kWh – did you mean 25?", "0,25 ct/kWh – meinten Sie 25?"),
    ):
        await form.send(**a_wallbox(home, upper_price=entered))
        assert form.shown["errors"] == {"upper_price": "price_in_euros"}
        assert english in form.texts("en")[-1]
        assert german in form.texts("de")[-1]
        assert form.suggested()["upper_price"] == entered
    done = await form.send(**a_wallbox(home, upper_price="0.25"))
    assert done["type"] == "create_entry"
    await hass.async_block_till_done()
    (key,) = entry.subentries
    assert entry.subentries[key].data["upper_price"] == 0.0025

    # It is not asked back again when the load is changed.
    form = await open_load(hass, hass_client, entry, key)
    changed = form.suggested() | {"name": "Auto"}
    assert (await form.send(**changed))["reason"] == "reconfigure_successful"
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
    shown = form.suggested()
    assert (shown["upper_price"], shown["power"]) == (price, power)
    units = {
        each["name"]: each["selector"]["text"]["suffix"]
        for each in form.shown["data_schema"]
        if "suffix" in each["selector"].get("text", {})
    }
    assert units == {"upper_price": "ct/kWh", "power": "kW"}
    await form.send(**shown)
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
