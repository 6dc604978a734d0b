"""What Nomos knows about a household, in the API's own words.

All timestamps are aware and in UTC; days are days in Europe/Berlin.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from .fields import (
    BERLIN,
    berlin_day,
    identifier,
    optional_timestamp,
    optional_word,
    required_text,
    required_timestamp,
    word_of,
)
from .grid_fees import GridFeeModule, GridFeeReduction, ReductionStatus, latest
from .readings import MeterReading, latest_reading

MOMENT = timedelta(microseconds=1)
"""By how much a contract that ends at midnight ends before the new day."""

TIME_TO_ACTIVATION = timedelta(weeks=8)
"""How long Nomos says that an order takes, from ordering to activation."""


INSTALLATION_SHOWS_AFTER = timedelta(days=2)
"""How long after an appointment Nomos may not yet know of the installation."""

OVERDUE_AFTER = timedelta(weeks=4)


class Milestone(StrEnum):
    """How far a meter order is.

    `UNKNOWN` stands for a word that this version does not know.
    """

    NOT_ORDERED = "not_ordered"
    CREATED = "created"
    PLACED = "placed"
    CHECK_SUBMITTED = "check_submitted"
    CHECK_REVIEWED = "check_reviewed"
    SCHEDULED = "scheduled"
    INSTALLED = "installed"
    ACTIVATED = "activated"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Provider(StrEnum):
    """Who installs and runs the meter (the wMSB); `UNKNOWN`: somebody new."""

    ENERGY_METERING = "energy-metering"
    METRIFY = "metrify"
    INEXOGY = "inexogy"
    UNKNOWN = "unknown"


class BlockedReason(StrEnum):
    """What an order waits for; `UNKNOWN`: something new."""

    CHECK_MISSING = "check_missing"
    GRID_OPERATOR_REGISTRATION = "grid_operator_registration"
    UNKNOWN = "unknown"


class CancelledReason(StrEnum):
    """Why an order was cancelled; `UNKNOWN`: for a new reason."""

    PRE_EXISTING = "pre_existing"
    CUSTOMER_REQUEST = "customer_request"
    UNKNOWN = "unknown"


class SubscriptionStatus(StrEnum):
    """Whether Nomos delivers; `UNKNOWN`: a new word."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"
    UNKNOWN = "unknown"


class SubscriptionType(StrEnum):
    """Which way the electricity flows; `UNKNOWN`: a new word."""

    CONSUMPTION = "consumption"
    FEED_IN = "feed_in"
    UNKNOWN = "unknown"


class MeterType(StrEnum):
    """What kind of meter is on the wall; `UNKNOWN`: a new word."""

    SMART = "smart"
    ANALOG = "analog"
    UNKNOWN = "unknown"


WAY_TO_ACTIVATION = (
    Milestone.CREATED,
    Milestone.PLACED,
    Milestone.CHECK_SUBMITTED,
    Milestone.CHECK_REVIEWED,
    Milestone.SCHEDULED,
    Milestone.INSTALLED,
    Milestone.ACTIVATED,
)


