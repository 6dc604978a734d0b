"""OAuth as Nomos speaks it: clients, consent, codes and rotating tokens."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import hashlib
import hmac
from html import escape
import secrets
from typing import Any

from aiohttp import web
from yarl import URL

from .errors import ApiError, invalid, unauthorized
from .households import Household
from .versions import OLDER

ACCESS_LIFETIME = timedelta(seconds=3600)
CODE_LIFETIME = timedelta(minutes=10)
READ, WRITE = "read:*", "write:*"


@dataclass(frozen=True)
class Client:
    """An application that Nomos knows."""

    client_id: str
    client_secret: str = "demo-secret"
    scopes: tuple[str, ...] = (READ, WRITE)
    redirect_uris: tuple[str, ...] = ()
    customer_scoped: bool = False
    """Whether it acts for customers who log in, not for the organisation."""
    default_version: str = OLDER
    """The API version of requests that name none."""
    name: str = "Home Assistant"


ORGANISATION = Client("demo-organisation")
READ_ONLY = Client("demo-read-only", scopes=(READ,))
APP = Client(
    "demo-app",
    scopes=(READ,),
    redirect_uris=(
        "https://my.home-assistant.io/redirect/oauth",
        "http://127.0.0.1:8123/auth/external/callback",
        "http://localhost:8123/auth/external/callback",
        "https://example.com/auth/external/callback",
    ),
    customer_scoped=True,
)
CLIENTS = (ORGANISATION, READ_ONLY, APP)


@dataclass(frozen=True)
class Grant:
    """What a token allows."""

    client: Client
    scopes: tuple[str, ...]
    customer_id: str | None = None

    def sees(self, household: Household) -> bool:
        """Return whether a household is any business of the token's bearer."""
        return self.customer_id in (None, household.customer_id)


@dataclass(frozen=True)
class AuthorizationRequest:
    """What an application asks the customer for."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str = "S256"


@dataclass(frozen=True)
class Code:
    """An authorization code that has not been exchanged yet."""

    grant: Grant
    request: AuthorizationRequest
    expires_at: datetime


class Tokens:
    """Everything that has been granted."""

    def __init__(self, clients: Iterable[Client], now: Callable[[], datetime]) -> None:
        """Begin with clients and no tokens."""
        self.clients = {client.client_id: client for client in clients}
        self._now = now
        self._codes: dict[str, Code] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}
        self._refresh: dict[str, Grant] = {}

    def grant_of(self, authorization: str | None) -> Grant | None:
        """Return what a request's Authorization header allows."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or token not in self._access:
            return None
        grant, expires_at = self._access[token]
        return grant if self._now() < expires_at else None

    def client_of(self, authorization: str | None) -> Client | None:
        """Return the client whose credentials a Basic header carries."""
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

    def forget_customer(self, customer_id: str) -> None:
        """Void everything a customer ever consented to."""
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

    def expire(self) -> None:
        """Void all access tokens; refresh tokens stay."""
        self._access.clear()

    # The customer's side

    def read_request(self, query: Mapping[str, str]) -> AuthorizationRequest:
        """Check an authorization request; a bad one never leads to a redirect."""
        for name in ("response_type", "client_id", "redirect_uri"):
            if not query.get(name):
                raise invalid("invalid_type", name, f"{name} is missing.")
        if query["response_type"] != "code":
            raise invalid("invalid_value", "response_type", "Only codes are given out.")
        method = query.get("code_challenge_method", "plain")
        if method not in {"S256", "plain"}:
            raise invalid("invalid_value", "code_challenge_method", "Unknown method.")
        if query.get("flow_type") not in {None, "login", "signup"}:
            raise invalid("invalid_value", "flow_type", "Unknown flow.")
        client = self._registered(query["client_id"], query["redirect_uri"])
        return AuthorizationRequest(
            client,
            query["redirect_uri"],
            _narrow(client.scopes, query.get("scope")),
            query.get("state"),
            query.get("code_challenge") or None,
            method,
        )

    def _registered(self, client_id: str, redirect_uri: str) -> Client:
        client = self.clients.get(client_id)
        if client is None:
            raise invalid("invalid_value", "client_id", "Nobody knows this client.")
        if redirect_uri not in client.redirect_uris:
            raise invalid(
                "invalid_value", "redirect_uri", "Not registered for this client."
            )
        return client

    def consent(self, request: AuthorizationRequest, customer_id: str) -> str:
        """Return a code for what a customer has agreed to."""
        # Whatever an application may do itself, customers only ever let it read.
        scopes = tuple(scope for scope in request.scopes if scope == READ)
        grant = Grant(request.client, scopes, customer_id)
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(grant, request, self._now() + CODE_LIFETIME)
        return code

    # The application's side

    def issue(
        self, authorization: str | None, form: Mapping[str, str]
    ) -> dict[str, Any]:
        """Answer a token request."""
        client = self._authenticate(authorization, form)
        match form.get("grant_type"):
            case "client_credentials":
                grant = self._own_grant(client, form.get("scope"))
            case "authorization_code":
                grant = self._redeem_code(client, form)
            case "refresh_token":
                grant = self._redeem_refresh_token(client, form)
            case None:
                raise invalid("invalid_type", "grant_type", "grant_type is missing.")
            case _:
                raise invalid("invalid_value", "grant_type", "Unknown grant type.")
        return self._tokens_for(grant)

    def _authenticate(
        self, authorization: str | None, form: Mapping[str, str]
    ) -> Client:
        client = self.client_of(authorization)
        if client is None or "client_secret" in form:
            raise unauthorized("Clients authenticate with HTTP Basic, and only so.")
        if form.get("client_id", client.client_id) != client.client_id:
            raise unauthorized("The request speaks for another client.")
        return client

    def _own_grant(self, client: Client, scope: str | None) -> Grant:
        if client.customer_scoped:
            raise invalid(
                "invalid_value", "grant_type", "This client acts for customers only."
            )
        return Grant(client, _narrow(client.scopes, scope))

    def _redeem_code(self, client: Client, form: Mapping[str, str]) -> Grant:
        # Taken out before anything is checked: no code gets a second try.
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.request.client != client:
            raise invalid(
                "invalid_value", "code", "This code is not, or no longer, good."
            )
        if self._now() >= code.expires_at:
            raise invalid("invalid_value", "code", "This code is too old.")
        if form.get("redirect_uri", code.request.redirect_uri) != (
            code.request.redirect_uri
        ):
            raise invalid("invalid_value", "redirect_uri", "The code went elsewhere.")
        if not _proves(form.get("code_verifier"), code.request):
            raise invalid(
                "invalid_value", "code_verifier", "This does not fit the challenge."
            )
        return code.grant

    def _redeem_refresh_token(self, client: Client, form: Mapping[str, str]) -> Grant:
        token = form.get("refresh_token")
        if not token:
            raise invalid("invalid_type", "refresh_token", "refresh_token is missing.")
        grant = self._refresh.get(token)
        if grant is None or grant.client != client:
            raise unauthorized("This refresh token is not, or no longer, good.")
        del self._refresh[token]
        return grant

    def _tokens_for(self, grant: Grant) -> dict[str, Any]:
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


