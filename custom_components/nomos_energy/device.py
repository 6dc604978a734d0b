"""Devices of contracts."""

from collections import Counter
from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo

from .const import DOMAIN
from .nomos import Contract
from .options import own_name

MANUFACTURER = "Nomos"
"""Only contracts have it: device selectors of actions leave planned loads out by it."""


NAMED = 3
"""Contracts that name an account; an organisation has thousands."""


def contract_devices(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, dr.DeviceEntry]:
    """Return the devices of an account's contracts by subscription ID."""
    return {
        key: device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        for domain, key in device.identifiers
        # Planned loads have devices too.
        if domain == DOMAIN and device.config_subentry_id is None
    }


def account_name(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Return the names of an account's contracts, or its title while there are none.

    Not for logs: names contain addresses.
    """
    names = sorted(
        device.name_by_user or device.name or ""
        for device in contract_devices(hass, entry).values()
    )
    return (
        ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "") or entry.title
    )


def display_names(
    entry: ConfigEntry, contracts: Mapping[str, Contract]
) -> dict[str, str]:
    """Return the name of each contract by subscription ID, unique within the account.

    The name that a person has given it, else its address. Contracts that would have the
    same name have their contract number, too.
    """
    names = {key: own_name(entry, key) or each.name for key, each in contracts.items()}
    suffixes = {key: each.subscription.number for key, each in contracts.items()}
    while repeated := {
        name for name, count in Counter(names.values()).items() if count > 1
    }:
        names = {
            key: f"{name} ({suffixes.get(key) or key})" if name in repeated else name
            for key, name in names.items()
        }
        # A number may be missing, or be part of another contract's own name.
        suffixes = {}
    return names


def contract_device_info(contract: Contract, name: str) -> DeviceInfo:
    """Return the device of a contract."""
    return DeviceInfo(
        configuration_url=contract.portal_url,
        entry_type=DeviceEntryType.SERVICE,
        identifiers={(DOMAIN, contract.subscription.id)},
        manufacturer=MANUFACTURER,
        model=contract.plan.name if contract.plan else None,
        name=name,
    )
