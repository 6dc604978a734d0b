"""Where tokens come from."""

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
from tests.nomos.conftest import Answer, StandIn

REDIRECT_URI = APP.redirect_uris[0]
VERIFIER = "a-verifier-of-at-least-forty-three-characters-it-is"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .rstrip(b"=")
    .decode()
)


def logins(simulator: Simulator) -> int:
    """Return how often the token endpoint was asked."""
    return sum(request.path == "/oauth/token" for request in simulator.requests)


class TestClientCredentials:
    """An organisation's own key."""

    async def test_basic_authentication_and_nothing_else(
        self, session: ClientSession, stand_in: StandIn
    ) -> None:
        """Id and secret travel in the header alone, the grant in a form."""
        stand_in.says(Answer({"access_token": "token", "expires_in": 3600}))
        tokens = ClientCredentials(session, stand_in.url, "id", "secret: ä")
        assert await tokens.access_token() == "token"
        (request,) = stand_in.received
        assert request.method == "POST"
        kind, _, encoded = request.headers["Authorization"].partition(" ")
        assert kind == "Basic"
        assert base64.b64decode(encoded).decode() == "id:secret: ä"
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert request.body == "grant_type=client_credentials"

    async def test_token_is_used_until_shortly_before_its_end(
        self,
        credentials: ClientCredentials,
        simulator: Simulator,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        """A token of an hour is good for an hour less 30 seconds."""
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
        """Whoever asks while a token is on its way gets that one."""
        tokens = await asyncio.gather(*(credentials.access_token() for _ in range(20)))
        assert len(set(tokens)) == 1
        assert logins(simulator) == 1

    async def test_concurrent_callers_share_one_refresh(
        self, credentials: ClientCredentials, simulator: Simulator
    ) -> None:
        """A token that many saw refused is replaced once, also for who comes late."""
        refused = await credentials.access_token()
        tokens = await asyncio.gather(
            *(credentials.access_token(rejected=refused) for _ in range(20))
        )
        assert refused not in tokens
        assert {*tokens, await credentials.access_token(rejected=refused)} == {
            tokens[0]
        }
        assert logins(simulator) == 2

    async def test_waiting_callers_survive_a_failure(
        self, credentials: ClientCredentials, simulator: Simulator
    ) -> None:
        """A login that fails for one is tried for the next."""
        simulator.fail(Fault.CONNECTION_RESET, path="/oauth/token", times=1)
        answers = await asyncio.gather(
            *(credentials.access_token() for _ in range(3)), return_exceptions=True
        )
        assert isinstance(answers[0], NomosConnectionError)
        assert answers[1] == answers[2] == await credentials.access_token()

    async def test_cancelled_caller_keeps_nobody_waiting(
        self, credentials: ClientCredentials
    ) -> None:
        """Who no longer wants a token leaves the way free for others."""
        impatient = asyncio.create_task(credentials.access_token())
        patient = asyncio.create_task(credentials.access_token())
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient == await credentials.access_token()
        assert impatient.cancelled()

    async def test_wrong_secret(
        self, session: ClientSession, simulator: Simulator, waits: list[float]
    ) -> None:
        """A wrong secret is refused once and for all."""
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

    async def test_key_that_is_no_organisations(
        self, session: ClientSession, simulator: Simulator
    ) -> None:
        """An application that acts for customers has no tokens of its own."""
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
        """An id that HTTP Basic can't carry is wrong without asking."""
        tokens = ClientCredentials(session, os.environ["NOMOS_API_URL"], "a:b", "c")
        with pytest.raises(NomosAuthError):
            await tokens.access_token()
        assert simulator.requests == []

    async def test_trouble_is_not_taken_for_a_refusal(
        self,
        session: ClientSession,
        credentials: ClientCredentials,
        simulator: Simulator,
    ) -> None:
        """Nobody has to log in again because Nomos is down or busy."""
        simulator.fail(Fault.SERVER_ERROR, path="/oauth/token", times=5)
        with pytest.raises(NomosError) as caught:
            await credentials.access_token()
        assert type(caught.value) is NomosError
        simulator.fail(Fault.RATE_LIMIT, path="/oauth/token", times=1, seconds=90)
        with pytest.raises(NomosRateLimitError):
            await credentials.access_token()
        assert await credentials.access_token()

    async def test_token_that_no_header_can_carry(
        self, session: ClientSession, stand_in: StandIn
    ) -> None:
        """A token with a line break is an answer that Nomos would not give."""
        stand_in.says(Answer({"access_token": "to\nken", "expires_in": 3600}))
        tokens = ClientCredentials(session, stand_in.url, "id", "secret")
        with pytest.raises(NomosResponseError):
            await NomosClient(session, tokens, stand_in.url).meter_orders()

    async def test_token_that_lives_too_long(
        self, session: ClientSession, stand_in: StandIn
    ) -> None:
        """A life time beyond all measure breaks nothing."""
        stand_in.says(Answer({"access_token": "token", "expires_in": 10**400}))
        tokens = ClientCredentials(session, stand_in.url, "id", "secret")
        with pytest.raises(NomosResponseError):
            await tokens.access_token()


class TestFixedToken:
    """A token that was just received."""

    async def test_is_what_it_is(self) -> None:
        """It is handed out as often as it is asked for."""
        tokens = FixedToken({"access_token": "token"})
        assert [await tokens.access_token() for _ in range(2)] == ["token", "token"]

    async def test_has_no_other(self) -> None:
        """Once it is refused, there is still no other one to try."""
        assert (
            await FixedToken({"access_token": "token"}).access_token(rejected="token")
            == "token"
        )


class TestRequestToken:
    """The token endpoint, for whoever has a code or a refresh token."""

    @pytest.fixture
    def household(self, simulator: Simulator) -> Household:
        """Return the household of the customer who logs in; there is another one."""
        simulator.add(scenarios.happy_path(2))
        return simulator.add(scenarios.happy_path())

    @staticmethod
    def code(simulator: Simulator, household: Household) -> str:
        """Return the code that the customer's consent is worth."""
        return simulator.authorize(
            APP.client_id,
            REDIRECT_URI,
            customer_id=household.customer_id,
            code_challenge=CHALLENGE,
        )

    @staticmethod
    async def login(session: ClientSession, **form: str) -> dict[str, Any]:
        """Ask the token endpoint as the application."""
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
        """A code is worth tokens with which the customer's own data can be read."""
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
        """A code that was used has to be asked for again."""
        code = self.code(simulator, household)
        await self.redeem(session, code)
        with pytest.raises(NomosAuthError) as caught:
            await self.redeem(session, code)
        assert caught.value.status == 400
        assert caught.value.request_id

    async def test_code_of_somebody_else(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """Without the verifier to its challenge, a code is worth nothing."""
        with pytest.raises(NomosAuthError) as caught:
            await self.redeem(session, self.code(simulator, household), "another" * 9)
        assert caught.value.code == "BAD_REQUEST"

    async def test_old_code(
        self,
        session: ClientSession,
        simulator: Simulator,
        household: Household,
        freezer: FrozenDateTimeFactory,
    ) -> None:
        """A code lives ten minutes."""
        code = self.code(simulator, household)
        freezer.tick(600)
        with pytest.raises(NomosAuthError):
            await self.redeem(session, code)

    async def test_refusal_with_details(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """A code that is refused says why, in the API's words."""
        with pytest.raises(NomosAuthError) as caught:
            await self.redeem(session, "no such code")
        assert caught.value.details == ("invalid_value",)

    async def test_refresh_tokens_rotate(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """A refresh token brings the next one, and is spent."""
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

    async def test_consent_withdrawn(
        self, session: ClientSession, simulator: Simulator, household: Household
    ) -> None:
        """A customer who withdraws consent has to log in again."""
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
            {"access_token": "token"},
            {"access_token": "token", "expires_in": None},
            {"access_token": "token", "expires_in": "3600"},
        ],
    )
    async def test_answer_without_a_token(
        self, session: ClientSession, stand_in: StandIn, body: Mapping[str, Any]
    ) -> None:
        """A login that brings no token, or no word on its life, is no login."""
        stand_in.says(Answer(body))
        with pytest.raises(NomosResponseError):
            await request_token(session, stand_in.url, "id", "secret", {})

    @pytest.mark.parametrize("expires_in", [3600, 59.5])
    async def test_answer_comes_whole(
        self, session: ClientSession, stand_in: StandIn, expires_in: float
    ) -> None:
        """Whatever else the token endpoint says is handed on."""
        body = {"access_token": "token", "expires_in": expires_in, "scope": "read:*"}
        stand_in.says(Answer(body))
        assert await request_token(session, stand_in.url, "id", "secret", {}) == body
