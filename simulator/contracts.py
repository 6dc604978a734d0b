"""Contract data of a household: customer, address, plan, meter and usage."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Self

from .clock import DAY, berlin_day, midnight, quarters
from .identities import hash_number, make_contract_number, make_details, make_plan
from .orders import PROVIDERS

_USUAL_AGE = timedelta(days=70)


@dataclass(frozen=True)
class Report:
    """Meter reading reported by the customer."""

    id: str
    meter_id: str
    value: float
    timestamp: datetime
    created_at: datetime


@dataclass(eq=False, kw_only=True)
class Contract:
    """Subscription with its customer, address, plan and meter."""

    key: str
    subscription_id: str
    customer_id: str
    meter_id: str
    order_id: str
    address_id: str
    payment_method_id: str
    supplier_id: str | None
    plan_id: str
    plan_slug: str
    plan_name: str
    number: str | None
    first_name: str
    last_name: str
    email: str
    street: str
    house_number: str
    zip: str
    city: str
    meter_number: str
    malo: str | None
    melo: str | None
    provider: str
    estimated_usage: float
    first_reading: float
    """Meter reading at the start of the contract, in kWh."""
    company_name: str | None = None
    type: str = "consumption"
    status: str = "active"
    meter_type: str = "analog"
    product_available: bool = True
    hourly: bool = False
    age: timedelta = _USUAL_AGE
    """Age of the contract when the household is added."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    smart_since: datetime | None = None
    """Start of the quarter-hourly measurements."""
    previous_meter_id: str | None = None
    swapped_at: datetime | None = None

    low_hours: Collection[int] = range(6)
    """Hours of the day in Berlin with the low grid fee of module 3."""
    high_hours: Collection[int] = range(17, 21)
    """Hours of the day in Berlin with the high grid fee of module 3."""
    window_quarters: Collection[int] = range(1, 5)
    """Quarters of the year with windows of module 3; the others are all standard."""
    days_late: int = 0
    """Days by which the metering operator delivers the usage late."""
    measured: dict[date, tuple[float | None, ...]] = field(default_factory=dict)
    """Quarter-hourly usage in kWh that replaces the generated one, by day."""
    reports: list[Report] = field(default_factory=list)
    plan_price: float = 5.99
    """Supplier's part of the base fee in EUR per month."""

    @classmethod
    def numbered(
        cls, index: int = 1, scenario: str = "household", **overrides: Any
    ) -> Self:
        """Return a household whose details follow from its number."""
        key = f"{scenario}/{index}"
        kind = overrides.get("type", "consumption")
        defaults = make_details(key, index)
        defaults |= make_plan(kind, available=overrides.get("product_available", True))
        defaults |= {
            "key": key,
            "number": make_contract_number(key),
            "provider": PROVIDERS[(index - 1) % len(PROVIDERS)],
            "estimated_usage": 2400 + hash_number("usage", key) % 32 * 100,
            # Minutes apart, so that lists have an order by age.
            "age": _USUAL_AGE + timedelta(minutes=index),
        }
        return cls(**defaults | overrides)

    def set_dates(self, now: datetime) -> None:
        """Set the dates that are missing, as seen when the household is added."""
        self.created_at = self.created_at or now - self.age
        self.updated_at = self.updated_at or self.created_at
        self.start_at = self.start_at or self._first_day(now)
        if self.status == "ended":
            self.end_at = self.end_at or now

    def _first_day(self, now: datetime) -> datetime:
        """Return the start of delivery: four weeks after the contract was made."""
        made = self.created_at or now
        begin = berlin_day(made) + 28 * DAY
        today = berlin_day(now)
        if self.status == "pending":
            return midnight(max(begin, today + 14 * DAY))
        return midnight(min(begin, today))

    def set_usage(self, day: date, amounts: Sequence[float | None]) -> None:
        """Set the kWh of each quarter-hour of a day; None is a missing value."""
        if len(amounts) != (count := len(quarters(day))):
            raise ValueError(f"{day} has {count} quarters, not {len(amounts)}")
        self.measured[day] = tuple(amounts)
