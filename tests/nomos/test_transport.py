"""What is sent, what is sent again, and what each bad answer becomes."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
import os
from types import SimpleNamespace
from typing import Any

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    TraceConfig,
    TraceRequestStartParams,
    web,
)
from aiohttp.test_utils import TestServer, unused_port
from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.nomos_energy.nomos import (
    PRODUCTION_URL,
    ClientCredentials,
    FixedToken,
    NomosAuthError,
    NomosClient,
    NomosConnectionError,
    NomosError,
    NomosForbiddenError,
    NomosNotFoundError,
    NomosRateLimitError,
    NomosResponseError,
    transport,
)
from simulator import CURRENT, OLDER, Fault, Simulator
from tests.conftest import NOW
from tests.nomos.conftest import EMPTY_LIST, Answer, StandIn, warnings

ENVELOPE: Mapping[str, Any] = {
    "code": "BAD_REQUEST",
    "message": "Jana Brandt, Lindenallee 7a, has no such plan",
    "requestId": "req_1",
    "docs": "https://docs.nomos.energy",
    "errors": [
        {"code": "unsupported_product", "field": "plan", "message": "not for Jana"},
        {"code": "ended_subscription", "field": "subscription", "message": "over"},
    ],
}
PROXY_PAGE = "<!DOCTYPE html><html><body>Please log in to the hotel</body></html>"


class EndlessTokens:
    """Another token whenever one is asked for."""

    def __init__(self) -> None:
        """Begin with the first."""
        self.rejected: list[str | None] = []

    async def access_token(self, rejected: str | None = None) -> str:
        """Note what was refused and return the next one."""
        self.rejected.append(rejected)
        return f"token-{len(self.rejected)}"

    async def scopes(self) -> frozenset[str]:
        """Return what the tokens allow."""
        return frozenset()


class TestRequest:
    """What Nomos gets to see."""

    async def test_bearer_token_and_version(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """Every request carries the token and the version it was written for."""
        await strange_client.meter_orders()
        assert stand_in.received[0].headers["Authorization"] == "Bearer access-token"
        assert stand_in.received[0].headers["X-API-Version"] == CURRENT

    async def test_version_of_a_login(
        self, session: ClientSession, stand_in: StandIn
    ) -> None:
        """The token endpoint is told the version as well."""
        stand_in.says(Answer({"access_token": "token", "expires_in": 3600}))
        await ClientCredentials(session, stand_in.url, "id", "secret").access_token()
        assert stand_in.received[0].raw_path == "/oauth/token"
        assert stand_in.received[0].headers["X-API-Version"] == CURRENT

    async def test_ids_stay_in_their_place(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """An id, whatever it looks like, leads to no other operation."""
        for ask in (strange_client.subscription, strange_client.plan):
            with pytest.raises(NomosResponseError):
                await ask("x/../meter-orders?limit=1#%")
        assert [request.raw_path for request in stand_in.received] == [
            "/subscriptions/x%2F..%2Fmeter-orders%3Flimit=1%23%25",
            "/plans/x%2F..%2Fmeter-orders%3Flimit=1%23%25",
        ]

    async def test_production_is_asked_unless_told_otherwise(self) -> None:
        """Without an address, Nomos' own is asked, and over HTTPS only."""
        asked: list[str] = []

        async def no_further(
            _: ClientSession, __: SimpleNamespace, request: TraceRequestStartParams
        ) -> None:
            asked.append(str(request.url))
            raise ClientError

        trace = TraceConfig()
        trace.on_request_start.append(no_further)
        async with ClientSession(trace_configs=[trace]) as session:
            with pytest.raises(NomosConnectionError):
                await NomosClient(session, FixedToken({"access_token": "token"})).plan(
                    "pln_1"
                )
        assert asked == ["https://api.nomos.energy/plans/pln_1"]
        assert PRODUCTION_URL == "https://api.nomos.energy"


