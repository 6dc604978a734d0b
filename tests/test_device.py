"""Display names of contracts, wherever a person reads them."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import async_list_statistic_ids
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy.exc import SQLAlchemyError

from custom_components.nomos_energy.const import DOMAIN, SUBENTRY_PLANNED_LOAD
from custom_components.nomos_energy.device import display_names
from custom_components.nomos_energy.nomos import Contract, Subscription
from custom_components.nomos_energy.usage import statistics as usage_statistics
from simulator import Household, Simulator, scenarios
from tests import DAY, devices, organisation_entry, pass_time, warnings
from tests.conftest import SetUp
from tests.nomos.common import SUBSCRIPTION
from tests.orders.test_calendar import events

ADDRESS: dict[str, Any] = {"street": "Torstraße", "house_number": "119"}


def names_of(
    numbers: list[str | None], own: dict[str, Any], street: str = "Torstraße"
) -> list[str]:
    """Return the names of contracts at one address, with IDs `1`, `2` and so on."""
    address = {"street": street, "house_number": "119", "zip": "10119", "city": "B"}
    contracts = {
        key: Contract(
            subscription=Subscription.from_json(
                {**SUBSCRIPTION, "id": key, "number": number, "address": address}
            )
        )
        for key, number in ((str(i), number) for i, number in enumerate(numbers, 1))
    }
    entry = MockConfigEntry(
        options={"contracts": {key: {"name": name} for key, name in own.items()}}
    )
    return list(display_names(entry, contracts).values())


@pytest.mark.parametrize(
    ("numbers", "own", "names"),
    [
        (["A"], {}, ["Torstraße 119"]),
        (["A", "B"], {}, ["Torstraße 119 (A)", "Torstraße 119 (B)"]),
        (["A", None], {}, ["Torstraße 119 (A)", "Torstraße 119 (2)"]),
        (["A", "A"], {}, ["Torstraße 119 (A) (1)", "Torstraße 119 (A) (2)"]),
        (["A", "B"], {"2": "Heat pump"}, ["Torstraße 119", "Heat pump"]),
        (["A", "B"], {"1": "Home", "2": "Home"}, ["Home (A)", "Home (B)"]),
        (["A"], {"1": " Heat\n pump\u202e "}, ["Heat pump"]),
        (["A"], {"1": "  "}, ["Torstraße 119"]),
        (["A"], {"1": ["Home"]}, ["Torstraße 119"]),
        (
            ["A", "B", "C"],
            {"3": "Torstraße 119 (A)"},
            ["Torstraße 119 (A) (1)", "Torstraße 119 (B)", "Torstraße 119 (A) (3)"],
        ),
    ],
)
def test_names(
    numbers: list[str | None], own: dict[str, Any], names: list[str]
) -> None:
    """A contract has its own name, else its address, and a number where needed."""
    assert names_of(numbers, own) == names


PARTS = st.sampled_from(["Torstraße 119", "A", "1", "2", "(A)", "(1)", "(2)", "(3)"])


@given(
    numbers=st.lists(st.none() | PARTS, min_size=1, max_size=5),
    own=st.dictionaries(
        st.sampled_from(list("12345")), st.lists(PARTS, max_size=3).map(" ".join)
    ),
)
def test_names_differ(numbers: list[str | None], own: dict[str, str]) -> None:
    """No two contracts of an account have one name, whatever a person enters."""
    found = names_of(numbers, own)
    assert len(set(found)) == len(numbers)


# Through Home Assistant


def device_names(hass: HomeAssistant) -> set[str | None]:
    """Return the names of the contracts' devices."""
    return {each.name for each in devices(hass)}


async def statistics_names(hass: HomeAssistant) -> set[str]:
    """Return the names that the pickers of the Energy dashboard show."""
    await hass.async_block_till_done(wait_background_tasks=True)
    await get_instance(hass).async_block_till_done()
    return {
        each["name"]
        for each in await async_list_statistic_ids(hass)
        if each["source"] == DOMAIN
    }


def of_statistics(*contracts: str) -> set[str]:
    """Return the names of the statistics of contracts."""
    return {f"{name} {kind}" for name in contracts for kind in ("consumption", "cost")}


def in_repairs(hass: HomeAssistant) -> set[str]:
    """Return the contracts that the titles of issues name, as a person reads them."""
    return {
        (each.translation_placeholders or {})["contract"].replace("\\", "")
        for each in ir.async_get(hass).issues.values()
        if each.domain == DOMAIN and each.active
    }


