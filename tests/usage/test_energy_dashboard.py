"""Adding a contract to the Energy dashboard: three clicks, or what to do instead."""

from collections.abc import Awaitable, Callable
from copy import deepcopy
import sys
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import slugify
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from simulator import Household, Simulator, scenarios
from tests import DAY, refresh, warnings
from tests.conftest import SetUp
from tests.forms import Form, open_options

HOME: dict[str, Any] = {
    "street": "Torstraße",
    "house_number": "119",
    "zip": "10119",
    "city": "Berlin",
}

SOLAR = {
    "type": "solar",
    "stat_energy_from": "sensor.roof_energy",
    "config_entry_solar_forecast": None,
}
HEAT_PUMP = {"stat_consumption": "sensor.heat_pump_energy", "name": "Heat pump"}


def grid(**fields: Any) -> dict[str, Any]:
    """Return a grid connection as Home Assistant stores it."""
    return {
        "type": "grid",
        "stat_energy_from": None,
        "stat_energy_to": None,
        "stat_cost": None,
        "stat_compensation": None,
        "entity_energy_price": None,
        "number_energy_price": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "cost_adjustment_day": 0.0,
        **fields,
    }


def statistic(home: Household, kind: str) -> str:
    """Return the ID of a statistic."""
    return f"nomos_energy:{slugify(home.subscription_id)}_{kind}"


def imports(home: Household) -> dict[str, str]:
    """Return what a household's consumption contract adds to a grid connection."""
    return {
        "stat_energy_from": statistic(home, "consumption"),
        "stat_cost": statistic(home, "cost"),
    }


def exports(roof: Household) -> dict[str, str]:
    """Return what a feed-in contract adds to a grid connection."""
    return {
        "stat_energy_to": statistic(roof, "returned"),
        "stat_compensation": statistic(roof, "compensation"),
    }


type Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
async def ask(
    recorder_mock: None, hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> Ask:
    """Set up the energy integration; return what asks it, as its dashboard does."""
    for component in ("config", "energy"):
        assert await async_setup_component(hass, component, {})

    async def ask(command: str, **data: Any) -> Any:
        # After a first client, no integration can add addresses any more.
        client = await hass_ws_client(hass)
        await client.send_json_auto_id({"type": f"energy/{command}", **data})
        answer = await client.receive_json()
        if not answer["success"]:
            assert answer["error"]["code"] == "not_found"
            return None
        return answer["result"]

    return ask


async def warned(ask: Ask) -> list[str]:
    """Return what the settings of the dashboard warn of."""
    findings = await ask("validate")
    return [
        issue["type"] for kind in findings.values() for item in kind for issue in item
    ]


type Open = Callable[[MockConfigEntry], Awaitable[Form]]


@pytest.fixture
def open_energy(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Open:
    """Choose Configure, then Add to the Energy dashboard."""

    async def open_energy(entry: MockConfigEntry) -> Form:
        form = await open_options(hass, hass_client, entry)
        await form.choose("energy_dashboard")
        return form

    return open_energy


@pytest.fixture
def home(simulator: Simulator) -> Household:
    """Add a household whose meter was activated yesterday."""
    return simulator.add(scenarios.happy_path(**HOME, elapsed=57 * DAY))


async def test_three_clicks(
    hass: HomeAssistant, home: Household, set_up: SetUp, ask: Ask, open_energy: Open
) -> None:
    """The form names what will be set; it is set once that is confirmed."""
    entry = await set_up()
    form = await open_energy(entry)
    assert form.shown["step_id"] == "energy_confirm"
    placeholders = form.shown["description_placeholders"]
    assert placeholders["consumption"] == "Torstraße 119 consumption"
    assert placeholders["cost"] == "Torstraße 119 cost"
    assert await ask("get_prefs") is None

    done = await form.send()
    assert (done["type"], done["reason"]) == ("abort", "energy_added")
    await async_wait_recording_done(hass)
    prefs = await ask("get_prefs")
    assert prefs["energy_sources"] == [grid(**imports(home))]
    assert await warned(ask) == []

    again = await open_energy(entry)
    assert again.shown["reason"] == "energy_already"
    assert await ask("get_prefs") == prefs
    assert entry.options == {}


async def test_before_the_first_usage(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    ask: Ask,
    open_energy: Open,
) -> None:
    """On the day of the activation the dashboard knows the statistics by name."""
    home = simulator.add(scenarios.happy_path(**HOME))
    home.advance_to("installed")
    entry = await set_up()
    assert (await open_energy(entry)).shown["reason"] == "energy_not_active"
    home.advance_to("activated")
    await refresh(hass, home)
    form = await open_energy(entry)
    assert (await form.send())["reason"] == "energy_added"
    await async_wait_recording_done(hass)
    assert (await ask("get_prefs"))["energy_sources"] == [grid(**imports(home))]
    assert await warned(ask) == []


async def test_feed_in_at_the_same_address(
    home: Household,
    simulator: Simulator,
    set_up: SetUp,
    ask: Ask,
    open_energy: Open,
) -> None:
    """What is fed in belongs to the grid connection of its address, not of another."""
    simulator.add(scenarios.feed_in(2, age=DAY))
    roof = simulator.add(scenarios.feed_in(3, **HOME, age=DAY))
    entry = await set_up()
    form = await open_energy(entry)
    assert form.shown["step_id"] == "energy_confirm_feed_in"
    placeholders = form.shown["description_placeholders"]
    assert placeholders["returned"].startswith("Torstraße 119")
    await form.send()
    sources = (await ask("get_prefs"))["energy_sources"]
    assert sources == [grid(**imports(home), **exports(roof))]


async def test_several_contracts(
    home: Household,
    simulator: Simulator,
    set_up: SetUp,
    ask: Ask,
    open_energy: Open,
) -> None:
    """Each contract is a grid connection of its own; one at a time is chosen."""
    heat_pump = simulator.add(scenarios.happy_path(2, **HOME, elapsed=57 * DAY))
    roof = simulator.add(scenarios.feed_in(3, **HOME, age=DAY))
    waiting = simulator.add(scenarios.happy_path(4))
    entry = await set_up()
    for contract in (home, heat_pump):
        form = await open_energy(entry)
        choices = form.choices("subscription")
        assert choices.keys() == {home.subscription_id, heat_pump.subscription_id}
        assert waiting.subscription_id not in choices
        await form.send(subscription=contract.subscription_id)
        assert (await form.send())["reason"] == "energy_added"
    # The roof's energy counts once.
    assert (await ask("get_prefs"))["energy_sources"] == [
        grid(**imports(home), **exports(roof)),
        grid(**imports(heat_pump)),
    ]


async def test_all_else_stays(
    home: Household,
    simulator: Simulator,
    set_up: SetUp,
    ask: Ask,
    open_energy: Open,
) -> None:
    """What a person has set stays, and what is missing of our connection is added."""
    roof = simulator.add(scenarios.feed_in(2, **HOME, age=DAY))
    entry = await set_up()
    own = grid(
        stat_energy_from=statistic(home, "consumption"),
        name="Mains",
        power_config={"stat_rate_inverted": "sensor.mains_power"},
    )
    power = grid(power_config={"stat_rate": "sensor.power"})
    await ask(
        "save_prefs",
        energy_sources=[SOLAR, own, power],
        device_consumption=[HEAT_PUMP],
    )
    before = await ask("get_prefs")
    form = await open_energy(entry)
    assert form.shown["step_id"] == "energy_confirm_feed_in"
    assert await ask("get_prefs") == before
    await form.send()
    after = await ask("get_prefs")
    expected = deepcopy(before)
    expected["energy_sources"][1] |= {**imports(home), **exports(roof)}
    assert after == expected


@pytest.mark.parametrize("is_own_connection", [True, False])
async def test_another_meter_counts_feed_in(
    home: Household,
    simulator: Simulator,
    set_up: SetUp,
    ask: Ask,
    open_energy: Open,
    is_own_connection: bool,
) -> None:
    """Energy that an inverter counts already is not counted again."""
    simulator.add(scenarios.feed_in(2, **HOME, age=DAY))
    entry = await set_up()
    inverter = grid(stat_energy_to="sensor.inverter_export")
    if is_own_connection:
        inverter |= {"stat_energy_from": statistic(home, "consumption")}
    await ask("save_prefs", energy_sources=[inverter])
    form = await open_energy(entry)
    assert form.shown["step_id"] == "energy_confirm"
    await form.send()
    assert (await ask("get_prefs"))["energy_sources"] == (
        [inverter | imports(home)]
        if is_own_connection
        else [inverter, grid(**imports(home))]
    )


async def test_another_meter_counts_consumption(
    home: Household, set_up: SetUp, ask: Ask, open_energy: Open
) -> None:
    """Nothing is changed beside a meter of the household; the guide names the statistics."""
    entry = await set_up()
    await ask("save_prefs", energy_sources=[grid(stat_energy_from="sensor.meter")])
    before = await ask("get_prefs")
    form = await open_energy(entry)
    assert form.shown["reason"] == "energy_other_meter"
    for language in ("de", "en"):
        (text,) = form.texts(language)
        assert "Torstraße 119 consumption" in text
        assert "/config/energy" in text
    assert await ask("get_prefs") == before


async def test_changed_while_the_form_is_open(
    home: Household, set_up: SetUp, ask: Ask, open_energy: Open
) -> None:
    """What counts are the preferences at the moment of the confirmation."""
    entry = await set_up()
    form = await open_energy(entry)
    await ask("save_prefs", energy_sources=[grid(stat_energy_from="sensor.meter")])
    before = await ask("get_prefs")
    assert (await form.send())["reason"] == "energy_other_meter"
    assert await ask("get_prefs") == before


async def test_only_feed_in(
    simulator: Simulator, set_up: SetUp, ask: Ask, open_energy: Open
) -> None:
    """Where another supplier delivers, the guide says how to add what is fed in."""
    simulator.add(scenarios.feed_in(**HOME, age=DAY))
    form = await open_energy(await set_up())
    assert form.shown["reason"] == "energy_only_feed_in"
    assert "Torstraße 119 feed-in earnings" in form.texts("en")[0]
    assert await ask("get_prefs") is None


async def test_without_the_energy_integration(
    home: Household, set_up: SetUp, open_energy: Open
) -> None:
    """Without the energy integration the form says what is missing."""
    form = await open_energy(await set_up())
    assert form.shown["reason"] == "energy_missing"


async def test_account_is_not_loaded(
    hass: HomeAssistant, home: Household, set_up: SetUp, open_energy: Open
) -> None:
    """Without its contracts an account has nothing to add."""
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    form = await open_energy(entry)
    assert form.shown["reason"] == "not_loaded"


ENERGY_DATA = "homeassistant.components.energy.data"


def _remove_module(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, ENERGY_DATA, None)
    from homeassistant.components import energy

    patch.delattr(energy, "data")


def _remove_manager(patch: pytest.MonkeyPatch) -> None:
    patch.delattr(f"{ENERGY_DATA}.async_get_manager")


def _remove_schema(patch: pytest.MonkeyPatch) -> None:
    patch.delattr(f"{ENERGY_DATA}.ENERGY_SOURCE_SCHEMA")


def _remove_update(patch: pytest.MonkeyPatch) -> None:
    patch.delattr(f"{ENERGY_DATA}.EnergyManager.async_update")


@pytest.mark.parametrize(
    "change", [_remove_module, _remove_manager, _remove_schema, _remove_update]
)
async def test_unknown_interface(
    home: Household,
    set_up: SetUp,
    ask: Ask,
    open_energy: Open,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[pytest.MonkeyPatch], None],
) -> None:
    """Where the internal interface is another one, the household gets the guide."""
    entry = await set_up()
    with pytest.MonkeyPatch.context() as patch:
        change(patch)
        form = await open_energy(entry)
        if form.shown["type"] == "form":
            await form.send()
    assert form.shown["reason"] == "energy_guide"
    assert "Torstraße 119 cost" in form.texts("de")[0]
    assert await ask("get_prefs") is None
    assert [each for each in warnings(caplog) if "Energy dashboard" in each]


@pytest.mark.parametrize(
    "source",
    [
        {"type": "grid", "flow_from": [], "flow_to": [], "cost_adjustment_day": 0.0},
        {"type": "tide", "stat_energy_from": "sensor.tide"},
        {"stat_energy_from": "sensor.meter"},
        "sensor.meter",
    ],
)
async def test_unknown_preferences(
    hass: HomeAssistant,
    home: Household,
    set_up: SetUp,
    ask: Ask,
    open_energy: Open,
    source: Any,
) -> None:
    """Preferences that this version does not know are left alone."""
    from homeassistant.components.energy.data import async_get_manager

    entry = await set_up()
    manager: Any = await async_get_manager(hass)
    manager.data = {**manager.default_preferences(), "energy_sources": [source]}
    before = deepcopy(manager.data)
    form = await open_energy(entry)
    assert form.shown["reason"] == "energy_guide"
    assert manager.data == before
