"""Tests of the parsers for the fields of records."""

from datetime import UTC, datetime, timedelta, timezone
import time
from typing import Any
from unicodedata import is_normalized
from urllib.parse import quote

from hypothesis import example, given, strategies as st
import orjson
import pytest
from yarl import URL

from custom_components.nomos_energy.nomos import (
    MeterOrder,
    Milestone,
    NomosResponseError,
    Plan,
    Provider,
    Subscription,
)
from custom_components.nomos_energy.nomos.fields import (
    MAX_TEXT,
    optional_identifier,
    read_json,
    slug,
    text,
)
from custom_components.nomos_energy.nomos.once import MAX_WARNINGS
from tests.nomos.common import (
    JSON,
    NEW_VALUE,
    ORDER,
    PLAN,
    SUBSCRIPTION,
    a_subscription,
    an_order,
    warnings,
)


@pytest.mark.parametrize(
    "value",
    [
        "sub_\ud800",
        "sub_\n1",
        "sub_1\n",
        "sub_\x00",
        "sub 1",
        "süb_1",
        "sub_１",
        "sub/1",
        "sub%2f1",
        ".",
        "..",
        "s" * 65,
        "",
        None,
        7,
        True,
    ],
)
@pytest.mark.parametrize("field", ["id", "subscription"])
def test_invalid_id(field: str, value: Any) -> None:
    """An ID of other characters, or too long, raises an error that names the field."""
    with pytest.raises(NomosResponseError, match=field):
        MeterOrder.from_json({**ORDER, field: value})


@pytest.mark.parametrize("value", ["7", "Sub-1_b", "s" * 64])
def test_valid_id(value: str) -> None:
    """An ID of letters, digits, hyphens and underscores is parsed as it is."""
    assert an_order(subscription=value).subscription_id == value


@given(st.text() | st.from_regex(r"[\w.-]{1,70}", fullmatch=True) | JSON)
def test_any_id(value: Any) -> None:
    """Whatever is taken for an ID is safe in a path and a key."""
    parsed = optional_identifier(value)
    if parsed is not None:
        assert parsed == value
        assert quote(parsed, safe="") == parsed
        assert 1 <= len(parsed) <= 64


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("Lindenallee", "Lindenallee"),
        ("Linden\ud83dallee", "Lindenallee"),
        (
            "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
            "\U0001f600",
        ),
        ("Linden\x00allee", "Lindenallee"),
        ("\u202eeellanedniL\u202c", "eellanedniL"),
        ("\u2066Linden\u2069\u200ballee\ufeff", "Lindenallee"),
        ("Linden\x1b[31mallee", "Linden[31mallee"),
        ("Linden\r\n\u2028\t allee ", "Linden allee"),
        ("Haus\u00a07", "Haus 7"),
        ("Mu\u0308hle", "Mühle"),
        ("Mu\u200d\u0308hle", "Mühle"),
        ("\u3164\u2800\ufe0f", None),
        ("x" * 10_000, "x" * 100),
        ("x" * 99 + " yz", "x" * 99),
        (" \n", None),
        ("", None),
        (7, "7"),
        (10**400, None),
        (True, None),
        (7.5, None),
        (None, None),
        (["Lindenallee"], None),
    ],
)
def test_text(value: Any, parsed: str | None) -> None:
    """A text is one printable line of bounded length, or missing."""
    assert text(value) == parsed


@given(st.text(st.characters(exclude_categories=[])) | JSON)
@example("a" + "\u0301\u0316" * 500)
def test_any_text(value: Any) -> None:
    """Any text can be stored, is printable, and passes the gate once."""
    parsed = text(value)
    if parsed is None:
        return
    assert 1 <= len(parsed) <= MAX_TEXT
    assert parsed.isprintable()
    assert parsed == " ".join(parsed.split())
    assert is_normalized("NFC", parsed)
    assert orjson.loads(orjson.dumps(parsed)) == parsed
    assert text(parsed) == parsed


@given(st.text() | JSON)
def test_any_slug(value: Any) -> None:
    """Whatever is taken for a slug leads to a subdomain of the portal."""
    parsed = slug(value)
    if parsed is not None:
        url = URL(f"https://{parsed}.customerportal.energy/")
        assert url.host == f"{value}.customerportal.energy"
        assert (url.path, url.explicit_port, url.user) == ("/", None, None)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("7", 7),
        ("-7.25e1", -72.5),
        ("9" * 18, int("9" * 18)),
        ("9" * 19, None),
        ("9" * 5_000, None),
        ("1" * 5_000 + ".5", None),
        ("1e999", None),
        ("-1e999", None),
        ("NaN", None),
        ("Infinity", None),
        ("-Infinity", None),
    ],
)
def test_numbers(number: str, value: float | None) -> None:
    """A number that is not finite or much too long is missing; the rest is read."""
    answer = read_json(f'{{"value": {number}, "items": [{number}, 1]}}'.encode())
    assert answer == {"value": value, "items": [value, 1]}


def test_many_new_values(caplog: pytest.LogCaptureFixture) -> None:
    """Values that differ every time do not fill the log."""
    for index in range(1_000):
        assert an_order(status=f"value_{index}").status is Milestone.UNKNOWN
    assert len(warnings(caplog)) == MAX_WARNINGS


