"""Reporting meter readings: each one once, and with a reason where it is refused."""

from datetime import date, datetime, time
from math import isclose

from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..errors import Refusals, invalid
from ..nomos import MeterReading, ReadingKind, at_clock, berlin_day
from ..orders.placing import async_place

NOON = time(12)

READING = Refusals(
    {
        "implausible_meter_reading": "reading_implausible",
        "duplicate_meter_reading": "reading_already_reported",
        "out_of_period_meter_reading": "reading_out_of_period",
        "unsupported_meter": "reading_not_needed",
        "unsupported_meter_reading": "reading_not_needed",
        "subscription_not_started": "reading_out_of_period",
        "ended_subscription": "reading_out_of_period",
    },
    conflict="reading_already_reported",
    otherwise="reading_failed",
    refused="reading_refused",
)


async def async_report_reading(
    contracts: ContractCoordinator, key: str, value: float, day: date | None
) -> MeterReading:
    """Report the reading (kWh) of a day (Berlin), or of now.

    Raises HomeAssistantError with the reason if it is refused.
    """
    contract, client = contracts.data[key], contracts.client
    if contract.smart_meter_active:
        raise invalid("reading_not_needed")
    moment = _moment(day)
    day = berlin_day(moment)

    async def find() -> MeterReading | None:
        # A day has one reading by the customer.
        found = (
            each
            for each in await client.meter_readings_of(key)
            if each.kind is ReadingKind.CUSTOMER_REPORT
            and berlin_day(each.timestamp) == day
            and isclose(each.value, value, abs_tol=0.1)
        )
        return next(found, None)

    return await async_place(
        contracts,
        key,
        f"reading {day}",
        READING,
        lambda: client.create_meter_reading(key, value, moment),
        find,
        lambda contract, reading: contract.with_readings([reading]),
    )


def _moment(day: date | None) -> datetime:
    """Return the time of a reading: now, or noon of an earlier day.

    At noon it is the same day in UTC, whatever Nomos takes it for.
    """
    now = dt_util.utcnow()
    today = berlin_day(now)
    if day is None or day == today:
        return now
    if day > today:
        raise invalid("reading_in_future")
    return at_clock(day, NOON)
