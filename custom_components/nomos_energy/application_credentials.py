"""Application credentials of Nomos."""

from homeassistant.components.application_credentials import ClientCredential
from homeassistant.core import HomeAssistant
from homeassistant.helpers.config_entry_oauth2_flow import (
    MY_AUTH_CALLBACK_PATH,
    AbstractOAuth2Implementation,
)

from .api import api_url
from .oauth import NomosOAuth2Implementation


async def async_get_auth_implementation(
    hass: HomeAssistant, auth_domain: str, credential: ClientCredential
) -> AbstractOAuth2Implementation:
    """Return the OAuth implementation for a client ID and secret."""
    return NomosOAuth2Implementation(hass, auth_domain, credential, api_url())


async def async_get_description_placeholders(hass: HomeAssistant) -> dict[str, str]:
    """Return the placeholders of the dialog for a client ID and secret."""
    return {
        "support_address": "support@nomos.energy",
        "redirect_url": MY_AUTH_CALLBACK_PATH,
    }
