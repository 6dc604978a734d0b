"""The world behind the API: households, the clock they live by, and what happened."""

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


def _machine_clock() -> datetime:
    # Looked up at every call, so that tests can freeze it.
    return datetime.now(UTC)


class World:
    """All households, found quickly."""

    def __init__(self, *, now: Clock | None = None, pace: float = 1.0) -> None:
        """Begin empty."""
        self.pace = pace
        self.exchange = Exchange()
        self.events: dict[str, Event] = {}
        self._clock = now or _machine_clock
        self._by_subscription: dict[str, Household] = {}
        self._by_order: dict[str, Household] = {}
        self._by_customer: dict[str, list[Household]] = {}
        self._by_plan: dict[str, Household] = {}
        self._schedule: list[tuple[datetime, int, Household]] = []
        self._entries = count()
        self._orders: Listing[Household] | None = None
        self._subscriptions: Listing[Household] | None = None

    def now(self) -> datetime:
        """Return the time."""
        return self._clock().astimezone(UTC)

    # Households

    @property
    def households(self) -> list[Household]:
        """All households, in the order in which they came."""
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
        """Return some household with a plan."""
        return self._by_plan.get(plan_id)

    def of_customer(self, customer_id: str) -> list[Household]:
        """Return the households of a customer."""
        return self._by_customer.get(customer_id, [])

    def customers(self) -> dict[str, str]:
        """Return all customers and how they call themselves."""
        return {
            customer_id: f"{first.first_name} {first.last_name}, {first.city}"
            for customer_id, (first, *_) in self._by_customer.items()
        }

    def add(self, household: Household) -> Household:
        """Let a household appear; what its timeline has for right now happens."""
        if household.subscription_id in self._by_subscription:
            raise ValueError(f"{household.subscription_id} is there already")
        self._by_subscription[household.subscription_id] = household
        self._by_order[household.order_id] = household
        self._by_customer.setdefault(household.customer_id, []).append(household)
        self._by_plan.setdefault(household.plan_id, household)
        household.attach(self)
        household.advance_due()
        self.changed(household)
        return household

    def remove(self, subscription_id: str) -> None:
        """Let a household disappear."""
        household = self._by_subscription.pop(subscription_id)
        del self._by_order[household.order_id]
        family = self._by_customer[household.customer_id]
        family.remove(household)
        if not family:
            del self._by_customer[household.customer_id]
        household.world = None
        self._orders = self._subscriptions = None

    # Time

    def changed(self, household: Household) -> None:
        """Take note that lists and due times may be different now."""
        self._orders = self._subscriptions = None
        if due := household.next_due():
            heapq.heappush(self._schedule, (due, next(self._entries), household))

    def tick(self) -> None:
        """Let everything happen whose time has come."""
        now = self.now()
        while self._schedule and self._schedule[0][0] <= now:
            household = heapq.heappop(self._schedule)[2]
            # Entries are never taken back: one for a household gone says nothing.
            if household.world is self:
                household.advance_due()

    def emit(self, topic: str, context: dict[str, str]) -> Event:
        """Note that something happened."""
        event_id = make_id("evt", len(self.events))
        event = Event(event_id, self.now(), topic, dict(context))
        self.events[event_id] = event
        return event

    # Lists

    def orders(self) -> Listing[Household]:
        """Return the households with an order, sorted by it."""
        if self._orders is None:
            self._orders = list_orders(self._by_subscription.values())
        return self._orders

    def subscriptions(self) -> Listing[Household]:
        """Return all households, sorted by their subscription."""
        if self._subscriptions is None:
            self._subscriptions = list_subscriptions(self._by_subscription.values())
        return self._subscriptions


def list_orders(households: Iterable[Household]) -> Listing[Household]:
    """Sort households by their order; those without are left out."""
    return Listing.of(
        (household for household in households if household.order), _order_key
    )


def list_subscriptions(households: Iterable[Household]) -> Listing[Household]:
    """Sort households by their subscription."""
    return Listing.of(households, _subscription_key)


def list_reductions(
    households: Iterable[Household],
) -> Listing[tuple[Household, GridFeeReduction]]:
    """Sort the grid fee reductions of households."""
    return Listing.of(_reductions(households), _reduction_key)


def _reductions(
    households: Iterable[Household],
) -> Iterator[tuple[Household, GridFeeReduction]]:
    for household in households:
        for module in household.modules:
            yield household, module


def _order_key(household: Household) -> tuple[datetime, str]:
    if household.order is None:
        raise ValueError(f"{household.key} has no order to be sorted by")
    return household.order.created_at, household.order.id


def _subscription_key(household: Household) -> tuple[datetime, str]:
    return household.created_at or household.now(), household.subscription_id


def _reduction_key(pair: tuple[Household, GridFeeReduction]) -> tuple[datetime, str]:
    household, module = pair
    return module.created_at or household.now(), module.id
