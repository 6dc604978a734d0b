"""Households of the simulator, their schedule and their events."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
import heapq
from itertools import count

from .households import Household
from .identities import make_id
from .lists import Listing
from .market import Exchange
from .reductions import GridFeeReduction
from .webhooks import Event

type Clock = Callable[[], datetime]


def _system_clock() -> datetime:
    # Resolved at every call, so that tests can freeze the time.
    return datetime.now(UTC)


class World:
    """Households by ID, with the schedule of their next steps."""

    def __init__(self, *, now: Clock | None = None, pace: float = 1.0) -> None:
        """Create a world without households."""
        self.pace = pace
        self.exchange = Exchange()
        self.events: dict[str, Event] = {}
        self._clock = now or _system_clock
        self._by_subscription: dict[str, Household] = {}
        self._by_order: dict[str, Household] = {}
        self._by_customer: dict[str, list[Household]] = {}
        self._by_plan: dict[str, Household] = {}
        self._schedule: list[tuple[datetime, int, Household]] = []
        self._entries = count()
        self._orders: Listing[Household] | None = None
        self._subscriptions: Listing[Household] | None = None

    def now(self) -> datetime:
        """Return the current time, in UTC."""
        return self._clock().astimezone(UTC)

    # Households

    @property
    def households(self) -> list[Household]:
        """All households, in the order in which they were added."""
        return list(self._by_subscription.values())

    def household(self, subscription_id: str) -> Household:
        """Return the household with a subscription."""
        return self._by_subscription[subscription_id]

    def find(self, subscription_id: str) -> Household | None:
        """Return the household with a subscription, if there is one."""
        return self._by_subscription.get(subscription_id)

    def find_order(self, order_id: str) -> Household | None:
        """Return the household with an order, if there is one."""
        household = self._by_order.get(order_id)
        return household if household and household.order else None

    def find_plan(self, plan_id: str) -> Household | None:
        """Return one household with a plan, if there is one."""
        return self._by_plan.get(plan_id)

    def find_by_customer(self, customer_id: str) -> list[Household]:
        """Return the households of a customer."""
        return self._by_customer.get(customer_id, [])

    def customers(self) -> dict[str, str]:
        """Return the name and city of each customer, by ID."""
        return {
            customer_id: f"{first.first_name} {first.last_name}, {first.city}"
            for customer_id, (first, *_) in self._by_customer.items()
        }

    def add(self, household: Household) -> Household:
        """Add a household and apply the steps that are due.

        Raises ValueError if its subscription exists.
        """
        if household.subscription_id in self._by_subscription:
            raise ValueError(f"{household.subscription_id} exists already")
        self._by_subscription[household.subscription_id] = household
        self._by_order[household.order_id] = household
        self._by_customer.setdefault(household.customer_id, []).append(household)
        self._by_plan.setdefault(household.plan_id, household)
        household.attach(self)
        household.advance_due()
        self.mark_changed(household)
        return household

    def remove(self, subscription_id: str) -> None:
        """Remove a household."""
        household = self._by_subscription.pop(subscription_id)
        del self._by_order[household.order_id]
        family = self._by_customer[household.customer_id]
        family.remove(household)
        if not family:
            del self._by_customer[household.customer_id]
        household.world = None
        self._orders = self._subscriptions = None

    # Time

    def mark_changed(self, household: Household) -> None:
        """Drop the cached lists and schedule the household's next step."""
        self._orders = self._subscriptions = None
        if due := household.next_due():
            heapq.heappush(self._schedule, (due, next(self._entries), household))

    def tick(self) -> None:
        """Apply all steps that are due."""
        now = self.now()
        while self._schedule and self._schedule[0][0] <= now:
            household = heapq.heappop(self._schedule)[2]
            # The schedule keeps the entries of removed households; they are skipped here.
            if household.world is self:
                household.advance_due()

    def emit(self, topic: str, context: dict[str, str]) -> Event:
        """Record an event."""
        event_id = make_id("evt", len(self.events))
        event = Event(event_id, self.now(), topic, dict(context))
        self.events[event_id] = event
        return event

    # Lists

    def orders(self) -> Listing[Household]:
        """Return the households with an order, sorted by it."""
        if self._orders is None:
            self._orders = sort_by_order(self._by_subscription.values())
        return self._orders

    def subscriptions(self) -> Listing[Household]:
        """Return all households, sorted by their subscription."""
        if self._subscriptions is None:
            self._subscriptions = sort_by_subscription(self._by_subscription.values())
        return self._subscriptions


def sort_by_order(households: Iterable[Household]) -> Listing[Household]:
    """Return the households with an order, sorted by it."""
    return Listing.of(
        (household for household in households if household.order), _order_key
    )


def sort_by_subscription(households: Iterable[Household]) -> Listing[Household]:
    """Return households, sorted by their subscription."""
    return Listing.of(households, _subscription_key)


def sort_reductions(
    households: Iterable[Household],
) -> Listing[tuple[Household, GridFeeReduction]]:
    """Return the grid fee reductions of households, sorted."""
    return Listing.of(_reductions(households), _reduction_key)


def _reductions(
    households: Iterable[Household],
) -> Iterator[tuple[Household, GridFeeReduction]]:
    for household in households:
        for module in household.modules:
            yield household, module


def _order_key(household: Household) -> tuple[datetime, str]:
    if household.order is None:
        raise ValueError(f"{household.key} has no order")
    return household.order.created_at, household.order.id


def _subscription_key(household: Household) -> tuple[datetime, str]:
    return household.created_at or household.now(), household.subscription_id


def _reduction_key(pair: tuple[Household, GridFeeReduction]) -> tuple[datetime, str]:
    household, module = pair
    return module.created_at or household.now(), module.id
