"""Contract: a subscription with its meter order, and the gate.

Timestamps are aware and in UTC; days are days in Europe/Berlin.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from .activation import Activation, ActivationBasis
from .fields import berlin_day
from .grid_fees import GridFeeModule, GridFeeReduction, ReductionStatus, latest
from .orders import PATH_TO_ACTIVATION, CancelledReason, MeterOrder, Milestone
from .readings import MeterReading, latest_reading
from .subscriptions import (
    MeterType,
    Plan,
    Subscription,
    SubscriptionStatus,
    SubscriptionType,
)

INSTALLATION_REPORTED_AFTER = timedelta(days=2)
"""Time after an appointment within which Nomos may not yet report the installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Subscription with all that belongs to it, and what follows from both."""

    subscription: Subscription
    order: MeterOrder | None = None
    plan: Plan | None = None
    reductions: tuple[GridFeeReduction, ...] = ()
    """Orders of §14a modules; read only for contracts with an open gate."""
    reading: MeterReading | None = None
    """Latest meter reading."""

    @property
    def name(self) -> str:
        """Street and house number, else the contract number."""
        address = self.subscription.address
        return (address and str(address)) or self.subscription.number or "Nomos"

    @property
    def portal_url(self) -> str | None:
        """Address of the customer portal, if the plan has one."""
        return self.plan.portal_url if self.plan else None

    @property
    def milestone(self) -> Milestone:
        """Progress of the order."""
        return Milestone.NOT_ORDERED if self.order is None else self.order.status

    # The gate

    @property
    def needs_subscription(self) -> bool:
        """Return if the order alone does not tell whether the meter is active."""
        return self.order is None or self._was_cancelled_for(
            CancelledReason.CUSTOMER_REQUEST
        )

    @property
    def smart_meter_active(self) -> bool:
        """Return if the gate is open: a smart meter is installed and reports to Nomos."""
        if self.order is None or self.needs_subscription:
            return (
                self.subscription.status is SubscriptionStatus.ACTIVE
                and self.subscription.meter_type is MeterType.SMART
            )
        if self.order.status is Milestone.UNKNOWN:
            # A status that Nomos adds must not close a gate that was open.
            return self.order.activated_at is not None
        return self.order.status is Milestone.ACTIVATED

    @property
    def has_prices(self) -> bool:
        """Return if dynamic prices are billed: the gate is open, the contract not over."""
        return (
            self.smart_meter_active
            and self.subscription.status is not SubscriptionStatus.ENDED
        )

    @property
    def first_day(self) -> date | None:
        """First day (Berlin) of delivery, past or future, if known."""
        start = self.subscription.start_at
        return berlin_day(start) if start else None

    @property
    def last_day(self) -> date | None:
        """Last day (Berlin) of the contract, past or future; None if it does not end."""
        end = self.subscription.end_at
        # A contract that ends at midnight does not include the new day.
        return berlin_day(end - timedelta.resolution) if end else None

    @property
    def feeds_in(self) -> bool:
        """Return if this is a feed-in contract."""
        return self.subscription.type is SubscriptionType.FEED_IN

    # The order

    @property
    def is_cancelled(self) -> bool:
        """Return if the order was cancelled, for whatever reason."""
        return self.milestone is Milestone.CANCELLED

    @property
    def is_settled(self) -> bool:
        """Return if the order has reached its end: no further change is expected."""
        return self.order is not None and (
            self.order.status is Milestone.ACTIVATED or self.needs_subscription
        )

    @property
    def is_installed(self) -> bool:
        """Return if the ordered meter has been installed."""
        return self.order is not None and (
            self.order.installed_at is not None
            or self.order.status in (Milestone.INSTALLED, Milestone.ACTIVATED)
        )

    @property
    def is_blocked(self) -> bool:
        """Return if the order is on hold."""
        return self.order is not None and self.order.is_blocked

    @property
    def awaits_registration(self) -> bool:
        """Return if a smart meter existed before and only its registration is missing."""
        return self._was_cancelled_for(CancelledReason.PRE_EXISTING)

    def _was_cancelled_for(self, reason: CancelledReason) -> bool:
        return (
            self.order is not None
            and self.is_cancelled
            and self.order.cancelled_reason is reason
        )

    @property
    def progress(self) -> int | None:
        """Completed share of the way to activation in percent; milestones count alike.

        None if the order was cancelled for good or its status is unknown.
        """
        if self.smart_meter_active:
            return 100
        if self.order is None:
            return 0
        reached = Milestone.INSTALLED if self.awaits_registration else self.order.status
        if reached not in PATH_TO_ACTIVATION:
            return None
        done = PATH_TO_ACTIVATION.index(reached) + 1
        return round(100 * done / len(PATH_TO_ACTIVATION))

    @property
    def activation(self) -> Activation | None:
        """Day on which the meter was activated, or is expected to be.

        None without an order, after a final cancellation, and once the contract has
        ended without an activation.
        """
        order = self.order
        if order is None:
            return None
        if self.smart_meter_active:
            if order.activated_at is None:
                return None
            return Activation(berlin_day(order.activated_at), ActivationBasis.ACTIVATED)
        if self.is_cancelled and not self.awaits_registration:
            return None
        if self.subscription.status is SubscriptionStatus.ENDED:
            return None
        return Activation.expected(order)

    @property
    def has_own_smart_meter(self) -> bool:
        """Return if the household had a smart meter before, without an order."""
        return (
            self.order is None
            and self.smart_meter_active
            and self.subscription.type is SubscriptionType.CONSUMPTION
        )

    @property
    def can_be_ordered(self) -> bool:
        """Return if a smart meter can be ordered; a contract has one order ever."""
        return (
            self.order is None
            and not self.smart_meter_active
            and self.subscription.type is SubscriptionType.CONSUMPTION
            and self.subscription.status is not SubscriptionStatus.ENDED
        )

    def missed_appointment(self, now: datetime) -> bool:
        """Return if the appointment is over without a reported installation."""
        return (
            self._is_in_progress
            and not self.is_installed
            and self.order is not None
            and self.order.appointment_at is not None
            and now >= self.order.appointment_at + INSTALLATION_REPORTED_AFTER
        )

    @property
    def _is_in_progress(self) -> bool:
        return self.order is not None and not self.is_cancelled and not self.is_settled

    # §14a EnWG

    @property
    def has_modules(self) -> bool:
        """Return if §14a modules apply: feed-in pays no grid fee to reduce."""
        return self.has_prices and not self.feeds_in

    @property
    def has_grid_fee_windows(self) -> bool:
        """Return if the grid fee varies, or varied, by time of day (module 3)."""
        module_3 = self.reduction(GridFeeModule.MODULE_3)
        return (
            self.has_modules
            and module_3 is not None
            and module_3.status in (ReductionStatus.ACTIVATED, ReductionStatus.ENDED)
        )

    def reduction(self, module: GridFeeModule) -> GridFeeReduction | None:
        """Return the latest order of a module."""
        return latest(self.reductions, module)

    def in_force(self, now: datetime) -> set[GridFeeModule]:
        """Return the modules that are activated and valid at a moment."""
        return {each.module for each in self.reductions if each.in_force(now)}

    @property
    def activated_modules(self) -> frozenset[GridFeeReduction]:
        """Activated reductions, valid already or not."""
        return frozenset(
            each for each in self.reductions if each.status is ReductionStatus.ACTIVATED
        )

    def next_reduction_change(self, now: datetime) -> datetime | None:
        """Return when the next validity of a module begins or ends."""
        changes = (
            change
            for each in self.reductions
            for change in (each.valid_from, each.valid_until)
            if change
        )
        return min((change for change in changes if change > now), default=None)

    # Usage and meter readings

    @property
    def measured_since(self) -> date | None:
        """First day (Berlin) with quarter-hourly usage, if known.

        The day of the activation, or of the start of delivery where the meter was
        smart already.
        """
        order, start = self.order, self.subscription.start_at
        if order and order.activated_at:
            moments = [order.activated_at, *([start] if start else [])]
            return berlin_day(max(moments))
        return berlin_day(start) if start else None

    def with_readings(self, readings: Iterable[MeterReading]) -> Contract:
        """Return the contract with its latest meter reading.

        An older reading may be reported later: the known one stays.
        """
        known = [self.reading] if self.reading else []
        own = [
            each for each in readings if each.subscription_id == self.subscription.id
        ]
        reading = latest_reading([*known, *own])
        return self if reading == self.reading else replace(self, reading=reading)
