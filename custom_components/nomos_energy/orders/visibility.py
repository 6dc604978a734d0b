"""Hides the entities of an order once the meter is active.

They tell of the past from then on. The event entity stays for automations, and whatever
a person has chosen stays as it is.
"""

from dataclasses import replace

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_registry import RegistryEntry, RegistryEntryHider

from ..coordinator import ContractCoordinator
from .binary_sensors import BLOCKED
from .calendar import INSTALLATION
from .sensors import EXPECTED_ACTIVATION, ORDER_SENSORS

ORDER_KEYS = frozenset(
    each.key for each in (*ORDER_SENSORS, EXPECTED_ACTIVATION, BLOCKED, INSTALLATION)
)
"""Keys of the entities that only tell of the order."""


@callback
def async_setup_order_visibility(
    hass: HomeAssistant, entry: ConfigEntry, contracts: ContractCoordinator
) -> None:
    """Hide the entities when a gate opens, and show them when it closes."""

    @callback
    def update() -> None:
        for key, contract in contracts.data.items():
            is_hidden, record = (
                contract.smart_meter_active,
                contracts.store.records[key],
            )
            if record.is_order_hidden is is_hidden:
                continue
            # From now on a person decides: what is shown again is not hidden again.
            contracts.store.async_set(key, replace(record, is_order_hidden=is_hidden))
            _async_hide(hass, entry, key, is_hidden=is_hidden)

    entry.async_on_unload(contracts.async_add_listener(update))
    update()


@callback
def _async_hide(
    hass: HomeAssistant, entry: ConfigEntry, subscription_id: str, *, is_hidden: bool
) -> None:
    """Hide or show the entities of a contract's order that no person has changed."""
    registry = er.async_get(hass)
    unique_ids = {f"{subscription_id}_{key}" for key in ORDER_KEYS}
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        if found.unique_id not in unique_ids:
            continue
        if is_hidden and found.hidden_by is None and not _is_changed(found):
            registry.async_update_entity(
                found.entity_id, hidden_by=RegistryEntryHider.INTEGRATION
            )
        elif not is_hidden and found.hidden_by is RegistryEntryHider.INTEGRATION:
            registry.async_update_entity(found.entity_id, hidden_by=None)


def _is_changed(found: RegistryEntry) -> bool:
    """Return if a person has changed an entity, or not even enabled it.

    A disabled entity takes no place; whoever enables it later wants to see it.
    """
    return bool(
        found.disabled
        or found.name
        or found.icon
        or found.area_id
        or found.labels
        or found.categories
        or found.device_class
    )
