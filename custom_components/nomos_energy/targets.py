"""What an action is meant for: a contract, by its device."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr
import voluptuous as vol

from .const import DOMAIN
from .coordinator import NomosConfigEntry, NomosCoordinator

CONTRACT = {vol.Required(ATTR_DEVICE_ID): cv.string}


def contract_of(call: ServiceCall) -> tuple[NomosCoordinator, str]:
    """Return the contract whose device is meant."""
    hass, device_id = call.hass, call.data[ATTR_DEVICE_ID]
    device = dr.async_get(hass).async_get(device_id)
    # Some integrations identify their devices by more than two words.
    keys = (
        [each[1] for each in device.identifiers if each[0] == DOMAIN] if device else []
    )
    if device is None or not keys:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_such_contract"
        )
    entry: NomosConfigEntry | None = hass.config_entries.async_get_entry(
        device.config_entry_id
    )
    key = keys[0]
    if (
        entry is None
        or entry.state is not ConfigEntryState.LOADED
        or key not in entry.runtime_data.data
    ):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="not_loaded"
        )
    return entry.runtime_data, key
