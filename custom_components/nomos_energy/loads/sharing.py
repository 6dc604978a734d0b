"""Plans of several loads that together draw no more than a limit.

Power is in kW, prices are in EUR/kWh, moments in UTC. A single load is planned exactly.
Several ones are planned one after the other, each exactly within what the others leave.
Scarce quarter-hours get a price (a Lagrange multiplier), so that loads leave them to
those that need them more. Then loads move alone and in pairs while that helps.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, cycle, permutations
from math import inf
from typing import Protocol

from .planner import Span, quarters_of

TOLERANCE = 1e-6
"""kW; sums of floats are not exact."""

MOST_WORK, SEARCH_WORK = 450, 350
"""Work after which the best plans so far are taken, and that of many loads is improved."""

PLAN, KNOWN_PLAN = 5, 1
"""Work of a plan of one load, and of one that was made before."""

STEP = 0.3
"""Price of a quarter-hour that is wanted twice over, in EUR/kWh."""

CLOSE = 0.005
"""Share of the cost by which plans may be dearer than a bound that none is below."""

FEW = 4
"""Number of loads that are planned in all orders, and improved after each round."""

type Prices = Mapping[datetime, float]
"""EUR/kWh by the start of a quarter-hour."""

type _Missing = tuple[int, ...]
"""Missing quarter-hours of each load, in order of deadline."""

type _Rank = tuple[_Missing, _Missing, float]
"""What is missing up to the deadlines, what is missing at all, and the cost."""


class Pieces(Protocol):
    """Plan of a load."""

    @property
    def pieces(self) -> tuple[Span, ...]:
        """Times at which the load is to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim[PlanT: Pieces]:
    """Load that is to be planned."""

    deadline: datetime
    slots: Sequence[datetime]
    """Quarter-hours in which it may run."""
    power: float
    least: float
    """Power to which the load can be reduced; the same if it can't be."""
    plan: Callable[[Prices], PlanT]
    """Return the cheapest plan, with a price on top of each quarter-hour."""

    def draw(self, limit: float) -> float:
        """Return the power within a limit, or infinity if that is too low."""
        return draw(self.power, self.least, limit)


def draw(power: float, least: float, limit: float) -> float:
    """Return the power of a load within a limit, or infinity if that is too low."""
    if power <= limit + TOLERANCE:
        return power
    return limit if max(least, TOLERANCE) <= limit + TOLERANCE else inf


def share[PlanT: Pieces](
    claims: Sequence[Claim[PlanT]], limit: Mapping[datetime, float], prices: Prices
) -> list[PlanT]:
    """Return a plan for each load, which together stay within the limit.

    `limit` is the free power by quarter-hour. If not all can be done, those with the
    latest deadline lack time.
    """
    return [each.plan for each in _Search(claims, limit, prices).best()]


@dataclass(frozen=True, slots=True)
class _Planned[PlanT: Pieces]:
    """Plan of a load with its quarter-hours."""

    plan: PlanT
    slots: tuple[datetime, ...]
    in_time: int
    """Number of quarter-hours before the deadline."""


type _Plans[PlanT: Pieces] = list[_Planned[PlanT]]


