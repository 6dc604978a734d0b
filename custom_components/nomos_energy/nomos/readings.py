"""What a meter showed, and who read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from .errors import NomosResponseError
from .fields import identifier, parse_energy, required_text, required_timestamp, word_of

ABSURD = 1e9
"""kWh that no meter has counted."""


class ReadingKind(StrEnum):
    """Who read a meter; `UNKNOWN`: somebody new."""

    CUSTOMER_REPORT = "customer_report"
    GRID_READING = "grid_reading"
    GRID_ESTIMATION = "grid_estimation"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """What a meter showed at the beginning of a day."""

    subscription_id: str
    meter_id: str
    value: float
    """kWh since the meter was made."""
    timestamp: datetime
    kind: ReadingKind
    created_at: datetime

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a reading; raises NomosResponseError without what it needs."""
        value = parse_energy(data.get("value"), ABSURD)
        if value is None:
            raise NomosResponseError("Nomos sent a meter reading without a value")
        return cls(
            subscription_id=identifier(data, "subscription"),
            meter_id=identifier(data, "meter"),
            value=value,
            timestamp=required_timestamp(data, "timestamp"),
            kind=word_of(ReadingKind, required_text(data, "type")),
            created_at=required_timestamp(data, "created_at"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        return {
            "subscription": self.subscription_id,
            "meter": self.meter_id,
            "value": self.value,
            "timestamp": self.timestamp.isoformat(),
            "type": self.kind,
            "created_at": self.created_at.isoformat(),
        }


def latest_reading(readings: Iterable[MeterReading]) -> MeterReading | None:
    """Return the last reading, by the day that it is of.

    On the day on which a meter is swapped both are read, the new one last.
    """
    return max(
        readings, key=lambda each: (each.timestamp, each.created_at), default=None
    )
