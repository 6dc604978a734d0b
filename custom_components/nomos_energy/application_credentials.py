"""OAuth implementation of Nomos: PKCE, and client authentication by HTTP Basic."""

from typing import Any, override

from aiohttp import RequestInfo
from homeassistant.components.application_credentials import ClientCredential
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    OAuth2TokenRequestConnectionError,
    OAuth2TokenRequestReauthError,
)
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import (
    MY_AUTH_CALLBACK_PATH,
    AbstractOAuth2Implementation,
    LocalOAuth2ImplementationWithPkce,
)
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from .api import api_url
from .nomos import NomosAuthError, NomosError, request_token


async def async_get_auth_implementation(
    hass: HomeAssistant, auth_domain: str, credential: ClientCredential
) -> AbstractOAuth2Implementation:
    """Return the OAuth implementation for a client ID and secret."""
    return _NomosOAuth2Implementation(hass, auth_domain, credential, api_url())


async def async_get_description_placeholders(hass: HomeAssistant) -> dict[str, str]:
    """Return the placeholders of the dialog for a client ID and secret."""
    return {
        "support_address": "support@nomos.energy",
        "redirect_url": MY_AUTH_CALLBACK_PATH,
    }


class _NomosOAuth2Implementation(LocalOAuth2ImplementationWithPkce):
    def __init__(
        self,
        hass: HomeAssistant,
        auth_domain: str,
        credential: ClientCredential,
        base_url: str,
    ) -> None:
        super().__init__(
            hass,
            auth_domain,
            credential.client_id,
            authorize_url=f"{base_url}/oauth/authorize",
            token_url=f"{base_url}/oauth/token",
            client_secret=credential.client_secret,
        )
        self._base_url = base_url
        self._name = credential.name or credential.client_id

    @property
    @override
    def name(self) -> str:
        """Name of the credentials in the selection."""
        return self._name

    @override
    async def _token_request(self, data: dict[str, Any]) -> dict[str, Any]:
        form = {field: data[field] for field in data if field != "client_id"}
        try:
            return await request_token(
                async_get_clientsession(self.hass),
                self._base_url,
                self.client_id,
                self.client_secret,
                form,
            )
        except NomosAuthError as err:
            url = URL(self.token_url)
            raise OAuth2TokenRequestReauthError(
                request_info=RequestInfo(
                    url, "POST", CIMultiDictProxy(CIMultiDict()), url
                ),
                status=err.status or 0,
                domain=self.service_domain,
            ) from err
        except NomosError as err:
            raise OAuth2TokenRequestConnectionError(domain=self.service_domain) from err