def _narrow(scopes: tuple[str, ...], wanted: str | None) -> tuple[str, ...]:
    """Return the scopes that are both wanted and possible."""
    if not wanted:
        return scopes
    narrowed = tuple(scope for scope in scopes if scope in wanted.split())
    if not narrowed:
        raise invalid("invalid_value", "scope", "This client has no such scope.")
    return narrowed


def _proves(verifier: str | None, request: AuthorizationRequest) -> bool:
    """Return whether whoever redeems a code is who asked for it (RFC 7636)."""
    challenge = request.code_challenge
    if not challenge or not verifier:
        # A verifier without a challenge hints at a challenge that got stripped.
        return not challenge and not verifier
    answer = verifier
    if request.code_challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        answer = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(answer.encode(), challenge.encode())


async def read_token_form(request: web.Request) -> dict[str, str]:
    """Return the fields of a token request, sent as a form or as JSON."""
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(400, "The body is not a JSON object.")
        return {name: str(value) for name, value in body.items() if value is not None}
    form = await request.post()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def redirect(request: AuthorizationRequest, **answer: str) -> web.Response:
    """Send the browser back to the application."""
    if request.state is not None:
        answer["state"] = request.state
    target = URL(request.redirect_uri).update_query(answer)
    return web.Response(status=302, headers={"Location": str(target)})


def consent_page(
    request: AuthorizationRequest,
    query: Mapping[str, str],
    customers: Mapping[str, str],
    action: str,
) -> web.Response:
    """Return the page on which a customer says who they are, and allows or denies."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in query.items()
        if name not in {"customer", "decision"}
    )
    options = "".join(
        f'<option value="{escape(customer_id)}">{escape(label)}</option>'
        for customer_id, label in customers.items()
    )
    page = _PAGE.format(
        name=escape(request.client.name), action=action, hidden=hidden, options=options
    )
    return web.Response(text=page, content_type="text/html")


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nomos (simulated)</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; background: #f3f5f2; color: #1d2b22;
         display: grid; place-items: center; min-height: 100vh; margin: 0 }}
  form {{ background: #fff; padding: 2rem; border-radius: 1rem; max-width: 24rem;
         box-shadow: 0 2px 24px #0002 }}
  h1 {{ font-size: 1.25rem; margin: 0 0 1rem }}
  select, button {{ font: inherit; width: 100%; padding: .6rem; border-radius: .5rem;
                   border: 1px solid #b9c4bc; margin-top: .75rem; background: #fff }}
  button.allow {{ background: #1f7a4d; border-color: #1f7a4d; color: #fff }}
  small {{ color: #5c6b61 }}
</style>
</head>
<body>
<form method="post" action="{action}">
  <h1>{name} would like to see your electricity contract</h1>
  <p>It can read your contract, your smart meter order, your prices and your
  consumption. It cannot change anything.</p>
  <label>You are
  <select name="customer">{options}</select></label>
  {hidden}
  <button class="allow" name="decision" value="allow">Allow</button>
  <button name="decision" value="deny">Deny</button>
  <p><small>This is a simulation. No password is needed.</small></p>
</form>
</body>
</html>
"""