async def load_form(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Return the contracts that the form of a planned load offers, if several."""
    flows = hass.config_entries.subentries
    menu = await flows.async_init(
        (entry.entry_id, SUBENTRY_PLANNED_LOAD), context={"source": SOURCE_USER}
    )
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "run_time"})
    schema = form["data_schema"]
    assert schema
    if "subscription" not in schema.schema:
        return set()
    options = schema.schema["subscription"].config["options"]
    return {each["label"] for each in options}


async def rename(
    hass: HomeAssistant, entry: MockConfigEntry, home: Household, name: str
) -> None:
    """Give one of several contracts a name in the options; none if it is empty."""
    flow = await hass.config_entries.options.async_init(entry.entry_id)
    for user_input in (
        {"next_step_id": "contract_settings"},
        {"subscription": home.subscription_id},
        {"name": name},
    ):
        flow = await hass.config_entries.options.async_configure(
            flow["flow_id"], user_input
        )
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
def home(simulator: Simulator) -> Household:
    """Return a household with usage."""
    return simulator.add(scenarios.dynamic_tariff(**ADDRESS, number="HOME1"))


@pytest.mark.usefixtures("recorder_mock")
async def test_second_contract(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    set_up: SetUp,
) -> None:
    """When a heat pump gets a meter, everything that has the home's name follows."""
    entry = await set_up()
    assert device_names(hass) == {"Torstraße 119"}
    assert await load_form(hass, entry) == set()
    assert await statistics_names(hass) == of_statistics("Torstraße 119")
    simulator.add(scenarios.dynamic_tariff(2, **ADDRESS, number="PUMP1"))
    # Names do not wait for values to import.
    home.days_late = 100
    await pass_time(hass, freezer, DAY, timedelta(hours=6))
    both = {"Torstraße 119 (HOME1)", "Torstraße 119 (PUMP1)"}
    assert device_names(hass) == both
    assert await load_form(hass, entry) == both
    assert await statistics_names(hass) == of_statistics(*both)


@pytest.mark.usefixtures("recorder_mock")
async def test_names_of_ones_own(
    hass: HomeAssistant, simulator: Simulator, home: Household, set_up: SetUp
) -> None:
    """A name that a person gives a contract is shown everywhere, also if given twice."""
    pump = simulator.add(scenarios.dynamic_tariff(2, **ADDRESS, number="PUMP1"))
    entry = await set_up()
    for renamed, name, shown in (
        (pump, "Heat pump", {"Torstraße 119", "Heat pump"}),
        (home, "Heat pump", {"Heat pump (HOME1)", "Heat pump (PUMP1)"}),
        (pump, "", {"Heat pump", "Torstraße 119"}),
        (home, "", {"Torstraße 119 (HOME1)", "Torstraße 119 (PUMP1)"}),
    ):
        await rename(hass, entry, renamed, name)
        assert device_names(hass) == shown
        assert await statistics_names(hass) == of_statistics(*shown)


async def test_orders(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
) -> None:
    """Issues and appointments of two contracts at one address can be told apart."""
    homes = [
        simulator.add(scenarios.happy_path(index, **ADDRESS, number=f"NO{index}"))
        for index in (1, 2)
    ]
    for home in homes:
        home.advance_to("scheduled")
        assert home.order
        home.order.set_block("check_missing", home.now())
    entry = await set_up()

    async def in_calendars() -> set[str]:
        return {
            event["summary"].partition(": ")[0]
            for home in homes
            for event in await events(hass, home)
        }

    both = {"Torstraße 119 (NO1)", "Torstraße 119 (NO2)"}
    assert in_repairs(hass) == await in_calendars() == both
    await rename(hass, entry, homes[1], "Heat pump")
    assert in_repairs(hass) == {"Torstraße 119", "Heat pump"}
    assert await in_calendars() == {"Torstraße 119", "Heat pump"}


async def test_choice_of_contracts(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The choice of contracts shows the names that a person has given them."""
    home = simulator.add(scenarios.no_order(1, **ADDRESS, number="HOME1"))
    simulator.add(scenarios.no_order(2, **ADDRESS, number="PUMP1"))
    options = {"contracts": {home.subscription_id: {"name": "My flat"}}}
    entry = await set_up(entry=organisation_entry(options=options))
    flow = await entry.start_reconfigure_flow(hass)
    form = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"next_step_id": "choose_subscriptions"}
    )
    assert form["data_schema"]
    offered = form["data_schema"].schema["subscriptions"].config["options"]
    labels = [each["label"] for each in offered]
    assert labels[0].startswith("My flat · HOME1 · Torstraße 119, ")
    assert labels[1].startswith("PUMP1 · Torstraße 119, ")


@pytest.mark.usefixtures("recorder_mock", "home")
async def test_names_cannot_be_read(
    hass: HomeAssistant,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A broken database costs one line; the names of statistics stay until later."""

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise SQLAlchemyError("malformed")

    monkeypatch.setattr(usage_statistics, "get_metadata", fail)
    await set_up()
    assert "The recorder does not return the names of the statistics" in warnings(
        caplog
    )
    assert await statistics_names(hass) == of_statistics("Torstraße 119")
