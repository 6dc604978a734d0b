"""What happened between two looks at an order."""

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

from .conftest import an_order

NINE = "2026-12-12T08:00:00+00:00"
LATER = "2026-12-20T08:00:00+00:00"
WAY = [
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

type Told = tuple[str, str | None, str | None]


def told(found: list[Change]) -> list[Told]:
    """Return changes as an automation reads them."""
    return [(change.type.value, change.old, change.new) for change in found]


def way(*milestones: str) -> list[Told]:
    """Return the changes that lead from one milestone to the next."""
    return [(new, old, new) for old, new in pairwise(milestones)]


def look(what: Mapping[str, Any] | str | None) -> MeterOrder | None:
    """Return an order that differs from a new one in these fields."""
    if isinstance(what, str):
        what = {"status": what}
    return None if what is None else an_order(**what)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # Milestones
        (None, None, []),
        ("placed", None, []),
        ("placed", "placed", []),
        (None, "created", way("not_ordered", "created")),
        (None, "placed", way("not_ordered", "created", "placed")),
        (None, "scheduled", way("not_ordered", "created", "scheduled")),
        ("created", "placed", way("created", "placed")),
        ("created", "check_reviewed", way("created", "check_reviewed")),
        ("scheduled", "activated", way("scheduled", "activated")),
        (
            "scheduled",
            {**INSTALLED, "status": "activated"},
            way("scheduled", "installed", "activated"),
        ),
        (
            "installed",
            {**INSTALLED, "status": "activated"},
            way("installed", "activated"),
        ),
        ("placed", "cancelled", way("placed", "cancelled")),
        (None, "cancelled", way("not_ordered", "created", "cancelled")),
        ("cancelled", "activated", way("cancelled", "activated")),
        # What goes back, or on from a word that nobody knows
        ("scheduled", "check_reviewed", way("scheduled", "check_reviewed")),
        ("cancelled", "created", way("cancelled", "created")),
        ("scheduled", "quality_review", []),
        ("quality_review", "installed", way("unknown", "installed")),
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
            [*way("not_ordered", "created"), ("blocked", None, "check_missing")],
        ),
        (
            CHECK,
            {"status": "placed"},
            [("unblocked", "check_missing", None), *way("created", "placed")],
        ),
        # Appointments
        (
            "scheduled",
            {"status": "scheduled", "appointment_at": NINE},
            [("appointment_set", None, NINE)],
        ),
        (
            {"status": "scheduled", "appointment_at": NINE},
            {"status": "scheduled", "appointment_at": LATER},
            [("appointment_moved", NINE, LATER)],
        ),
        (
            {"status": "scheduled", "appointment_at": NINE},
            "scheduled",
            [("appointment_cancelled", NINE, None)],
        ),
        (
            {"status": "scheduled", "appointment_at": NINE},
            "cancelled",
            [*way("scheduled", "cancelled"), ("appointment_cancelled", NINE, None)],
        ),
        (
            {"status": "scheduled", "appointment_at": NINE},
            INSTALLED,
            way("scheduled", "installed"),
        ),
        (
            {"status": "scheduled", "appointment_at": NINE},
            "activated",
            way("scheduled", "activated"),
        ),
        (
            {"status": "scheduled", "appointment_at": NINE},
            {**INSTALLED, "status": "quality_review"},
            [],
        ),
        (
            "check_reviewed",
            {"status": "scheduled", "appointment_at": NINE},
            [*way("check_reviewed", "scheduled"), ("appointment_set", None, NINE)],
        ),
        (
            "placed",
            {"status": "check_reviewed", "appointment_at": NINE},
            [*way("placed", "check_reviewed"), ("appointment_set", None, NINE)],
        ),
        (
            {"status": "scheduled", "appointment_at": NINE},
            {**INSTALLED, "appointment_at": LATER},
            [("appointment_moved", NINE, LATER), *way("scheduled", "installed")],
        ),
        # All at once
        (
            {**CHECK, "status": "check_reviewed"},
            {**GRID, **INSTALLED, "status": "activated", "appointment_at": NINE},
            [
                ("unblocked", "check_missing", None),
                ("appointment_set", None, NINE),
                *way("check_reviewed", "installed", "activated"),
                ("blocked", None, "grid_operator_registration"),
            ],
        ),
    ],
)
def test_changes(before: Any, after: Any, expected: list[Told]) -> None:
    """Who looks every day is told what changed, and not what was skipped."""
    assert told(changes(look(before), look(after))) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, None, []),
        ("placed", "placed", []),
        (None, "check_submitted", way("not_ordered", *WAY[:3])),
        ("placed", "scheduled", way("placed", *WAY[2:5])),
        # An installation has a moment; without one it was skipped.
        (
            "check_reviewed",
            "activated",
            way("check_reviewed", "scheduled", "activated"),
        ),
        ("created", {**INSTALLED, "status": "activated"}, way(*WAY)),
        (
            "placed",
            {**INSTALLED, "appointment_at": NINE},
            [
                *way("placed", "check_submitted", "check_reviewed", "scheduled"),
                ("appointment_set", None, NINE),
                *way("scheduled", "installed"),
            ],
        ),
        ("placed", "cancelled", way("placed", "cancelled")),
        ("cancelled", "activated", way("cancelled", "activated")),
        ("scheduled", "placed", way("scheduled", "placed")),
    ],
)
def test_changes_since_long_ago(before: Any, after: Any, expected: list[Told]) -> None:
    """Who was absent is told also what must have been passed meanwhile."""
    assert told(changes(look(before), look(after), absent=True)) == expected


