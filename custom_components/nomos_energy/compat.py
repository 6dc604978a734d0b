"""What differs between the supported versions of Home Assistant.

Each function names the version from which on it is not needed any more.
"""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady
from homeassistant.helpers.config_entry_oauth2_flow import (
    AbstractOAuth2Implementation,
    ImplementationUnavailableError,
    async_get_config_entry_implementation,
)


async def async_oauth_implementation(
    hass: HomeAssistant, entry: ConfigEntry
) -> AbstractOAuth2Implementation:
    """Return the OAuth implementation of an entry.

    Raises ConfigEntryAuthFailed if there is none any more, and ConfigEntryNotReady if
    it may come back. From 2026.10 on, Home Assistant does so itself.
    """
    try:
        return await async_get_config_entry_implementation(hass, entry)
    except ImplementationUnavailableError as err:
        raise ConfigEntryNotReady from err
    except ValueError as err:
        raise ConfigEntryAuthFailed from err
