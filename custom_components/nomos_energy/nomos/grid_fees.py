"""Grid fee reductions of §14a EnWG and the grid fee windows of module 3.

Timestamps are aware and in UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from .fields import (
    identifier,
    optional_timestamp,
    required_known_value,
    required_timestamp,
)


class GridFeeModule(StrEnum):
    """Module of §14a EnWG; `UNKNOWN`: one that this version does not know."""

    MODULE_1 = "enwg-14a-module-1"
    """Flat reduction per year."""
    MODULE_2 = "enwg-14a-module-2"
    """Reduced price per kWh; needs a separate meter."""
    MODULE_3 = "enwg-14a-module-3"
    """Grid fee that varies by the time of day."""
    UNKNOWN = "unknown"

    @property
    def number(self) -> int | None:
        """Number of the module."""
        return int(self[-1]) if self is not GridFeeModule.UNKNOWN else None


class ReductionStatus(StrEnum):
    """Status of a reduction; `UNKNOWN`: one that this version does not know."""

    NOT_ORDERED = "not_ordered"
    INTENDED = "intended"
    ORDERED = "ordered"
    REJECTED = "rejected"
    ACTIVATED = "activated"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridFeeReduction:
    """Order of a module; a new one may follow when it was rejected or has ended."""

    subscription_id: str
    module: GridFeeModule
    status: ReductionStatus
    created_at: datetime
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """End of the validity, exclusive."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Parse a reduction; raises NomosResponseError if a field is missing."""
        return cls(
            subscription_id=identifier(data, "subscription"),
            module=required_known_value(GridFeeModule, data, "type"),
            status=required_known_value(ReductionStatus, data, "status"),
            created_at=required_timestamp(data, "created_at"),
            valid_from=optional_timestamp(data, "valid_from"),
            valid_until=optional_timestamp(data, "valid_until"),
        )

    def in_force(self, now: datetime) -> bool:
        """Return if the module is activated and valid at a moment."""
        return (
            self.status is ReductionStatus.ACTIVATED
            and (self.valid_from is None or self.valid_from <= now)
            and (self.valid_until is None or now < self.valid_until)
        )


def latest(
    reductions: Iterable[GridFeeReduction], module: GridFeeModule
) -> GridFeeReduction | None:
    """Return the order of a module that was created last."""
    return max(
        (each for each in reductions if each.module is module),
        key=lambda each: each.created_at,
        default=None,
    )


class GridFeeWindow(StrEnum):
    """Level of the grid fee at a time of day (module 3)."""

    LOW = "low"
    STANDARD = "standard"
    HIGH = "high"


MOST_LOW = 0.45
"""Largest share of the standard fee that counts as low.

BNetzA BK8-22/010-A: low is 10 to 40 % of the standard, and high up to double of it.
"""

LEAST_HIGH = timedelta(hours=2)
"""Least duration of the high window on a day with windows (BK8-22/010-A)."""


def windows_of(fees: Iterable[float], unknown: timedelta) -> dict[float, GridFeeWindow]:
    """Map the grid fees (EUR/kWh) of a day to their windows.

    `unknown` is the part of the day without a known fee. Three different fees are low,
    standard and high. Of two, the lower one is low if it is small enough for that;
    else they are standard and high. A single one is the standard: module 3 has windows
    in two quarters of a year at least, not in all of them. Any other number of fees has
    no windows: the result is empty.
    """
    match sorted(set(fees)):
        case [fee] if unknown < LEAST_HIGH:
            return {fee: GridFeeWindow.STANDARD}
        case [lower, higher] if lower <= round(MOST_LOW * higher, 8):
            return {lower: GridFeeWindow.LOW, higher: GridFeeWindow.STANDARD}
        case [lower, higher]:
            return {lower: GridFeeWindow.STANDARD, higher: GridFeeWindow.HIGH}
        case [low, standard, high]:
            return {
                low: GridFeeWindow.LOW,
                standard: GridFeeWindow.STANDARD,
                high: GridFeeWindow.HIGH,
            }
        case _:
            return {}
