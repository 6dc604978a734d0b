"""Grid fee reductions of §14a EnWG, and the windows that module 3 makes of a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from .fields import (
    identifier,
    optional_timestamp,
    required_text,
    required_timestamp,
    word_of,
)


class GridFeeModule(StrEnum):
    """Which reduction it is; `UNKNOWN`: one that the law did not have yet."""

    MODULE_1 = "enwg-14a-module-1"
    """A flat deduction for the year."""
    MODULE_2 = "enwg-14a-module-2"
    """Less per kWh, with a meter of its own."""
    MODULE_3 = "enwg-14a-module-3"
    """A grid fee that differs by the time of day."""
    UNKNOWN = "unknown"

    @property
    def number(self) -> int | None:
        """The number that people know it by."""
        return int(self[-1]) if self is not GridFeeModule.UNKNOWN else None


class ReductionStatus(StrEnum):
    """How far the order of a module is; `UNKNOWN`: a new word."""

    NOT_ORDERED = "not_ordered"
    INTENDED = "intended"
    ORDERED = "ordered"
    REJECTED = "rejected"
    ACTIVATED = "activated"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridFeeReduction:
    """One order of a module; another may follow when it was rejected or has ended."""

    subscription_id: str
    module: GridFeeModule
    status: ReductionStatus
    created_at: datetime
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """The moment from which on it does not hold any more."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a reduction; raises NomosResponseError without what it needs."""
        return cls(
            subscription_id=identifier(data, "subscription"),
            module=word_of(GridFeeModule, required_text(data, "type")),
            status=word_of(ReductionStatus, required_text(data, "status")),
            created_at=required_timestamp(data, "created_at"),
            valid_from=optional_timestamp(data, "valid_from"),
            valid_until=optional_timestamp(data, "valid_until"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        return {
            "subscription": self.subscription_id,
            "type": self.module,
            "status": self.status,
            "created_at": self.created_at.isoformat(),
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
        }

    def in_force(self, now: datetime) -> bool:
        """Whether the module is activated and valid at a moment."""
        return (
            self.status is ReductionStatus.ACTIVATED
            and (self.valid_from is None or self.valid_from <= now)
            and (self.valid_until is None or now < self.valid_until)
        )


def latest(
    reductions: Iterable[GridFeeReduction], module: GridFeeModule
) -> GridFeeReduction | None:
    """Return the order of a module that counts: the last one."""
    return max(
        (each for each in reductions if each.module is module),
        key=lambda each: each.created_at,
        default=None,
    )


class GridFeeWindow(StrEnum):
    """How high the grid fee is, as the windows of module 3 are called."""

    LOW = "low"
    STANDARD = "standard"
    HIGH = "high"


def windows_of(fees: Iterable[float]) -> dict[float, GridFeeWindow]:
    """Name the grid fees (EUR/kWh) of a day, one for each interval of the same length.

    Three fees are low, standard and high. Of two, the one that holds for the
    longer part of the day is the standard, and for both halves of a day the
    higher one. Fewer or more than that are no windows: the answer is empty.
    """
    lengths: dict[float, int] = {}
    for fee in fees:
        lengths[fee] = lengths.get(fee, 0) + 1
    match sorted(lengths):
        case [low, standard, high]:
            return {
                low: GridFeeWindow.LOW,
                standard: GridFeeWindow.STANDARD,
                high: GridFeeWindow.HIGH,
            }
        case [lower, higher] if lengths[lower] > lengths[higher]:
            return {lower: GridFeeWindow.STANDARD, higher: GridFeeWindow.HIGH}
        case [lower, higher]:
            return {lower: GridFeeWindow.LOW, higher: GridFeeWindow.STANDARD}
        case _:
            return {}
