"""Households: a contract, its smart meter order and its grid fee reductions."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Literal, Protocol, override

from .clock import at, berlin_day, midnight
from .identities import make_id, make_meter_number
from .invoicing import BilledContract
from .orders import Order, Step
from .reductions import MODULE_1, MODULE_2, MODULE_3, OPEN_STATUSES, GridFeeReduction

__all__ = [
    "MODULE_1",
    "MODULE_2",
    "MODULE_3",
    "GridFeeReduction",
    "Household",
    "Order",
    "Step",
]

_APPOINTMENT_TIME = time(9)


class Host(Protocol):
    """Interface of the simulator that a household uses."""

    pace: float

    def now(self) -> datetime:
        """Return the current time."""

    def emit(self, topic: str, context: dict[str, str]) -> object:
        """Record an event."""

    def mark_changed(self, household: Household) -> None:
        """Drop cached lists and schedule the household's next step."""


@dataclass(eq=False, kw_only=True)
class Household(BilledContract):
    """Contract whose order and grid fee reductions change over time."""

    order: Order | None = None
    timeline: list[Step] = field(default_factory=list)
    after_ordering: list[Step] = field(default_factory=list)
    """Timeline that starts when an order is placed through the API."""
    modules: list[GridFeeReduction] = field(default_factory=list)
    elapsed: timedelta = timedelta(0)
    """Part of the timeline that is past when the household is added.

    Its steps emit no events.
    """
    position: int = 0
    """Number of timeline steps that have been applied."""
    started_at: datetime | None = None
    """Start of the timeline."""
    world: Host | None = field(default=None, repr=False)
    _replayed_at: datetime | None = field(default=None, init=False, repr=False)

    @override
    def __setattr__(self, name: str, value: object) -> None:
        """Update the simulator's lists when a test sets an attribute."""
        super().__setattr__(name, value)
        if name in {"order", "created_at", "timeline"} and (
            world := self.__dict__.get("world")
        ):
            world.mark_changed(self)

    @override
    def now(self) -> datetime:
        """Return the simulator's time; the system time before the household is added."""
        if self._replayed_at:
            return self._replayed_at
        return self.world.now() if self.world else datetime.now(UTC)

    def attach(self, world: Host) -> None:
        """Add the household to a simulator and set the dates that are missing."""
        now = world.now()
        self.started_at = self.started_at or now - self.elapsed * world.pace
        self.set_dates(now)
        self._replay_past_steps(now)
        # Set after the replay, so that past steps emit no events.
        self.world = world
        for module in self.modules:
            self._complete(module)

    def _replay_past_steps(self, now: datetime) -> None:
        """Apply the steps of the elapsed time, each at its own time."""
        steps = self.timeline[self.position :]
        for step in (step for step in steps if step.after < self.elapsed):
            self._replayed_at = now - self.elapsed + step.after
            self._apply(step)
        self._replayed_at = None

    # Timeline

    def advance(self, n: int = 1) -> None:
        """Apply the next n steps now, before they are due."""
        for step in self.timeline[self.position : self.position + n]:
            self._apply(step)

    def advance_to(self, status: str) -> None:
        """Apply steps until the order has a status.

        Raises ValueError if the timeline ends before.
        """
        while self.order is None or self.order.status != status:
            if self.position >= len(self.timeline):
                raise ValueError(f"The order of {self.key} never becomes {status}")
            self.advance()

    def advance_due(self) -> None:
        """Apply the steps and confirm the modules that are due."""
        now = self.now()
        while (due := self._next_step_at()) and due <= now:
            self.advance()
        for module in self.modules:
            if module.due and module.due <= now:
                self._activate(module)

    def next_due(self) -> datetime | None:
        """Return the time of the next step or confirmation."""
        moments = [self._next_step_at(), *(module.due for module in self.modules)]
        return min((moment for moment in moments if moment), default=None)

    def _next_step_at(self) -> datetime | None:
        if self.position >= len(self.timeline) or not self.started_at:
            return None
        return self.started_at + self.timeline[self.position].after * self._pace

    @property
    def _pace(self) -> float:
        return self.world.pace if self.world else 1.0

    def _apply(self, step: Step) -> None:
        self.position += 1
        if step.status == "created":
            self._create_order()
        elif step.status:
            self._set_order_status(step.status, step.cancelled_reason)
        if step.blocked is not None:
            self._set_block(step.blocked)
        if step.appointment_in is not None:
            day = berlin_day(self.now() + step.appointment_in)
            self._require_order().appointment_at = at(day, _APPOINTMENT_TIME)
        if step.subscription:
            self._set_status(step.subscription)
        if step.module:
            self._ensure_module(step.module, step.module_status)
        self._notify_changed()

    def _notify_changed(self) -> None:
        if self.world:
            self.world.mark_changed(self)

    @override
    def _emit(self, topic: str, **context: str) -> None:
        if self.world:
            self.world.emit(topic, context | {"subscription": self.subscription_id})

    # Smart meter order

    def place_order(self) -> Order:
        """Order a smart meter through the API and start the timeline for that."""
        order = self._create_order()
        if self.after_ordering:
            self.position = 0
            self.started_at = self.now()
            self.timeline = list(self.after_ordering)
        return order

    def _create_order(self) -> Order:
        self.order = order = Order(self.order_id, self.provider, self.now())
        self._emit_order_event("created")
        return order

    def _require_order(self) -> Order:
        if self.order is None:
            raise ValueError(f"{self.key} has no order")
        return self.order

    def _set_order_status(self, status: str, cancelled_reason: str | None) -> None:
        order, now = self._require_order(), self.now()
        keeps_meter = order.cancelled_reason == "pre_existing"
        order.set_status(status, cancelled_reason, now)
        if status == "installed":
            self._replace_meter(now)
        elif status == "activated":
            if self.swapped_at is None and not keeps_meter:
                self._replace_meter(now)
            self._activate_meter(now)
        self._emit_order_event(status)

    def _set_block(self, reason: str | Literal[False]) -> None:
        self._require_order().set_block(reason, self.now())
        if reason:
            self._emit_order_event("blocked")

    def _emit_order_event(self, milestone: str) -> None:
        self._emit(f"meter_order.{milestone}", meter_order=self.order_id)

    # Meter and contract

    def _replace_meter(self, now: datetime) -> None:
        """Install another meter, which counts from zero."""
        self.previous_meter_id, self.swapped_at = self.meter_id, now
        self.meter_id = make_id("mtr", self.key, "new")
        self.meter_number = make_meter_number("EMH00", "new meter", self.key)

    def _activate_meter(self, now: datetime) -> None:
        self.meter_type = "smart"
        self.smart_since = self.smart_since or now
        self.updated_at = now
        if self.status == "pending":
            self._set_status("active")

    def _set_status(self, status: str) -> None:
        """Start or end the contract."""
        now = self.now()
        self.status, self.updated_at = status, now
        if status == "active":
            self.start_at = midnight(berlin_day(now))
            for module in self.modules:
                if module.status == "intended":
                    self._submit(module)
        elif status == "ended":
            self.end_at = now
        topic = {"active": "activated"}.get(status, status)
        self._emit(f"subscription.{topic}")

    # Grid fee reductions

    def add_module(
        self,
        kind: str,
        status: str = "activated",
        *,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> GridFeeReduction:
        """Add a grid fee reduction in any status."""
        module = GridFeeReduction(
            kind, status, valid_from=valid_from, valid_until=valid_until
        )
        self.modules.append(module)
        self._complete(module)
        return module

    def order_module(self, kind: str) -> GridFeeReduction:
        """Order a grid fee reduction through the API."""
        module = self.add_module(kind, "intended")
        if self.status == "active":
            self._submit(module)
        return module

    def has_module(self, kind: str, *statuses: str) -> bool:
        """Return if the household has a module in one of these statuses."""
        return self._find_module(kind, *statuses) is not None

    def _find_module(self, kind: str, *statuses: str) -> GridFeeReduction | None:
        return next(
            (
                module
                for module in self.modules
                if module.type == kind and module.status in statuses
            ),
            None,
        )

    def _ensure_module(self, kind: str, status: str) -> None:
        """Order a module unless the household has it; confirm it for the status activated."""
        module = self._find_module(kind, *OPEN_STATUSES) or self.order_module(kind)
        if status == "activated" and module.status != "activated":
            self._activate(module)

    def _complete(self, module: GridFeeReduction) -> None:
        """Set the ID and the dates that are missing."""
        place = self.modules.index(module)
        module.id = module.id or make_id("gfr", self.key, module.type, place)
        module.set_dates(self.start_at, self.now())

    def _submit(self, module: GridFeeReduction) -> None:
        module.submit(self.now(), self._pace)
        self._notify_changed()

    def _activate(self, module: GridFeeReduction) -> None:
        module.activate(self.now())
        self._notify_changed()
