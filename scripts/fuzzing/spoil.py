"""Spoilt HTTP answers: other JSON, bytes, status codes and headers."""

from dataclasses import dataclass, field, replace
from functools import cache
import gzip
import json
from random import Random
from typing import Any

from aiohttp import web

from simulator.faults import PROXY_PAGE

from .mutations import mutate
from .values import short

MIB = 1024 * 1024

BOMB = 40
"""MiB of an unpacked answer that is too large."""

STATUS = (204, 206, 301, 302, 304, 400, 401, 403, 404, 409, 410, 418, 422, 429)
SERVER_STATUS = (500, 502, 503, 504, 520, 599)


@dataclass(frozen=True)
class Answer:
    """HTTP answer."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(
        default_factory=lambda: {"Content-Type": "application/json"}
    )
    is_cut: bool = False
    """True if the connection is closed in the middle of the body."""
    is_endless: bool = False
    """True if the answer is a list with ever-new cursors."""
    must_fail: bool = False
    """True if no good result may be made of the answer."""

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Send the answer."""
        if self.is_cut:
            response = web.StreamResponse(status=self.status, headers=self.headers)
            response.content_length = len(self.body) + 1000
            await response.prepare(request)
            await response.write(self.body)
            if request.transport:
                request.transport.close()
            return response
        return web.Response(body=self.body, status=self.status, headers=self.headers)


def spoil(
    answer: Answer, dice: Random, personal: tuple[str, ...], *, plausible: bool
) -> tuple[Answer, str]:
    """Return a spoilt answer and what was done.

    `personal` are texts that errors repeat. Unless `plausible`, the answer neither
    shows other valid values nor lacks records, and no record is said to be gone.
    """
    try:
        payload = json.loads(answer.body)
    except ValueError:
        payload = {}
    if dice.random() < 0.7:
        text, done = mutate(payload, dice, plausible=plausible)
        return replace(answer, body=text.encode()), "; ".join(done)
    kind = dice.choice((_raw, _raw, _error, _error, _header, _list_without_end))
    return kind(answer, payload, dice, personal, plausible)


def _raw(
    answer: Answer, _payload: Any, dice: Random, _personal: Any, _plausible: bool
) -> tuple[Answer, str]:
    body = answer.body
    place = dice.randrange(max(len(body), 1))
    match dice.randrange(13):
        case 0:
            return replace(answer, body=body[:place]), f"truncated at {place}"
        case 1:
            return replace(answer, body=body[:place], is_cut=True), f"cut at {place}"
        case 2:
            return replace(answer, body=b"\xef\xbb\xbf" + body), "with a BOM"
        case 3:
            bad = body[:place] + bytes([dice.randrange(128, 256)]) + body[place:]
            return replace(answer, body=bad), f"invalid byte at {place}"
        case 4:
            return replace(answer, body=b""), "empty"
        case 5:
            text = dice.choice(("null", "[]", "{}", '"text"', "1", "NaN", "[{}]"))
            return replace(answer, body=text.encode()), f"body {text}"
        case 6:
            depth = dice.choice((1_000, 200_000))
            return replace(answer, body=b"[" * depth), f"{depth} brackets"
        case 7:
            deep = b'{"items":' * 5_000 + b"[]" + b"}" * 5_000
            return replace(answer, body=deep), "5000 objects"
        case 8:
            headers = answer.headers | {"Content-Encoding": "gzip"}
            return replace(answer, headers=headers), "gzip announced, but none"
        case 9:
            packed = gzip.compress(body)[: -dice.randrange(1, 12)]
            headers = answer.headers | {"Content-Encoding": "gzip"}
            return replace(answer, headers=headers, body=packed), "gzip cut off"
        case 10 if dice.random() < 0.3:
            headers = answer.headers | {"Content-Encoding": "gzip"}
            bomb = replace(answer, headers=headers, body=_bomb(), must_fail=True)
            return bomb, f"gzip bomb of {BOMB} MiB"
        case 11:
            headers = {"Content-Type": dice.choice(("text/html", "x; charset=bogus"))}
            return replace(answer, headers=headers), "odd content type"
        case _:
            page = PROXY_PAGE.encode()
            return Answer(page, headers={"Content-Type": "text/html"}), "HTML"


def _error(
    answer: Answer, payload: Any, dice: Random, personal: Any, plausible: bool
) -> tuple[Answer, str]:
    status = dice.choice(STATUS + SERVER_STATUS if dice.random() < 0.7 else (429, 401))
    message: Any = f"Not for {', '.join(personal)}: wait {dice.choice(_WAITS)}"
    if dice.random() < 0.1:
        message = dice.choice((None, [], {"a": 1}, "\ud83d", 5))
    envelope: Any = {
        "code": dice.choice(("NOT_FOUND", "UNAUTHORIZED", message, None, 7, {})),
        "message": message,
        "requestId": dice.choice(("req_1", message, None, [1])),
        "errors": dice.choice(
            (None, "odd", [1], [{"code": message}], [{"code": "required"}], {})
        ),
    }
    if status == 404 and not plausible:
        # With a code of the API this says that the contract is gone.
        envelope["code"] = None
    headers = dict(answer.headers)
    if dice.random() < 0.4:
        headers["Retry-After"] = dice.choice(_RETRY_AFTER)
    if status in (301, 302):
        headers["Location"] = "http://127.0.0.1:9/evil"
    body = dice.choice(
        (json.dumps(envelope), json.dumps(envelope), json.dumps(payload), PROXY_PAGE)
    )
    what = f"status {status} {headers} {short(body)}"
    return Answer(body.encode(), status, headers), what


def _header(
    answer: Answer, _payload: Any, dice: Random, _personal: Any, _plausible: bool
) -> tuple[Answer, str]:
    name, value = dice.choice(
        (
            ("X-API-Version", "2099-01-01.new"),
            ("X-API-Version", "x" * 5000),
            ("X-API-Version", "ü\u202e%s"),
            ("Retry-After", "5"),
            ("Set-Cookie", "=;;;\x80"),
            ("Content-Encoding", "bogus"),
            ("Content-Type", "\x80"),
        )
    )
    return replace(answer, headers=answer.headers | {name: value}), f"{name} {value!a}"


def _list_without_end(
    answer: Answer, payload: Any, dice: Random, personal: Any, plausible: bool
) -> tuple[Answer, str]:
    if not isinstance(payload, dict) or "items" not in payload or dice.random() < 0.8:
        return _raw(answer, payload, dice, personal, plausible)
    body = json.dumps(payload | {"has_more": True, "items": payload["items"][:1]})
    return replace(answer, body=body.encode(), is_endless=True), "endless list"


@cache
def _bomb() -> bytes:
    text = b'{"object": "list", "items": [], "has_more": false, "access_token": "t",'
    text += b' "expires_in": 3600, "x": "' + b" " * (BOMB * MIB) + b'"}'
    return gzip.compress(text, 1)


_WAITS = ("5s", "90 seconds", "0.0000001s", "x", "-3 s", "1" * 20_000, "9 " * 5_000)
_RETRY_AFTER = (
    *("0", "5", "-1", "3600", "1e9", "nan", "inf", "1" * 400, "٣", "²", "soon", " "),
    "Wed, 21 Oct 2099 07:28:00 GMT",
    "Wed, 21 Oct 2026 07:28:00 -0000",
    "Wed, 21 Oct 999999999999 07:28:00 GMT",
    "Wed, 99 Oct 2026 07:28:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 +2359",
)
