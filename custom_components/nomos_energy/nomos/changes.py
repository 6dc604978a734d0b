"""Changes of a meter order between two polls."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .orders import PATH_TO_ACTIVATION, MeterOrder, Milestone


class ChangeType(StrEnum):
    """Kind of a change: a milestone, or a change of the block or the appointment."""

    CREATED = "created"
    PLACED = "placed"
    CHECK_SUBMITTED = "check_submitted"
    CHECK_REVIEWED = "check_reviewed"
    SCHEDULED = "scheduled"
    INSTALLED = "installed"
    ACTIVATED = "activated"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    APPOINTMENT_SET = "appointment_set"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CANCELLED = "appointment_cancelled"


@dataclass(frozen=True, slots=True)
class Change:
    """Change of an order's milestone, block or appointment."""

    type: ChangeType
    old: str | None
    """Previous value: a milestone, a reason, or a timestamp in ISO 8601 (UTC)."""
    new: str | None


def changes(
    before: MeterOrder | None, after: MeterOrder | None, *, absent: bool = False
) -> list[Change]:
    """Return the changes between two states of an order in chronological order.

    Milestones between the two states count as skipped, and are left out, as long as
    the order is polled regularly. With `absent`, polls were missed in between: they
    count as passed. The installation counts as passed if the order has its timestamp.
    """
    if after is None:
        return []
    unblocked, blocked = _blocks(before, after)
    milestones = _milestones(before, after, absent)
    appointment = _appointment(before, after)
    # An appointment belongs to the milestone `scheduled`. Without that milestone, it
    # was set before the installation.
    position = next(
        (
            index + 1
            for index, change in enumerate(milestones)
            if change.type is ChangeType.SCHEDULED
        ),
        sum(_comes_before_appointment(change) for change in milestones),
    )
    return [
        *unblocked,
        *milestones[:position],
        *appointment,
        *milestones[position:],
        *blocked,
    ]


def _comes_before_appointment(change: Change) -> bool:
    return change.type in (
        ChangeType.CREATED,
        ChangeType.PLACED,
        ChangeType.CHECK_SUBMITTED,
        ChangeType.CHECK_REVIEWED,
        ChangeType.CANCELLED,
    )


def _milestones(
    before: MeterOrder | None, after: MeterOrder, absent: bool
) -> list[Change]:
    old = Milestone.NOT_ORDERED if before is None else before.status
    found: list[Change] = []
    for milestone in _reached(before, after, absent):
        found.append(Change(ChangeType(milestone), old, milestone))
        old = milestone
    return found


def _reached(
    before: MeterOrder | None, after: MeterOrder, absent: bool
) -> list[Milestone]:
    """Return the newly reached milestones in chronological order."""
    if after.status is Milestone.UNKNOWN or (before and before.status is after.status):
        return []
    if after.status is Milestone.CANCELLED:
        return [Milestone.CREATED] * (before is None) + [Milestone.CANCELLED]
    # A cancelled order has no position: it can be activated without any milestone in
    # between, because its meter existed before.
    first = 0 if before is None else _position(before.status)
    last = _position(after.status)
    if first is None or last is None or first > last:
        return [after.status]
    passed = PATH_TO_ACTIVATION[first if before is None else first + 1 : last]
    return [
        *(milestone for milestone in passed if _was_passed(milestone, after, absent)),
        after.status,
    ]


def _position(milestone: Milestone) -> int | None:
    return (
        PATH_TO_ACTIVATION.index(milestone) if milestone in PATH_TO_ACTIVATION else None
    )


def _was_passed(milestone: Milestone, order: MeterOrder, absent: bool) -> bool:
    if milestone is Milestone.CREATED:
        return True
    if milestone is Milestone.INSTALLED:
        return order.installed_at is not None
    return absent


def _blocks(
    before: MeterOrder | None, after: MeterOrder
) -> tuple[list[Change], list[Change]]:
    """Return the end of the previous block and the start of the current one."""
    was = before is not None and before.is_blocked
    old = before.blocked_reason if before else None
    new = after.blocked_reason
    same = (
        before is not None
        and was == after.is_blocked
        and before.blocked_at == after.blocked_at
        and old == new
    )
    if same or not (was or after.is_blocked):
        return [], []
    ended = [Change(ChangeType.UNBLOCKED, old, None)] if was else []
    began = [Change(ChangeType.BLOCKED, None, new)] if after.is_blocked else []
    return ended, began


def _appointment(before: MeterOrder | None, after: MeterOrder) -> list[Change]:
    old = before.appointment_at if before else None
    new = after.appointment_at
    if old == new:
        return []
    if old is None:
        kind = ChangeType.APPOINTMENT_SET
    elif new is not None:
        kind = ChangeType.APPOINTMENT_MOVED
    elif after.installed_at or after.status in (
        Milestone.INSTALLED,
        Milestone.ACTIVATED,
    ):
        # The appointment took place. Nomos just does not list it any more.
        return []
    else:
        kind = ChangeType.APPOINTMENT_CANCELLED
    return [Change(kind, _to_text(old), _to_text(new))]


def _to_text(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
