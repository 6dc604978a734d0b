"""Config entry that a contract belongs to when several accounts have it.

A contract belongs to the entry that has its device in the device registry, also while
that entry is disabled or not loaded. The other entries leave the contract out until its
device is released.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalType

from .const import DOMAIN
from .device import contract_device_info, contract_devices
from .nomos import Contract

SIGNAL_RELEASED: SignalType[Mapping[str, dr.DeviceEntry]] = SignalType(
    f"{DOMAIN}_released"
)
"""Dispatched with the devices, by subscription ID, that their entry gives up."""


@callback
def contracts_of_others(
    hass: HomeAssistant, entry: ConfigEntry | None
) -> dict[str, str]:
    """Return the entry IDs of the contracts that belong to another entry than this one.

    By subscription ID. A contract belongs to the entry that has its device, also while
    that entry is disabled or not loaded. The oldest device counts if there are several.
    """
    owners: dict[str, tuple[datetime, str]] = {}
    for each in hass.config_entries.async_entries(DOMAIN):
        for key, device in contract_devices(hass, each).items():
            claim = (device.created_at, each.entry_id)
            owners[key] = min(claim, owners.get(key, claim))
    return {
        key: owner
        for key, (_, owner) in owners.items()
        if entry is None or owner != entry.entry_id
    }


@callback
def async_release_contracts(
    hass: HomeAssistant, entry: ConfigEntry, keys: Collection[str]
) -> None:
    """Offer the devices of contracts to the other entries; remove what none takes."""
    registry = dr.async_get(hass)
    devices = {
        key: device
        for key, device in contract_devices(hass, entry).items()
        if key in keys
    }
    if not devices:
        return
    others = contracts_of_others(hass, entry)
    offered = {key: each for key, each in devices.items() if key not in others}
    async_dispatcher_send(hass, SIGNAL_RELEASED, offered)
    for device in devices.values():
        if _is_left(registry, device):
            registry.async_remove_device(device.id)


@callback
def async_take_contracts(
    hass: HomeAssistant,
    entry: ConfigEntry,
    devices: Mapping[str, dr.DeviceEntry],
    keys: Collection[str],
) -> bool:
    """Move the offered devices of some contracts to an entry; return if there are any.

    Names and areas that a person gave them stay. Home Assistant restores the entities
    when they are added again.
    """
    registry = dr.async_get(hass)
    wanted = [
        device
        for key, device in devices.items()
        if key in keys and _is_left(registry, device)
    ]
    for device in wanted:
        registry.async_update_device(device.id, new_config_entry_id=entry.entry_id)
    return bool(wanted)


def _is_left(registry: dr.DeviceRegistry, device: dr.DeviceEntry) -> bool:
    """Return if no entry has taken a released device yet."""
    current = registry.async_get(device.id)
    return current is not None and current.config_entry_id == device.config_entry_id


@callback
def async_claim_contracts(
    hass: HomeAssistant,
    entry: ConfigEntry,
    contracts: Mapping[str, Contract],
    names: Mapping[str, str],
) -> None:
    """Create or update the devices of an entry's contracts.

    They exist before any entity does: from now on, no other entry takes the contracts.
    """
    registry = dr.async_get(hass)
    for key, contract in contracts.items():
        registry.async_get_or_create(
            config_entry_id=entry.entry_id, **contract_device_info(contract, names[key])
        )
