"""Tests of meter orders."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
import pytest

from custom_components.nomos_energy.nomos import (
    BlockedReason,
    CancelledReason,
    MeterOrder,
    Milestone,
    NomosResponseError,
    Provider,
)
from tests.nomos.common import ORDER, an_order, records


def test_all_fields() -> None:
    """Every field of an order is parsed."""
    assert an_order(
        status="cancelled",
        cancelled_reason="pre_existing",
        blocked_reason="check_missing",
        appointment_at="2026-12-01T08:00:00Z",
        installed_at="2026-12-02T08:00:00Z",
        activated_at="2026-12-03T08:00:00Z",
        cancelled_at="2026-12-04T08:00:00Z",
        blocked_at="2026-12-05T08:00:00Z",
    ) == MeterOrder(
        id="prdo_1",
        subscription_id="sub_1",
        status=Milestone.CANCELLED,
        provider=Provider.METRIFY,
        created_at=datetime(2026, 11, 23, 10, tzinfo=UTC),
        appointment_at=datetime(2026, 12, 1, 8, tzinfo=UTC),
        installed_at=datetime(2026, 12, 2, 8, tzinfo=UTC),
        activated_at=datetime(2026, 12, 3, 8, tzinfo=UTC),
        cancelled_at=datetime(2026, 12, 4, 8, tzinfo=UTC),
        cancelled_reason=CancelledReason.PRE_EXISTING,
        blocked_at=datetime(2026, 12, 5, 8, tzinfo=UTC),
        blocked_reason=BlockedReason.CHECK_MISSING,
    )


def test_optional_fields() -> None:
    """Optional fields may be missing."""
    nullable = {field for field, value in ORDER.items() if value is None}
    required = {field: ORDER[field] for field in ORDER.keys() - nullable}
    assert MeterOrder.from_json(required) == an_order()


@pytest.mark.parametrize(
    "field", ["id", "subscription", "status", "provider", "created_at"]
)
def test_required_fields(field: str) -> None:
    """An order without a required field raises an error that names the field."""
    values: tuple[Any, ...] = (None, "", 7, [], {})
    for value in values:
        with pytest.raises(NomosResponseError, match=field):
            an_order(**{field: value})


@given(records(ORDER))
def test_any_order(data: dict[str, Any]) -> None:
    """Any JSON object is parsed to aware timestamps or refused."""
    try:
        order = MeterOrder.from_json(data)
    except NomosResponseError:
        return
    moments = (
        order.created_at,
        order.appointment_at,
        order.installed_at,
        order.activated_at,
        order.cancelled_at,
        order.blocked_at,
    )
    assert all(moment.tzinfo is UTC for moment in moments if moment)
