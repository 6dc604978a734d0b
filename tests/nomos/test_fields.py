"""Tests of the parsers for the fields of records."""

from datetime import UTC, datetime, timedelta, timezone
import time
from typing import Any

from hypothesis import example, given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    MeterOrder,
    Milestone,
    NomosResponseError,
    Plan,
    Subscription,
)
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


@pytest.mark.parametrize("value", ["sub_\ud800", "sub_\n1", "sub_\x00"])
@pytest.mark.parametrize("field", ["id", "subscription"])
def test_unprintable_id(field: str, value: str) -> None:
    """An ID with unprintable characters raises an error that names the field."""
    with pytest.raises(NomosResponseError, match=field):
        MeterOrder.from_json({**ORDER, field: value})


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