def test_every_milestone_can_be_told() -> None:
    """Nothing that an order can reach is without a word for it."""
    silent = {Milestone.NOT_ORDERED, Milestone.UNKNOWN}
    assert {kind.value for kind in ChangeType} >= set(Milestone) - silent


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
LOOKS = st.none() | ORDERS


@given(order=LOOKS, absent=st.booleans())
def test_nothing_happens_by_looking_twice(
    order: MeterOrder | None, absent: bool
) -> None:
    """What was told once is not told again."""
    assert changes(order, order, absent=absent) == []


@given(before=LOOKS, after=LOOKS, absent=st.booleans())
def test_changes_lead_from_one_look_to_the_other(
    before: MeterOrder | None, after: MeterOrder | None, absent: bool
) -> None:
    """Every change begins where the one before it ended, and none comes twice."""
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
    # An appointment that was kept is over without a word.
    assert after.appointment_at in (old, None)

    blocks = [change for change in found if "blocked" in change.type]
    blocked = before.is_blocked if before else False
    for change in blocks:
        assert blocked is (change.type is ChangeType.UNBLOCKED)
        blocked = not blocked
    assert blocked is after.is_blocked


@given(before=LOOKS, after=LOOKS, absent=st.booleans())
def test_order_of_changes(
    before: MeterOrder | None, after: MeterOrder | None, absent: bool
) -> None:
    """A block ends first and begins last; milestones come as they are passed."""
    kinds = [change.type.value for change in changes(before, after, absent=absent)]
    assert "unblocked" not in kinds[1:]
    assert "blocked" not in kinds[:-1]
    passed = [kind for kind in kinds if kind in WAY]
    assert passed == sorted(passed, key=WAY.index)
    if "cancelled" in kinds:
        assert not set(kinds[kinds.index("cancelled") :]) & set(WAY)
    if "scheduled" in kinds and "appointment_set" in kinds:
        assert kinds.index("appointment_set") == kinds.index("scheduled") + 1


@given(before=LOOKS, after=ORDERS)
def test_absence_adds_only_what_was_passed(
    before: MeterOrder | None, after: MeterOrder
) -> None:
    """Who was absent is told the same and nothing but milestones in addition."""
    daily = [change.type for change in changes(before, after)]
    absent = [change.type for change in changes(before, after, absent=True)]
    assert set(daily) <= set(absent)
    assert {kind.value for kind in set(absent) - set(daily)} <= set(WAY) - {
        "created",
        "installed",
        "activated",
    }
