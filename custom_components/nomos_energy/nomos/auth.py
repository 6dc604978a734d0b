"""Token sources: bearer tokens for the Nomos API."""

import asyncio
from collections.abc import Mapping
import time
from typing import Any, Protocol

from aiohttp import ClientSession, encode_basic_auth

from .errors import NomosAuthError, NomosError, NomosResponseError
from .transport import send, time_limit

_EXPIRY_MARGIN = 30
"""Seconds before its expiry from which on a token is replaced."""


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
    return frozenset(str(token.get("scope") or "").split())


async def request_token(
    session: ClientSession,
    base_url: str,
    client_id: str,
    client_secret: str,
    form: Mapping[str, str],
) -> dict[str, Any]:
    """Request a token; the token endpoint accepts HTTP Basic authentication only.

    Returns the answer with at least `access_token` and `expires_in` (seconds). Raises
    NomosAuthError if the credentials, the code or the refresh token are refused, and
    other kinds of NomosError if the request fails.
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
    if not _is_token(answer.get("access_token")) or not _is_duration(
        answer.get("expires_in")
    ):
        raise NomosResponseError("Nomos answered a login without a valid token")
    return answer


def _is_token(value: Any) -> bool:
    """Return if a value is a token that can be sent in a header."""
    return (
        isinstance(value, str)
        and bool(value)
        and value.isascii()
        and value.isprintable()
    )


def _is_duration(value: Any) -> bool:
    """Return if a value is a number of seconds within the next decades."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 < value < 10**9
    )
