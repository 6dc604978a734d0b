"""Tests of OAuth: authorization, tokens and scopes."""

import base64
import hashlib

import pytest
from yarl import URL

from simulator import APP, ORGANISATION, READ_ONLY, Client, Simulator

from .common import REDIRECT, Api, Clock, basic

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .rstrip(b"=")
    .decode()
)


def _authorize_query(**changes: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": "demo-app",
        "redirect_uri": REDIRECT,
        "state": "a&b=c",
    } | changes


def _customer(sim: Simulator) -> str:
    return sim.households[0].customer_id


async def test_client_credentials(anonymous: Api) -> None:
    """The credentials of an organisation give a token with all scopes."""
    answer = await anonymous.issue(grant_type="client_credentials")
    assert answer.status == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 3600
    assert answer.json["scope"] == "read:* write:*"
    assert answer.json["refresh_token"]
    api = Api(anonymous.http, answer.json["access_token"])
    assert (await api.get("/meter-orders")).status == 200


async def test_json_body(anonymous: Api) -> None:
    """The token endpoint accepts JSON."""
    answer = await anonymous.call(
        "POST",
        "/oauth/token",
        json={"grant_type": "client_credentials", "scope": None},
        headers=basic(ORGANISATION),
    )
    assert answer.status == 200


@pytest.mark.parametrize("body", [b"[]", b"{"])
async def test_invalid_json_body(anonymous: Api, body: bytes) -> None:
    """A body that is not a JSON object is refused."""
    answer = await anonymous.call(
        "POST",
        "/oauth/token",
        data=body,
        headers=basic(ORGANISATION) | {"Content-Type": "application/json"},
    )
    assert answer.status == 400


