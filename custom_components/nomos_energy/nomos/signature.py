"""Proof that a webhook came from Nomos."""

from datetime import datetime, timedelta
import hashlib
import hmac
import re

TOLERANCE = timedelta(minutes=5)
"""How far apart the two clocks may be."""

_TIMESTAMP = re.compile(r"\d{1,12}")


def is_genuine(secret: str, header: str | None, body: bytes, now: datetime) -> bool:
    """Whether the raw body of a delivery was signed with the secret just now.

    `header` is `X-Nomos-Signature`: `t=<seconds>,v1=<hex>`; one of several `v1`
    is enough, as there are two while a secret is exchanged.
    """
    if not secret or not header or not header.isascii():
        return False
    parts = [part.strip().partition("=") for part in header.split(",")]
    moments = [value for name, _, value in parts if name == "t"]
    if len(moments) != 1 or not _TIMESTAMP.fullmatch(moments[0]):
        return False
    if abs(now.timestamp() - int(moments[0])) > TOLERANCE.total_seconds():
        return False
    signed = moments[0].encode() + b"." + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    # Every candidate is compared, so that time tells nothing about them.
    matches = [
        hmac.compare_digest(expected, value) for name, _, value in parts if name == "v1"
    ]
    return any(matches)