def test_unprintable_new_value(caplog: pytest.LogCaptureFixture) -> None:
    """A spoilt value is unknown, though its text would be a known one."""
    assert an_order(status="activ\u200bated").status is Milestone.UNKNOWN
    assert an_order(provider="\x1b[2J\ud800\u202e").provider is Provider.UNKNOWN
    assert warnings(caplog) == [
        "Nomos sent a new value of Milestone: 'activ\\u200bated'",
        "Nomos sent a new value of Provider: '\\x1b[2J\\ud800\\u202e'",
    ]


def test_invalid_required_timestamp() -> None:
    """A required timestamp that is invalid raises an error that names the field."""
    with pytest.raises(NomosResponseError, match="created_at"):
        an_order(created_at="next tuesday")


@pytest.mark.parametrize(
    ("kind", "parse"),
    [
        ("Milestone", lambda value: an_order(status=value).status),
        ("Provider", lambda value: an_order(provider=value).provider),
        (
            "BlockedReason",
            lambda value: an_order(blocked_reason=value).blocked_reason,
        ),
        (
            "CancelledReason",
            lambda value: an_order(cancelled_reason=value).cancelled_reason,
        ),
        ("SubscriptionStatus", lambda value: a_subscription(status=value).status),
        ("SubscriptionType", lambda value: a_subscription(type=value).type),
        ("MeterType", lambda value: a_subscription(meter={"type": value}).meter_type),
    ],
)
def test_new_values(kind: str, parse: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A value that Nomos adds is parsed as unknown and logged once."""
    assert [parse(NEW_VALUE) for _ in range(3)] == ["unknown"] * 3
    assert warnings(caplog) == [f"Nomos sent a new value of {kind}: '{NEW_VALUE}'"]
    assert parse("another_value") == "unknown"
    assert len(warnings(caplog)) == 2


def test_long_new_value(caplog: pytest.LogCaptureFixture) -> None:
    """A long value is truncated in the log."""
    assert an_order(status="x" * 10_000).status is Milestone.UNKNOWN
    (message,) = warnings(caplog)
    assert len(message) < 120


@pytest.mark.parametrize("value", ["next tuesday", "", 1_790_000_000, [], {}, True])
def test_invalid_optional_timestamp(
    value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """An optional timestamp that is invalid is dropped and logged once per field."""
    for _ in range(3):
        assert an_order(appointment_at=value).appointment_at is None
    assert an_order(installed_at=value).installed_at is None
    assert warnings(caplog) == [
        "Nomos sent an invalid timestamp in “appointment_at”",
        "Nomos sent an invalid timestamp in “installed_at”",
    ]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T10:00:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        (
            "2026-11-23T10:00:00.123Z",
            datetime(2026, 11, 23, 10, 0, 0, 123_000, tzinfo=UTC),
        ),
        # A datetime has microseconds only.
        (
            "2026-11-23T10:00:00.123456789Z",
            datetime(2026, 11, 23, 10, 0, 0, 123_456, tzinfo=UTC),
        ),
        ("2026-11-23T10:00:00+01:00", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("2026-11-23T00:30:00+02:00", datetime(2026, 11, 22, 22, 30, tzinfo=UTC)),
        # A timestamp without an offset is in UTC.
        ("2026-11-23T10:00:00", datetime(2026, 11, 23, 10, tzinfo=UTC)),
    ],
)
def test_timestamps(text: str, moment: datetime) -> None:
    """Timestamps of any notation are converted to UTC."""
    order = an_order(created_at=text, appointment_at=text)
    assert order.created_at == order.appointment_at == moment
    assert order.created_at.tzinfo is UTC


def test_timestamp_without_offset(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The time zone of the machine has no effect."""
    request.addfinalizer(time.tzset)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        order = an_order(created_at="2026-11-23T10:00:00")
    assert order.created_at == datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+02:00",
        "1969-12-31T23:59:59Z",
        "9000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-02:00",
    ],
)
def test_timestamp_out_of_range(text: str) -> None:
    """A timestamp before 1970 or after 8999 is dropped."""
    assert an_order(appointment_at=text).appointment_at is None


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "8999-12-31T23:59:59Z"])
def test_timestamp_within_range(text: str) -> None:
    """The first and the last valid timestamps are parsed."""
    assert an_order(appointment_at=text).appointment_at == datetime.fromisoformat(text)


@given(st.dictionaries(st.text(), JSON))
def test_new_fields(extra: dict[str, Any]) -> None:
    """Fields that Nomos adds are ignored."""
    assert MeterOrder.from_json({**extra, **ORDER}) == an_order()
    assert Subscription.from_json({**extra, **SUBSCRIPTION}) == a_subscription()
    assert Plan.from_json({**extra, **PLAN}) == Plan.from_json(PLAN)


@given(
    st.datetimes(datetime(1970, 1, 3), datetime(8999, 12, 29)),
    st.integers(-1439, 1439),
)
def test_any_offset(moment: datetime, minutes: int) -> None:
    """A timestamp with any offset and any fraction is converted to UTC."""
    local = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    order = an_order(created_at=local.isoformat())
    assert order.created_at == local
    assert order.created_at.tzinfo is UTC


@given(st.text(min_size=1))
@example("Created")
@example(" created")
def test_any_value(value: str) -> None:
    """Any value is parsed as itself or as unknown."""
    order = an_order(
        status=value, provider=value, blocked_reason=value, cancelled_reason=value
    )
    parsed = (
        order.status,
        order.provider,
        order.blocked_reason,
        order.cancelled_reason,
    )
    assert all(each in {value, "unknown"} for each in parsed)
