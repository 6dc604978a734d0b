"""Entities of an order that are hidden once the meter is active."""

from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_registry import RegistryEntryHider
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.orders.visibility import ORDER_KEYS
from simulator import Fault, Household, Simulator, scenarios
from tests import next_start, refresh
from tests.conftest import SetUp

SHOWN_ROWS = 15

NEEDED = {
    "smart_meter_active",
    "order_update",
    "price",
    "price_level",
    "tomorrow_prices",
    "grid_fee_window",
    "payout",
    "payout_level",
    "tomorrow_payouts",
}
"""Entities that triggers are about: targets leave hidden and diagnostic ones out."""


def registered(
    hass: HomeAssistant, entry: ConfigEntry, home: Household
) -> dict[str, er.RegistryEntry]:
    """Return the entities of a contract by key."""
    prefix = f"{home.subscription_id}_"
    return {
        each.unique_id.removeprefix(prefix): each
        for each in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if each.unique_id.startswith(prefix)
    }


def rows(hass: HomeAssistant, entry: ConfigEntry, home: Household) -> set[str]:
    """Return the keys of the entities that are shown and no diagnostic facts."""
    return {
        key
        for key, each in registered(hass, entry, home).items()
        if not each.disabled and not each.hidden and each.entity_category is None
    }


def hidden(hass: HomeAssistant, entry: ConfigEntry, home: Household) -> set[str]:
    """Return the keys of the entities that the integration has hidden."""
    return {
        key
        for key, each in registered(hass, entry, home).items()
        if each.hidden_by is RegistryEntryHider.INTEGRATION
    }


def change(hass: HomeAssistant, home: Household, key: str, **changes: Any) -> None:
    """Change a sensor, as a person does it in its settings."""
    registry = er.async_get(hass)
    unique_id = f"{home.subscription_id}_{key}"
    found = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
    assert found
    registry.async_update_entity(found, **changes)


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize("name", list(scenarios.ALL))
async def test_rows_on_the_device_page(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, name: str
) -> None:
    """A contract shows at most 15 entities, from its first day to its last milestone.

    Home Assistant has diagnostic ones in a place of their own.
    """
    home = simulator.add(scenarios.ALL[name]())
    # The sensors are there without values, too.
    simulator.fail(Fault.FORBIDDEN, path=f"/subscriptions/{home.subscription_id}/usage")
    entry = await set_up()
    counts = [len(rows(hass, entry, home))]
    while home.position < len(home.timeline):
        home.advance()
        await refresh(hass, home)
        counts.append(len(rows(hass, entry, home)))
    assert max(counts) <= SHOWN_ROWS
    shown, known = rows(hass, entry, home), registered(hass, entry, home)
    assert NEEDED & known.keys() - shown == (
        # Feed-in contracts have no order.
        {"order_update"} if home.type == "feed_in" else set()
    )
    is_active = hass.states.is_state(known["smart_meter_active"].entity_id, "on")
    assert shown.isdisjoint(ORDER_KEYS) == (is_active or home.type == "feed_in")


@pytest.mark.usefixtures("recorder_mock")
async def test_most_rows(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """These rows are left where all that can be known is known."""
    home = simulator.add(scenarios.dynamic_tariff(elapsed=timedelta(days=62)))
    entry = await set_up()
    assert rows(hass, entry, home) == {
        "smart_meter_active",
        "order_update",
        "price",
        "price_level",
        "average_price_today",
        "lowest_price_today",
        "highest_price_today",
        "tomorrow_prices",
        "grid_fee_window",
        "grid_fee_reduction",
        "consumption_last_day",
        "cost_last_day",
        "average_price_paid_last_day",
        "cost_this_month",
        "expected_cost",
    }


async def test_hidden_when_the_gate_opens(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The order is shown until the meter is active; then all of it but the events is hidden."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    entry = await set_up()
    assert hidden(hass, entry, home) == set()
    home.advance_to("activated")
    await refresh(hass, home)
    # `ordered` is disabled.
    assert hidden(hass, entry, home) == ORDER_KEYS - {"ordered"}
    status = registered(hass, entry, home)["order_status"].entity_id
    assert hass.states.is_state(status, "activated")


async def test_choices_of_a_person(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What a person has hidden, shown again or changed stays, also over a restart."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    entry = await set_up()
    change(hass, home, "appointment", hidden_by=RegistryEntryHider.USER)
    change(hass, home, "installed", name="New meter")
    change(hass, home, "progress", area_id="cellar")
    change(hass, home, "ordered", disabled_by=None)
    home.advance_to("activated")
    await refresh(hass, home)
    chosen = {"appointment", "installed", "progress"}
    assert hidden(hass, entry, home) == ORDER_KEYS - chosen

    change(hass, home, "order_status", hidden_by=None)
    home.estimated_usage += 1
    await refresh(hass, home)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    chosen |= {"order_status"}
    assert hidden(hass, entry, home) == ORDER_KEYS - chosen
    appointment = registered(hass, entry, home)["appointment"]
    assert appointment.hidden_by is RegistryEntryHider.USER


async def test_shown_when_the_gate_closes(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An order that is placed although the meter is smart shows its entities again."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    assert hidden(hass, entry, home) == ORDER_KEYS - {"ordered"}
    change(hass, home, "progress", hidden_by=RegistryEntryHider.USER)
    home.place_order()
    await refresh(hass, home)
    assert hidden(hass, entry, home) == set()
    progress = registered(hass, entry, home)["progress"]
    assert progress.hidden_by is RegistryEntryHider.USER

    home.advance_to("activated")
    await refresh(hass, home)
    assert hidden(hass, entry, home) == ORDER_KEYS - {"ordered", "progress"}


async def test_activated_while_home_assistant_was_off(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What a stored contract showed is hidden at the next start."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    entry = await set_up()
    home.advance_to("activated")
    async with next_start(hass, entry) as (new, again):
        await new.async_block_till_done(wait_background_tasks=True)
        assert hidden(new, again, home) == ORDER_KEYS - {"ordered"}


async def test_contract_with_an_active_meter_is_added_later(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A contract that appears later is hidden from the start; enabled entities are shown."""
    first = simulator.add(scenarios.happy_path())
    entry = await set_up()
    updates = async_capture_events(hass, er.EVENT_ENTITY_REGISTRY_UPDATED)
    home = simulator.add(scenarios.dynamic_tariff(2))
    # Its order is in the list of orders.
    await refresh(hass, first)
    assert hidden(hass, entry, home) == ORDER_KEYS - {"ordered"}
    assert hidden(hass, entry, first) == set()
    # They were never shown.
    assert not [each for each in updates if "hidden_by" in str(each.data)]
    change(hass, home, "ordered", disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "ordered" not in hidden(hass, entry, home)