class _Search[PlanT: Pieces]:
    """Search for the cheapest plans of some loads."""

    def __init__(
        self,
        claims: Sequence[Claim[PlanT]],
        limit: Mapping[datetime, float],
        prices: Prices,
    ) -> None:
        self._claims = claims
        self._limit = limit
        self._prices = prices
        self._order = sorted(range(len(claims)), key=lambda at: claims[at].deadline)
        self._draws = [
            {slot: each.draw(limit[slot]) for slot in each.slots if slot in limit}
            for each in claims
        ]
        self._most = [
            [(slot, limit[slot] + TOLERANCE - draw) for slot, draw in each.items()]
            for each in self._draws
        ]
        """What others may use while a load runs."""
        self._known: list[dict[tuple[float, ...], _Planned[PlanT]]] = [
            {} for _ in claims
        ]
        self._scarcity: dict[datetime, float] = {}
        self._work = 0
        self._full: _Plans[PlanT] = []

    def best(self) -> _Plans[PlanT]:
        """Return the best plans that were found."""
        wishes = self._wishes()
        self._full = wishes
        used = self._used(wishes)
        if all(used[slot] <= self._limit[slot] + TOLERANCE for slot in used):
            return wishes
        best = self._in_turn(self._order, wishes)
        bound = self._bound(wishes)
        for turn, order in enumerate(self._orders(), start=1):
            if self._is_close(best, bound):
                return best
            if self._is_few:
                best = self._improved(best)
            if self._work >= (MOST_WORK if self._is_few else SEARCH_WORK):
                break
            # Without a full plan, what is scarce keeps its price.
            is_full = self._is_full(best)
            self._price_scarcity(wishes, STEP / turn**0.5 if is_full else STEP)
            wishes = self._wishes()
            bound = max(bound, self._bound(wishes))
            plans = self._in_turn(order, wishes)
            best = min(best, plans, key=self._rank)
        return self._improved(best)

    def _bound(self, wishes: _Plans[PlanT]) -> float:
        """Return a cost that no plans within the limit are below (the Lagrange dual)."""
        used = self._used(wishes)
        return self._rank(wishes)[-1] + sum(
            price * (used.get(slot, 0.0) - self._limit[slot])
            for slot, price in self._scarcity.items()
        )

    def _is_close(self, plans: _Plans[PlanT], bound: float) -> bool:
        """Return if further search is not worth its time."""
        cost = self._rank(plans)[-1]
        return self._is_full(plans) and cost <= bound + CLOSE * abs(bound)

    @property
    def _is_few(self) -> bool:
        return len(self._claims) <= FEW

    def _orders(self) -> Iterator[Sequence[int]]:
        """Return orders in which the loads are planned, again and again."""
        return cycle(permutations(self._order) if self._is_few else [self._order])

    def _wishes(self) -> _Plans[PlanT]:
        """Return the plan of each load as if it were alone."""
        return [self._plan(at, {}, self._scarcity) for at in range(len(self._claims))]

    def _plan(
        self, at: int, used: Mapping[datetime, float], scarcity: Prices
    ) -> _Planned[PlanT]:
        """Return the plan of a load beside what others use."""
        # Called for each quarter-hour of each plan that is tried.
        taken, price = used.get, scarcity.get
        extra = tuple(
            [
                inf if taken(slot, 0.0) > most else price(slot, 0.0)
                for slot, most in self._most[at]
            ]
        )
        self._work += KNOWN_PLAN
        if (known := self._known[at].get(extra)) is None:
            self._work += PLAN - KNOWN_PLAN
            markup = dict(zip(self._draws[at], extra, strict=True))
            plan = self._claims[at].plan(markup)
            slots = [slot for piece in plan.pieces for slot in quarters_of(piece)]
            in_time = sum(slot < self._claims[at].deadline for slot in slots)
            known = self._known[at][extra] = _Planned(plan, tuple(slots), in_time)
        return known

    def _used(
        self, plans: Sequence[_Planned[PlanT] | None], without: Iterable[int] = ()
    ) -> dict[datetime, float]:
        """Return the power of the plans by quarter-hour."""
        used: dict[datetime, float] = {}
        for at, plan in enumerate(plans):
            if plan and at not in without:
                for slot in plan.slots:
                    used[slot] = used.get(slot, 0.0) + self._draws[at][slot]
        return used

    def _fits(
        self, at: int, plan: _Planned[PlanT], used: Mapping[datetime, float]
    ) -> bool:
        return all(
            used.get(slot, 0.0) + self._draws[at][slot] <= self._limit[slot] + TOLERANCE
            for slot in plan.slots
        )

    def _in_turn(self, order: Sequence[int], wishes: _Plans[PlanT]) -> _Plans[PlanT]:
        """Return plans made one after the other."""
        plans: list[_Planned[PlanT] | None] = [None] * len(wishes)
        for at in order:
            used = self._used(plans)
            wish = wishes[at]
            plans[at] = (
                wish
                if self._fits(at, wish, used)
                else self._plan(at, used, self._scarcity)
            )
        return [each for each in plans if each]

    def _price_scarcity(self, wishes: _Plans[PlanT], step: float) -> None:
        """Make quarter-hours dearer that too many want, and cheaper that few want."""
        used = self._used(wishes)
        for slot in {*used, *self._scarcity}:
            limit = max(self._limit[slot], TOLERANCE)
            excess = min((used.get(slot, 0.0) - limit) / limit, 1.0)
            price = max(self._scarcity.get(slot, 0.0) + step * excess, 0.0)
            self._scarcity[slot] = price

    def _improved(self, plans: _Plans[PlanT]) -> _Plans[PlanT]:
        """Return plans that no load can better by itself or with another one."""
        while self._work < MOST_WORK:
            before = self._rank(plans)
            plans = self._alone(plans)
            if self._rank(plans) < before:
                continue
            plans = self._in_pairs(plans)
            if not self._rank(plans) < before:
                break
        return plans

    def _alone(self, plans: _Plans[PlanT]) -> _Plans[PlanT]:
        for at in self._order:
            others = self._used(plans, (at,))
            plans = self._better(plans, {at: self._plan(at, others, {})})
        return plans

    def _in_pairs(self, plans: _Plans[PlanT]) -> _Plans[PlanT]:
        for one, other in combinations(self._order, 2):
            for first, second in ((one, other), (other, one)):
                if self._work >= MOST_WORK:
                    return plans
                used = self._used(plans, (first, second))
                moved = self._plan(first, used, {})
                for slot in moved.slots:
                    used[slot] = used.get(slot, 0.0) + self._draws[first][slot]
                rest = self._plan(second, used, {})
                plans = self._better(plans, {first: moved, second: rest})
        return plans

    def _better(
        self, plans: _Plans[PlanT], changes: Mapping[int, _Planned[PlanT]]
    ) -> _Plans[PlanT]:
        changed = [changes.get(at, plan) for at, plan in enumerate(plans)]
        return min(plans, changed, key=self._rank)

    def _is_full(self, plans: _Plans[PlanT]) -> bool:
        in_time, at_all, _ = self._rank(plans)
        return not any(in_time) and not any(at_all)

    def _rank(self, plans: _Plans[PlanT]) -> _Rank:
        # A battery that is not full in time would be charged in the next hours.
        pairs = [(self._full[at], plans[at]) for at in self._order]
        in_time = tuple(full.in_time - plan.in_time for full, plan in pairs)
        at_all = tuple(len(full.slots) - len(plan.slots) for full, plan in pairs)
        cost = sum(
            self._prices.get(slot, 0.0) * self._draws[at][slot]
            for at, plan in enumerate(plans)
            for slot in plan.slots
        )
        return in_time, at_all, round(cost, 9)
