"""Signatures of webhooks."""

from datetime import datetime, timedelta
import hashlib
import hmac
import re

TOLERANCE = timedelta(minutes=5)
"""Longest difference between the clocks of Nomos and Home Assistant."""

_TIMESTAMP = re.compile(r"\d{1,12}")


def is_genuine(secret: str, header: str | None, body: bytes, now: datetime) -> bool:
    """Return if a delivery was signed by Nomos within the tolerance of five minutes.

    `header` is `X-Nomos-Signature`: `t=<seconds>,v1=<hex>`. One valid `v1` is enough:
    there are two while the secret is rotated. `body` are the raw bytes of the request.
    """
    if not secret or not header or not header.isascii():
        return False
    parts = [part.strip().partition("=") for part in header.split(",")]
    timestamps = [value for name, _, value in parts if name == "t"]
    if len(timestamps) != 1 or not _TIMESTAMP.fullmatch(timestamps[0]):
        return False
    if abs(now.timestamp() - int(timestamps[0])) > TOLERANCE.total_seconds():
        return False
    signed = timestamps[0].encode() + b"." + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    # All signatures are compared, so that the duration does not depend on the result.
    matches = [
        hmac.compare_digest(expected, value) for name, _, value in parts if name == "v1"
    ]
    return any(matches)
