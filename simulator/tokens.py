"""Token store: authorization codes, access tokens and rotating refresh tokens."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import hashlib
import hmac
import secrets
from typing import Any

from .errors import invalid, unauthorized
from .oauth import READ, AuthorizationRequest, Client, Grant

ACCESS_LIFETIME = timedelta(seconds=3600)
CODE_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Code:
    """Authorization code that has not been redeemed."""

    grant: Grant
    request: AuthorizationRequest
    expires_at: datetime


class Tokens:
    """Store of the clients, codes and tokens."""

    def __init__(self, clients: Iterable[Client], now: Callable[[], datetime]) -> None:
        """Create a store with clients and no tokens."""
        self.clients = {client.client_id: client for client in clients}
        self._now = now
        self._codes: dict[str, Code] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}
        self._refresh: dict[str, Grant] = {}

    def grant_of(self, authorization: str | None) -> Grant | None:
        """Return the grant of the access token in an Authorization header."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or token not in self._access:
            return None
        grant, expires_at = self._access[token]
        return grant if self._now() < expires_at else None

    def client_of(self, authorization: str | None) -> Client | None:
        """Return the client whose credentials are in a Basic Authorization header."""
        kind, _, encoded = (authorization or "").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            text = base64.b64decode(encoded, validate=True).decode()
        except binascii.Error, UnicodeDecodeError:
            return None
        client_id, _, secret = text.partition(":")
        client = self.clients.get(client_id)
        if client is None or not hmac.compare_digest(
            client.client_secret.encode(), secret.encode()
        ):
            return None
        return client

    def revoke_customer(self, customer_id: str) -> None:
        """Revoke all codes and tokens of a customer."""
        self._access = {
            token: entry
            for token, entry in self._access.items()
            if entry[0].customer_id != customer_id
        }
        self._refresh = {
            token: grant
            for token, grant in self._refresh.items()
            if grant.customer_id != customer_id
        }
        self._codes = {
            value: code
            for value, code in self._codes.items()
            if code.grant.customer_id != customer_id
        }

    def expire_access_tokens(self) -> None:
        """Expire all access tokens. Refresh tokens stay valid."""
        self._access.clear()

    # Authorization by the customer

    def parse_request(self, query: Mapping[str, str]) -> AuthorizationRequest:
        """Parse an authorization request.

        Raises ApiError if it is invalid: it must not lead to a redirect.
        """
        for name in ("response_type", "client_id", "redirect_uri"):
            if not query.get(name):
                raise invalid("invalid_type", name, f"{name} is missing.")
        if query["response_type"] != "code":
            raise invalid(
                "invalid_value", "response_type", "response_type must be code."
            )
        method = query.get("code_challenge_method", "plain")
        if method not in {"S256", "plain"}:
            raise invalid(
                "invalid_value",
                "code_challenge_method",
                "code_challenge_method must be S256 or plain.",
            )
        if query.get("flow_type") not in {None, "login", "signup"}:
            raise invalid(
                "invalid_value", "flow_type", "flow_type must be login or signup."
            )
        client = self._registered_client(query["client_id"], query["redirect_uri"])
        return AuthorizationRequest(
            client,
            query["redirect_uri"],
            _limit_scopes(client.scopes, query.get("scope")),
            query.get("state"),
            query.get("code_challenge") or None,
            method,
        )

    def _registered_client(self, client_id: str, redirect_uri: str) -> Client:
        client = self.clients.get(client_id)
        if client is None:
            raise invalid("invalid_value", "client_id", "Unknown client.")
        if redirect_uri not in client.redirect_uris:
            raise invalid(
                "invalid_value", "redirect_uri", "Not registered for this client."
            )
        return client

    def create_code(self, request: AuthorizationRequest, customer_id: str) -> str:
        """Create an authorization code for a customer who has given consent."""
        # Consent covers the scope to read only, whatever the client's scopes are.
        scopes = tuple(scope for scope in request.scopes if scope == READ)
        grant = Grant(request.client, scopes, customer_id)
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(grant, request, self._now() + CODE_LIFETIME)
        return code

    # Token requests by the client

    def issue(
        self, authorization: str | None, form: Mapping[str, str]
    ) -> dict[str, Any]:
        """Issue tokens for a token request.

        Raises ApiError if the request is invalid.
        """
        client = self._authenticate(authorization, form)
        match form.get("grant_type"):
            case "client_credentials":
                grant = self._client_grant(client, form.get("scope"))
            case "authorization_code":
                grant = self._redeem_code(client, form)
            case "refresh_token":
                grant = self._redeem_refresh_token(client, form)
            case None:
                raise invalid("invalid_type", "grant_type", "grant_type is missing.")
            case _:
                raise invalid("invalid_value", "grant_type", "Unknown grant type.")
        return self._create_tokens(grant)

    def _authenticate(
        self, authorization: str | None, form: Mapping[str, str]
    ) -> Client:
        client = self.client_of(authorization)
        if client is None or "client_secret" in form:
            raise unauthorized("Clients must authenticate with HTTP Basic.")
        if form.get("client_id", client.client_id) != client.client_id:
            raise unauthorized("client_id differs from the authenticated client.")
        return client

    def _client_grant(self, client: Client, scope: str | None) -> Grant:
        if client.customer_scoped:
            raise invalid(
                "invalid_value",
                "grant_type",
                "This client needs the consent of a customer.",
            )
        return Grant(client, _limit_scopes(client.scopes, scope))

    def _redeem_code(self, client: Client, form: Mapping[str, str]) -> Grant:
        # Removed before the checks, because a code must not be tried twice.
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.request.client != client:
            raise invalid(
                "invalid_value", "code", "The code is invalid or has been redeemed."
            )
        if self._now() >= code.expires_at:
            raise invalid("invalid_value", "code", "The code has expired.")
        if form.get("redirect_uri", code.request.redirect_uri) != (
            code.request.redirect_uri
        ):
            raise invalid(
                "invalid_value",
                "redirect_uri",
                "The code was issued for another redirect_uri.",
            )
        if not _verify_challenge(form.get("code_verifier"), code.request):
            raise invalid(
                "invalid_value",
                "code_verifier",
                "code_verifier does not match the challenge.",
            )
        return code.grant

    def _redeem_refresh_token(self, client: Client, form: Mapping[str, str]) -> Grant:
        token = form.get("refresh_token")
        if not token:
            raise invalid("invalid_type", "refresh_token", "refresh_token is missing.")
        grant = self._refresh.get(token)
        if grant is None or grant.client != client:
            raise unauthorized("The refresh token is invalid or has been used.")
        del self._refresh[token]
        return grant

    def _create_tokens(self, grant: Grant) -> dict[str, Any]:
        access, refresh = secrets.token_urlsafe(32), secrets.token_hex(32)
        self._access[access] = grant, self._now() + ACCESS_LIFETIME
        self._refresh[refresh] = grant
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFETIME.total_seconds()),
            "refresh_token": refresh,
            "scope": " ".join(grant.scopes),
        }


def _limit_scopes(scopes: tuple[str, ...], wanted: str | None) -> tuple[str, ...]:
    """Return the requested scopes that the client has."""
    if not wanted:
        return scopes
    narrowed = tuple(scope for scope in scopes if scope in wanted.split())
    if not narrowed:
        raise invalid("invalid_value", "scope", "The client has none of these scopes.")
    return narrowed


def _verify_challenge(verifier: str | None, request: AuthorizationRequest) -> bool:
    """Return if the verifier matches the request's PKCE challenge (RFC 7636)."""
    challenge = request.code_challenge
    if not challenge or not verifier:
        # A verifier without a challenge: an attacker has removed the challenge.
        return not challenge and not verifier
    answer = verifier
    if request.code_challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        answer = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(answer.encode(), challenge.encode())