class TestVersionEcho:
    """Which version answered."""

    async def test_another_version_is_said_once(
        self,
        strange_client: NomosClient,
        stand_in: StandIn,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """An answer of another version is used, and the log says so once."""
        stand_in.says(Answer(EMPTY_LIST, headers={"X-API-Version": OLDER}))
        for _ in range(3):
            assert (await strange_client.meter_orders()).records == ()
        assert warnings(caplog) == [f"Nomos answered as version '{OLDER}' of its API"]

    @pytest.mark.parametrize("headers", [{}, {"X-API-Version": CURRENT}])
    async def test_nothing_is_said_about_the_right_one(
        self,
        strange_client: NomosClient,
        stand_in: StandIn,
        caplog: pytest.LogCaptureFixture,
        headers: Mapping[str, str],
    ) -> None:
        """The right version, or none at all, is nothing to talk about."""
        stand_in.says(Answer(EMPTY_LIST, headers=headers))
        await strange_client.meter_orders()
        assert warnings(caplog) == []


class TestErrors:
    """What went wrong, in a form that can be acted on."""

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, NomosError),
            (401, NomosAuthError),
            (402, NomosError),
            (403, NomosForbiddenError),
            (404, NomosNotFoundError),
            (405, NomosError),
            (409, NomosError),
            (422, NomosError),
            (429, NomosRateLimitError),
            (500, NomosError),
            (503, NomosError),
        ],
    )
    async def test_every_error_says_what_support_needs(
        self,
        session: ClientSession,
        stand_in: StandIn,
        status: int,
        kind: type[NomosError],
    ) -> None:
        """Each status has its meaning, and comes with code, request and details."""
        stand_in.says(Answer({**ENVELOPE, "code": "A_WORD"}, status))
        nomos = NomosClient(session, EndlessTokens(), stand_in.url)
        with pytest.raises(NomosError) as caught:
            await nomos.meter_orders()
        error = caught.value
        assert type(error) is kind
        assert error.status == status
        assert error.code == "A_WORD"
        assert error.request_id == "req_1"
        assert error.details == ("unsupported_product", "ended_subscription")
        assert str(error) == (
            f"Nomos refused the request (status {status}, code A_WORD, request req_1)"
        )

    async def test_texts_hold_nothing_personal(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """What Nomos says in its message can repeat what was sent; it stays out."""
        stand_in.says(Answer(ENVELOPE, 400))
        with pytest.raises(NomosError) as caught:
            await strange_client.meter_orders()
        error = caught.value
        everything = f"{error} {error!r} {error.args} {vars(error)}"
        assert "Jana" not in everything
        assert "Lindenallee" not in everything
        assert "access-token" not in everything

    @pytest.mark.parametrize(
        ("body", "code", "request_id", "details"),
        [
            (PROXY_PAGE, None, None, ()),
            ("", None, None, ()),
            (["BAD_REQUEST"], None, None, ()),
            ({"code": 7, "requestId": None}, None, None, ()),
            ({"code": "c" * 999, "requestId": "r\nJana Brandt"}, None, None, ()),
            ({"errors": {"code": "x"}}, None, None, ()),
            (
                {"errors": ["x", None, {}, {"code": 1}, {"code": ""}, {"code": "y"}]},
                None,
                None,
                ("y",),
            ),
        ],
    )
    async def test_refusals_of_somebody_else(
        self,
        strange_client: NomosClient,
        stand_in: StandIn,
        body: Any,
        code: str | None,
        request_id: str | None,
        details: tuple[str, ...],
    ) -> None:
        """A refusal in other words is one all the same; what fits is kept."""
        stand_in.says(Answer(body, 400))
        with pytest.raises(NomosError) as caught:
            await strange_client.meter_orders()
        error = caught.value
        assert (error.status, error.code) == (400, code)
        assert (error.request_id, error.details) == (request_id, details)

    @pytest.mark.parametrize("status", [401, 403, 404])
    async def test_somebody_in_between_is_not_nomos(
        self, strange_client: NomosClient, stand_in: StandIn, status: int
    ) -> None:
        """A proxy's page voids no login, and ends no contract."""
        stand_in.says(Answer(PROXY_PAGE, status))
        with pytest.raises(NomosResponseError) as caught:
            await strange_client.meter_orders()
        assert caught.value.status == status
        assert len(stand_in.received) == 1

    def test_error_without_an_answer(self) -> None:
        """Where there was no answer, the reason is all there is to say."""
        error = NomosConnectionError("Nomos can't be reached")
        assert str(error) == error.reason == "Nomos can't be reached"

    @pytest.mark.parametrize(
        "body", [PROXY_PAGE, "", "null", "7", [], [{"items": []}], '{"items": [']
    )
    async def test_answers_of_somebody_else(
        self,
        strange_client: NomosClient,
        stand_in: StandIn,
        waits: list[float],
        body: Any,
    ) -> None:
        """A success that is no JSON object is refused and not asked for again."""
        stand_in.says(Answer(body))
        with pytest.raises(NomosResponseError, match="status 200"):
            await strange_client.meter_orders()
        assert len(stand_in.received) == 1
        assert waits == []

    @pytest.mark.parametrize("fault", [Fault.HTML, Fault.TRUNCATED_JSON])
    async def test_garbled_answers(
        self,
        client: NomosClient,
        simulator: Simulator,
        waits: list[float],
        fault: Fault,
    ) -> None:
        """HTML and half an answer are not asked for again."""
        simulator.fail(fault, path="/meter-orders")
        with pytest.raises(NomosResponseError):
            await client.meter_orders()
        assert [request.path for request in simulator.requests] == [
            "/oauth/token",
            "/meter-orders",
        ]
        assert waits == []

    async def test_a_bottomless_answer_is_refused(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """JSON that is nested too deep is no answer."""
        stand_in.says(Answer("[" * 200_000))
        with pytest.raises(NomosResponseError):
            await strange_client.meter_orders()


class TestRedirects:
    """The API has none."""

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_redirects_are_not_followed(
        self,
        session: ClientSession,
        stand_in: StandIn,
        simulator: Simulator,
        status: int,
    ) -> None:
        """Nobody gets the token by pointing elsewhere."""
        elsewhere = os.environ["NOMOS_API_URL"]
        stand_in.says(Answer("", status, {"Location": f"{elsewhere}/meter-orders"}))
        tokens = EndlessTokens()
        with pytest.raises(NomosResponseError) as caught:
            await NomosClient(session, tokens, stand_in.url).meter_orders()
        assert caught.value.status == status
        assert simulator.requests == []
        assert len(stand_in.received) == 1

    async def test_logins_are_not_redirected(
        self, session: ClientSession, stand_in: StandIn, simulator: Simulator
    ) -> None:
        """Nobody gets the secret by pointing elsewhere."""
        elsewhere = os.environ["NOMOS_API_URL"]
        stand_in.says(Answer("", 307, {"Location": f"{elsewhere}/oauth/token"}))
        tokens = ClientCredentials(session, stand_in.url, "id", "secret")
        with pytest.raises(NomosResponseError):
            await tokens.access_token()
        assert simulator.requests == []

    async def test_a_redirect_is_no_answer(
        self, strange_client: NomosClient, stand_in: StandIn
    ) -> None:
        """What a redirect says in its body is not believed."""
        stand_in.says(Answer(EMPTY_LIST, 302, {"Location": "/elsewhere"}))
        with pytest.raises(NomosResponseError):
            await strange_client.meter_orders()


class TestRepeating:
    """What is worth asking again, and when."""

    @pytest.mark.parametrize(
        "fault", [Fault.RATE_LIMIT, Fault.SERVER_ERROR, Fault.BAD_GATEWAY]
    )
    async def test_passing_trouble_passes(
        self,
        client: NomosClient,
        simulator: Simulator,
        waits: list[float],
        fault: Fault,
    ) -> None:
        """Too many requests and broken servers are worth another try."""
        simulator.fail(fault, path="/meter-orders", times=2, seconds=3)
        assert (await client.meter_orders()).records == ()
        assert len(waits) == 2
        assert [request.path for request in simulator.requests] == [
            "/oauth/token",
            *["/meter-orders"] * 3,
        ]

    async def test_logins_are_repeated_as_well(
        self, client: NomosClient, simulator: Simulator, waits: list[float]
    ) -> None:
        """The token endpoint may have its trouble, too."""
        simulator.fail(Fault.SERVER_ERROR, path="/oauth/token", times=2)
        assert (await client.meter_orders()).records == ()
        assert len(waits) == 2

    async def test_waits_grow_and_differ(
        self, strange_client: NomosClient, stand_in: StandIn, waits: list[float]
    ) -> None:
        """Each wait is longer than the last one, and no two clients wait alike."""
        stand_in.says(Answer(PROXY_PAGE, 503))
        for _ in range(2):
            with pytest.raises(NomosError, match="status 503"):
                await strange_client.meter_orders()
        first, second = waits[:4], waits[4:]
        assert len(stand_in.received) == 2 * 5
        for wait, longest in zip(first + second, [1, 2, 4, 8] * 2, strict=True):
            assert longest / 2 <= wait <= longest
        assert first != second

    @pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 409, 422])
    async def test_a_clear_no_is_not_asked_again(
        self,
        strange_client: NomosClient,
        stand_in: StandIn,
        waits: list[float],
        status: int,
    ) -> None:
        """Asking again does not change what was wrong with the question."""
        stand_in.says(
            Answer(ENVELOPE, status, {"Retry-After": "1"}), Answer(EMPTY_LIST)
        )
        with pytest.raises(NomosError):
            await strange_client.meter_orders()
        assert len(stand_in.received) == 1
        assert waits == []

    @pytest.mark.parametrize("in_header", [True, False])
    async def test_nomos_says_how_long(
        self,
        client: NomosClient,
        simulator: Simulator,
        waits: list[float],
        in_header: bool,
    ) -> None:
        """The seconds that Nomos names, in a header or a sentence, are waited."""
        simulator.fail(
            Fault.RATE_LIMIT,
            path="/meter-orders",
            times=1,
            seconds=7,
            retry_after=in_header,
        )
        assert (await client.meter_orders()).records == ()
        assert waits == [7]

    @pytest.mark.parametrize("in_header", [True, False])
    async def test_too_long_to_wait(
        self,
        client: NomosClient,
        simulator: Simulator,
        waits: list[float],
        in_header: bool,
    ) -> None:
        """A wait beyond 30 seconds is left to the caller, who is told how long."""
        simulator.fail(
            Fault.RATE_LIMIT, path="/meter-orders", seconds=45, retry_after=in_header
        )
        with pytest.raises(NomosRateLimitError) as caught:
            await client.meter_orders()
        assert caught.value.retry_after == 45
        assert waits == []

    @pytest.mark.parametrize(
        ("status", "headers", "message", "wait"),
        [
            pytest.param(429, {"Retry-After": "5"}, "", 5, id="header"),
            pytest.param(
                429, {"Retry-After": "5"}, "in 9 seconds", 5, id="header before message"
            ),
            pytest.param(503, {"Retry-After": "5"}, "", 5, id="header of a 503"),
            pytest.param(
                429,
                {"Retry-After": "Mon, 23 Nov 2026 10:00:07 GMT"},
                "",
                7,
                id="date",
            ),
            pytest.param(
                429,
                {"Retry-After": "Mon, 23 Nov 2026 09:59:00 GMT"},
                "",
                0,
                id="date in the past",
            ),
            pytest.param(429, {}, "Try again in 12 seconds.", 12, id="message"),
            pytest.param(429, {}, "Retry after 1.5s", 1.5, id="fraction in message"),
            pytest.param(429, {}, "wait 8 SEC", 8, id="short in message"),
        ],
    )
    async def test_ways_to_say_how_long(
        self,
        freezer: FrozenDateTimeFactory,
        strange_client: NomosClient,
        stand_in: StandIn,
        waits: list[float],
        status: int,
        headers: Mapping[str, str],
        message: str,
        wait: float,
    ) -> None:
        """A header counts, in seconds or as a date, and then the message."""
        freezer.move_to(NOW)
        stand_in.says(Answer({"message": message}, status, headers), Answer(EMPTY_LIST))
        await strange_client.meter_orders()
        assert waits == [wait]

    @pytest.mark.parametrize(
        ("status", "headers", "message"),
        [
            pytest.param(429, {}, None, id="nothing"),
            pytest.param(429, {}, "Too many requests", id="no number"),
            pytest.param(429, {}, "Only 2 such requests", id="another number"),
            pytest.param(500, {}, "in 9 seconds", id="message of a 500"),
            pytest.param(429, {"Retry-After": "soon"}, None, id="no date"),
            # A date of no zone can't be compared with any time.
            pytest.param(
                429,
                {"Retry-After": "Mon, 23 Nov 2026 10:00:07 -0000"},
                None,
                id="no zone",
            ),
        ],
    )
    async def test_nobody_says_how_long(
        self,
        strange_client: NomosClient,
        stand_in: StandIn,
        waits: list[float],
        status: int,
        headers: Mapping[str, str],
        message: str | None,
    ) -> None:
        """Without a number that can be read, the client's own waits apply."""
        stand_in.says(Answer({"message": message}, status, headers), Answer(EMPTY_LIST))
        await strange_client.meter_orders()
        assert len(waits) == 1
        assert 0.5 <= waits[0] <= 1

    @pytest.mark.parametrize(
        ("status", "headers", "retry_after"),
        [
            (429, {}, 60),
            (429, {"Retry-After": "0"}, 60),
            (429, {"Retry-After": "1"}, 1),
            (429, {"Retry-After": "3600"}, 3600),
            # Nobody means weeks; whoever says so would stop the integration.
            (429, {"Retry-After": "9999999"}, 24 * 3600),
            (503, {"Retry-After": "120"}, 120),
            (503, {}, None),
        ],
    )
    async def test_giving_up_says_how_long(
        self,
        strange_client: NomosClient,
        stand_in: StandIn,
        status: int,
        headers: Mapping[str, str],
        retry_after: float | None,
    ) -> None:
        """Who gives up passes on how long to wait, a minute where nobody said."""
        stand_in.says(Answer({}, status, headers))
        with pytest.raises(NomosError) as caught:
            await strange_client.meter_orders()
        assert caught.value.retry_after == retry_after

    @pytest.mark.parametrize(
        ("status", "kind"), [(429, NomosRateLimitError), (503, NomosError)]
    )
    async def test_gives_up_within_30_seconds(
        self,
        freezer: FrozenDateTimeFactory,
        monkeypatch: pytest.MonkeyPatch,
        strange_client: NomosClient,
        stand_in: StandIn,
        status: int,
        kind: type[NomosError],
    ) -> None:
        """A wait that would end after 30 seconds is not begun."""
        waited: list[float] = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)
            freezer.tick(seconds)

        monkeypatch.setattr(transport, "sleep", sleep)
        stand_in.says(Answer({}, status, {"Retry-After": "12"}))
        with pytest.raises(kind) as caught:
            await strange_client.meter_orders()
        assert waited == [12, 12]
        assert caught.value.retry_after == 12
        assert len(stand_in.received) == 3


