"""Tests of the changes of a meter order."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    BlockedReason,
    CancelledReason,
    Change,
    ChangeType,
    MeterOrder,
    Milestone,
    Provider,
    changes,
)

from .common import an_order

APPOINTMENT = "2026-12-12T08:00:00+00:00"
LATER_APPOINTMENT = "2026-12-20T08:00:00+00:00"
PATH = [
    "created",
    "placed",
    "check_submitted",
    "check_reviewed",
    "scheduled",
    "installed",
    "activated",
]
INSTALLED = {"status": "installed", "installed_at": "2026-12-12T09:30:00.000Z"}
CHECK = {"blocked_at": "2026-11-28T10:00:00Z", "blocked_reason": "check_missing"}
GRID = {
    "blocked_at": "2026-12-01T10:00:00Z",
    "blocked_reason": "grid_operator_registration",
}

type Values = tuple[str, str | None, str | None]


def values(found: list[Change]) -> list[Values]:
    """Return the type and the values of each change."""
    return [(change.type.value, change.old, change.new) for change in found]


def milestones(*names: str) -> list[Values]:
    """Return the changes from each milestone to the next."""
    return [(new, old, new) for old, new in pairwise(names)]


def order(fields: Mapping[str, Any] | str | None) -> MeterOrder | None:
    """Return an order with a status or some other fields changed."""
    if isinstance(fields, str):
        fields = {"status": fields}
    return None if fields is None else an_order(**fields)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # Milestones
        (None, None, []),
        ("placed", None, []),
        ("placed", "placed", []),
        (None, "created", milestones("not_ordered", "created")),
        (None, "placed", milestones("not_ordered", "created", "placed")),
        (None, "scheduled", milestones("not_ordered", "created", "scheduled")),
        ("created", "placed", milestones("created", "placed")),
        ("created", "check_reviewed", milestones("created", "check_reviewed")),
        ("scheduled", "activated", milestones("scheduled", "activated")),
        (
            "scheduled",
            {**INSTALLED, "status": "activated"},
            milestones("scheduled", "installed", "activated"),
        ),
        (
            "installed",
            {**INSTALLED, "status": "activated"},
            milestones("installed", "activated"),
        ),
        ("placed", "cancelled", milestones("placed", "cancelled")),
        (None, "cancelled", milestones("not_ordered", "created", "cancelled")),
        ("cancelled", "activated", milestones("cancelled", "activated")),
        # Steps back, and changes from and to an unknown status
        ("scheduled", "check_reviewed", milestones("scheduled", "check_reviewed")),
        ("cancelled", "created", milestones("cancelled", "created")),
        ("scheduled", "quality_review", []),
        ("quality_review", "installed", milestones("unknown", "installed")),
        # Blocks
        ({}, CHECK, [("blocked", None, "check_missing")]),
        (CHECK, {}, [("unblocked", "check_missing", None)]),
        (CHECK, CHECK, []),
        (
            CHECK,
            GRID,
            [
                ("unblocked", "check_missing", None),
                ("blocked", None, "grid_operator_registration"),
            ],
        ),
        (
            CHECK,
            {**CHECK, "blocked_at": "2026-12-03T10:00:00Z"},
            [
                ("unblocked", "check_missing", None),
                ("blocked", None, "check_missing"),
            ],
        ),
        (
            {},
            {"blocked_at": "2026-12-03T10:00:00Z"},
            [("blocked", None, None)],
        ),
        ({}, {"blocked_reason": "flood"}, [("blocked", None, "unknown")]),
        (
            None,
            CHECK,
            [*milestones("not_ordered", "created"), ("blocked", None, "check_missing")],
        ),
        (
            CHECK,
            {"status": "placed"},
            [("unblocked", "check_missing", None), *milestones("created", "placed")],
        ),
        # Appointments
        (
            "scheduled",
            {"status": "scheduled", "appointment_at": APPOINTMENT},
            [("appointment_set", None, APPOINTMENT)],
        ),
        (
            {"status": "scheduled", "appointment_at": APPOINTMENT},
            {"status": "scheduled", "appointment_at": LATER_APPOINTMENT},
            [("appointment_moved", APPOINTMENT, LATER_APPOINTMENT)],
        ),
        (
            {"status": "scheduled", "appointment_at": APPOINTMENT},
            "scheduled",
            [("appointment_cancelled", APPOINTMENT, None)],
        ),
        (
            {"status": "scheduled", "appointment_at": APPOINTMENT},
            "cancelled",
            [
                *milestones("scheduled", "cancelled"),
                ("appointment_cancelled", APPOINTMENT, None),
            ],
        ),
        (
            {"status": "scheduled", "appointment_at": APPOINTMENT},
            INSTALLED,
            milestones("scheduled", "installed"),
        ),
        (
            {"status": "scheduled", "appointment_at": APPOINTMENT},
            "activated",
            milestones("scheduled", "activated"),
        ),
        (
            {"status": "scheduled", "appointment_at": APPOINTMENT},
            {**INSTALLED, "status": "quality_review"},
            [],
        ),
        (
            "check_reviewed",
            {"status": "scheduled", "appointment_at": APPOINTMENT},
            [
                *milestones("check_reviewed", "scheduled"),
                ("appointment_set", None, APPOINTMENT),
            ],
        ),
        (
            "placed",
            {"status": "check_reviewed", "appointment_at": APPOINTMENT},
            [
                *milestones("placed", "check_reviewed"),
                ("appointment_set", None, APPOINTMENT),
            ],
        ),
        (
            {"status": "scheduled", "appointment_at": APPOINTMENT},
            {**INSTALLED, "appointment_at": LATER_APPOINTMENT},
            [
                ("appointment_moved", APPOINTMENT, LATER_APPOINTMENT),
                *milestones("scheduled", "installed"),
            ],
        ),
        # Everything at the same time
        (
            {**CHECK, "status": "check_reviewed"},
            {**GRID, **INSTALLED, "status": "activated", "appointment_at": APPOINTMENT},
            [
                ("unblocked", "check_missing", None),
                ("appointment_set", None, APPOINTMENT),
                *milestones("check_reviewed", "installed", "activated"),
                ("blocked", None, "grid_operator_registration"),
            ],
        ),
    ],
)
def test_changes(before: Any, after: Any, expected: list[Values]) -> None:
    """Skipped milestones are left out between regular polls."""
    assert values(changes(order(before), order(after))) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, None, []),
        ("placed", "placed", []),
        (None, "check_submitted", milestones("not_ordered", *PATH[:3])),
        ("placed", "scheduled", milestones("placed", *PATH[2:5])),
        # An installation without a timestamp was skipped.
        (
            "check_reviewed",
            "activated",
            milestones("check_reviewed", "scheduled", "activated"),
        ),
        ("created", {**INSTALLED, "status": "activated"}, milestones(*PATH)),
        (
            "placed",
            {**INSTALLED, "appointment_at": APPOINTMENT},
            [
                *milestones("placed", "check_submitted", "check_reviewed", "scheduled"),
                ("appointment_set", None, APPOINTMENT),
                *milestones("scheduled", "installed"),
            ],
        ),
        ("placed", "cancelled", milestones("placed", "cancelled")),
        ("cancelled", "activated", milestones("cancelled", "activated")),
        ("scheduled", "placed", milestones("scheduled", "placed")),
    ],
)
def test_changes_after_missed_polls(
    before: Any, after: Any, expected: list[Values]
) -> None:
    """Milestones in between are added after missed polls."""
    assert values(changes(order(before), order(after), absent=True)) == expected


def test_every_milestone_has_a_change_type() -> None:
    """Every status of an order but the unknown one has a type of change."""
    without = {Milestone.NOT_ORDERED, Milestone.UNKNOWN}
    assert {kind.value for kind in ChangeType} >= set(Milestone) - without


MOMENTS = st.none() | st.integers(0, 3).map(
    lambda days: datetime(2026, 12, 12, 8, tzinfo=UTC) + timedelta(days=days)
)
ORDERS = st.builds(
    MeterOrder,
    id=st.just("prdo_1"),
    subscription_id=st.just("sub_1"),
    status=st.sampled_from(
        [known for known in Milestone if known is not Milestone.NOT_ORDERED]
    ),
    provider=st.sampled_from(Provider),
    created_at=st.just(datetime(2026, 11, 23, tzinfo=UTC)),
    appointment_at=MOMENTS,
    installed_at=MOMENTS,
    activated_at=MOMENTS,
    cancelled_at=MOMENTS,
    cancelled_reason=st.none() | st.sampled_from(CancelledReason),
    blocked_at=MOMENTS,
    blocked_reason=st.none() | st.sampled_from(BlockedReason),
)
STATES = st.none() | ORDERS


@given(state=STATES, absent=st.booleans())
def test_same_state(state: MeterOrder | None, absent: bool) -> None:
    """The same state has no changes."""
    assert changes(state, state, absent=absent) == []


@given(before=STATES, after=STATES, absent=st.booleans())
def test_changes_lead_from_one_state_to_the_other(
    before: MeterOrder | None, after: MeterOrder | None, absent: bool
) -> None:
    """Every change starts from the value of the previous one, and types are unique."""
    found = changes(before, after, absent=absent)
    kinds = [change.type.value for change in found]
    assert len(kinds) == len(set(kinds))
    if after is None:
        assert not found
        return

    reached = [change for change in found if change.type.value in set(Milestone)]
    status: str | None = before.status if before else Milestone.NOT_ORDERED
    for change in reached:
        assert change.old == status
        assert change.new == change.type.value
        status = change.new
    assert after.status in (status, Milestone.UNKNOWN)

    appointments = [
        change for change in found if change.type.value.startswith("appointment")
    ]
    assert len(appointments) <= 1
    old = before.appointment_at if before else None
    for change in appointments:
        assert change.old == (old.isoformat() if old else None)
        old = datetime.fromisoformat(change.new) if change.new else None
    # An appointment that took place is removed without a change.
    assert after.appointment_at in (old, None)

    blocks = [change for change in found if "blocked" in change.type]
    blocked = before.is_blocked if before else False
    for change in blocks:
        assert blocked is (change.type is ChangeType.UNBLOCKED)
        blocked = not blocked
    assert blocked is after.is_blocked


@given(before=STATES, after=STATES, absent=st.booleans())
def test_order_of_changes(
    before: MeterOrder | None, after: MeterOrder | None, absent: bool
) -> None:
    """Blocks end first and start last; milestones are in chronological order."""
    kinds = [change.type.value for change in changes(before, after, absent=absent)]
    assert "unblocked" not in kinds[1:]
    assert "blocked" not in kinds[:-1]
    passed = [kind for kind in kinds if kind in PATH]
    assert passed == sorted(passed, key=PATH.index)
    if "cancelled" in kinds:
        assert not set(kinds[kinds.index("cancelled") :]) & set(PATH)
    if "scheduled" in kinds and "appointment_set" in kinds:
        assert kinds.index("appointment_set") == kinds.index("scheduled") + 1


@given(before=STATES, after=ORDERS)
def test_missed_polls_add_milestones_only(
    before: MeterOrder | None, after: MeterOrder
) -> None:
    """After missed polls, the same changes and some milestones are returned."""
    regular = [change.type for change in changes(before, after)]
    absent = [change.type for change in changes(before, after, absent=True)]
    assert set(regular) <= set(absent)
    assert {kind.value for kind in set(absent) - set(regular)} <= set(PATH) - {
        "created",
        "installed",
        "activated",
    }
