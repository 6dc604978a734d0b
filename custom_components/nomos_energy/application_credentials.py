"""Application credentials of Nomos."""

from aiohttp import hdrs
from homeassistant.components.application_credentials import ClientCredential
from homeassistant.core import HomeAssistant
from homeassistant.helpers import http
from homeassistant.helpers.config_entry_oauth2_flow import (
    AUTH_CALLBACK_PATH,
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
        "redirect_url": _redirect_url(hass),
    }


def _redirect_url(hass: HomeAssistant) -> str:
    """Return the address to which Nomos will send the browser back.

    Home Assistant's async_get_redirect_uri needs a header that only requests of flows
    have. The dialog comes through a websocket, whose origin is the same address.
    """
    if "my" in hass.config.components:
        return MY_AUTH_CALLBACK_PATH
    request = http.current_request.get()
    origin = request.headers.get(hdrs.ORIGIN, "") if request else ""
    return f"{origin}{AUTH_CALLBACK_PATH}"
