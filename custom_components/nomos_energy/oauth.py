"""OAuth implementation of Nomos: PKCE, and client authentication by HTTP Basic."""

from typing import Any, override

from homeassistant.components.application_credentials import ClientCredential
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import (
    LocalOAuth2ImplementationWithPkce,
)

from .nomos import NomosGrantError, parse_token, request_token
from .token_store import TokenStore

UNUSABLE_TOKEN = "-"
"""Access token of an answer that had a valid refresh token only; it is never sent."""

RETRY_TOKEN = 80
"""Seconds until a missing access token is requested again; Home Assistant does so 20 early."""


class NomosOAuth2Implementation(LocalOAuth2ImplementationWithPkce):
    """OAuth implementation of Nomos.

    Raises NomosError where a token is refused or not given out.
    """

    token_store: TokenStore | None = None
    """Store of the account whose tokens are refreshed."""

    def __init__(
        self,
        hass: HomeAssistant,
        auth_domain: str,
        credential: ClientCredential,
        base_url: str,
    ) -> None:
        """Initialize the implementation."""
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
    async def async_refresh_token(self, token: dict[str, Any]) -> dict[str, Any]:
        """Return a new token, once it is on disk: it has spent the old one."""
        new = await super().async_refresh_token(token)
        if self.token_store:
            await self.token_store.async_write(token, new)
        return new

    @override
    async def _async_refresh_token(self, token: dict[str, Any]) -> dict[str, Any]:
        refresh_token = parse_token(token.get("refresh_token"))
        if refresh_token is None:
            raise NomosGrantError("There is no refresh token")
        answer = await self._token_request(
            {"grant_type": "refresh_token", "refresh_token": refresh_token}
        )
        if "access_token" not in answer:
            # The old refresh token is spent: the new one has to be stored nevertheless.
            answer |= {"access_token": UNUSABLE_TOKEN, "expires_in": RETRY_TOKEN}
        return {**token, **answer}

    @override
    async def _token_request(self, data: dict[str, Any]) -> dict[str, Any]:
        form = {field: data[field] for field in data if field != "client_id"}
        return await request_token(
            async_get_clientsession(self.hass),
            self._base_url,
            self.client_id,
            self.client_secret,
            form,
        )
