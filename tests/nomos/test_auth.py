"""Tests of the token sources."""

import asyncio
import base64
from collections.abc import Mapping
import hashlib
import os
from typing import Any

from aiohttp import ClientSession
from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.nomos_energy.nomos import (
    ClientCredentials,
    FixedToken,
    NomosAuthError,
    NomosClient,
    NomosConnectionError,
    NomosError,
    NomosRateLimitError,
    NomosResponseError,
    request_token,
)
from simulator import APP, ORGANISATION, Fault, Household, Simulator, scenarios
from tests.nomos.common import Answer, FakeNomos

REDIRECT_URI = APP.redirect_uris[0]
VERIFIER = "a-verifier-of-at-least-forty-three-characters-it-is"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .rstrip(b"=")
    .decode()
)


def logins(simulator: Simulator) -> int:
    """Return the number of requests to the token endpoint."""
    return sum(request.path == "/oauth/token" for request in simulator.requests)


class TestClientCredentials:
    """Tokens for an organisation's API key."""

    async def test_basic_authentication(
        self, session: ClientSession, fake_nomos: FakeNomos
    ) -> None:
        """Client ID and secret are sent in the header only, the grant in a form."""
        fake_nomos.respond_with(Answer({"access_token": "token", "expires_in": 3600}))
        tokens = ClientCredentials(session, fake_nomos.url, "id", "secret: ä")
        assert await tokens.access_token() == "token"
        (request,) = fake_nomos.received
        assert request.method == "POST"
        kind, _, encoded = request.headers["Authorization"].partition(" ")
        assert kind == "Basic"
        assert base64.b64decode(encoded).decode() == "id:secret: ä"
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert request.body == "grant_type=client_credentials"

    async def test_token_is_replaced_before_it_expires(
        self,
        credentials: ClientCredentials,
        simulator: Simulator,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        """A token is replaced 30 seconds before it expires."""
        first = await credentials.access_token()
        freezer.tick(3600 - 31)
        assert await credentials.access_token() == first
        assert logins(simulator) == 1
        freezer.tick(1)
        assert await credentials.access_token() != first
        assert logins(simulator) == 2

    async def test_concurrent_callers_share_one_request(
        self, credentials: ClientCredentials, simulator: Simulator
    ) -> None:
        """Concurrent callers wait for the same token."""
        tokens = await asyncio.gather(*(credentials.access_token() for _ in range(20)))
        assert len(set(tokens)) == 1
        assert logins(simulator) == 1

    async def test_concurrent_callers_share_one_refresh(
        self, credentials: ClientCredentials, simulator: Simulator
    ) -> None:
        """A token that concurrent callers report as rejected is replaced once."""
        rejected = await credentials.access_token()
        tokens = await asyncio.gather(
            *(credentials.access_token(rejected=rejected) for _ in range(20))
        )
        assert rejected not in tokens
        assert {*tokens, await credentials.access_token(rejected=rejected)} == {
            tokens[0]
        }
        assert logins(simulator) == 2

    async def test_failed_login_with_waiting_callers(
        self, credentials: ClientCredentials, simulator: Simulator
    ) -> None:
        """A failed login raises for one caller only; the next one tries again."""
        simulator.fail(Fault.CONNECTION_RESET, path="/oauth/token", times=1)
        answers = await asyncio.gather(
            *(credentials.access_token() for _ in range(3)), return_exceptions=True
        )
        assert isinstance(answers[0], NomosConnectionError)
        assert answers[1] == answers[2] == await credentials.access_token()

    async def test_cancelled_caller(self, credentials: ClientCredentials) -> None:
        """A cancelled caller does not block the others."""
        cancelled = asyncio.create_task(credentials.access_token())
        waiting = asyncio.create_task(credentials.access_token())
        await asyncio.sleep(0)
        cancelled.cancel()
        assert await waiting == await credentials.access_token()
        assert cancelled.cancelled()

    async def test_wrong_secret(
        self, session: ClientSession, simulator: Simulator, waits: list[float]
    ) -> None:
        """A wrong secret is refused without a retry."""
        tokens = ClientCredentials(
            session, os.environ["NOMOS_API_URL"], ORGANISATION.client_id, "wrong"
        )
        with pytest.raises(NomosAuthError) as caught:
            await tokens.access_token()
        assert (caught.value.status, caught.value.code) == (401, "UNAUTHORIZED")
        assert caught.value.request_id
        assert "wrong" not in str(caught.value)
        assert logins(simulator) == 1
        assert waits == []

    async def test_key_of_an_application(
        self, session: ClientSession, simulator: Simulator
    ) -> None:
        """The key of an application that acts for customers is refused."""
        tokens = ClientCredentials(
            session, os.environ["NOMOS_API_URL"], APP.client_id, APP.client_secret
        )
        with pytest.raises(NomosAuthError) as caught:
            await tokens.access_token()
        assert caught.value.status == 400
        assert caught.value.code == "BAD_REQUEST"
        assert caught.value.request_id

    async def test_client_id_with_a_colon(
        self, session: ClientSession, simulator: Simulator
    ) -> None:
        """A client ID that HTTP Basic can't transmit is refused without a request."""
        tokens = ClientCredentials(session, os.environ["NOMOS_API_URL"], "a:b", "c")
        with pytest.raises(NomosAuthError):
            await tokens.access_token()
        assert simulator.requests == []

    async def test_server_errors_and_rate_limits(
        self,
        session: ClientSession,
        credentials: ClientCredentials,
        simulator: Simulator,
    ) -> None:
        """Server errors and rate limits don't raise NomosAuthError."""
        simulator.fail(Fault.SERVER_ERROR, path="/oauth/token", times=1)
        with pytest.raises(NomosError) as caught:
            await credentials.access_token()
        assert type(caught.value) is NomosError
        simulator.fail(Fault.RATE_LIMIT, path="/oauth/token", times=1, seconds=90)
        with pytest.raises(NomosRateLimitError):
            await credentials.access_token()
        assert await credentials.access_token()

    async def test_unprintable_token(
        self, session: ClientSession, fake_nomos: FakeNomos
    ) -> None:
        """A token with a line break is an invalid answer."""
        fake_nomos.respond_with(Answer({"access_token": "to\nken", "expires_in": 3600}))
        tokens = ClientCredentials(session, fake_nomos.url, "id", "secret")
        with pytest.raises(NomosResponseError):
            await NomosClient(session, tokens, fake_nomos.url).meter_orders()

    @pytest.mark.parametrize("expires_in", [None, "3600", 10**400, True, [], "soon"])
    async def test_invalid_lifetime(
        self,
        session: ClientSession,
        fake_nomos: FakeNomos,
        freezer: FrozenDateTimeFactory,
        expires_in: Any,
    ) -> None:
        """A token without a valid lifetime is used for an hour."""
        answers = [
            Answer({"access_token": token, "expires_in": expires_in}) for token in "ab"
        ]
        fake_nomos.respond_with(*answers)
        tokens = ClientCredentials(session, fake_nomos.url, "id", "secret")
        assert await tokens.access_token() == "a"
        freezer.tick(3600 - 31)
        assert await tokens.access_token() == "a"
        freezer.tick(1)
        assert await tokens.access_token() == "b"

    async def test_bad_token_replaces_no_good_one(
        self, session: ClientSession, fake_nomos: FakeNomos
    ) -> None:
        """A refresh token in place of an access token is of no use for a key."""
        fake_nomos.respond_with(
            Answer({"access_token": "a"}),
            Answer({"access_token": None, "refresh_token": "b"}),
            Answer({"access_token": "c"}),
        )
        tokens = ClientCredentials(session, fake_nomos.url, "id", "secret")
        assert await tokens.access_token() == "a"
        with pytest.raises(NomosResponseError):
            await tokens.access_token(rejected="a")
        assert await tokens.access_token(rejected="a") == "c"


class TestFixedToken:
    """Token source for a single token."""

    async def test_access_token(self) -> None:
        """Every call returns the token."""
        tokens = FixedToken({"access_token": "token"})
        assert [await tokens.access_token() for _ in range(2)] == ["token", "token"]

    async def test_rejected_token(self) -> None:
        """A rejected token is returned again: there is no other one."""
        assert (
            await FixedToken({"access_token": "token"}).access_token(rejected="token")
            == "token"
        )


class TestRequestToken:
    """Requests to the token endpoint with codes and refresh tokens."""

    @pytest.fixture
    def household(self, simulator: Simulator) -> Household:
        """Return the household of the customer that logs in; another one exists."""
        simulator.add(scenarios.happy_path(2))
        return simulator.add(scenarios.happy_path())

    @staticmethod
    def code(simulator: Simulator, household: Household) -> str:
        """Return an authorization code of the customer."""
        return simulator.authorize(
            APP.client_id,
            REDIRECT_URI,
            customer_id=household.customer_id,
            code_challenge=CHALLENGE,
        )

    @staticmethod
    async def login(session: ClientSession, **form: str) -> dict[str, Any]:
        """Request a token as the application."""
        return await request_token(
            session,
            os.environ["NOMOS_API_URL"],
            APP.client_id,
            APP.client_secret,
            form,
        )

    async def redeem(
        self, session: ClientSession, code: str, verifier: str = VERIFIER
    ) -> dict[str, Any]:
        """Exchange a code for tokens."""
        return await self.login(
            session,
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            code_verifier=verifier,
        )

    async def test_code(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """The token for a code gives access to the data of its customer only."""
        answer = await self.redeem(session, self.code(simulator, household))
        assert answer["token_type"] == "Bearer"
        assert answer["expires_in"] == 3600
        assert answer["refresh_token"]
        client = NomosClient(session, FixedToken(answer), os.environ["NOMOS_API_URL"])
        subscriptions = await client.subscriptions()
        assert [record.id for record in subscriptions.records] == [
            household.subscription_id
        ]

    async def test_code_works_once(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """A code can be used once."""
        code = self.code(simulator, household)
        await self.redeem(session, code)
        with pytest.raises(NomosAuthError) as caught:
            await self.redeem(session, code)
        assert caught.value.status == 400
        assert caught.value.request_id

    async def test_code_with_wrong_verifier(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """A code is refused without the verifier of its challenge."""
        with pytest.raises(NomosAuthError) as caught:
            await self.redeem(session, self.code(simulator, household), "another" * 9)
        assert caught.value.code == "BAD_REQUEST"

    async def test_expired_code(
        self,
        session: ClientSession,
        simulator: Simulator,
        household: Household,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        """A code expires after ten minutes."""
        code = self.code(simulator, household)
        freezer.tick(600)
        with pytest.raises(NomosAuthError):
            await self.redeem(session, code)

    async def test_refusal_with_details(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """The error of a refused code has the API's error codes."""
        with pytest.raises(NomosAuthError) as caught:
            await self.redeem(session, "no such code")
        assert caught.value.details == ("invalid_value",)

    async def test_refresh_tokens_rotate(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """A refresh token can be used once and is replaced by the next one."""
        first = await self.redeem(session, self.code(simulator, household))
        second = await self.login(
            session, grant_type="refresh_token", refresh_token=first["refresh_token"]
        )
        third = await self.login(
            session, grant_type="refresh_token", refresh_token=second["refresh_token"]
        )
        answers = (first, second, third)
        assert len({answer["refresh_token"] for answer in answers}) == 3
        assert len({answer["access_token"] for answer in answers}) == 3
        with pytest.raises(NomosAuthError) as caught:
            await self.login(
                session,
                grant_type="refresh_token",
                refresh_token=first["refresh_token"],
            )
        assert (caught.value.status, caught.value.code) == (401, "UNAUTHORIZED")

    async def test_revoked_consent(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """A refresh token is refused after the customer revokes the consent."""
        answer = await self.redeem(session, self.code(simulator, household))
        simulator.revoke_consent(household.customer_id)
        with pytest.raises(NomosAuthError):
            await self.login(
                session,
                grant_type="refresh_token",
                refresh_token=answer["refresh_token"],
            )

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"expires_in": 3600},
            {"access_token": None, "expires_in": 3600},
            {"access_token": "", "expires_in": 3600},
            {"access_token": 7, "expires_in": 3600},
            {"access_token": "t\ud800", "expires_in": 3600},
            {"access_token": "t" * 7001, "expires_in": 3600},
            {"refresh_token": "token", "expires_in": 3600},
        ],
    )
    async def test_invalid_answer(
        self, session: ClientSession, fake_nomos: FakeNomos, body: Mapping[str, Any]
    ) -> None:
        """An answer without a valid token and lifetime is refused."""
        fake_nomos.respond_with(Answer(body))
        with pytest.raises(NomosResponseError):
            await request_token(session, fake_nomos.url, "id", "secret", {})

    @pytest.mark.parametrize(
        ("expires_in", "lifetime"),
        [
            (3600, 3600),
            (90.5, 90.5),
            ("1800", 1800),
            (" 1800.5 ", 1800.5),
            (1, 60),
            (0.5, 60),
            (10**9, 86400),
            ("1e9", 86400),
            (0, 3600),
            (-1, 3600),
            ("1e999", 3600),
            ("nan", 3600),
            ("9" * 10_000, 3600),
            (10**30, 3600),
            ("", 3600),
            ("soon", 3600),
            (None, 3600),
            (True, 3600),
            ([3600], 3600),
        ],
        ids=lambda value: repr(value)[:12],
    )
    async def test_lifetime(
        self,
        session: ClientSession,
        fake_nomos: FakeNomos,
        expires_in: Any,
        lifetime: float,
    ) -> None:
        """Whatever the lifetime says, it is a number between a minute and a day."""
        body = {"access_token": "token", "expires_in": expires_in, "scope": "read:*"}
        fake_nomos.respond_with(Answer(body))
        answer = await request_token(session, fake_nomos.url, "id", "secret", {})
        assert answer == {**body, "expires_in": lifetime}

    async def test_lifetime_is_missing(
        self, session: ClientSession, fake_nomos: FakeNomos
    ) -> None:
        """A token without a lifetime is valid for an hour."""
        fake_nomos.respond_with(Answer({"access_token": "token"}))
        answer = await request_token(session, fake_nomos.url, "id", "secret", {})
        assert answer == {"access_token": "token", "expires_in": 3600}

    @pytest.mark.parametrize("value", [None, 7, True, "", "to\nken", "t\ud800", ["t"]])
    @pytest.mark.parametrize("field", ["access_token", "refresh_token", "scope"])
    async def test_valid_parts(
        self, session: ClientSession, fake_nomos: FakeNomos, field: str, value: Any
    ) -> None:
        """An invalid part of the answer to a refresh token is left out."""
        body = {"access_token": "new", "refresh_token": "next", "scope": "read:*"}
        fake_nomos.respond_with(Answer({**body, field: value, "note": "\ud800"}))
        form = {"grant_type": "refresh_token", "refresh_token": "last"}
        answer = await request_token(session, fake_nomos.url, "id", "secret", form)
        del body[field]
        assert answer == {**body, "expires_in": 3600}

    async def test_no_valid_part(
        self, session: ClientSession, fake_nomos: FakeNomos
    ) -> None:
        """Without any valid token, the answer is refused."""
        fake_nomos.respond_with(Answer({"access_token": None, "refresh_token": 7}))
        form = {"grant_type": "refresh_token", "refresh_token": "last"}
        with pytest.raises(NomosResponseError):
            await request_token(session, fake_nomos.url, "id", "secret", form)

    async def test_code_without_refresh_token(
        self, session: ClientSession, fake_nomos: FakeNomos
    ) -> None:
        """A login that could not last is refused, before it replaces another one."""
        fake_nomos.respond_with(Answer({"access_token": "t", "refresh_token": None}))
        form = {"grant_type": "authorization_code", "code": "code"}
        with pytest.raises(NomosResponseError):
            await request_token(session, fake_nomos.url, "id", "secret", form)
