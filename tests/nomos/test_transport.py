"""Tests of requests, retries and errors."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
import json
import os
from types import SimpleNamespace
from typing import Any
import zlib

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
from tests.nomos.common import EMPTY_LIST, ORDER, Answer, FakeNomos, an_order, warnings

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
    """Token source with a new token for each call."""

    def __init__(self) -> None:
        """Initialize the source."""
        self.rejected: list[str | None] = []

    async def access_token(self, rejected: str | None = None) -> str:
        """Record the rejected token and return a new one."""
        self.rejected.append(rejected)
        return f"token-{len(self.rejected)}"

    async def scopes(self) -> frozenset[str]:
        """Return no scopes."""
        return frozenset()


class TestRequest:
    """Headers and addresses of requests."""

    async def test_bearer_token_and_version(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """Every request has the token and the version of the API."""
        await fake_client.meter_orders()
        assert fake_nomos.received[0].headers["Authorization"] == "Bearer access-token"
        assert fake_nomos.received[0].headers["X-API-Version"] == CURRENT

    async def test_version_of_a_login(
        self, session: ClientSession, fake_nomos: FakeNomos
    ) -> None:
        """A login has the version of the API too."""
        fake_nomos.respond_with(Answer({"access_token": "token", "expires_in": 3600}))
        await ClientCredentials(session, fake_nomos.url, "id", "secret").access_token()
        assert fake_nomos.received[0].raw_path == "/oauth/token"
        assert fake_nomos.received[0].headers["X-API-Version"] == CURRENT

    async def test_ids_are_quoted(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """Special characters of an ID don't change the path."""
        for fetch in (fake_client.subscription, fake_client.plan):
            with pytest.raises(NomosResponseError):
                await fetch("x/../meter-orders?limit=1#%")
        assert [request.raw_path for request in fake_nomos.received] == [
            "/subscriptions/x%2F..%2Fmeter-orders%3Flimit=1%23%25",
            "/plans/x%2F..%2Fmeter-orders%3Flimit=1%23%25",
        ]

    # Before 2026.10, aiohttp leaves the timer of a request that a trace has stopped.
    @pytest.mark.parametrize("expected_lingering_timers", [True])
    async def test_production_url(self) -> None:
        """The default address is the production API over HTTPS."""
        urls: list[str] = []

        async def stop(
            _: ClientSession, __: SimpleNamespace, request: TraceRequestStartParams
        ) -> None:
            urls.append(str(request.url))
            raise ClientError

        trace = TraceConfig()
        trace.on_request_start.append(stop)
        async with ClientSession(trace_configs=[trace]) as session:
            with pytest.raises(NomosConnectionError):
                await NomosClient(session, FixedToken({"access_token": "token"})).plan(
                    "pln_1"
                )
        assert urls == ["https://api.nomos.energy/plans/pln_1"]
        assert PRODUCTION_URL == "https://api.nomos.energy"


