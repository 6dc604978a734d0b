"""A refresh reads everything before it changes anything."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from simulator import Fault, Household, Simulator, scenarios
from simulator.households import MODULE_1

from . import included, pass_time, reauths, refresh, requests_since, state
from .conftest import SetUp

WAYS = (
    Fault.CONNECTION_RESET,
    Fault.FORBIDDEN,
    Fault.NOT_FOUND,
    Fault.RATE_LIMIT,
    Fault.SERVER_ERROR,
    Fault.TRUNCATED_JSON,
    Fault.UNAUTHORIZED,
)

OPTIONAL = {
    "/plans": "get_plan",
    "/grid-fee-reductions": "list_grid_fee_reductions",
    "/meter-readings": "list_meter_readings",
}


@pytest.fixture
def waiting(simulator: Simulator) -> Household:
    """Add a household that waits for its meter."""
    return simulator.add(scenarios.happy_path(1))


@pytest.fixture
def active(simulator: Simulator) -> Household:
    """Add a household with an open gate and a §14a module."""
    home = simulator.add(scenarios.happy_path(2))
    home.advance_to("activated")
    home.add_module(MODULE_1, "activated")
    return home


def module_1(hass: HomeAssistant, home: Household) -> str:
    """Return the state of a household's module 1."""
    key = f"{home.subscription_id}_module_1"
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, key)
    found = hass.states.get(entity_id or "")
    return found.state if found else ""


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Load the account again, which reads all of it."""
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("fault", WAYS)
@pytest.mark.parametrize("request_of", ["orders", "list", "details"])
async def test_required_request_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    waiting: Household,
    active: Household,
    request_of: str,
    fault: Fault,
) -> None:
    """Nothing changes, though the list lacked a contract before the failure."""
    entry = await set_up()
    both = {waiting.subscription_id, active.subscription_id}
    path = {
        "orders": "/meter-orders",
        "list": "/subscriptions",
        "details": f"/subscriptions/{active.subscription_id}",
    }[request_of]
    simulator.fail(
        Fault.OMITTED, path="/subscriptions", subscription=active.subscription_id
    )
    simulator.fail(fault, path=path)
    waiting.advance_to("placed")
    await reload(hass, entry)
    if request_of == "details" and fault is Fault.NOT_FOUND:
        # Only this proves that a contract is gone.
        assert included(hass) == {waiting.subscription_id}
        return
    is_read = request_of == "details" and fault is Fault.TRUNCATED_JSON
    assert included(hass) == both
    assert state(hass, waiting, "order_status") == ("placed" if is_read else "created")
    assert state(hass, active, "smart_meter_active") == "on"

    simulator.recover()
    # A login that was refused once is tried again after an hour.
    await pass_time(hass, freezer, timedelta(hours=2))
    assert not reauths(hass)
    assert included(hass) == both
    assert state(hass, waiting, "order_status") == "placed"


@pytest.mark.parametrize("fault", WAYS)
@pytest.mark.parametrize("path", OPTIONAL)
async def test_optional_request_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    waiting: Household,
    active: Household,
    path: str,
    fault: Fault,
) -> None:
    """Its part keeps the last good value, the order goes on, and it is asked again.

    A refused login is no failure of one part: it fails the whole refresh.
    """
    entry = await set_up()
    assert module_1(hass, active) == "activated"
    active.modules.clear()
    if path == "/plans":
        # A plan that is known already is not read again.
        waiting.plan_id = "pln_new"
    simulator.fail(fault, path=path)
    waiting.advance_to("placed")
    await reload(hass, entry)
    is_refused = fault is Fault.UNAUTHORIZED
    # After a 429 no further optional request is sent.
    is_limited = path == "/plans" and fault is Fault.RATE_LIMIT
    is_kept = path == "/grid-fee-reductions" or is_limited or is_refused
    assert state(hass, waiting, "order_status") == (
        "created" if is_refused else "placed"
    )
    assert module_1(hass, active) == ("activated" if is_kept else "not_ordered")

    requests_since(simulator)
    freezer.tick(timedelta(hours=2))
    await refresh(hass, waiting)
    assert OPTIONAL[path] in requests_since(simulator)
    simulator.recover()
    freezer.tick(timedelta(hours=7))
    await refresh(hass, waiting)
    assert state(hass, waiting, "order_status") == "placed"
    assert module_1(hass, active) == "not_ordered"


async def test_unreadable_order_keeps_its_own_value(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    waiting: Household,
    active: Household,
) -> None:
    """A record that can't be parsed leaves its own last good value, and no other's."""
    entry = await set_up()
    simulator.fail(
        Fault.MISSING_FIELD,
        path="/meter-orders",
        subscription=active.subscription_id,
        field="status",
    )
    waiting.advance_to("placed")
    await reload(hass, entry)
    assert state(hass, active, "order_status") == "activated"
    assert state(hass, waiting, "order_status") == "placed"
