"""HTTP server of the simulated Nomos API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
import json
import math
import socket
import struct
from typing import Any
import uuid

from aiohttp import web

from . import control, oauth_endpoints
from .backend import Backend, Request
from .call import Call
from .errors import ApiError, invalid, unauthorized
from .faults import ERROR_FAULTS, PROXY_PAGE, RESPONSE_FAULTS, ActiveFault, Fault
from .households import Household
from .oauth import CLIENTS, READ, WRITE, Client, Grant
from .operations import OPERATIONS, Operation
from .versions import CURRENT, HEADER, KNOWN, OLDER
from .world import Clock

_TICK_INTERVAL = 0.5
"""Seconds between two checks for due steps and deliveries."""

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Simulator(Backend):
    """Simulated Nomos backend that answers over HTTP."""

    def __init__(
        self,
        households: Iterable[Household] | None = None,
        clients: Iterable[Client] = CLIENTS,
        *,
        now: Clock | None = None,
        pace: float = 1.0,
    ) -> None:
        """Create the state and the web application that serves it."""
        super().__init__(households, clients, now=now, pace=pace)
        self.url: str | None = None
        self.app = self._make_app()

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve over HTTP and apply due steps and deliveries; yield the URL."""
        runner = web.AppRunner(
            self.app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self.url = f"http://{host}:{runner.addresses[0][1]}"
            clock = asyncio.create_task(self._run_clock())
            try:
                yield self.url
            finally:
                clock.cancel()
                with suppress(asyncio.CancelledError):
                    await clock
        finally:
            self.url = None
            await runner.cleanup()

    async def _run_clock(self) -> None:
        # Deliveries run as tasks, so that a slow receiver does not delay the steps.
        async with asyncio.TaskGroup() as deliveries:
            while True:
                self.tick()
                deliveries.create_task(self.deliver_webhooks())
                await asyncio.sleep(_TICK_INTERVAL)

    # Requests

    def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._middleware])
        for operation in OPERATIONS:
            app.router.add_route(
                operation.method, operation.path, self._handler(operation)
            )
        app.router.add_get("/oauth/authorize", self._authorize, allow_head=False)
        app.router.add_post("/oauth/token", self._create_token)
        app.router.add_post(oauth_endpoints.CONSENT_PATH, self._decide)
        app.add_routes(control.routes(self))
        return app

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        if request.path.startswith(control.PREFIX):
            return await self._respond(request, handler)
        self.tick()
        record = Request(request.method, request.path, dict(request.query))
        self.requests.append(record)
        record.operation = self._operation_name(request)
        failure = await self._apply_response_faults(request)
        response = failure or await self._respond(request, handler)
        if request.transport is not None and not request.transport.is_closing():
            record.status = response.status
        return response

    def _operation_name(self, request: web.Request) -> str:
        resource = request.match_info.route.resource
        names = {("POST", "/oauth/token"): "create_token"}
        names[("GET", "/oauth/authorize")] = "authorize"
        for operation in OPERATIONS:
            names[(operation.method, operation.path)] = operation.name
        path = resource.canonical if resource else request.path
        return names.get((request.method, path), "unknown")

    async def _respond(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Return the handler's response, with errors in the API's envelope."""
        version = self._version(request)
        try:
            if request.headers.get(HEADER, version) not in KNOWN:
                raise invalid("invalid_value", HEADER, "Unknown API version.")
            response = await handler(request)
        except ApiError as error:
            response = self._envelope(error, version)
        except web.HTTPNotFound as error:
            if request.path.startswith(control.PREFIX):
                raise
            response = self._envelope(ApiError(404, f"Unknown path: {error}"), version)
        except web.HTTPMethodNotAllowed as error:
            response = self._envelope(ApiError(405, f"{error}"), version)
        response.headers[HEADER] = version
        return response

    def _version(self, request: web.Request) -> str:
        """Return the API version for a request."""
        authorization = request.headers.get("Authorization")
        requested = request.headers.get(HEADER)
        if requested in KNOWN:
            return requested
        if grant := self.tokens.grant_of(authorization):
            return grant.client.default_version
        client = self.tokens.client_of(authorization)
        return client.default_version if client else OLDER

    def _envelope(self, error: ApiError, version: str) -> web.Response:
        body = error.envelope(str(uuid.uuid4()), structured=version == CURRENT)
        return web.json_response(body, status=error.status, headers=error.headers)

    def _handler(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            grant = self._check_scope(request, operation)
            call = Call(self, request, grant, self._version(request))
            return self._json_response(request, await operation.handler(call))

        return handle

    def _check_scope(self, request: web.Request, operation: Operation) -> Grant:
        grant = self.tokens.grant_of(request.headers.get("Authorization"))
        if grant is None:
            raise unauthorized("A valid access token is required.")
        needed = WRITE if operation.writes else READ
        if needed not in grant.scopes:
            raise ApiError(403, f"The scope {needed} is required.")
        return grant

    def _json_response(
        self, request: web.Request, payload: Mapping[str, Any]
    ) -> web.Response:
        """Return a payload as JSON, changed by the injected faults."""
        text = json.dumps(self.faults.apply_data_faults(request.path, dict(payload)))
        if self.faults.take(frozenset({Fault.TRUNCATED_JSON}), request.path):
            text = text[: len(text) // 2]
        return web.Response(text=text, content_type="application/json")

    async def _apply_response_faults(self, request: web.Request) -> web.Response | None:
        """Delay the response, or return the one that a fault replaces it with."""
        for fault in self.faults.take(RESPONSE_FAULTS, request.path):
            match fault.kind:
                case Fault.LATENCY:
                    await asyncio.sleep(fault.seconds)
                case Fault.CONNECTION_RESET:
                    _reset(request)
                    return web.Response(status=500)
                case Fault.RATE_LIMIT:
                    return self._error_response(request, _rate_limit(fault))
                case kind if kind in ERROR_FAULTS:
                    return self._error_response(request, ERROR_FAULTS[kind])
                case Fault.HTML:
                    return web.Response(text=PROXY_PAGE, content_type="text/html")
                case Fault.BAD_GATEWAY:
                    return web.Response(
                        status=502, text=PROXY_PAGE, content_type="text/html"
                    )
                case _:
                    pass
        return None

    def _error_response(self, request: web.Request, error: ApiError) -> web.Response:
        version = self._version(request)
        response = self._envelope(error, version)
        response.headers[HEADER] = version
        return response

    # OAuth

    async def _create_token(self, request: web.Request) -> web.StreamResponse:
        form = await oauth_endpoints.read_token_form(request)
        authorization = request.headers.get("Authorization")
        return self._json_response(request, self.tokens.issue(authorization, form))

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        return await oauth_endpoints.authorize(self, request)

    async def _decide(self, request: web.Request) -> web.StreamResponse:
        return await oauth_endpoints.decide(self, request)


def _rate_limit(fault: ActiveFault) -> ApiError:
    seconds = math.ceil(fault.seconds)
    headers = {"Retry-After": str(seconds)} if fault.retry_after else {}
    return ApiError(
        429, f"Too many requests. Try again in {seconds} seconds.", headers=headers
    )


def _reset(request: web.Request) -> None:
    """Reset the connection with a TCP RST."""
    transport = request.transport
    if transport is None:
        return
    if sock := transport.get_extra_info("socket"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
