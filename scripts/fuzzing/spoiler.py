"""Middleware that spoils the simulator's answers for a while."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
import json
from random import Random

from aiohttp import web

from .households import PERSONAL
from .server import read_body
from .spoil import Answer, spoil

MOST_PAGES = 30
"""Pages of an endless list; the client is tested with more."""

CURSOR = "fuzz_"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Spoiler:
    """Spoils answers with a chance, each path by dice of its own.

    Requests that run in parallel thus get the same answers with each run.
    """

    seed: str
    chance: float = 0.0
    path: str = "/"
    """Start of the paths whose answers are spoilt."""
    count: int = 0
    """Number of spoilt answers."""
    has_long_wait: bool = False
    """True if an answer asked to wait for up to a day."""
    done: list[str] = field(default_factory=list)
    """Last spoilt answers."""
    _requests: Counter[str] = field(default_factory=Counter)

    def stop(self) -> None:
        """Answer as the simulator does."""
        self.chance = 0.0

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Spoil the answer to a request."""
        cursor = request.query.get("cursor", "")
        if cursor.startswith(CURSOR) and self.chance:
            page = int(cursor.removeprefix(CURSOR)) + 1
            return await _page(Answer(b'{"items": []}'), page).send(request)
        response = await handler(request)
        if not self.chance or not request.path.startswith(self.path):
            return response
        self._requests[request.path] += 1
        dice = Random(f"{self.seed}/{request.path}/{self._requests[request.path]}")
        if dice.random() >= self.chance:
            return response
        answer = Answer(read_body(response), response.status)
        spoilt, done = spoil(answer, dice, PERSONAL, plausible=False)
        self.count += 1
        self.done.append(f"{request.method} {request.path}: {done}")
        if spoilt.status == 429 or "Retry-After" in spoilt.headers:
            self.has_long_wait = True
        if spoilt.is_endless:
            spoilt = _page(spoilt, 1)
        return await spoilt.send(request)


def _page(answer: Answer, page: int) -> Answer:
    """Return a page of a list, which is followed by others."""
    content = json.loads(answer.body)
    content |= {"next_page": f"{CURSOR}{page}", "has_more": page < MOST_PAGES}
    return replace(answer, body=json.dumps(content).encode())
