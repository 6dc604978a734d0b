"""Meter readings.

Timestamps are aware and in UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from .errors import NomosResponseError
from .fields import identifier, parse_energy, required_known_value, required_timestamp

MAX_READING = 1e9
"""kWh; meters count less than this, so that higher values are invalid."""


class ReadingKind(StrEnum):
    """Origin of a reading; `UNKNOWN`: one that this version does not know."""

    CUSTOMER_REPORT = "customer_report"
    GRID_READING = "grid_reading"
    GRID_ESTIMATION = "grid_estimation"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """Meter reading at the beginning of a day."""

    subscription_id: str
    meter_id: str
    value: float
    """Total energy in kWh since the meter was manufactured."""
    timestamp: datetime
    kind: ReadingKind
    created_at: datetime

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Parse a reading; raises NomosResponseError if a required field is missing."""
        value = parse_energy(data.get("value"), MAX_READING)
        if value is None:
            raise NomosResponseError("Nomos sent a meter reading without a valid value")
        return cls(
            subscription_id=identifier(data, "subscription"),
            meter_id=identifier(data, "meter"),
            value=value,
            timestamp=required_timestamp(data, "timestamp"),
            kind=required_known_value(ReadingKind, data, "type"),
            created_at=required_timestamp(data, "created_at"),
        )


def latest_reading(readings: Iterable[MeterReading]) -> MeterReading | None:
    """Return the latest reading by its timestamp, then by its creation.

    When a meter is replaced, both meters have a reading of that day; the reading of
    the new meter is created last.
    """
    return max(
        readings, key=lambda each: (each.timestamp, each.created_at), default=None
    )