class TestNoAnswer:
    """Nobody is there, or nobody says anything."""

    async def test_nobody_listens(
        self, session: ClientSession, socket_enabled: None, waits: list[float]
    ) -> None:
        """A closed port is a connection error, without an answer's facts."""
        url = f"http://127.0.0.1:{unused_port()}"
        with pytest.raises(NomosConnectionError) as caught:
            await NomosClient(
                session, FixedToken({"access_token": "token"}), url
            ).meter_orders()
        assert str(caught.value) == "Nomos can't be reached"
        assert caught.value.status is None
        assert waits == []

    async def test_connection_reset_at_login(
        self, client: NomosClient, simulator: Simulator, waits: list[float]
    ) -> None:
        """A login that breaks off is not sent again: it may have been heard."""
        simulator.fail(Fault.CONNECTION_RESET)
        with pytest.raises(NomosConnectionError):
            await client.meter_orders()
        assert [request.path for request in simulator.requests] == ["/oauth/token"]
        assert waits == []

    async def test_connection_reset_while_reading(
        self, client: NomosClient, simulator: Simulator, waits: list[float]
    ) -> None:
        """A connection that breaks under a question ends the call without a wait."""
        await client.meter_orders()
        simulator.requests.clear()
        simulator.fail(Fault.CONNECTION_RESET)
        with pytest.raises(NomosConnectionError) as caught:
            await client.meter_orders()
        assert caught.value.status is None
        # aiohttp takes it for a connection that was kept too long, and asks a
        # second time on a new one; the client adds none of its own.
        assert len(simulator.requests) <= 2
        assert waits == []

    async def test_answer_that_breaks_off(
        self, session: ClientSession, socket_enabled: None, waits: list[float]
    ) -> None:
        """Half a body is no answer."""

        async def half(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"items": [')
            if request.transport:
                request.transport.close()
            return response

        app = web.Application()
        app.router.add_get("/meter-orders", half)
        async with TestServer(app, host="127.0.0.1") as server:
            nomos = NomosClient(
                session,
                FixedToken({"access_token": "token"}),
                str(server.make_url("")).rstrip("/"),
            )
            with pytest.raises(NomosConnectionError):
                await nomos.meter_orders()
        assert waits == []

    @pytest.fixture
    async def silence(self, socket_enabled: None) -> AsyncGenerator[str]:
        """Serve an API that takes every question and answers none."""
        over = asyncio.Event()

        async def wait(_: web.Request) -> web.Response:
            await over.wait()
            return web.Response()

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", wait)
        async with TestServer(app, host="127.0.0.1") as server:
            yield str(server.make_url("")).rstrip("/")
            over.set()

    @pytest.fixture
    def impatience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Give up after a twentieth of a second instead of 30."""
        monkeypatch.setattr(transport, "GIVE_UP_AFTER", 0.05)

    async def test_silence(
        self, session: ClientSession, silence: str, impatience: None
    ) -> None:
        """Who does not answer in time is not reached."""
        with pytest.raises(NomosConnectionError) as caught:
            await NomosClient(
                session, FixedToken({"access_token": "token"}), silence
            ).meter_orders()
        assert str(caught.value) == "Nomos did not answer in time"

    async def test_silence_at_login(
        self, session: ClientSession, silence: str, impatience: None
    ) -> None:
        """A login that is not answered ends in time, with or without a request."""
        tokens = ClientCredentials(session, silence, "id", "secret")
        with pytest.raises(NomosConnectionError, match="in time"):
            await tokens.access_token()
        with pytest.raises(NomosConnectionError, match="in time"):
            await NomosClient(session, tokens, silence).meter_orders()

    async def test_token_that_never_comes(
        self, session: ClientSession, stand_in: StandIn, impatience: None
    ) -> None:
        """Waiting for somebody else's token refresh counts as well."""

        class Never:
            async def access_token(self, rejected: str | None = None) -> str:
                await asyncio.Event().wait()
                raise AssertionError("unreachable")

            async def scopes(self) -> frozenset[str]:
                return frozenset()

        with pytest.raises(NomosConnectionError, match="in time"):
            await NomosClient(session, Never(), stand_in.url).meter_orders()
        assert stand_in.received == []

    async def test_session_of_less_patience(
        self, socket_enabled: None, silence: str
    ) -> None:
        """The time limit of the session that was handed in is respected."""
        async with ClientSession(timeout=ClientTimeout(total=0.05)) as session:
            with pytest.raises(NomosConnectionError, match="in time"):
                await NomosClient(
                    session, FixedToken({"access_token": "token"}), silence
                ).meter_orders()
