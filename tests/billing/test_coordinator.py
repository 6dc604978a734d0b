"""Requests for invoices and quotes, and what comes of the answers."""

from collections import Counter
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.billing import yearly_usage
from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import HOUR, HourUsage
from simulator import Fault, Household, Simulator, scenarios
from simulator.clock import midnight
from tests import (
    DAY,
    next_start,
    organisation_entry,
    pass_time,
    refresh,
    requests_since,
    shown,
    state,
    warnings,
)
from tests.conftest import SetUp
from tests.forms import open_options
from tests.usage.common import recent_tariff

OCTOBER = date(2026, 10, 1), date(2026, 11, 1)


def attributes(hass: HomeAssistant, home: Household, key: str) -> dict[str, Any]:
    """Return the attributes of a sensor."""
    return dict(shown(hass, home, key).attributes)


def has_invoices(hass: HomeAssistant, home: Household) -> bool:
    """Return if a contract has the entities of invoices: both, or none."""
    registry = er.async_get(hass)
    found = {
        registry.async_get_entity_id(platform, DOMAIN, f"{home.subscription_id}_{key}")
        is not None
        for platform, key in (("sensor", "last_invoice"), ("event", "invoice"))
    }
    (either,) = found
    return either


@pytest.mark.usefixtures("recorder_mock")
async def test_requests(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Invoices are listed once a week, and a quote is requested once a month."""
    home = simulator.add(recent_tariff(40))
    entry = await set_up()
    counts = Counter(requests_since(simulator))
    assert (counts["list_invoices"], counts["get_quote"]) == (1, 1)
    days = []
    for _ in range(15):
        await pass_time(hass, freezer, DAY, timedelta(hours=12))
        days.append(Counter(requests_since(simulator)))
    lists = [day["list_invoices"] for day in days]
    assert sum(lists) == 2
    assert max(lists) == 1
    # Of November at the set-up, of December on its first day.
    assert [place for place, day in enumerate(days) if day["get_quote"]] == [7]
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not {"list_invoices", "get_quote"} & set(requests_since(simulator))
    assert state(hass, home, "last_invoice") != "unknown"


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize("usage", [4321.0, 0.0])
async def test_quote(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, usage: float
) -> None:
    """The quote is that of the address, the smart meter, the usage and module 1."""
    home = simulator.add(recent_tariff(40, estimated_usage=usage))
    home.set_usage(date(2026, 11, 21), [0.1] * 96)
    await set_up()
    (request,) = [each for each in simulator.requests if each.operation == "get_quote"]
    assert request.query == {
        "zip_code": home.zip,
        "usage": "4321" if usage else "2500",
        "meter_type": "smart",
        "14a_module_1": "true",
    }
    found = attributes(hass, home, "cost_this_month")
    assert found["base_fee_per_month"] == pytest.approx(13.96 - 11.21)
    assert found["base_fee_source"] == "quote"
    assert found["yearly_usage_source"] == ("contract" if usage else "assumed")
    assert found["yearly_usage"] == (usage or 2500)


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize(
    ("hours", "source"), [(8760, "measured"), (8400, "measured"), (8000, "entered")]
)
async def test_measured_year(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    hours: int,
    source: str,
) -> None:
    """After twelve months the measured usage counts, unless much of it is missing."""
    home = simulator.add(scenarios.smart_already(age=timedelta(days=430)))
    # A year need not be imported for this.
    simulator.fail(Fault.SERVER_ERROR, path=f"/subscriptions/{home.subscription_id}/us")
    begin = simulator.now()
    year = {begin + place * HOUR: HourUsage(0.5, 0.1) for place in range(hours)}
    options = {"contracts": {home.subscription_id: {"yearly_usage": 3210.0}}}
    with patch.object(yearly_usage, "async_hours", return_value=year) as read:
        await set_up(entry=organisation_entry(options=options))
    (begin, end) = read.call_args.args[3:]
    assert (begin, end) == (midnight(date(2025, 11, 23)), midnight(date(2026, 11, 23)))
    (request,) = [each for each in simulator.requests if each.operation == "get_quote"]
    usage = hours / 2 if source == "measured" else 3210
    assert request.query["usage"] == f"{usage:.0f}"


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.NOT_FOUND])
async def test_without_quotes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A login that may not read quotes has the supplier's part, and asks no more."""
    home = simulator.add(recent_tariff(40))
    simulator.fail(fault, path=f"/plans/{home.plan_id}/quote")
    await set_up()
    found = attributes(hass, home, "cost_this_month")
    assert found["base_fee_per_month"] == home.plan_price
    assert found["base_fee_source"] == "plan"
    assert found["yearly_usage_source"] is None
    requests_since(simulator)
    await pass_time(hass, freezer, 6 * DAY, timedelta(hours=12))
    assert "get_quote" not in requests_since(simulator)
    assert not warnings(caplog)


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize(
    ("is_quoted", "source", "fee"), [(True, "quote", 13.96), (False, "entered", 21.0)]
)
async def test_entered_base_fee(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    is_quoted: bool,
    source: str,
    fee: float,
) -> None:
    """What the household has entered counts where Nomos gives no quote."""
    home = simulator.add(recent_tariff(40))
    home.modules.clear()
    if not is_quoted:
        simulator.fail(Fault.FORBIDDEN, path=f"/plans/{home.plan_id}/quote")
    options = {"contracts": {home.subscription_id: {"base_fee": 21.0}}}
    await set_up(entry=organisation_entry(options=options))
    found = attributes(hass, home, "cost_this_month")
    assert found["base_fee_source"] == source
    assert found["base_fee"] == pytest.approx(fee * 23 / 30, abs=1e-4)


@pytest.mark.usefixtures("recorder_mock")
async def test_entered_yearly_usage(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """The quote follows what the household enters, and comes once a month otherwise."""
    home = simulator.add(recent_tariff(40, estimated_usage=4000.0))
    entry = await set_up()
    for entered, usage, source in (
        ("6500", 6500, "entered"),
        ("7000,4", 7000, "entered"),
        ("", 4000, "contract"),
    ):
        simulator.requests.clear()
        form = await open_options(hass, hass_client, entry)
        await form.choose("contract_settings")
        await form.send(**({"yearly_usage": entered} if entered else {}))
        await hass.async_block_till_done(wait_background_tasks=True)
        asked = [each for each in simulator.requests if each.operation == "get_quote"]
        assert [each.query["usage"] for each in asked] == [str(usage)]
        found = attributes(hass, home, "cost_this_month")
        assert (found["yearly_usage"], found["yearly_usage_source"]) == (usage, source)
    requests_since(simulator)
    await pass_time(hass, freezer, 3 * DAY, timedelta(hours=12))
    assert "get_quote" not in requests_since(simulator)
    (record,) = entry.runtime_data.billing.data.values()
    assert [each.month for each in record.quotes] == [date(2026, 11, 1)]


@pytest.mark.parametrize("fault", [Fault.FORBIDDEN, Fault.NOT_FOUND])
async def test_invoices_may_not_be_read(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without access to invoices there are no entities; a week later it is tried again."""
    home = simulator.add(recent_tariff(40))
    simulator.fail(fault, path="/invoices")
    await set_up()
    assert not has_invoices(hass, home)
    requests_since(simulator)
    await pass_time(hass, freezer, 6 * DAY, timedelta(hours=12))
    assert "list_invoices" not in requests_since(simulator)
    simulator.recover()
    await pass_time(hass, freezer, 2 * DAY, timedelta(hours=12))
    assert has_invoices(hass, home)
    assert not warnings(caplog)


async def test_entities_come_with_the_first_invoice(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A contract without an invoice has no such entities, before the meter is active."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    assert not has_invoices(hass, home)
    home.issue("prepayment", *OCTOBER, 60.0)
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=12))
    assert has_invoices(hass, home)
    assert state(hass, home, "last_invoice") == "60.0"


@pytest.mark.parametrize(
    "fault",
    [
        Fault.CONNECTION_RESET,
        Fault.RATE_LIMIT,
        Fault.SERVER_ERROR,
        Fault.TRUNCATED_JSON,
        Fault.UNAUTHORIZED,
    ],
)
async def test_list_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    fault: Fault,
) -> None:
    """The last invoice stays, the order goes on, and the list follows the next day."""
    home = simulator.add(scenarios.happy_path())
    home.issue("prepayment", *OCTOBER, 60.0)
    await set_up()
    simulator.fail(fault, path="/invoices")
    freezer.tick(timedelta(minutes=1))
    home.issue("usage", *OCTOBER, 88.5, usage=250.0)
    home.advance_to("placed")
    await pass_time(hass, freezer, 7 * DAY, timedelta(hours=12))
    assert state(hass, home, "last_invoice") == "60.0"
    assert state(hass, home, "order_status") != "created"
    requests_since(simulator)
    await pass_time(hass, freezer, DAY, timedelta(hours=12))
    assert requests_since(simulator).count("list_invoices") <= 2
    simulator.recover()
    await pass_time(hass, freezer, DAY, timedelta(hours=12))
    assert state(hass, home, "last_invoice") == "88.5"
    assert attributes(hass, home, "last_invoice")["energy"] == 250.0


async def test_unreadable_invoice(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An invoice that can't be parsed keeps its last good value, as does every other."""
    home = simulator.add(scenarios.happy_path())
    invoice = home.issue("usage", *OCTOBER, 88.5, usage=250.0)
    await set_up()
    simulator.fail(
        Fault.MISSING_FIELD,
        path="/invoices",
        subscription=home.subscription_id,
        field="total",
    )
    home.mark_invoice(invoice, "paid")
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=12))
    found = attributes(hass, home, "last_invoice")
    assert (state(hass, home, "last_invoice"), found["status"]) == ("88.5", "open")
    simulator.recover()
    await pass_time(hass, freezer, 7 * DAY, timedelta(hours=12))
    assert attributes(hass, home, "last_invoice")["status"] == "paid"


async def test_last_invoice(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A reversal names what it reverses; the corrected invoice is the last one then."""
    home = simulator.add(scenarios.happy_path())
    wrong = home.issue("usage", *OCTOBER, 88.5, usage=250.0, status="paid")
    await set_up()
    found = attributes(hass, home, "last_invoice")
    assert (found["number"], found["kind"], found["status"]) == (
        wrong.number,
        "usage",
        "paid",
    )
    assert (found["first_day"], found["last_day"]) == ("2026-10-01", "2026-10-31")
    freezer.tick(DAY)
    home.issue("void", *OCTOBER, -88.5, voids=wrong, status="paid")
    await pass_time(hass, freezer, 7 * DAY, timedelta(hours=12))
    assert state(hass, home, "last_invoice") == "-88.5"
    found = attributes(hass, home, "last_invoice")
    assert (found["kind"], found["voids"]) == ("void", wrong.number)
    home.issue("usage", *OCTOBER, 80.0, usage=240.0)
    await pass_time(hass, freezer, 7 * DAY, timedelta(hours=12))
    assert state(hass, home, "last_invoice") == "80.0"


@pytest.mark.usefixtures("recorder_mock")
async def test_restart_during_an_outage(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Invoices are there after a restart, also while Nomos does not answer."""
    home = simulator.add(recent_tariff(40))
    entry = await set_up()
    total = state(hass, home, "last_invoice")
    simulator.fail(Fault.SERVER_ERROR)
    async with next_start(hass, entry) as (new, _):
        assert state(new, home, "last_invoice") == total


async def test_contract_that_goes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The record of a contract goes with it."""
    home = simulator.add(recent_tariff(40))
    other = simulator.add(scenarios.happy_path())
    entry = await set_up()
    simulator.remove(home.subscription_id)
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=12))
    await refresh(hass, other)
    assert set(entry.runtime_data.billing.data) == {other.subscription_id}
