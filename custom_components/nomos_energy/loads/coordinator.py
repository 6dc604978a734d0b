"""When a planned load runs, and what is known of the time ahead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..coordinator import NomosConfigEntry, NomosCoordinator
from ..nomos import QUARTER, PriceSeries
from ..prices.coordinator import PriceCoordinator
from ..store import LoadMemory
from .planner import Plan, PlannedLoad, Span, average_price

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class LoadState:
    """What a load does, and what it is going to do."""

    running: Span | None
    """The piece that is running."""
    pieces: tuple[Span, ...]
    """What is not over: the piece that is running, and all that is planned."""
    is_fallback: bool
    """Whether what comes next is planned without prices."""
    run_time: timedelta
    """For how long it is to run within the hours that are there or come next."""
    remaining: timedelta
    """How much of that is left."""
    price: float | None
    """What a kWh costs on average within those hours, in EUR."""
    cost: float | None
    """EUR; None where the power is not known."""
    prices: tuple[float | None, ...]
    """The average price of each piece, in EUR/kWh."""

    @property
    def next_start(self) -> datetime | None:
        """When it is turned on next."""
        starts = (each.start for each in self.pieces if each is not self.running)
        return next(starts, None)

    @property
    def next_end(self) -> datetime | None:
        """When it is turned off next."""
        return self.pieces[0].end if self.pieces else None


class LoadCoordinator(DataUpdateCoordinator[LoadState]):
    """Runs a load by the plan that costs the least.

    It plans anew when prices arrive, the load or the gate changes, and at the
    beginning and the end of each piece. A piece that is running is not planned any
    more, only what follows. What ran is remembered over a restart.
    """

    config_entry: NomosConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        account: NomosCoordinator,
        key: str,
        load: PlannedLoad,
    ) -> None:
        """Initialize the coordinator with what it did before."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=account.config_entry,
            name="Nomos Energy planned load",
            always_update=False,
        )
        self.account = account
        self.key = key
        self.load = load
        self._memory = account.memory.loads.setdefault(key, LoadMemory())
        self._prices: PriceCoordinator | None = None
        self._seen: PriceSeries | None = None
        self._cancel: list[CALLBACK_TYPE] = []
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._cancel.append(account.async_add_listener(self.async_look))
        self.async_look()

    @property
    def is_enabled(self) -> bool:
        """Whether somebody wants it to run at all."""
        return self._memory.is_enabled

    @callback
    def async_enable(self, is_enabled: bool) -> None:
        """Let it run by its plan, or not at all."""
        self._memory.is_enabled = is_enabled
        self.account.save()
        self.async_look()

    @callback
    def async_set_run_time(self, run_time: timedelta) -> None:
        """Let it run for another time until the hours that are there or come are over."""
        self._memory.run_time = run_time
        self._memory.run_time_until = self._hours(dt_util.utcnow())[0].end
        self.account.save()
        self.async_look()

    @callback
    def async_look(self, _now: datetime | None = None) -> None:
        """Start and stop what has to be, and plan what follows."""
        now = dt_util.utcnow()
        self._watch_prices()
        here, following = self._hours(now)
        wanted = self._run_time(now)
        self._stop(now, here, wanted)
        plan = self._plan(here, now, wanted)
        if plan.pieces and plan.pieces[0].start <= now:
            self._memory.pieces.append(plan.pieces[0])
            self.account.save()
            plan = Plan(plan.pieces[1:], plan.is_fallback)
        after = self._plan(following, now, self.load.run_time)
        self._show(now, here, wanted, plan, after)

    def _hours(self, now: datetime) -> list[Span]:
        """Return the hours that are there or come next, and those that follow."""
        return list(islice(self.load.hours(now), 2))

    def _run_time(self, now: datetime) -> timedelta:
        memory = self._memory
        if memory.run_time_until and memory.run_time_until <= now:
            memory.run_time = memory.run_time_until = None
        return self.load.run_time if memory.run_time is None else memory.run_time

    @property
    def _may_run(self) -> bool:
        contract = self.account.data.get(self.load.subscription_id)
        return self.is_enabled and contract is not None and contract.has_prices

    def _running(self, now: datetime) -> Span | None:
        """Return the piece that is running; the end of one is not planned any more."""
        last = self._memory.pieces[-1] if self._memory.pieces else None
        return last if last and last.end > now else None

    def _stop(self, now: datetime, here: Span, wanted: timedelta) -> None:
        """End what has run for long enough, or may not run any more."""
        pieces = self._memory.pieces = [
            each for each in self._memory.pieces if each.end > here.start
        ]
        if running := self._running(now):
            may_run = self._may_run and here.start <= now
            left = wanted - self._ran(here, now) if may_run else NOTHING
            end = min(running.end, now + max(left, NOTHING), here.end)
            if end < running.end:
                pieces[-1] = Span(running.start, end)
                self.account.save()

    def _ran(self, here: Span, now: datetime) -> timedelta:
        """Return for how long it ran within some hours, up to a moment."""
        until = Span(here.start, max(min(now, here.end), here.start))
        return sum((each.overlap(until) for each in self._memory.pieces), NOTHING)

    def _plan(self, hours: Span, now: datetime, wanted: timedelta) -> Plan:
        if not self._may_run:
            return Plan()
        running = self._running(now)
        begin = running.end if running else self._due(now)
        left = wanted - self._ran(hours, max(begin, now))
        return self.load.plan(hours, begin, left, self._series)

    def _due(self, now: datetime) -> datetime:
        """Return now, or the quarter-hour that should have begun a moment ago.

        A timer may be late when Home Assistant is busy; it does not lose its turn.
        """
        planned = self.data.pieces if self.data else ()
        starts = (each.start for each in planned)
        return next((each for each in starts if each <= now < each + QUARTER), now)

    @property
    def _series(self) -> PriceSeries:
        return self._prices.data if self._prices else PriceSeries()

    def _show(
        self, now: datetime, here: Span, wanted: timedelta, plan: Plan, after: Plan
    ) -> None:
        """Tell the entities, and look again when something changes."""
        running, series = self._running(now), self._series
        pieces = (*([running] if running else []), *plan.pieces, *after.pieces)
        ran = [each for each in self._memory.pieces if each.end > each.start]
        price = average_price((*ran, *plan.pieces), series)
        hours = sum((each.end - each.start for each in (*ran, *plan.pieces)), NOTHING)
        power = self.load.power
        self.async_set_updated_data(
            LoadState(
                running=running,
                pieces=pieces,
                is_fallback=(plan if plan.pieces else after).is_fallback,
                run_time=wanted,
                remaining=max(wanted - self._ran(here, now), NOTHING),
                price=price,
                cost=None
                if price is None or power is None
                else price * power * (hours / timedelta(hours=1)),
                prices=tuple(average_price([each], series) for each in pieces),
            )
        )
        moments = [here.end, *(edge for each in pieces for edge in each)]
        if running:
            # What remains becomes less while it runs.
            moments.append(now + QUARTER - timedelta(seconds=now.timestamp() % 900))
        self._look_at(min(each for each in moments if each > now))

    @callback
    def _look_at(self, moment: datetime) -> None:
        if self._cancel_timer:
            self._cancel_timer()
        self._cancel_timer = async_track_point_in_utc_time(
            self.hass, self.async_look, moment
        )

    @callback
    def _watch_prices(self) -> None:
        """Listen to the prices once they are there, which is behind the gate."""
        prices = self.account.prices.get(self.load.subscription_id)
        if prices is not self._prices:
            self._prices = prices
            if prices:
                self._cancel.append(prices.async_add_listener(self._look_at_prices))
        self._seen = self._series

    @callback
    def _look_at_prices(self) -> None:
        # They are heard of every quarter-hour, but rarely change.
        if self._series is not self._seen:
            self.async_look()

    @override
    async def async_shutdown(self) -> None:
        """Stop looking; what runs is remembered."""
        await super().async_shutdown()
        while self._cancel:
            self._cancel.pop()()
        if self._cancel_timer:
            self._cancel_timer()
            self._cancel_timer = None
