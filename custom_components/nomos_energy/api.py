"""Client of an account: address of the API, and the login of the config entry."""

import asyncio
from ipaddress import ip_address
import os
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import OAuth2Session
from yarl import URL

from .compat import async_oauth_implementation
from .const import DOMAIN
from .nomos import (
    PRODUCTION_URL,
    ClientCredentials,
    NomosAuthError,
    NomosClient,
    NomosConnectionError,
    NomosError,
    NomosGrantError,
    NomosResponseError,
    TokenSource,
    read_scopes,
)
from .oauth import UNUSABLE_TOKEN, NomosOAuth2Implementation
from .token_store import TokenStore


def api_url() -> str:
    """Return the address of the Nomos API without a trailing slash.

    The environment variable NOMOS_API_URL replaces it. Raises ConfigEntryError if
    tokens would cross a network unencrypted.
    """
    address = os.environ.get("NOMOS_API_URL") or PRODUCTION_URL
    try:
        url = URL(address)
    except ValueError:
        url = URL()
    if not url.host or not (
        url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host))
    ):
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="insecure_url"
        )
    return address.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def async_create_client(hass: HomeAssistant, entry: ConfigEntry) -> NomosClient:
    """Return a client with the login of an entry."""
    session = async_get_clientsession(hass)
    tokens: TokenSource
    if CONF_CLIENT_SECRET in entry.data:
        tokens = ClientCredentials(
            session,
            api_url(),
            entry.data[CONF_CLIENT_ID],
            entry.data[CONF_CLIENT_SECRET],
        )
    else:
        store = TokenStore(hass, entry)
        await store.async_restore()
        implementation = await async_oauth_implementation(hass, entry)
        if isinstance(implementation, NomosOAuth2Implementation):
            implementation.token_store = store
        tokens = _OAuthTokens(OAuth2Session(hass, entry, implementation))
    return NomosClient(session, tokens, api_url())


class _OAuthTokens(TokenSource):
    """Tokens of a customer who signed in with Nomos, stored in the config entry."""

    def __init__(self, session: OAuth2Session) -> None:
        self._session = session

    @override
    async def access_token(self, rejected: str | None = None) -> str:
        # A caller that times out must not cancel the refresh: the old refresh token is
        # spent by then, and the new one not yet stored. As a task of the entry it is
        # also awaited before the entry is unloaded.
        refresh = self._session.config_entry.async_create_task(
            self._session.hass, self._async_refresh(rejected)
        )
        await asyncio.shield(refresh)
        token = str(self._session.token["access_token"])
        if token == UNUSABLE_TOKEN:
            raise NomosResponseError("Nomos gave out no valid token")
        return token

    @override
    async def scopes(self) -> frozenset[str]:
        return read_scopes(self._session.token)

    async def _async_refresh(self, rejected: str | None) -> None:
        token = self._session.token
        if token["access_token"] == rejected:
            entry = self._session.config_entry
            self._session.hass.config_entries.async_update_entry(
                entry, data={**entry.data, "token": {**token, "expires_at": 0}}
            )
        try:
            await self._session.async_ensure_token_valid()
        except NomosAuthError as err:
            raise NomosGrantError("Nomos does not accept the login any more") from err
        except NomosError as err:
            raise NomosConnectionError("Nomos gave out no token") from err
