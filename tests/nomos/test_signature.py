"""Proof that a webhook came from Nomos."""

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
STAMP = int(NOW.timestamp())
RIGHT = sign(SECRET, BODY, STAMP).partition("v1=")[2]
WRONG = sign("another secret", BODY, STAMP).partition("v1=")[2]


@pytest.mark.parametrize(
    "header",
    [
        f"t={STAMP},v1={RIGHT}",
        f"v1={RIGHT},t={STAMP}",
        f"t={STAMP}, v1={RIGHT}",
        f" t={STAMP},v1={RIGHT} ",
        f"t={STAMP},v1={WRONG},v1={RIGHT}",
        f"t={STAMP},v1={RIGHT},v1={WRONG}",
        f"t={STAMP},v0={WRONG},v1={RIGHT},v2=later,nonsense,",
    ],
)
def test_genuine(header: str) -> None:
    """What Nomos signed is taken, also while it exchanges the secret."""
    assert is_genuine(SECRET, header, BODY, NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "nonsense",
        ",,,===,",
        f"t={STAMP}",
        f"v1={RIGHT}",
        f"t={STAMP},v1=",
        f"t={STAMP},v1",
        f"t=,v1={RIGHT}",
        f"t,v1={RIGHT}",
        f"t={STAMP},v1={WRONG}",
        f"t={STAMP},v1={WRONG},v1={WRONG}",
        f"t={STAMP},v0={RIGHT}",
        f"t={STAMP},v1={RIGHT[:-1]}",
        f"t={STAMP},v1={RIGHT}0",
        f"t={STAMP},v1={RIGHT}=",
        f"t={STAMP},v1=0x{RIGHT}",
        f"t={STAMP};v1={RIGHT}",
        f"T={STAMP},V1={RIGHT}",
        # A moment that nobody signed.
        f"t={STAMP + 1},v1={RIGHT}",
        f"t={STAMP},t={STAMP},v1={RIGHT}",
        f"t={STAMP}.0,v1={RIGHT}",
        f"t=+{STAMP},v1={RIGHT}",
        f"t=0{STAMP},v1={RIGHT}",
        f"t={STAMP * 1000},v1={RIGHT}",
        f"t=-1,v1={RIGHT}",
        "t=now,v1=" + RIGHT,
        f"t=1e9,v1={RIGHT}",
        f"t={'9' * 10_000},v1={RIGHT}",
        # Python takes these for digits.
        f"t={''.join(chr(0x660 + int(digit)) for digit in str(STAMP))},v1={RIGHT}",
        f"t={STAMP},v1=ä",
        f"t={STAMP},v1={RIGHT},v1=\udcff",
    ],
)
def test_not_genuine(header: str | None) -> None:
    """Whatever else comes is refused, and breaks nothing."""
    assert not is_genuine(SECRET, header, BODY, NOW)


@pytest.mark.parametrize(
    ("seconds", "genuine"),
    [(0, True), (-300, True), (300, True), (-301, False), (301, False)],
)
def test_clocks(seconds: int, genuine: bool) -> None:
    """Two clocks may be five minutes apart, in either direction."""
    header = sign(SECRET, BODY, STAMP + seconds)
    assert is_genuine(SECRET, header, BODY, NOW) is genuine


def test_moments_are_not_rounded() -> None:
    """Five minutes and a bit are more than five minutes."""
    header = sign(SECRET, BODY, STAMP - 300)
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
    """The bytes are what counts, whatever they say, down to the last space."""
    header = sign(SECRET, body, STAMP)
    assert is_genuine(SECRET, header, body, NOW)
    assert not is_genuine(SECRET, header, body + b" ", NOW)


def test_nobody_signs_with_nothing() -> None:
    """Without a secret nothing is genuine, not even what was signed without one."""
    assert not is_genuine("", sign("", BODY, STAMP), BODY, NOW)


def test_secret_in_any_alphabet() -> None:
    """A secret may consist of any characters."""
    assert is_genuine("schlüssel🔑", sign("schlüssel🔑", BODY, STAMP), BODY, NOW)


def test_known_answer() -> None:
    """The signature is the one that Nomos describes, worked out by hand."""
    expected = hmac.digest(b"s", b"1768473000.{}", hashlib.sha256).hex()
    now = datetime.fromtimestamp(1768473000, UTC)
    assert is_genuine("s", f"t=1768473000,v1={expected}", b"{}", now)


def test_time_tells_nothing() -> None:
    """Every candidate is compared in constant time, also after the right one."""
    header = f"t={STAMP},v1={WRONG},v1={RIGHT},v1=short"
    with patch("hmac.compare_digest", wraps=hmac.compare_digest) as compare:
        assert is_genuine(SECRET, header, BODY, NOW)
    assert [call.args for call in compare.call_args_list] == [
        (RIGHT, WRONG),
        (RIGHT, RIGHT),
        (RIGHT, "short"),
    ]


PARTS = st.one_of(
    st.text(),
    st.builds("t={}".format, st.one_of(st.integers(), st.just(STAMP), st.text())),
    st.builds("v1={}".format, st.one_of(st.just(WRONG), st.text())),
)


@given(
    header=st.one_of(st.text(), st.lists(PARTS).map(",".join)),
    body=st.binary(),
    secret=st.text(),
)
def test_anything_at_all(header: str, body: bytes, secret: str) -> None:
    """No header and no body is genuine by chance, or breaks anything."""
    assert not is_genuine(secret, header, body, NOW)


@given(
    secret=st.text(min_size=1),
    body=st.binary(),
    drift=st.integers(-300, 300),
    other=st.tuples(st.text(min_size=1), st.binary(), st.integers(-300, 300)),
)
def test_only_the_right_one(
    secret: str, body: bytes, drift: int, other: tuple[str, bytes, int]
) -> None:
    """A signature holds for its own secret, body and moment, and for no other."""
    header = sign(secret, body, STAMP + drift)
    assert is_genuine(secret, header, body, NOW)
    other_secret, other_body, other_drift = other
    assert is_genuine(other_secret, header, body, NOW) is _same_key(
        secret, other_secret
    )
    assert is_genuine(secret, header, other_body, NOW) is (other_body == body)
    assume(other_drift != drift)
    moved = header.replace(str(STAMP + drift), str(STAMP + other_drift), 1)
    assert not is_genuine(secret, moved, body, NOW)


def _same_key(one: str, other: str) -> bool:
    """Whether two secrets are one key: HMAC fills up short ones with zeros."""

    def key(secret: str) -> bytes:
        plain = secret.encode()
        if len(plain) > hashlib.sha256().block_size:
            plain = hashlib.sha256(plain).digest()
        return plain.rstrip(b"\0")

    return key(one) == key(other)
