"""Entities that are enabled by default."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.nomos_energy import entity
from simulator import Household, Simulator, scenarios
from tests.conftest import SetUp

FOR_MANY = {"smart_meter_active", "order_status", "appointment", "order_blocked"}


def entities(
    hass: HomeAssistant, entry: ConfigEntry, home: Household
) -> dict[str, bool]:
    """Return if a contract's entities are enabled, by key."""
    prefix = f"{home.subscription_id}_"
    return {
        registered.unique_id.removeprefix(prefix): not registered.disabled
        for registered in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if registered.unique_id.startswith(prefix)
    }


@pytest.mark.parametrize(
    "scenario",
    [scenarios.dynamic_tariff, scenarios.no_order],
)
async def test_many_contracts(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    scenario: Callable[..., Household],
) -> None:
    """Above a number of contracts, four entities of each are enabled by default."""
    assert entity.MANY_CONTRACTS == 250
    monkeypatch.setattr(entity, "MANY_CONTRACTS", 2)
    home = simulator.add(scenario())
    simulator.add(scenarios.happy_path(2))
    entry = await set_up()
    as_usual = entities(hass, entry, home)
    assert {key for key, is_enabled in as_usual.items() if is_enabled} > FOR_MANY
    await hass.config_entries.async_remove(entry.entry_id)
    er.async_get(hass).deleted_entities.clear()

    simulator.add(scenarios.happy_path(3))
    entry = await set_up()
    for_many = entities(hass, entry, home)
    assert for_many.keys() == as_usual.keys()
    assert {key for key, is_enabled in for_many.items() if is_enabled} == FOR_MANY


async def test_enabled_entities_stay(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Entities that exist already stay enabled when further contracts are added."""
    monkeypatch.setattr(entity, "MANY_CONTRACTS", 1)
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    before = entities(hass, entry, home)
    new = simulator.add(scenarios.dynamic_tariff(2))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entities(hass, entry, home) == before
    added = entities(hass, entry, new)
    assert {key for key, is_enabled in added.items() if is_enabled} == FOR_MANY
