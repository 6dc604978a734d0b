"""Data update coordinator of a planned load."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..coordinator import ContractCoordinator
from ..nomos import DAY, QUARTER, PriceSeries, SubscriptionStatus
from ..schedule import Timer
from ..store import RecordStore
from .history import LoadHistory, Switched
from .planner import NOTHING, Schedule, Span, average_price
from .settings import PlannedLoad
from .state import LoadState, PlanState


class LoadCoordinator(DataUpdateCoordinator[LoadState]):
    """Runs a load by its cheapest schedule.

    Plans again when prices arrive, the load or the gate changes, at both ends of each
    piece and at midnight. A piece in progress is kept; only what follows is planned. Runs are
    stored, so that they count after a restart.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        contracts: ContractCoordinator,
        store: RecordStore[LoadHistory],
        key: str,
        load: PlannedLoad,
        known_prices: Callable[[], PriceSeries],
    ) -> None:
        """Initialize the coordinator with the stored history.

        `key` is the ID of the subentry, `known_prices` returns the contract's prices.
        """
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"{entry.title} {load.subscription_id} planned load {key}",
            always_update=False,
        )
        self.contracts = contracts
        self.key = key
        self.load = load
        self._store = store
        self._known_prices = known_prices
        self._prices = known_prices()
        self._next_change = Timer(hass, self.async_replan)
        self._remove_listener: CALLBACK_TYPE | None = contracts.async_add_listener(
            self.async_replan
        )
        self.async_replan()

    @property
    def history(self) -> LoadHistory:
        """Past runs and settings."""
        return self._store.records.get(self.key, LoadHistory())

    @property
    def is_enabled(self) -> bool:
        """Return if planning is turned on."""
        return self.history.is_enabled

    @callback
    def async_enable(self, is_enabled: bool) -> None:
        """Turn planning on or off."""
        self._set(replace(self.history, is_enabled=is_enabled))
        self.async_replan()

    @callback
    def async_set_run_time(self, run_time: timedelta) -> None:
        """Set another run time until the end of the current or next hours."""
        until = self._hours(dt_util.utcnow())[0].end
        self._set(replace(self.history, run_time=run_time, run_time_until=until))
        self.async_replan()

    @callback
    def async_set_switched(self, switched: Switched) -> None:
        """Store what was done to the targets."""
        self._set(replace(self.history, switched=switched))

    @callback
    def async_prices_updated(self) -> None:
        """Plan again if the prices have changed."""
        # Listeners of prices are updated every quarter-hour.
        if self._known_prices() is not self._prices:
            self.async_replan()

    @callback
    def async_replan(self, _now: datetime | None = None) -> None:
        """Start or stop the load if that is due, and plan what follows."""
        if self._shutdown_requested:
            return
        now = dt_util.utcnow()
        self._prices = self._known_prices()
        hours, following = self._hours(now)
        wanted = self._run_time(now)
        self._stop(now, hours, wanted)
        schedule = self._plan(hours, now, wanted)
        if schedule.pieces and schedule.pieces[0].start <= now:
            self._set(self.history.with_piece(schedule.pieces[0]))
            schedule = Schedule(schedule.pieces[1:], schedule.is_fallback)
        after = self._plan(following, now, self._regular_run_time)
        self._update(now, hours, wanted, schedule, after)

    def _set(self, history: LoadHistory) -> None:
        self._store.async_set(self.key, history)

    def _hours(self, now: datetime) -> list[Span]:
        """Return the current or next hours, and those that follow."""
        return list(islice(self.load.hours(now), 2))

    def _run_time(self, now: datetime) -> timedelta:
        history = self.history
        if history.run_time_until and history.run_time_until <= now:
            history = replace(history, run_time=None, run_time_until=None)
            self._set(history)
        return self._regular_run_time if history.run_time is None else history.run_time

    @property
    def _regular_run_time(self) -> timedelta:
        return self.load.fixed_run_time or NOTHING

    @property
    def _may_run(self) -> bool:
        contract = self.contracts.data.get(self.load.subscription_id)
        return self.is_enabled and contract is not None and contract.has_prices

    @property
    def _awaits_meter(self) -> bool:
        contract = self.contracts.data.get(self.load.subscription_id)
        return (
            contract is not None
            and not contract.smart_meter_active
            and contract.subscription.status is not SubscriptionStatus.ENDED
        )

    def _stop(self, now: datetime, hours: Span, wanted: timedelta) -> None:
        """End a run that has lasted long enough or is no longer allowed."""
        # The plan state also counts what ran earlier today.
        history = self.history.since(min(hours.start, _today(now).start))
        if running := history.running(now):
            may_run = self._may_run and hours.start <= now
            left = wanted - history.ran(hours, now) if may_run else NOTHING
            end = min(running.end, now + max(left, NOTHING), hours.end)
            if end < running.end:
                history = history.ending(end)
        if history != self.history:
            self._set(history)

    def _plan(self, hours: Span, now: datetime, wanted: timedelta) -> Schedule:
        if not self._may_run:
            return Schedule()
        running = self.history.running(now)
        begin = running.end if running else self._due(now)
        left = wanted - self.history.ran(hours, max(begin, now))
        return self.load.plan(hours, begin, left, self._prices)

    def _due(self, now: datetime) -> datetime:
        """Return now, or the start of a piece that should have begun just before.

        Timers are late when Home Assistant is busy; the piece is not lost by that.
        """
        planned = self.data.pieces if self.data else ()
        starts = (each.start for each in planned)
        return next((each for each in starts if each <= now < each + QUARTER), now)

    def _update(
        self,
        now: datetime,
        hours: Span,
        wanted: timedelta,
        schedule: Schedule,
        after: Schedule,
    ) -> None:
        """Update the entities, and start the timer for the next change."""
        history, prices = self.history, self._prices
        running, today = history.running(now), _today(now)
        pieces = (*([running] if running else []), *schedule.pieces, *after.pieces)
        runs = (
            *(each for each in history.pieces if each.overlap(hours)),
            *schedule.pieces,
        )
        price = average_price(runs, prices)
        duration = sum((each.end - each.start for each in runs), NOTHING)
        power = self.load.power if isinstance(self.load.power, float) else None
        self.async_set_updated_data(
            LoadState(
                plan_state=self._plan_state(now, hours, today, schedule),
                running=running,
                pieces=pieces,
                is_fallback=(schedule if schedule.pieces else after).is_fallback,
                run_time=wanted,
                remaining=max(wanted - history.ran(hours, now), NOTHING),
                price=price,
                cost=None
                if price is None or power is None
                else price * power * (duration / timedelta(hours=1)),
                prices=tuple(average_price([each], prices) for each in pieces),
            )
        )
        moments = [
            hours.end,
            today.end,
            *(moment for each in pieces for moment in (each.start, each.end)),
        ]
        if running:
            # The remaining run time decreases during a piece.
            moments.append(now + QUARTER - timedelta(seconds=now.timestamp() % 900))
        self._next_change.async_start(min(each for each in moments if each > now))

    def _plan_state(
        self, now: datetime, hours: Span, today: Span, schedule: Schedule
    ) -> PlanState:
        if not self.is_enabled:
            return PlanState.DISABLED
        if self._awaits_meter:
            return PlanState.WAITING_FOR_METER
        if self.history.by_hand(now):
            return PlanState.SWITCHED_BY_HAND
        if self.history.running(now):
            return PlanState.RUNNING
        if hours.start >= today.end:
            hours = today
        elif schedule.pieces:
            return PlanState.PROVISIONAL if schedule.is_fallback else PlanState.PLANNED
        return PlanState.DONE if self.history.ran(hours, now) else PlanState.IDLE

    @override
    async def async_shutdown(self) -> None:
        """Stop planning; a run in progress is stored."""
        await super().async_shutdown()
        # Called once more when the entry is unloaded.
        if self._remove_listener:
            self._remove_listener()
            self._remove_listener = None
        self._next_change.async_cancel()


def _today(now: datetime) -> Span:
    """Return the current day in Home Assistant's time zone."""
    day = dt_util.as_local(now).date()
    start, end = map(dt_util.start_of_local_day, (day, day + DAY))
    return Span(dt_util.as_utc(start), dt_util.as_utc(end))
