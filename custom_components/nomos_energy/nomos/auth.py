"""Token sources: bearer tokens for the Nomos API."""

import asyncio
from collections.abc import Mapping
import time
from typing import Any, Protocol

from aiohttp import ClientSession, encode_basic_auth

from .errors import NomosAuthError, NomosError, NomosResponseError
from .fields import parse_duration, parse_token
from .transport import send, time_limit

_EXPIRY_MARGIN = 30
"""Seconds before its expiry from which on a token is replaced."""

DEFAULT_LIFETIME = 3600
"""Seconds that a token is valid according to the API's documentation."""

SHORTEST_LIFETIME, LONGEST_LIFETIME = 60, 24 * 3600
"""Limits in seconds: neither a request of a token for each call, nor one kept for ever."""


class TokenSource(Protocol):
    """Source of access tokens, safe for concurrent callers."""

    async def access_token(self, rejected: str | None = None) -> str:
        """Return a token that has not expired.

        `rejected` is a token that Nomos has just refused: it is replaced if the source
        can do so. Raises NomosAuthError if reauthentication is needed.
        """

    async def scopes(self) -> frozenset[str]:
        """Return the scopes of the token, such as `read:*`."""


class FixedToken:
    """Token source for a single token that was just received."""

    def __init__(self, token: Mapping[str, Any]) -> None:
        """Initialize the source with the answer of the token endpoint."""
        self._token = token

    async def access_token(self, rejected: str | None = None) -> str:
        """Return the token, even if it was rejected: there is no other one."""
        return str(self._token["access_token"])

    async def scopes(self) -> frozenset[str]:
        """Return the scopes of the token."""
        return read_scopes(self._token)


class ClientCredentials:
    """Token source for an organisation's API key (client-credentials grant)."""

    def __init__(
        self, session: ClientSession, base_url: str, client_id: str, client_secret: str
    ) -> None:
        """Initialize the source."""
        self._session = session
        self._base_url = base_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._lock = asyncio.Lock()
        self._token: dict[str, Any] = {}
        self._valid_until = 0.0

    async def access_token(self, rejected: str | None = None) -> str:
        """Return the current token, or a new one if it is rejected or expires."""
        async with self._lock:
            if (
                self._token.get("access_token") == rejected
                or not self._token
                or time.time() >= self._valid_until
            ):
                self._token = await request_token(
                    self._session,
                    self._base_url,
                    self._client_id,
                    self._client_secret,
                    {"grant_type": "client_credentials"},
                )
                self._valid_until = (
                    time.time() + self._token["expires_in"] - _EXPIRY_MARGIN
                )
            return str(self._token["access_token"])

    async def scopes(self) -> frozenset[str]:
        """Return the scopes of the current token."""
        if not self._token:
            await self.access_token()
        return read_scopes(self._token)


def read_scopes(token: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes in an answer of the token endpoint."""
    return frozenset((parse_token(token.get("scope")) or "").split())


async def request_token(
    session: ClientSession,
    base_url: str,
    client_id: str,
    client_secret: str,
    form: Mapping[str, str],
) -> dict[str, Any]:
    """Request a token; the token endpoint accepts HTTP Basic authentication only.

    Returns the valid parts of the answer, with at least `access_token` and `expires_in`
    (seconds). The answer to a refresh token may lack `access_token` if it has a new
    refresh token, since the old one is spent. Raises NomosAuthError if the credentials,
    the code or the refresh token are refused, and other kinds of NomosError if the
    request fails.
    """
    try:
        authorization = encode_basic_auth(client_id, client_secret)
    except ValueError as err:
        raise NomosAuthError("The client ID is invalid") from err
    try:
        async with time_limit() as deadline:
            answer = await send(
                session,
                "POST",
                f"{base_url}/oauth/token",
                headers={"Authorization": authorization},
                form=form,
                deadline=deadline,
                # A refresh token or code may be spent although no answer arrived.
                retry=False,
            )
    except NomosError as err:
        # OAuth servers answer 400 if a grant was used before, expired or was revoked.
        if err.status == 400:
            raise NomosAuthError(
                "Nomos does not accept the login",
                status=err.status,
                code=err.code,
                request_id=err.request_id,
                details=err.details,
            ) from err
        raise
    return _valid_parts(answer, form.get("grant_type"))


def _valid_parts(answer: Mapping[str, Any], grant_type: str | None) -> dict[str, Any]:
    """Return what can be stored and used of an answer of the token endpoint."""
    fields = ("access_token", "refresh_token", "scope", "token_type")
    parts: dict[str, Any] = {
        field: value for field in fields if (value := parse_token(answer.get(field)))
    }
    is_refresh = grant_type == "refresh_token"
    if "access_token" not in parts and not (is_refresh and "refresh_token" in parts):
        raise NomosResponseError("Nomos answered a login without a valid token")
    if grant_type == "authorization_code" and "refresh_token" not in parts:
        # The login would end with its first token.
        raise NomosResponseError("Nomos answered a login without a refresh token")
    lifetime = parse_duration(answer.get("expires_in")) or DEFAULT_LIFETIME
    parts["expires_in"] = min(max(lifetime, SHORTEST_LIFETIME), LONGEST_LIFETIME)
    return parts
