"""HTTP transport: requests with retries, errors and a time limit."""

import asyncio
from asyncio import sleep
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
import logging
import random
import re
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession

from .errors import (
    NomosAuthError,
    NomosConnectionError,
    NomosError,
    NomosForbiddenError,
    NomosNotFoundError,
    NomosRateLimitError,
    NomosResponseError,
)
from .fields import read_json
from .once import warn_once

_LOGGER = logging.getLogger(__name__)

API_VERSION = "2026-05-27.curie"

CALL_TIMEOUT = 30.0
"""Seconds that a call may take, including its retries."""

MAX_ATTEMPTS = 5
FIRST_BACKOFF = 1.0
"""Seconds before the first retry; doubled for each retry, then cut by up to half."""
RATE_LIMIT_WAIT = 60.0
"""Seconds to wait after a 429 that does not tell how long."""
MAX_RETRY_AFTER = 24 * 3600.0
"""Seconds to wait at most; a longer time is taken for a mistake of the server."""

_ERRORS: dict[int, type[NomosError]] = {
    HTTPStatus.UNAUTHORIZED: NomosAuthError,
    HTTPStatus.FORBIDDEN: NomosForbiddenError,
    HTTPStatus.NOT_FOUND: NomosNotFoundError,
    HTTPStatus.TOO_MANY_REQUESTS: NomosRateLimitError,
}

_NEEDS_CODE = {NomosAuthError, NomosForbiddenError, NomosNotFoundError}
"""Errors raised only with an error code of the API.

A proxy's error page must neither void a login nor remove a contract.
"""

LARGEST_BODY = 32 * 1024 * 1024
"""Bytes of an answer at most, unpacked; the largest one of the API has about one."""
_CHUNK = 64 * 1024

MAX_DETAILS = 20
"""Error codes of single fields that are read at most."""

_CODE = re.compile(r"[\w.:-]{1,64}", re.ASCII)

_MESSAGE = 200
"""Characters of a message that are read."""

_SECONDS_IN_MESSAGE = re.compile(
    r"(?<![\d.])(\d{1,9}(?:\.\d{1,9})?)\s{0,9}s(?:ec|\b)", re.IGNORECASE | re.ASCII
)
"""Repetitions are bounded, so that the time is linear."""


@asynccontextmanager
async def time_limit() -> AsyncIterator[float]:
    """Limit the time of a call; yields the end as a time of the running loop.

    Raises NomosConnectionError when the time is over.
    """
    deadline = asyncio.get_running_loop().time() + CALL_TIMEOUT
    try:
        async with asyncio.timeout_at(deadline):
            yield deadline
    except TimeoutError as err:
        raise NomosConnectionError("Nomos did not answer in time") from err


async def send(
    session: ClientSession,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    deadline: float,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    payload: Mapping[str, Any] | None = None,
    retry: bool = True,
) -> dict[str, Any]:
    """Send a request and return the JSON object of the answer.

    The body is `form`, or `payload` as JSON. With `retry`, answers 429 and 5xx are
    retried with exponential backoff and jitter, as long as the deadline (a time of
    the running loop) allows. Raises the NomosError of the last answer.
    """
    loop = asyncio.get_running_loop()
    attempt = 0
    while True:
        attempt += 1
        try:
            return await _send_once(
                session, method, url, headers, params, form, payload
            )
        except NomosError as err:
            if not retry or not _is_temporary(err):
                raise
            backoff = FIRST_BACKOFF * 2 ** (attempt - 1) * random.uniform(0.5, 1)
            delay = backoff if err.retry_after is None else err.retry_after
            if attempt == MAX_ATTEMPTS or loop.time() + delay >= deadline:
                if err.status == HTTPStatus.TOO_MANY_REQUESTS:
                    err.retry_after = err.retry_after or RATE_LIMIT_WAIT
                raise
            _LOGGER.debug("Retrying in %.1f seconds: %s", delay, err)
        await sleep(delay)


async def _send_once(
    session: ClientSession,
    method: str,
    url: str,
    headers: Mapping[str, str],
    params: Mapping[str, str] | None,
    form: Mapping[str, str] | None,
    payload: Mapping[str, Any] | None,
) -> dict[str, Any]:
    try:
        async with session.request(
            method,
            url,
            headers={**headers, "X-API-Version": API_VERSION},
            params=params,
            data=form,
            json=payload,
            # The API has no redirects. A redirect by a proxy would send the token
            # to another server.
            allow_redirects=False,
        ) as response:
            body = await _read(response)
    except ClientError as err:
        raise NomosConnectionError("Nomos can't be reached") from err
    if (version := response.headers.get("X-API-Version", API_VERSION)) != API_VERSION:
        warn_once("Nomos answered with version %r of its API", version[:64])
    return _parse(response, body)


async def _read(response: ClientResponse) -> bytes:
    """Read the unpacked body, as long as it is not too large."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > LARGEST_BODY:
            raise NomosResponseError(
                "Nomos sent an answer that is too large", status=response.status
            )
    return bytes(body)


def _parse(response: ClientResponse, body: bytes) -> dict[str, Any]:
    try:
        answer = read_json(body)
    except ValueError, RecursionError:
        answer = None
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise _error_of(response, answer if isinstance(answer, dict) else {})
    if response.status >= HTTPStatus.MULTIPLE_CHOICES or not isinstance(answer, dict):
        raise NomosResponseError(
            "Nomos sent an unexpected answer", status=response.status
        )
    return answer


def _error_of(response: ClientResponse, envelope: dict[str, Any]) -> NomosError:
    kind = _ERRORS.get(response.status, NomosError)
    code = _code(envelope.get("code"))
    if code is None and kind in _NEEDS_CODE:
        kind = NomosResponseError
    return kind(
        "Nomos refused the request",
        status=response.status,
        code=code,
        request_id=_code(envelope.get("requestId")),
        details=_details(envelope.get("errors")),
        retry_after=_retry_after(response, envelope),
    )


def _code(value: Any) -> str | None:
    """Return a code or ID of an error; anything longer could be personal data."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _details(errors: Any) -> tuple[str, ...]:
    if not isinstance(errors, list):
        return ()
    codes = (
        _code(item.get("code"))
        for item in errors[:MAX_DETAILS]
        if isinstance(item, dict)
    )
    return tuple(code for code in codes if code)


def _retry_after(response: ClientResponse, envelope: dict[str, Any]) -> float | None:
    """Return the seconds to wait, from the header or else from the message."""
    seconds: float | None = None
    if header := response.headers.get("Retry-After"):
        seconds = _seconds(header)
    if seconds is None and response.status == HTTPStatus.TOO_MANY_REQUESTS:
        message = envelope.get("message")
        start = message[:_MESSAGE] if isinstance(message, str) else ""
        found = _SECONDS_IN_MESSAGE.findall(start)
        seconds = float(found[-1]) if found else None
    return None if seconds is None else min(max(seconds, 0), MAX_RETRY_AFTER)


def _seconds(header: str) -> float | None:
    """Parse a Retry-After header: a number of seconds or an HTTP date."""
    if header.isdecimal():
        return float(header)
    try:
        return (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
    except ValueError, TypeError:
        return None


def _is_temporary(err: NomosError) -> bool:
    return err.status is not None and (
        err.status == HTTPStatus.TOO_MANY_REQUESTS
        or err.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
