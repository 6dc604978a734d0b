"""Requests of one refresh of an account's contracts.

Nothing is changed here: the result replaces what was known before, all at once.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from .const import LOGGER
from .nomos import (
    Contract,
    Listing,
    MeterOrder,
    NomosAuthError,
    NomosClient,
    NomosError,
    NomosNotFoundError,
    NomosRateLimitError,
    Plan,
    Subscription,
)
from .schedule import is_weekly_due


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """Contracts of an account, and what the next refresh has to know."""

    contracts: Mapping[str, Contract] = field(default_factory=dict)
    """Included contracts by subscription ID."""
    subscriptions: Mapping[str, Subscription] = field(default_factory=dict)
    """Last good details of each subscription."""
    plans: Mapping[str, Plan] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()
    """IDs of the subscriptions to include: unreadable ones and those of others, too."""
    ordered: frozenset[str] = frozenset()
    """IDs of the subscriptions that have an order."""
    listed_at: datetime | None = None
    """Time of the last list of subscriptions."""
    readings_at: datetime | None = None
    """Time of the last list of meter readings."""
    may_write: bool = False
    """True if the login may place orders."""
    optional_error: NomosError | None = None
    """Last error of an optional request, whose part kept its last good value."""


async def async_read_account(
    client: NomosClient,
    known: AccountState,
    now: datetime,
    *,
    chosen: frozenset[str] | None,
    stale: frozenset[str],
    others: frozenset[str],
) -> AccountState:
    """Return the account as it is now; raises NomosError without any change.

    Orders and subscriptions are required. Plans, grid fee reductions and readings are
    optional: if they fail, that part keeps its last good value. A refused login is
    always an error. `chosen` limits the account to some subscriptions, `stale` ones are
    read again, those of `others` belong to another entry and are left out.
    """
    refresh = _Refresh(client, known, now, chosen, stale, others)
    orders, hidden = await refresh.async_read_required()
    plans = await refresh.async_read_plans()
    may_write = await client.may_write()
    contracts = {
        key: Contract(
            subscription=refresh.subscriptions[key],
            order=orders.get(key),
            plan=refresh.plan_of(key, plans),
        )
        for key in sorted(refresh.included & refresh.subscriptions.keys())
        # An order that could never be parsed tells nothing about its contract.
        if key not in hidden or key in known.contracts
    }
    contracts = await refresh.async_add_reductions(contracts)
    contracts = await refresh.async_add_readings(contracts)
    return AccountState(
        contracts=contracts,
        subscriptions=refresh.subscriptions,
        plans=plans,
        wanted=frozenset(refresh.wanted),
        ordered=frozenset(orders),
        listed_at=refresh.listed_at,
        readings_at=refresh.readings_at,
        may_write=may_write,
        optional_error=refresh.optional_error,
    )


class _Refresh:
    """Answers of one refresh so far; discarded if a required request fails."""

    def __init__(
        self,
        client: NomosClient,
        known: AccountState,
        now: datetime,
        chosen: frozenset[str] | None,
        stale: frozenset[str],
        others: frozenset[str],
    ) -> None:
        self._client = client
        self._known = known
        self._now = now
        self._chosen = chosen
        self._stale = set(stale)
        self._others = others
        self._is_weekly = is_weekly_due(known.listed_at, now)
        self.wanted: set[str] = set(known.wanted if chosen is None else chosen)
        self.subscriptions = dict(known.subscriptions)
        self.listed_at = known.listed_at
        self.readings_at = known.readings_at
        self.optional_error: NomosError | None = None

    @property
    def included(self) -> set[str]:
        """IDs of the included subscriptions, readable or not."""
        return self.wanted - self._others

    async def async_read_required(self) -> tuple[dict[str, MeterOrder], set[str]]:
        """Read orders and subscriptions.

        Returns the orders by subscription ID, and the IDs of those that are unreadable.
        """
        is_listed = self._is_weekly and self._chosen is None
        if is_listed:
            await self._async_list()
        if self._is_weekly and self._is_settled():
            # Settled orders do not change: subscriptions are read in their place.
            answer = self._known_orders()
            self._stale.update(self._chosen or ())
        else:
            answer = await self._client.meter_orders()
        orders = {order.subscription_id: order for order in answer.records}
        if (
            self._chosen is None
            and not is_listed
            and self._has_unlisted_subscription(orders)
        ):
            await self._async_list()
            is_listed = True
        if self._is_weekly or is_listed:
            self.listed_at = self._now
        hidden = {key for key in self.included - orders.keys() if answer.may_lack(key)}
        for key in hidden & self._known.contracts.keys():
            if order := self._known.contracts[key].order:
                orders[key] = order
        await self._async_read_subscriptions(orders, is_listed)
        return orders, hidden

    async def _async_list(self) -> None:
        listing = await self._client.subscriptions()
        self.wanted = {key for key in listing.unreadable if key is not None}
        for record in listing.records:
            self.wanted.add(record.id)
            if known := self.subscriptions.get(record.id):
                self.subscriptions[record.id] = replace(
                    known,
                    status=record.status,
                    number=record.number,
                    plan_id=record.plan_id,
                    start_at=record.start_at,
                    end_at=record.end_at,
                )

    def _is_settled(self) -> bool:
        contracts = self._known.contracts
        return self.included == contracts.keys() and all(
            contract.is_settled for contract in contracts.values()
        )

    def _known_orders(self) -> Listing[MeterOrder]:
        orders = (contract.order for contract in self._known.contracts.values())
        return Listing(records=tuple(order for order in orders if order))

    def _has_unlisted_subscription(self, orders: Iterable[str]) -> bool:
        """Return if an order belongs to a subscription that is not listed yet."""
        return not self.subscriptions.keys() | self._known.ordered >= set(orders)

    async def _async_read_subscriptions(
        self, orders: Mapping[str, MeterOrder], is_listed: bool
    ) -> None:
        """Read the details that are missing or may have changed."""
        missing: set[str] = set()
        if is_listed:
            # A list that lacks a subscription does not prove that it is gone.
            known = {*self._known.wanted, *self.subscriptions}
            missing = known - self.wanted
        self.wanted |= missing
        outdated = {key for key in self.included if self._is_outdated(key, orders)}
        details = self._client.subscription_details(sorted(missing | outdated))
        async for key, answer in details:
            if isinstance(answer, Subscription):
                self.subscriptions[key] = answer
            elif isinstance(answer, NomosNotFoundError):
                self.subscriptions.pop(key, None)
                self.wanted.discard(key)

    def _is_outdated(self, key: str, orders: Mapping[str, MeterOrder]) -> bool:
        """Return if a subscription has to be read for what its order does not tell."""
        subscription = self.subscriptions.get(key)
        return (
            subscription is None
            or key in self._stale
            or Contract(
                subscription=subscription, order=orders.get(key)
            ).needs_subscription
        )

    async def async_read_plans(self) -> dict[str, Plan]:
        """Return the plans of the subscriptions: new ones are read, all of them weekly."""
        ids = {each.plan_id for each in self.subscriptions.values()}
        plans = {key: plan for key, plan in self._known.plans.items() if key in ids}
        for key in sorted(ids if self._is_weekly else ids - plans.keys()):
            plan = await self._async_optional(partial(self._client.plan, key))
            if plan:
                plans[key] = plan
        return plans

    def plan_of(self, key: str, plans: Mapping[str, Plan]) -> Plan | None:
        """Return the plan of a subscription, else the last one that was readable."""
        if plan := plans.get(self.subscriptions[key].plan_id):
            return plan
        known = self._known.contracts.get(key)
        return known.plan if known else None

    async def async_add_reductions(
        self, contracts: dict[str, Contract]
    ) -> dict[str, Contract]:
        """Add the §14a modules, which are read for contracts with an open gate only."""
        known = {key: each.reductions for key, each in self._known.contracts.items()}
        reductions = {key: known.get(key, ()) for key in contracts}
        with_modules = {key for key, each in contracts.items() if each.has_modules}
        if with_modules and (
            answer := await self._async_optional(self._client.grid_fee_reductions)
        ):
            reductions |= {
                key: tuple(r for r in answer.records if r.subscription_id == key)
                for key in with_modules
                if not answer.may_lack(key)
            }
        return {
            key: replace(contract, reductions=reductions[key])
            for key, contract in contracts.items()
        }

    async def async_add_readings(
        self, contracts: dict[str, Contract]
    ) -> dict[str, Contract]:
        """Add the last meter readings: read daily with an open gate, else weekly."""
        known = self._known.contracts
        contracts = {
            key: replace(contract, reading=known[key].reading)
            if key in known
            else contract
            for key, contract in contracts.items()
        }
        # A contract that is new may have readings from before the last known one.
        is_known = bool(known) and contracts.keys() <= known.keys()
        if (
            is_known
            and not is_weekly_due(self.readings_at, self._now)
            and not any(each.has_prices for each in contracts.values())
        ):
            return contracts
        created = [each.reading.created_at for each in known.values() if each.reading]
        known_until = max(created, default=None) if is_known else None
        readings = await self._async_optional(
            lambda: self._client.meter_readings(contracts, known_until)
        )
        if readings is None:
            return contracts
        self.readings_at = self._now
        return {
            key: contract.with_readings(readings) for key, contract in contracts.items()
        }

    async def _async_optional[AnswerT](
        self, request: Callable[[], Awaitable[AnswerT]]
    ) -> AnswerT | None:
        """Return the answer of an optional request, or None if it failed."""
        if isinstance(self.optional_error, NomosRateLimitError):
            return None
        try:
            return await request()
        except NomosAuthError:
            raise
        except NomosError as err:
            LOGGER.debug("Keeping the last good value: %s", err)
            self.optional_error = err
            return None