class TestVersion:
    """Version of the answer."""

    async def test_other_version(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """An answer of another version is used and logged once."""
        fake_nomos.respond_with(Answer(EMPTY_LIST, headers={"X-API-Version": OLDER}))
        for _ in range(3):
            assert (await fake_client.meter_orders()).records == ()
        assert warnings(caplog) == [f"Nomos answered with version '{OLDER}' of its API"]

    @pytest.mark.parametrize("headers", [{}, {"X-API-Version": CURRENT}])
    async def test_same_version(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        caplog: pytest.LogCaptureFixture,
        headers: Mapping[str, str],
    ) -> None:
        """The requested version, or none, is not logged."""
        fake_nomos.respond_with(Answer(EMPTY_LIST, headers=headers))
        await fake_client.meter_orders()
        assert warnings(caplog) == []


class TestErrors:
    """Errors by status and body of the answer."""

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
    async def test_error_details(
        self,
        session: ClientSession,
        fake_nomos: FakeNomos,
        status: int,
        kind: type[NomosError],
    ) -> None:
        """Each status has its error with code, request ID and details."""
        fake_nomos.respond_with(Answer({**ENVELOPE, "code": "SOME_CODE"}, status))
        nomos = NomosClient(session, EndlessTokens(), fake_nomos.url)
        with pytest.raises(NomosError) as caught:
            await nomos.meter_orders()
        error = caught.value
        assert type(error) is kind
        assert error.status == status
        assert error.code == "SOME_CODE"
        assert error.request_id == "req_1"
        assert error.details == ("unsupported_product", "ended_subscription")
        assert str(error) == (
            f"Nomos refused the request (status {status}, code SOME_CODE, request req_1)"
        )

    async def test_no_personal_data(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """Messages of the API are left out of errors."""
        fake_nomos.respond_with(Answer(ENVELOPE, 400))
        with pytest.raises(NomosError) as caught:
            await fake_client.meter_orders()
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
    async def test_error_without_envelope(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        body: Any,
        code: str | None,
        request_id: str | None,
        details: tuple[str, ...],
    ) -> None:
        """An error of another format is raised with its valid parts."""
        fake_nomos.respond_with(Answer(body, 400))
        with pytest.raises(NomosError) as caught:
            await fake_client.meter_orders()
        error = caught.value
        assert (error.status, error.code) == (400, code)
        assert (error.request_id, error.details) == (request_id, details)

    @pytest.mark.parametrize("status", [401, 403, 404])
    async def test_error_of_proxy(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, status: int
    ) -> None:
        """An error page of a proxy neither voids a login nor removes a contract."""
        fake_nomos.respond_with(Answer(PROXY_PAGE, status))
        with pytest.raises(NomosResponseError) as caught:
            await fake_client.meter_orders()
        assert caught.value.status == status
        assert len(fake_nomos.received) == 1

    def test_error_without_an_answer(self) -> None:
        """Without an answer, the text is the reason."""
        error = NomosConnectionError("Nomos can't be reached")
        assert str(error) == error.reason == "Nomos can't be reached"
        assert error.args == (error.reason,)

    @pytest.mark.parametrize(
        "body", [PROXY_PAGE, "", "null", "7", [], [{"items": []}], '{"items": [']
    )
    async def test_unexpected_answer(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        waits: list[float],
        body: Any,
    ) -> None:
        """An answer that is not a JSON object raises an error without a retry."""
        fake_nomos.respond_with(Answer(body))
        with pytest.raises(NomosResponseError, match="status 200"):
            await fake_client.meter_orders()
        assert len(fake_nomos.received) == 1
        assert waits == []

    @pytest.mark.parametrize("fault", [Fault.HTML, Fault.TRUNCATED_JSON])
    async def test_invalid_json(
        self,
        client: NomosClient,
        simulator: Simulator,
        waits: list[float],
        fault: Fault,
    ) -> None:
        """HTML and truncated JSON raise an error without a retry."""
        simulator.fail(fault, path="/meter-orders")
        with pytest.raises(NomosResponseError):
            await client.meter_orders()
        assert [request.path for request in simulator.requests] == [
            "/oauth/token",
            "/meter-orders",
        ]
        assert waits == []

    async def test_deeply_nested_json(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """Deeply nested JSON raises an error."""
        fake_nomos.respond_with(Answer("[" * 200_000))
        with pytest.raises(NomosResponseError):
            await fake_client.meter_orders()

    @pytest.mark.parametrize("encoding", ["identity", "gzip"])
    @pytest.mark.parametrize("status", [200, 404])
    async def test_large_answer(
        self,
        session: ClientSession,
        socket_enabled: None,
        encoding: str,
        status: int,
    ) -> None:
        """An answer of more than 32 MiB unpacked is not read to its end."""
        sent = 0
        chunk = b" " * 2**20
        packer = zlib.compressobj(wbits=31)

        async def answer(request: web.Request) -> web.StreamResponse:
            nonlocal sent
            response = web.StreamResponse(
                status=status, headers={"Content-Encoding": encoding}
            )
            await response.prepare(request)
            with suppress(ConnectionError):
                for _ in range(200):
                    packed = packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH)
                    await response.write(packed if encoding == "gzip" else chunk)
                    sent += 1
                    await asyncio.sleep(0)
            return response

        app = web.Application()
        app.router.add_get("/meter-orders", answer)
        async with TestServer(app, host="127.0.0.1") as server:
            nomos = NomosClient(
                session,
                FixedToken({"access_token": "token"}),
                str(server.make_url("")).rstrip("/"),
            )
            with pytest.raises(NomosResponseError, match="too large") as caught:
                await nomos.meter_orders()
        assert caught.value.status == status
        assert encoding == "gzip" or sent < 100

    async def test_size_limit(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """An answer of just the permitted size is read."""
        body = json.dumps(EMPTY_LIST)
        monkeypatch.setattr(transport, "LARGEST_BODY", len(body))
        fake_nomos.respond_with(Answer(body), Answer(body + " "))
        assert (await fake_client.meter_orders()).records == ()
        with pytest.raises(NomosResponseError, match="too large"):
            await fake_client.meter_orders()

    @pytest.mark.parametrize(
        "number",
        ["NaN", "-Infinity", "1e999", "9" * 5_000, "1" * 5_000 + ".5"],
        ids=["nan", "infinity", "exponent", "digits", "fraction"],
    )
    async def test_spoilt_number(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, number: str
    ) -> None:
        """A number that can't be read costs its field, not the whole answer."""
        order = json.dumps({**ORDER, "appointment_at": 7}).replace("7", number)
        fake_nomos.respond_with(Answer(f'{{"items": [{order}], "total": {number}}}'))
        assert (await fake_client.meter_orders()).records == (an_order(),)

    async def test_many_details(
        self, fake_client: NomosClient, fake_nomos: FakeNomos
    ) -> None:
        """Of endless error codes, the first ones are kept."""
        errors = [{"code": f"code_{index}"} for index in range(1_000)]
        fake_nomos.respond_with(Answer({**ENVELOPE, "errors": errors}, 400))
        with pytest.raises(NomosError) as caught:
            await fake_client.meter_orders()
        assert caught.value.details == tuple(f"code_{index}" for index in range(20))


class TestRedirects:
    """Redirects, which the API does not have."""

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_no_redirect(
        self,
        session: ClientSession,
        fake_nomos: FakeNomos,
        simulator: Simulator,
        status: int,
    ) -> None:
        """A redirect is not followed, so that the token is not sent elsewhere."""
        other_url = os.environ["NOMOS_API_URL"]
        fake_nomos.respond_with(
            Answer("", status, {"Location": f"{other_url}/meter-orders"})
        )
        tokens = EndlessTokens()
        with pytest.raises(NomosResponseError) as caught:
            await NomosClient(session, tokens, fake_nomos.url).meter_orders()
        assert caught.value.status == status
        assert simulator.requests == []
        assert len(fake_nomos.received) == 1

    async def test_no_redirect_of_login(
        self, session: ClientSession, fake_nomos: FakeNomos, simulator: Simulator
    ) -> None:
        """A redirect is not followed, so that the secret is not sent elsewhere."""
        other_url = os.environ["NOMOS_API_URL"]
        fake_nomos.respond_with(
            Answer("", 307, {"Location": f"{other_url}/oauth/token"})
        )
        tokens = ClientCredentials(session, fake_nomos.url, "id", "secret")
        with pytest.raises(NomosResponseError):
            await tokens.access_token()
        assert simulator.requests == []

    @pytest.mark.parametrize("status", [300, 302])
    async def test_body_of_redirect(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, status: int
    ) -> None:
        """The body of a redirect is ignored."""
        fake_nomos.respond_with(Answer(EMPTY_LIST, status, {"Location": "/elsewhere"}))
        with pytest.raises(NomosResponseError):
            await fake_client.meter_orders()


class TestRetry:
    """Retries and the times between them."""

    @pytest.mark.parametrize(
        "fault", [Fault.RATE_LIMIT, Fault.SERVER_ERROR, Fault.BAD_GATEWAY]
    )
    async def test_temporary_errors(
        self,
        client: NomosClient,
        simulator: Simulator,
        waits: list[float],
        fault: Fault,
    ) -> None:
        """Rate limits and server errors are retried."""
        simulator.fail(fault, path="/meter-orders", times=2, seconds=3)
        assert (await client.meter_orders()).records == ()
        assert len(waits) == 2
        assert [request.path for request in simulator.requests] == [
            "/oauth/token",
            *["/meter-orders"] * 3,
        ]

    async def test_retry_of_login(
        self, client: NomosClient, simulator: Simulator, waits: list[float]
    ) -> None:
        """Token requests are not repeated: a refresh token may be spent by then."""
        simulator.fail(Fault.SERVER_ERROR, path="/oauth/token", times=1)
        with pytest.raises(NomosError):
            await client.meter_orders()
        assert not waits
        assert (await client.meter_orders()).records == ()

    async def test_backoff(
        self, fake_client: NomosClient, fake_nomos: FakeNomos, waits: list[float]
    ) -> None:
        """The backoff is exponential and random."""
        fake_nomos.respond_with(Answer(PROXY_PAGE, 503))
        for _ in range(2):
            with pytest.raises(NomosError, match="status 503"):
                await fake_client.meter_orders()
        first, second = waits[:4], waits[4:]
        assert len(fake_nomos.received) == 2 * 5
        for wait, longest in zip(first + second, [1, 2, 4, 8] * 2, strict=True):
            assert longest / 2 <= wait <= longest
        assert first != second

    @pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 409, 422])
    async def test_no_retry_of_refusals(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        waits: list[float],
        status: int,
    ) -> None:
        """Other errors are not retried."""
        fake_nomos.respond_with(
            Answer(ENVELOPE, status, {"Retry-After": "1"}), Answer(EMPTY_LIST)
        )
        with pytest.raises(NomosError):
            await fake_client.meter_orders()
        assert len(fake_nomos.received) == 1
        assert waits == []

    @pytest.mark.parametrize("in_header", [True, False])
    async def test_retry_after(
        self,
        client: NomosClient,
        simulator: Simulator,
        waits: list[float],
        in_header: bool,
    ) -> None:
        """The time in the header or in the message is waited."""
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
    async def test_retry_after_beyond_timeout(
        self,
        client: NomosClient,
        simulator: Simulator,
        waits: list[float],
        in_header: bool,
    ) -> None:
        """A wait beyond 30 seconds raises an error with the time to wait."""
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
    async def test_retry_after_formats(
        self,
        freezer: FrozenDateTimeFactory,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        waits: list[float],
        status: int,
        headers: Mapping[str, str],
        message: str,
        wait: float,
    ) -> None:
        """The header counts, in seconds or as a date, else the message."""
        freezer.move_to(NOW)
        fake_nomos.respond_with(
            Answer({"message": message}, status, headers), Answer(EMPTY_LIST)
        )
        await fake_client.meter_orders()
        assert waits == [wait]

    @pytest.mark.parametrize(
        ("status", "headers", "message"),
        [
            pytest.param(429, {}, None, id="nothing"),
            pytest.param(429, {}, "Too many requests", id="no number"),
            pytest.param(429, {}, "Only 2 such requests", id="another number"),
            pytest.param(500, {}, "in 9 seconds", id="message of a 500"),
            pytest.param(429, {"Retry-After": "soon"}, None, id="no date"),
            pytest.param(429, {}, {"wait": "9 seconds"}, id="no text"),
            pytest.param(429, {}, ["9 seconds"], id="list"),
            pytest.param(429, {}, "9" * 20_000, id="digits"),
            pytest.param(429, {}, "9" * 20_000 + " s", id="digits with a unit"),
            pytest.param(429, {}, "9" * 150 + " s", id="digits at the start"),
            pytest.param(429, {}, "9 " * 20_000, id="numbers"),
            pytest.param(429, {}, "9" + " " * 20_000 + "s", id="spaces"),
            pytest.param(429, {}, "1." * 20_000, id="fractions"),
            pytest.param(429, {}, "x" * 200 + " in 9 seconds", id="late in message"),
            # A date without a zone can't be compared with the current time.
            pytest.param(
                429,
                {"Retry-After": "Mon, 23 Nov 2026 10:00:07 -0000"},
                None,
                id="no zone",
            ),
        ],
    )
    async def test_no_valid_retry_after(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        waits: list[float],
        status: int,
        headers: Mapping[str, str],
        message: str | None,
    ) -> None:
        """The backoff applies without a valid time."""
        fake_nomos.respond_with(
            Answer({"message": message}, status, headers), Answer(EMPTY_LIST)
        )
        await fake_client.meter_orders()
        assert len(waits) == 1
        assert 0.5 <= waits[0] <= 1

    @pytest.mark.parametrize(
        ("status", "headers", "retry_after"),
        [
            (429, {}, 60),
            (429, {"Retry-After": "0"}, 60),
            (429, {"Retry-After": "1"}, 1),
            (429, {"Retry-After": "3600"}, 3600),
            # Longer than a day is taken for a mistake.
            (429, {"Retry-After": "9999999"}, 24 * 3600),
            (503, {"Retry-After": "120"}, 120),
            (503, {}, None),
        ],
    )
    async def test_retry_after_of_error(
        self,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        status: int,
        headers: Mapping[str, str],
        retry_after: float | None,
    ) -> None:
        """The error has the time to wait; a minute for a 429 without one."""
        fake_nomos.respond_with(Answer({}, status, headers))
        with pytest.raises(NomosError) as caught:
            await fake_client.meter_orders()
        assert caught.value.retry_after == retry_after

    @pytest.mark.parametrize(
        ("status", "kind"), [(429, NomosRateLimitError), (503, NomosError)]
    )
    async def test_no_wait_beyond_timeout(
        self,
        freezer: FrozenDateTimeFactory,
        monkeypatch: pytest.MonkeyPatch,
        fake_client: NomosClient,
        fake_nomos: FakeNomos,
        status: int,
        kind: type[NomosError],
    ) -> None:
        """A wait that would end after 30 seconds is not started."""
        waited: list[float] = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)
            freezer.tick(seconds)

        monkeypatch.setattr(transport, "sleep", sleep)
        fake_nomos.respond_with(Answer({}, status, {"Retry-After": "12"}))
        with pytest.raises(kind) as caught:
            await fake_client.meter_orders()
        assert waited == [12, 12]
        assert caught.value.retry_after == 12
        assert len(fake_nomos.received) == 3