_OPTIONAL_MOMENTS = (
    "appointment_at",
    "installed_at",
    "activated_at",
    "cancelled_at",
    "blocked_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterOrder:
    """The one order of a smart meter that a subscription can have."""

    id: str
    subscription_id: str
    status: Milestone
    provider: Provider
    created_at: datetime
    appointment_at: datetime | None = None
    installed_at: datetime | None = None
    activated_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_reason: CancelledReason | None = None
    blocked_at: datetime | None = None
    blocked_reason: BlockedReason | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read an order; raises NomosResponseError without what it needs."""
        return cls(
            id=identifier(data, "id"),
            subscription_id=identifier(data, "subscription"),
            status=word_of(Milestone, required_text(data, "status")),
            provider=word_of(Provider, required_text(data, "provider")),
            created_at=required_timestamp(data, "created_at"),
            cancelled_reason=optional_word(CancelledReason, data, "cancelled_reason"),
            blocked_reason=optional_word(BlockedReason, data, "blocked_reason"),
            **{name: optional_timestamp(data, name) for name in _OPTIONAL_MOMENTS},
        )

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        return {
            "id": self.id,
            "subscription": self.subscription_id,
            "status": self.status,
            "provider": self.provider,
            "created_at": self.created_at.isoformat(),
            "cancelled_reason": self.cancelled_reason,
            "blocked_reason": self.blocked_reason,
            **{
                name: moment.isoformat()
                for name in _OPTIONAL_MOMENTS
                if (moment := getattr(self, name)) is not None
            },
        }

    @property
    def is_blocked(self) -> bool:
        """Whether the order waits for somebody."""
        return self.blocked_at is not None or self.blocked_reason is not None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Address:
    """Where the electricity is delivered to; stays out of logs."""

    street: str
    house_number: str
    zip: str
    city: str

    @classmethod
    def from_json(cls, data: Any) -> Self | None:
        """Read an address; none where the API gives its id only."""
        if not isinstance(data, Mapping):
            return None
        return cls(
            **{
                part: str(data.get(part) or "")
                for part in ("street", "house_number", "zip", "city")
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        return asdict(self)

    @property
    def in_full(self) -> str:
        """The address as it stands on a letter, in one line."""
        return f"{self}, {self.zip} {self.city}"

    def __str__(self) -> str:
        """Return street and house number."""
        return f"{self.street} {self.house_number}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A contract, as the account's list or the contract's own page has it."""

    id: str
    customer_id: str = field(repr=False)
    plan_id: str
    status: SubscriptionStatus
    type: SubscriptionType
    number: str | None = field(default=None, repr=False)
    """The contract number as people know it."""
    address: Address | None = None
    """None in lists, which have its id only."""
    meter_type: MeterType | None = None
    """None in lists, which have the meter's id only."""
    start_at: datetime | None = None
    """When delivery began or will begin."""
    end_at: datetime | None = None
    """When the contract ended or will end."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a subscription; raises NomosResponseError without what it needs."""
        meter = data.get("meter")
        customer = data.get("customer")
        number = data.get("number")
        return cls(
            id=identifier(data, "id"),
            customer_id=identifier(customer, "id")
            if isinstance(customer, Mapping)
            else identifier(data, "customer"),
            plan_id=identifier(data, "plan"),
            status=word_of(SubscriptionStatus, required_text(data, "status")),
            type=word_of(SubscriptionType, required_text(data, "type")),
            number=number if isinstance(number, str) and number else None,
            address=Address.from_json(data.get("address")),
            meter_type=word_of(MeterType, required_text(meter, "type"))
            if isinstance(meter, Mapping)
            else None,
            start_at=optional_timestamp(data, "start_at"),
            end_at=optional_timestamp(data, "end_at"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        return {
            "id": self.id,
            "customer": self.customer_id,
            "plan": self.plan_id,
            "status": self.status,
            "type": self.type,
            "number": self.number,
            "address": self.address.to_json() if self.address else None,
            "meter": {"type": self.meter_type} if self.meter_type else None,
            "start_at": self.start_at.isoformat() if self.start_at else None,
            "end_at": self.end_at.isoformat() if self.end_at else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The tariff that a subscription is on."""

    id: str
    name: str
    slug: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a plan; raises NomosResponseError without what it needs."""
        return cls(
            id=identifier(data, "id"),
            name=required_text(data, "name"),
            slug=required_text(data, "slug"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        return asdict(self)

    @property
    def portal_url(self) -> str:
        """Where the plan's customers look after their contract."""
        return f"https://{self.slug}.customerportal.energy/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A subscription with its meter order: the answers to questions about both."""

    subscription: Subscription
    order: MeterOrder | None = None
    plan: Plan | None = None
    reductions: tuple[GridFeeReduction, ...] = ()
    """The modules of §14a EnWG that were ordered; known only behind the gate."""
    reading: MeterReading | None = None
    """The last reading of its meter."""
    counts_since: datetime | None = None
    """From which reading on the meter of the last one is known."""

    @property
    def name(self) -> str:
        """What people call this contract: its address, else its number."""
        address = self.subscription.address
        return (address and str(address)) or self.subscription.number or "Nomos"

    @property
    def is_cancelled(self) -> bool:
        """Whether the order was cancelled, for good or not."""
        return self.milestone is Milestone.CANCELLED

    @property
    def needs_subscription(self) -> bool:
        """Whether the order alone can't tell if the meter is active."""
        return self.order is None or self._was_cancelled_for(
            CancelledReason.CUSTOMER_REQUEST
        )

    @property
    def smart_meter_active(self) -> bool:
        """The gate: a smart meter is on the wall and reports to Nomos."""
        if self.order is None or self.needs_subscription:
            return (
                self.subscription.status is SubscriptionStatus.ACTIVE
                and self.subscription.meter_type is MeterType.SMART
            )
        if self.order.status is Milestone.UNKNOWN:
            # A milestone that Nomos adds must not shut a gate that was open.
            return self.order.activated_at is not None
        return self.order.status is Milestone.ACTIVATED

    @property
    def has_prices(self) -> bool:
        """Whether what Nomos bills by are prices that change with the market."""
        return (
            self.smart_meter_active
            and self.subscription.status is not SubscriptionStatus.ENDED
        )

    @property
    def measured_since(self) -> date | None:
        """The day (Berlin) from which on quarter-hours are measured, if known.

        That of the activation, or that on which delivery began where the meter
        was smart already.
        """
        order, start = self.order, self.subscription.start_at
        if order and order.activated_at:
            moments = [order.activated_at, *([start] if start else [])]
            return berlin_day(max(moments))
        return berlin_day(start) if start else None

    @property
    def measured_until(self) -> date | None:
        """The last day (Berlin) that is measured for this contract, if that is known."""
        end = self.subscription.end_at
        return berlin_day(end - MOMENT) if end else None

    def with_readings(self, readings: Iterable[MeterReading]) -> Contract:
        """Return the contract with newer readings of its meter.

        Another meter counts from another beginning, mostly from nothing.
        """
        known = [self.reading] if self.reading else []
        own = [
            each for each in readings if each.subscription_id == self.subscription.id
        ]
        if (reading := latest_reading([*known, *own])) is None:
            return self
        same_meter = [each for each in own if each.meter_id == reading.meter_id]
        since = [each.timestamp for each in (*same_meter, reading)]
        if (
            self.counts_since
            and self.reading
            and self.reading.meter_id == reading.meter_id
        ):
            since.append(self.counts_since)
        return replace(self, reading=reading, counts_since=min(since))

    @property
    def without_reading(self) -> Contract:
        """The contract as it is whatever its meter shows."""
        return replace(self, reading=None, counts_since=None)

    @property
    def feeds_in(self) -> bool:
        """Whether electricity flows into the grid, and is paid for."""
        return self.subscription.type is SubscriptionType.FEED_IN

    @property
    def has_modules(self) -> bool:
        """Whether §14a EnWG matters: who feeds in pays no grid fee to reduce."""
        return self.has_prices and not self.feeds_in

    @property
    def has_grid_fee_windows(self) -> bool:
        """Whether module 3 makes, or made, the grid fee differ by the time of day."""
        module_3 = self.reduction(GridFeeModule.MODULE_3)
        return (
            self.has_modules
            and module_3 is not None
            and module_3.status in (ReductionStatus.ACTIVATED, ReductionStatus.ENDED)
        )

    def reduction(self, module: GridFeeModule) -> GridFeeReduction | None:
        """Return the order of a module that counts: the last one."""
        return latest(self.reductions, module)

    def in_force(self, now: datetime) -> set[GridFeeModule]:
        """Return the modules that are activated and valid at a moment."""
        return {each.module for each in self.reductions if each.in_force(now)}

    @property
    def activated_modules(self) -> frozenset[GridFeeReduction]:
        """The modules that are activated, whether they hold already or not."""
        return frozenset(
            each for each in self.reductions if each.status is ReductionStatus.ACTIVATED
        )

    def next_reduction_change(self, now: datetime) -> datetime | None:
        """Return when a module begins or ends to hold next."""
        borders = (
            border
            for each in self.reductions
            for border in (each.valid_from, each.valid_until)
            if border
        )
        return min((border for border in borders if border > now), default=None)

    @property
    def milestone(self) -> Milestone:
        """How far the order is."""
        return Milestone.NOT_ORDERED if self.order is None else self.order.status

    @property
    def is_settled(self) -> bool:
        """Whether the order has come to its end, so that nothing can follow."""
        return self.order is not None and (
            self.order.status is Milestone.ACTIVATED or self.needs_subscription
        )

    @property
    def is_installed(self) -> bool:
        """Whether the ordered meter is on the wall."""
        return self.order is not None and (
            self.order.installed_at is not None
            or self.order.status in (Milestone.INSTALLED, Milestone.ACTIVATED)
        )

    @property
    def is_blocked(self) -> bool:
        """Whether the order waits for somebody."""
        return self.order is not None and self.order.is_blocked

    @property
    def awaits_registration(self) -> bool:
        """Whether a meter was there before, so that only its registration is left."""
        return self._was_cancelled_for(CancelledReason.PRE_EXISTING)

    def _was_cancelled_for(self, reason: CancelledReason) -> bool:
        return (
            self.order is not None
            and self.is_cancelled
            and self.order.cancelled_reason is reason
        )

    @property
    def progress(self) -> int | None:
        """How much of the way to activation is done, in percent.

        Every milestone counts the same. None when the order leads nowhere, or
        to a place that this version does not know.
        """
        if self.smart_meter_active:
            return 100
        if self.order is None:
            return 0
        reached = Milestone.INSTALLED if self.awaits_registration else self.order.status
        if reached not in WAY_TO_ACTIVATION:
            return None
        done = WAY_TO_ACTIVATION.index(reached) + 1
        return round(100 * done / len(WAY_TO_ACTIVATION))

    @property
    def expected_activation(self) -> date | None:
        """The day (Berlin) on which the meter is or was likely activated.

        Eight weeks from the order, or the day of the appointment or the
        installation where that is later. None without an order, and when it
        was cancelled for good.
        """
        order = self.order
        if order is None:
            return None
        if self.smart_meter_active:
            return berlin_day(order.activated_at) if order.activated_at else None
        if self.is_cancelled and not self.awaits_registration:
            return None
        earliest = [
            order.created_at.astimezone(BERLIN) + TIME_TO_ACTIVATION,
            *filter(None, (order.appointment_at, order.installed_at)),
        ]
        return max(berlin_day(moment) for moment in earliest)

    @property
    def has_own_smart_meter(self) -> bool:
        """Whether a household that takes electricity had a smart meter before."""
        return (
            self.order is None
            and self.smart_meter_active
            and self.subscription.type is SubscriptionType.CONSUMPTION
        )

    @property
    def can_be_ordered(self) -> bool:
        """Whether a smart meter could be ordered: a contract has one order ever."""
        return (
            self.order is None
            and not self.smart_meter_active
            and self.subscription.type is SubscriptionType.CONSUMPTION
            and self.subscription.status is not SubscriptionStatus.ENDED
        )

    def missed_appointment(self, now: datetime) -> bool:
        """Whether the appointment is two days ago and nothing was installed."""
        return (
            self._is_underway
            and not self.is_installed
            and self.order is not None
            and self.order.appointment_at is not None
            and now >= self.order.appointment_at + INSTALLATION_SHOWS_AFTER
        )

    def overdue(self, now: datetime) -> bool:
        """Whether the activation was expected four weeks ago."""
        expected = self.expected_activation
        return (
            expected is not None
            and not self.smart_meter_active
            and berlin_day(now) >= expected + OVERDUE_AFTER
        )

    @property
    def _is_underway(self) -> bool:
        return self.order is not None and not self.is_cancelled and not self.is_settled

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a contract; raises NomosResponseError without what it needs."""
        order, plan, reading = (data.get(x) for x in ("order", "plan", "reading"))
        return cls(
            subscription=Subscription.from_json(data["subscription"]),
            order=MeterOrder.from_json(order) if order else None,
            plan=Plan.from_json(plan) if plan else None,
            reductions=tuple(
                GridFeeReduction.from_json(each) for each in data.get("reductions", ())
            ),
            reading=MeterReading.from_json(reading) if reading else None,
            counts_since=optional_timestamp(data, "counts_since"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        return {
            "subscription": self.subscription.to_json(),
            "order": self.order.to_json() if self.order else None,
            "plan": self.plan.to_json() if self.plan else None,
            "reductions": [each.to_json() for each in self.reductions],
            "reading": self.reading.to_json() if self.reading else None,
            "counts_since": self.counts_since.isoformat()
            if self.counts_since
            else None,
        }