async def test_body_credentials_are_refused(anonymous: Api) -> None:
    """Credentials in the body are refused, even if they are correct."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "demo-organisation",
        "client_secret": "demo-secret",
    }
    answer = await anonymous.call("POST", "/oauth/token", data=form)
    assert answer.status == 401
    assert answer.json["code"] == "UNAUTHORIZED"
    assert (await anonymous.issue(ORGANISATION, **form)).status == 401
    del form["client_secret"]
    assert (await anonymous.issue(ORGANISATION, **form)).status == 200
    assert (await anonymous.issue(READ_ONLY, **form)).status == 401


@pytest.mark.parametrize(
    "header",
    [
        "Basic !",
        "Basic //8=",
        "Bearer x",
        basic(Client("demo-app", "wrong"))["Authorization"],
        basic(Client("stranger"))["Authorization"],
    ],
)
async def test_wrong_client(anonymous: Api, header: str) -> None:
    """Unknown clients and wrong secrets are refused."""
    answer = await anonymous.call(
        "POST",
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header},
    )
    assert answer.status == 401


@pytest.mark.parametrize(
    "form",
    [
        {"x": "y"},
        {"grant_type": "password"},
        {"grant_type": "authorization_code"},
        {"grant_type": "refresh_token"},
        {"grant_type": "client_credentials", "scope": "admin"},
    ],
)
async def test_bad_token_request(anonymous: Api, form: dict[str, str]) -> None:
    """An invalid token request is refused."""
    assert (await anonymous.issue(ORGANISATION, **form)).status == 400


async def test_app_has_no_token_of_its_own(anonymous: Api) -> None:
    """A client of customers gets no token of its own."""
    assert (await anonymous.issue(APP, grant_type="client_credentials")).status == 400


async def test_scope_can_be_narrowed(anonymous: Api) -> None:
    """The scopes of a token can be limited."""
    answer = await anonymous.issue(grant_type="client_credentials", scope="read:*")
    assert answer.json["scope"] == "read:*"


async def test_code_with_pkce(sim: Simulator, anonymous: Api) -> None:
    """A code and its verifier can be redeemed once."""
    code = sim.authorize(
        "demo-app",
        REDIRECT,
        customer_id=_customer(sim),
        code_challenge=CHALLENGE,
        state="x",
    )
    form = {"grant_type": "authorization_code", "code": code}
    form |= {"code_verifier": VERIFIER, "redirect_uri": REDIRECT}
    answer = await anonymous.issue(APP, **form)
    assert answer.status == 200
    assert answer.json["scope"] == "read:*"
    assert (await anonymous.issue(APP, **form)).status == 400


@pytest.mark.parametrize("verifier", ["", "wrong"])
async def test_pkce_takes_the_verifier(
    sim: Simulator, anonymous: Api, verifier: str
) -> None:
    """A code cannot be redeemed without its verifier."""
    code = sim.authorize(
        "demo-app", REDIRECT, customer_id=_customer(sim), code_challenge=CHALLENGE
    )
    form = {"grant_type": "authorization_code", "code": code}
    answer = await anonymous.issue(APP, **form, code_verifier=verifier)
    assert answer.status == 400
    # The failed attempt has used up the code.
    assert (await anonymous.issue(APP, **form, code_verifier=VERIFIER)).status == 400


async def test_verifier_without_challenge(sim: Simulator, anonymous: Api) -> None:
    """A verifier for a code without a challenge is refused."""
    code = sim.authorize("demo-app", REDIRECT, customer_id=_customer(sim))
    answer = await anonymous.issue(
        APP, grant_type="authorization_code", code=code, code_verifier=VERIFIER
    )
    assert answer.status == 400


@pytest.mark.parametrize(("minutes", "status"), [(9.9, 200), (10, 400)])
async def test_code_lives_ten_minutes(
    sim: Simulator, anonymous: Api, clock: Clock, minutes: float, status: int
) -> None:
    """A code expires after ten minutes."""
    code = sim.authorize("demo-app", REDIRECT, customer_id=_customer(sim))
    clock.move(minutes=minutes)
    answer = await anonymous.issue(APP, grant_type="authorization_code", code=code)
    assert answer.status == status


async def test_code_belongs_to_client_and_address(
    sim: Simulator, anonymous: Api
) -> None:
    """A code is bound to its client and its redirect URI."""
    form = {"grant_type": "authorization_code"}
    code = sim.authorize("demo-app", REDIRECT, customer_id=_customer(sim))
    assert (await anonymous.issue(ORGANISATION, **form, code=code)).status == 400
    code = sim.authorize("demo-app", REDIRECT, customer_id=_customer(sim))
    answer = await anonymous.issue(APP, **form, code=code, redirect_uri="https://else")
    assert answer.status == 400


async def test_refresh_tokens_rotate(anonymous: Api) -> None:
    """A refresh token can be used once, and is replaced."""
    first = (await anonymous.issue(grant_type="client_credentials")).json
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    # The attempt of another client does not use it up.
    assert (await anonymous.issue(READ_ONLY, **form)).status == 401
    second = await anonymous.issue(ORGANISATION, **form)
    assert second.status == 200
    assert second.json["scope"] == first["scope"]
    spent = await anonymous.issue(ORGANISATION, **form)
    assert spent.status == 401
    assert spent.json["code"] == "UNAUTHORIZED"
    form["refresh_token"] = second.json["refresh_token"]
    assert (await anonymous.issue(ORGANISATION, **form)).status == 200


async def test_access_tokens_expire(
    sim: Simulator, anonymous: Api, clock: Clock
) -> None:
    """An access token expires after an hour, or on demand."""
    api = await anonymous.log_in()
    clock.move(seconds=3599)
    assert (await api.get("/meter-orders")).status == 200
    clock.move(seconds=1)
    answer = await api.get("/meter-orders")
    assert answer.status == 401
    assert answer.json["code"] == "UNAUTHORIZED"
    issued = (await anonymous.issue(grant_type="client_credentials")).json
    api = Api(anonymous.http, issued["access_token"])
    sim.expire_tokens()
    assert (await api.get("/meter-orders")).status == 401
    answer = await anonymous.issue(
        grant_type="refresh_token", refresh_token=issued["refresh_token"]
    )
    assert answer.status == 200


async def test_revoked_consent(sim: Simulator, anonymous: Api) -> None:
    """Revoking consent revokes the tokens of that customer only."""
    first, second = (each.customer_id for each in sim.households[:2])
    codes = [
        sim.authorize("demo-app", REDIRECT, customer_id=customer)
        for customer in (first, first, second)
    ]
    form = {"grant_type": "authorization_code"}
    gone = (await anonymous.issue(APP, **form, code=codes[0])).json
    kept = (await anonymous.issue(APP, **form, code=codes[2])).json
    sim.revoke_consent(first)
    assert (
        await Api(anonymous.http, gone["access_token"]).get("/subscriptions")
    ).status == 401
    refused = await anonymous.issue(
        APP, grant_type="refresh_token", refresh_token=gone["refresh_token"]
    )
    assert refused.status == 401
    assert (await anonymous.issue(APP, **form, code=codes[1])).status == 400
    assert (
        await Api(anonymous.http, kept["access_token"]).get("/subscriptions")
    ).status == 200


async def test_consent_page(sim: Simulator, anonymous: Api) -> None:
    """Consent redirects to the client with a code for the customer."""
    query = _authorize_query(code_challenge=CHALLENGE, code_challenge_method="S256")
    page = await anonymous.get("/oauth/authorize", **query)
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    for household in sim.households:
        assert household.customer_id in page.text
    assert 'value="a&amp;b=c"' in page.text
    target = page.text.partition('action="')[2].partition('"')[0]
    decision = query | {"decision": "allow", "customer": _customer(sim)}
    answer = await anonymous.call("POST", target, data=decision)
    assert answer.status == 302
    back = URL(answer.headers["Location"])
    assert str(back.with_query(None)) == REDIRECT
    assert back.query["state"] == "a&b=c"
    token = await anonymous.issue(
        APP,
        grant_type="authorization_code",
        code=back.query["code"],
        code_verifier=VERIFIER,
    )
    assert token.status == 200
    listed = await Api(anonymous.http, token.json["access_token"]).get("/subscriptions")
    assert [item["customer"] for item in listed.json["items"]] == [_customer(sim)]


@pytest.mark.parametrize(
    ("accepted", "language", "button"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de", "Ablehnen"),
        ("en-GB,en;q=0.9,de;q=0.8", "en", "Deny"),
        ("", "en", "Deny"),
    ],
)
async def test_language_of_consent_page(
    anonymous: Api, accepted: str, language: str, button: str
) -> None:
    """The page speaks the language that the browser prefers."""
    page = await anonymous.call(
        "GET",
        "/oauth/authorize",
        params=_authorize_query(),
        headers={"Accept-Language": accepted},
    )
    assert f'<html lang="{language}">' in page.text
    assert f'value="deny">{button}<' in page.text


async def test_consent_denied(anonymous: Api) -> None:
    """Denial redirects to the client with an error."""
    decision = _authorize_query(decision="deny")
    answer = await anonymous.call("POST", "/_simulator/consent", data=decision)
    assert URL(answer.headers["Location"]).query == {
        "error": "access_denied",
        "state": "a&b=c",
    }


async def test_consent_of_unknown_customer(anonymous: Api) -> None:
    """Consent for an unknown customer is refused."""
    decision = _authorize_query(decision="allow", customer="cus_nobody")
    answer = await anonymous.call("POST", "/_simulator/consent", data=decision)
    assert answer.status == 400


async def test_login_skips_consent(anonymous: Api) -> None:
    """flow_type=login redirects without the consent page."""
    answer = await anonymous.get(
        "/oauth/authorize", **_authorize_query(flow_type="login")
    )
    assert answer.status == 302
    back = URL(answer.headers["Location"])
    form = {"grant_type": "authorization_code", "code": back.query["code"]}
    assert (await anonymous.issue(APP, **form)).status == 200


async def test_plain_pkce(anonymous: Api) -> None:
    """A plain challenge equals its verifier."""
    query = _authorize_query(flow_type="login", code_challenge="plain-as-day")
    answer = await anonymous.get("/oauth/authorize", **query)
    code = URL(answer.headers["Location"]).query["code"]
    token = await anonymous.issue(
        APP,
        grant_type="authorization_code",
        code=code,
        code_verifier="plain-as-day",
    )
    assert token.status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://example.com/elsewhere"},
        {"redirect_uri": ""},
        {"client_id": "stranger"},
        {"client_id": "demo-organisation"},
        {"response_type": "token"},
        {"code_challenge_method": "S512"},
        {"flow_type": "magic"},
        {"scope": "admin"},
    ],
)
async def test_bad_authorization_request(
    anonymous: Api, changes: dict[str, str]
) -> None:
    """An invalid authorization request is refused without a redirect."""
    answer = await anonymous.get("/oauth/authorize", **_authorize_query(**changes))
    assert answer.status == 400
    assert answer.json["code"] == "BAD_REQUEST"
    assert "Location" not in answer.headers


async def test_customers_only_read(sim: Simulator, anonymous: Api) -> None:
    """The token of a customer has no scope to write."""
    app = Client("writer", redirect_uris=(REDIRECT,), customer_scoped=True)
    sim.tokens.clients["writer"] = app
    code = sim.authorize("writer", REDIRECT, customer_id=_customer(sim))
    api = await anonymous.log_in(app, grant_type="authorization_code", code=code)
    body = {"subscription": sim.households[0].subscription_id}
    answer = await api.post("/meter-orders", body)
    assert answer.status == 403
    assert answer.json["code"] == "FORBIDDEN"


async def test_customers_see_themselves(sim: Simulator, anonymous: Api) -> None:
    """The objects of other customers are hidden."""
    mine, other = sim.households[:2]
    other.add_module("enwg-14a-module-1")
    api = await anonymous.log_in_customer(sim, mine.customer_id)
    listed = await api.get("/meter-orders", limit=100)
    assert [item["subscription"] for item in listed.json["items"]] == [
        mine.subscription_id
    ]
    assert (await api.get(f"/meter-orders/{mine.order_id}")).status == 200
    for path in (
        f"/meter-orders/{other.order_id}",
        f"/subscriptions/{other.subscription_id}",
        f"/subscriptions/{other.subscription_id}/prices?start=2026-03-16&end=2026-03-16",
        f"/subscriptions/{other.subscription_id}/usage",
        f"/grid-fee-reductions/{other.modules[0].id}",
        f"/events/{next(reversed(sim.events))}",
    ):
        answer = await api.call("GET", path)
        assert answer.status == 404, path
        assert answer.json["code"] == "NOT_FOUND"
    for path in ("/meter-readings", "/grid-fee-reductions", "/meter-orders"):
        query = {"filter[subscription][eq]": other.subscription_id}
        assert (await api.get(path, **query)).json["items"] == []
    readings = await api.get("/meter-readings", limit=100)
    assert {item["customer"] for item in readings.json["items"]} == {mine.customer_id}


async def test_read_only_key(sim: Simulator, anonymous: Api) -> None:
    """Read-only credentials read all objects and write none."""
    api = await anonymous.log_in(READ_ONLY)
    answer = await api.get("/subscriptions", limit=100)
    assert len(answer.json["items"]) == len(sim.households)
    for path in ("/meter-orders", "/grid-fee-reductions", "/meter-readings"):
        assert (await api.post(path, {})).status == 403


async def test_no_token(anonymous: Api) -> None:
    """A request without a token is refused."""
    answer = await anonymous.get("/subscriptions")
    assert answer.status == 401
    assert {"code", "message", "requestId", "docs"} <= answer.json.keys()
