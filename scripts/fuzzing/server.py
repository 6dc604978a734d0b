"""HTTP servers of the fuzz runs: one records good answers, one sends spoilt ones."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
import json
from random import Random

from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator import Simulator

from .households import PERSONAL
from .spoil import Answer, spoil

TOKEN = "/oauth/token"

MOST_PAGES = 1200
"""Number of pages after which an endless list ends, for the sake of the run."""

type Recording = dict[tuple[str, str], Answer]
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Recorder:
    """Recorder of the simulator's answers."""

    url: str
    answers: list[tuple[tuple[str, str], Answer]] = field(default_factory=list)


@asynccontextmanager
async def record(simulator: Simulator) -> AsyncIterator[Recorder]:
    """Serve a simulator and record its answers."""
    recorder = Recorder("")

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        body = read_body(response)
        answer = Answer(body, response.status)
        recorder.answers.append(((request.method, request.path), answer))
        return response

    simulator.app.middlewares.insert(0, middleware)
    server = TestServer(simulator.app, host="127.0.0.1")
    await server.start_server(access_log=None)
    recorder.url = str(server.make_url("")).rstrip("/")
    try:
        yield recorder
    finally:
        await server.close()


def read_body(response: web.StreamResponse) -> bytes:
    """Return the body of an answer of the simulator."""
    body = response.body if isinstance(response, web.Response) else None
    return body if isinstance(body, bytes) else b""


class FuzzServer:
    """Server that answers as recorded, but for one request of each case."""

    def __init__(
        self, recordings: dict[str, list[tuple[tuple[str, str], Answer]]]
    ) -> None:
        """Initialize the server with the answers to each operation."""
        self.url = ""
        self.spoilt = 0
        """Number of spoilt answers; one that is sent again counts once."""
        self.pages = 0
        """Number of pages sent of an endless list."""
        self.must_fail = False
        """True if a spoilt answer of this case may not be accepted."""
        self.done = ""
        """How the answer of this case was spoilt."""
        self._recordings = recordings
        self._answers: Recording = {}
        self._target = ("", "")
        self._spoilt: Answer | None = None
        self._left = 0
        self._is_served = False

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Serve on loopback."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server(access_log=None)
        self.url = str(server.make_url("")).rstrip("/")
        try:
            yield
        finally:
            await server.close()

    def prepare(self, operation: str, dice: Random, *, is_login: bool) -> None:
        """Choose the request of an operation whose answer is spoilt, and how."""
        recording = self._recordings[operation]
        self._answers = dict(recording)
        others = [key for key in self._answers if key[1] != TOKEN]
        self._target = ("POST", TOKEN) if is_login else dice.choice(others)
        answer = self._answers[self._target]
        self._spoilt, done = spoil(answer, dice, PERSONAL, plausible=True)
        self.done = f"{' '.join(self._target)}: {done}"
        self._left = dice.choice((1, 100_000))
        self.must_fail = self._spoilt.must_fail and self._left > 1
        self.pages = 0
        self._is_served = False

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        key = (request.method, request.path)
        await request.read()
        if key != self._target or not self._spoilt or self._left <= 0:
            answer = self._answers.get(key, Answer(b'{"code": "NOT_FOUND"}', 404))
            return await answer.send(request)
        if not self._is_served:
            self._is_served = True
            self.spoilt += 1
        if self._spoilt.is_endless:
            return await self._next_page(self._spoilt).send(request)
        self._left -= 1
        return await self._spoilt.send(request)

    def _next_page(self, answer: Answer) -> Answer:
        self.pages += 1
        page = json.loads(answer.body)
        page["next_page"] = f"cursor_{self.pages}"
        page["has_more"] = self.pages < MOST_PAGES
        return replace(answer, body=json.dumps(page).encode())
