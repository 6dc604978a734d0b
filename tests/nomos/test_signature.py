"""Tests of the signatures of webhooks."""

from datetime import UTC, datetime, timedelta
import hashlib
import hmac
from unittest.mock import patch

from hypothesis import assume, given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import is_genuine
from simulator.webhooks import sign

SECRET = "whsec_0123456789"
BODY = b'{"id":"evt_1","topic":"test.event"}'
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
TIMESTAMP = int(NOW.timestamp())
VALID = sign(SECRET, BODY, TIMESTAMP).partition("v1=")[2]
INVALID = sign("another secret", BODY, TIMESTAMP).partition("v1=")[2]


@pytest.mark.parametrize(
    "header",
    [
        f"t={TIMESTAMP},v1={VALID}",
        f"v1={VALID},t={TIMESTAMP}",
        f"t={TIMESTAMP}, v1={VALID}",
        f" t={TIMESTAMP},v1={VALID} ",
        f"t={TIMESTAMP},v1={INVALID},v1={VALID}",
        f"t={TIMESTAMP},v1={VALID},v1={INVALID}",
        f"t={TIMESTAMP},v0={INVALID},v1={VALID},v2=later,nonsense,",
    ],
)
def test_genuine(header: str) -> None:
    """A valid signature is accepted, also during a rotation of the secret."""
    assert is_genuine(SECRET, header, BODY, NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "nonsense",
        ",,,===,",
        f"t={TIMESTAMP}",
        f"v1={VALID}",
        f"t={TIMESTAMP},v1=",
        f"t={TIMESTAMP},v1",
        f"t=,v1={VALID}",
        f"t,v1={VALID}",
        f"t={TIMESTAMP},v1={INVALID}",
        f"t={TIMESTAMP},v1={INVALID},v1={INVALID}",
        f"t={TIMESTAMP},v0={VALID}",
        f"t={TIMESTAMP},v1={VALID[:-1]}",
        f"t={TIMESTAMP},v1={VALID}0",
        f"t={TIMESTAMP},v1={VALID}=",
        f"t={TIMESTAMP},v1=0x{VALID}",
        f"t={TIMESTAMP};v1={VALID}",
        f"T={TIMESTAMP},V1={VALID}",
        # Timestamps other than the signed one
        f"t={TIMESTAMP + 1},v1={VALID}",
        f"t={TIMESTAMP},t={TIMESTAMP},v1={VALID}",
        f"t={TIMESTAMP},t=a=b,v1={VALID}",
        f"t={TIMESTAMP}.0,v1={VALID}",
        f"t=+{TIMESTAMP},v1={VALID}",
        f"t=0{TIMESTAMP},v1={VALID}",
        f"t={TIMESTAMP * 1000},v1={VALID}",
        f"t=-1,v1={VALID}",
        "t=now,v1=" + VALID,
        f"t=1e9,v1={VALID}",
        f"t={'9' * 10_000},v1={VALID}",
        # Python accepts these as digits
        f"t={''.join(chr(0x660 + int(digit)) for digit in str(TIMESTAMP))},v1={VALID}",
        f"t={TIMESTAMP},v1=ä",
        f"t={TIMESTAMP},v1={VALID},v1=\udcff",
    ],
)
def test_not_genuine(header: str | None) -> None:
    """Any other header is refused."""
    assert not is_genuine(SECRET, header, BODY, NOW)


@pytest.mark.parametrize(
    ("seconds", "genuine"),
    [(0, True), (-300, True), (300, True), (-301, False), (301, False)],
)
def test_clocks(seconds: int, genuine: bool) -> None:
    """The clocks may differ by five minutes in either direction."""
    header = sign(SECRET, BODY, TIMESTAMP + seconds)
    assert is_genuine(SECRET, header, BODY, NOW) is genuine


def test_tolerance_is_exact() -> None:
    """The tolerance is not rounded to seconds."""
    header = sign(SECRET, BODY, TIMESTAMP - 300)
    assert not is_genuine(SECRET, header, BODY, NOW + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\x00\xff",
        '{"name":"Größe 🔌"}'.encode(),
        b'{"topic": "b",\r\n "id": "a"}',
    ],
)
def test_raw_bytes(body: bytes) -> None:
    """The signature covers the raw bytes of the body."""
    header = sign(SECRET, body, TIMESTAMP)
    assert is_genuine(SECRET, header, body, NOW)
    assert not is_genuine(SECRET, header, body + b" ", NOW)


def test_empty_secret() -> None:
    """Nothing is genuine without a secret, even if it was signed with an empty one."""
    assert not is_genuine("", sign("", BODY, TIMESTAMP), BODY, NOW)


def test_secret_with_special_characters() -> None:
    """A secret may contain any characters."""
    assert is_genuine("schlüssel🔑", sign("schlüssel🔑", BODY, TIMESTAMP), BODY, NOW)


def test_known_answer() -> None:
    """The signature matches the algorithm in the API's documentation."""
    expected = hmac.digest(b"s", b"1768473000.{}", hashlib.sha256).hex()
    now = datetime.fromtimestamp(1768473000, UTC)
    assert is_genuine("s", f"t=1768473000,v1={expected}", b"{}", now)


def test_constant_time() -> None:
    """All signatures are compared in constant time, also after a match."""
    header = f"t={TIMESTAMP},v1={INVALID},v1={VALID},v1=short"
    with patch("hmac.compare_digest", wraps=hmac.compare_digest) as compare:
        assert is_genuine(SECRET, header, BODY, NOW)
    assert [call.args for call in compare.call_args_list] == [
        (VALID, INVALID),
        (VALID, VALID),
        (VALID, "short"),
    ]


PARTS = st.one_of(
    st.text(),
    st.builds("t={}".format, st.one_of(st.integers(), st.just(TIMESTAMP), st.text())),
    st.builds("v1={}".format, st.one_of(st.just(INVALID), st.text())),
)


@given(
    header=st.one_of(st.text(), st.lists(PARTS).map(",".join)),
    body=st.binary(),
    secret=st.text(),
)
def test_any_header(header: str, body: bytes, secret: str) -> None:
    """No random header or body is genuine."""
    assert not is_genuine(secret, header, body, NOW)


@given(
    secret=st.text(min_size=1),
    body=st.binary(),
    drift=st.integers(-300, 300),
    other=st.tuples(st.text(min_size=1), st.binary(), st.integers(-300, 300)),
)
def test_signature_is_specific(
    secret: str, body: bytes, drift: int, other: tuple[str, bytes, int]
) -> None:
    """A signature is valid for its secret, body and timestamp only."""
    header = sign(secret, body, TIMESTAMP + drift)
    assert is_genuine(secret, header, body, NOW)
    other_secret, other_body, other_drift = other
    assert is_genuine(other_secret, header, body, NOW) is _same_key(
        secret, other_secret
    )
    assert is_genuine(secret, header, other_body, NOW) is (other_body == body)
    assume(other_drift != drift)
    moved = header.replace(str(TIMESTAMP + drift), str(TIMESTAMP + other_drift), 1)
    assert not is_genuine(secret, moved, body, NOW)


def _same_key(one: str, other: str) -> bool:
    """Return if two secrets are the same key: HMAC pads short ones with zeros."""

    def key(secret: str) -> bytes:
        plain = secret.encode()
        if len(plain) > hashlib.sha256().block_size:
            plain = hashlib.sha256(plain).digest()
        return plain.rstrip(b"\0")

    return key(one) == key(other)
