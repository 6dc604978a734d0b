"""Meter readings: weekly, reported by the customer, and at a meter exchange."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
import heapq
import math
from typing import Any

from . import usage
from .clock import DAY, berlin_day, midnight, parse
from .errors import ApiError, Detail, invalid
from .households import Household
from .identities import make_id
from .lists import Key

# Time after midnight at which the grid operator's readings reach Nomos.
_ARRIVAL_TIME = timedelta(hours=7)


@dataclass(frozen=True)
class Reading:
    """Meter reading at the start of a day."""

    household: Household
    id: str
    meter_id: str
    day: date
    type: str
    created_at: datetime
    reported: float | None = None

    @property
    def key(self) -> Key:
        """Sort key in lists."""
        return self.created_at, self.id

    def shown_value(self) -> float:
        """Return the value in kWh."""
        if self.reported is not None:
            return self.reported
        return round(_meter_value(self.household, self.meter_id, self.day), 1)


def newest(
    households: Iterable[Household], now: datetime, before: Key | None
) -> Iterator[tuple[Key, Reading]]:
    """Yield the readings of households older than a key, newest first."""
    streams = (_pairs(household, now, before) for household in households)
    return heapq.merge(*streams, key=_key, reverse=True)


def _key(pair: tuple[Key, Reading]) -> Key:
    return pair[0]


def _pairs(
    household: Household, now: datetime, before: Key | None
) -> Iterator[tuple[Key, Reading]]:
    until = before[0] if before else now
    streams = (
        _weekly(household, until),
        iter(sorted(_single(household), key=lambda each: each.key, reverse=True)),
    )
    merged = heapq.merge(*streams, key=lambda each: each.key, reverse=True)
    for reading in merged:
        if reading.created_at <= now and (before is None or reading.key < before):
            yield reading.key, reading


def _weekly(household: Household, until: datetime) -> Iterator[Reading]:
    """Generate the readings of each Monday, newest first."""
    if household.status == "pending" or household.start_at is None:
        return
    first = berlin_day(household.start_at)
    last = berlin_day(min(until, household.end_at or until))
    day = last - last.weekday() * DAY
    while day > first:
        yield _grid_reading(household, _meter_id_on(household, day), day)
        day -= 7 * DAY


def _single(household: Household) -> Iterator[Reading]:
    """Yield the readings at the start, at the meter exchange and by the customer."""
    if household.status == "pending" or household.start_at is None:
        return
    oldest = household.previous_meter_id or household.meter_id
    first = berlin_day(household.start_at)
    start = _grid_reading(household, oldest, first, "customer_report")
    yield start
    if household.swapped_at and household.previous_meter_id:
        day = berlin_day(household.swapped_at)
        # On a Monday, the weekly reading is the final one of the old meter.
        if day.weekday() and day > first:
            yield _grid_reading(household, household.previous_meter_id, day)
        yield _grid_reading(household, household.meter_id, day)
    for report in household.reports:
        yield Reading(
            household,
            report.id,
            report.meter_id,
            berlin_day(report.timestamp),
            "customer_report",
            report.created_at,
            report.value,
        )


def _grid_reading(
    household: Household, meter_id: str, day: date, kind: str = "grid_reading"
) -> Reading:
    created_at = midnight(day) + _ARRIVAL_TIME
    if household.swapped_at and berlin_day(household.swapped_at) == day:
        # The technician reads the old meter before the new one.
        created_at = household.swapped_at
        if meter_id == household.meter_id:
            created_at += timedelta(milliseconds=1)
    reading_id = make_id("mr", household.key, meter_id, day)
    return Reading(household, reading_id, meter_id, day, kind, created_at)


def _meter_id_on(household: Household, day: date) -> str:
    """Return the ID of the meter installed at the start of a day."""
    swapped = household.swapped_at
    if swapped and household.previous_meter_id and day <= berlin_day(swapped):
        return household.previous_meter_id
    return household.meter_id


def _meter_value(household: Household, meter_id: str, day: date) -> float:
    """Return a meter's reading in kWh at the start of a day."""
    if household.swapped_at and meter_id == household.meter_id:
        # New meters have counted 0.3 kWh in the factory test.
        return 0.3 + usage.sum_usage(household, berlin_day(household.swapped_at), day)
    begin = berlin_day(household.start_at or household.now())
    return household.first_reading + usage.sum_usage(household, begin, day)


def parse_report(body: Mapping[str, Any]) -> tuple[float, datetime]:
    """Return the value in kWh and the time of a customer's report.

    Raises ApiError if a field is invalid.
    """
    value, timestamp = body.get("value"), body.get("timestamp")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid("invalid_type", "value", "The value is not a number.")
    if not math.isfinite(value):
        raise invalid("invalid_value", "value", "The value is not finite.")
    if value <= 0:
        raise invalid("too_small", "value", "The value is not above zero.")
    if not isinstance(timestamp, str):
        raise invalid("invalid_type", "timestamp", "timestamp is missing.")
    moment = parse(timestamp)
    if moment is None or "T" not in timestamp:
        raise invalid("invalid_format", "timestamp", "timestamp is not a timestamp.")
    message = body.get("message", "")
    if not isinstance(message, str):
        raise invalid("invalid_type", "message", "The message is not text.")
    if len(message) > 500:
        raise invalid("too_big", "message", "The message is too long.")
    return value, moment


def check_period(household: Household, moment: datetime, now: datetime) -> None:
    """Raise ApiError if a report does not fit the meter or the contract's period."""
    if household.meter_type == "smart":
        raise invalid(
            "unsupported_meter", "subscription", "Smart meters are read remotely."
        )
    if household.status == "pending":
        raise invalid(
            "subscription_not_started", "subscription", "Delivery has not begun."
        )
    if household.status == "ended":
        raise invalid("ended_subscription", "subscription", "The contract has ended.")
    begin = household.swapped_at or household.start_at or now
    if not berlin_day(begin) <= berlin_day(moment) <= berlin_day(now):
        raise invalid(
            "out_of_period_meter_reading",
            "timestamp",
            "The time is not within the contract.",
        )


def check_plausible(reading: Reading, now: datetime) -> None:
    """Raise ApiError if a reading contradicts others of the same meter."""
    known = [
        other
        for _, other in newest([reading.household], now, None)
        if other.meter_id == reading.meter_id
    ]
    if any(
        other.day == reading.day and other.type == "customer_report" for other in known
    ):
        raise invalid(
            "duplicate_meter_reading", "timestamp", "There is a reading for this day."
        )
    value = reading.shown_value()
    for other in known:
        shown = other.shown_value()
        if (other.day < reading.day and shown > value) or (
            other.day > reading.day and shown < value
        ):
            message = "A meter only counts upwards."
            raise ApiError(
                422, message, Detail("implausible_meter_reading", "value", message)
            )
