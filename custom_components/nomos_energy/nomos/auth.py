"""Where a bearer token for the Nomos API comes from."""

import asyncio
from collections.abc import Mapping
import time
from typing import Any, Protocol

from aiohttp import ClientSession, encode_basic_auth

from .errors import NomosAuthError, NomosError, NomosResponseError
from .transport import send, time_limit

_EXPIRY_MARGIN = 30
"""Seconds before its end from which a token is no longer used."""


class TokenSource(Protocol):
    """Hands out access tokens; many callers may ask at the same time."""

    async def access_token(self, rejected: str | None = None) -> str:
        """Return a token that is valid, as far as is known.

        `rejected` is a token that Nomos has just refused: the one returned is
        another one. Raises NomosAuthError when somebody has to log in again.
        """

    async def scopes(self) -> frozenset[str]:
        """Return what the token allows, such as `read:*`."""


class FixedToken:
    """A token that was just received and is used right away."""

    def __init__(self, token: Mapping[str, Any]) -> None:
        """Initialize the source with an answer of the token endpoint."""
        self._token = token

    async def access_token(self, rejected: str | None = None) -> str:
        """Return the one token there is."""
        return str(self._token["access_token"])

    async def scopes(self) -> frozenset[str]:
        """Return what the token allows."""
        return read_scopes(self._token)


class ClientCredentials:
    """Tokens for an organisation's own key (client-credentials grant)."""

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
        """Return the current token, or a new one where that is needed."""
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
        """Return what the current token allows."""
        if not self._token:
            await self.access_token()
        return read_scopes(self._token)


def read_scopes(token: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes that an answer of the token endpoint names."""
    return frozenset(str(token.get("scope") or "").split())


async def request_token(
    session: ClientSession,
    base_url: str,
    client_id: str,
    client_secret: str,
    form: Mapping[str, str],
) -> dict[str, Any]:
    """Ask the token endpoint, which knows its clients by HTTP Basic alone.

    Returns the answer with at least `access_token` and `expires_in` (seconds).
    Raises NomosAuthError for credentials, codes and refresh tokens that are
    not accepted.
    """
    try:
        authorization = encode_basic_auth(client_id, client_secret)
    except ValueError as err:
        raise NomosAuthError("No credentials look like these") from err
    try:
        async with time_limit() as deadline:
            answer = await send(
                session,
                "POST",
                f"{base_url}/oauth/token",
                headers={"Authorization": authorization},
                form=form,
                deadline=deadline,
            )
    except NomosError as err:
        # OAuth servers answer 400 to a grant that is spent, expired or withdrawn.
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
        raise NomosResponseError("Nomos answered a login without a token")
    return answer


def _is_token(value: Any) -> bool:
    """Whether a value can be sent in a header."""
    return (
        isinstance(value, str)
        and bool(value)
        and value.isascii()
        and value.isprintable()
    )


def _is_duration(value: Any) -> bool:
    """Whether a value is a number of seconds that ends within some decades."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 < value < 10**9
    )