class TestNoAnswer:
    """Failed connections and timeouts."""

    async def test_closed_port(
        self, session: ClientSession, socket_enabled: None, waits: list[float]
    ) -> None:
        """A closed port raises NomosConnectionError without a status."""
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
        """A login is not retried after a connection reset."""
        simulator.fail(Fault.CONNECTION_RESET)
        with pytest.raises(NomosConnectionError):
            await client.meter_orders()
        assert [request.path for request in simulator.requests] == ["/oauth/token"]
        assert waits == []

    async def test_connection_reset_while_reading(
        self, client: NomosClient, simulator: Simulator, waits: list[float]
    ) -> None:
        """A connection reset raises NomosConnectionError without a wait."""
        await client.meter_orders()
        simulator.requests.clear()
        simulator.fail(Fault.CONNECTION_RESET)
        with pytest.raises(NomosConnectionError) as caught:
            await client.meter_orders()
        assert caught.value.status is None
        # aiohttp repeats the request once on a new connection, because the kept one
        # may have been closed before.
        assert len(simulator.requests) <= 2
        assert waits == []

    async def test_truncated_body(
        self, session: ClientSession, socket_enabled: None, waits: list[float]
    ) -> None:
        """A truncated body raises NomosConnectionError."""

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
    async def silent_url(self, socket_enabled: None) -> AsyncGenerator[str]:
        """Run a server that never answers."""
        closing = asyncio.Event()

        async def wait(_: web.Request) -> web.Response:
            await closing.wait()
            return web.Response()

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", wait)
        async with TestServer(app, host="127.0.0.1") as server:
            yield str(server.make_url("")).rstrip("/")
            closing.set()

    @pytest.fixture
    def short_timeout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Set the timeout to 0.05 instead of 30 seconds."""
        monkeypatch.setattr(transport, "CALL_TIMEOUT", 0.05)

    async def test_no_answer(
        self, session: ClientSession, silent_url: str, short_timeout: None
    ) -> None:
        """A missing answer raises NomosConnectionError."""
        with pytest.raises(NomosConnectionError) as caught:
            await NomosClient(
                session, FixedToken({"access_token": "token"}), silent_url
            ).meter_orders()
        assert str(caught.value) == "Nomos did not answer in time"

    async def test_no_answer_at_login(
        self, session: ClientSession, silent_url: str, short_timeout: None
    ) -> None:
        """A login without an answer raises NomosConnectionError."""
        tokens = ClientCredentials(session, silent_url, "id", "secret")
        with pytest.raises(NomosConnectionError, match="in time"):
            await tokens.access_token()
        with pytest.raises(NomosConnectionError, match="in time"):
            await NomosClient(session, tokens, silent_url).meter_orders()

    async def test_timeout_while_waiting_for_token(
        self, session: ClientSession, fake_nomos: FakeNomos, short_timeout: None
    ) -> None:
        """Waiting for a token counts towards the timeout."""

        class Never:
            async def access_token(self, rejected: str | None = None) -> str:
                await asyncio.Event().wait()
                raise AssertionError("unreachable")

            async def scopes(self) -> frozenset[str]:
                return frozenset()

        with pytest.raises(NomosConnectionError, match="in time"):
            await NomosClient(session, Never(), fake_nomos.url).meter_orders()
        assert fake_nomos.received == []

    async def test_timeout_of_session(
        self, socket_enabled: None, silent_url: str
    ) -> None:
        """A shorter timeout of the session applies."""
        async with ClientSession(timeout=ClientTimeout(total=0.05)) as session:
            with pytest.raises(NomosConnectionError, match="in time"):
                await NomosClient(
                    session, FixedToken({"access_token": "token"}), silent_url
                ).meter_orders()
