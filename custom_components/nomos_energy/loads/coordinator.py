"""Data update coordinator of a planned load."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..coordinator import ContractCoordinator
from ..nomos import PriceSeries
from ..schedule import Timer
from ..store import RecordStore
from .draft import Draft
from .history import Amount, LoadHistory, Once, Switched
from .jobs import Job, jobs_of
from .known import Values, entities_of, read_values
from .limit import LoadLimit
from .need import ChargeLevel
from .overview import due, next_change, obstacle, overview, stopped, today
from .periods import RunEvent, Shortfall
from .planner import Span
from .planning import Plan
from .settings import PlannedLoad
from .state import LoadState, NeedBasis
from .tracking import Tracker


class LoadCoordinator(DataUpdateCoordinator[LoadState]):
    """Runs a load by its cheapest schedule.

    Plans again when prices arrive, the load or the gate changes, at both ends of each
    piece and at midnight. A piece in progress is kept. Runs are stored.
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
        limit: LoadLimit,
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
        self.limit = limit
        self._store = store
        self._known_prices = known_prices
        self._prices = known_prices()
        self._planned_by: Values | None = None
        self._next_change = Timer(hass, self.async_replan)
        self._removers: list[CALLBACK_TYPE] = [
            contracts.async_add_listener(self._contracts_updated)
        ]
        if entities := set(entities_of(load)):
            self._removers.append(
                async_track_state_change_event(hass, entities, self._state_changed)
            )
        self.async_replan()

    @property
    def history(self) -> LoadHistory:
        """Past runs and settings."""
        return self._store.records.get(self.key, LoadHistory())

    @property
    def is_enabled(self) -> bool:
        """Return if planning is on."""
        return self.history.is_enabled

    @callback
    def async_enable(self, is_enabled: bool) -> None:
        """Turn planning on or off."""
        self._set(replace(self.history, is_enabled=is_enabled))
        self.async_replan()

    @property
    def usual_amount(self) -> float | None:
        """Hours, kWh or percent; None if the target was never known."""
        need = self.load.need
        if isinstance(need, ChargeLevel):
            return self._values(dt_util.utcnow()).target
        return need.amount

    @callback
    def async_set_amount(self, amount: float) -> None:
        """Set another amount until the end of the current or next hours."""
        now = dt_util.utcnow()
        hours, once = self._jobs(self._values(now), now)[0].hours, self.history.once
        if once and once.hours == hours:
            history = replace(self.history, once=replace(once, amount=amount))
        else:
            until = Amount(kind=self.load.need.kind, amount=amount, until=hours.end)
            history = replace(self.history, today=until)
        self._set(history)
        self.async_replan()

    @callback
    def async_run_once(self, amount: float, hours: Span) -> None:
        """Plan a single run, in place of an earlier one."""
        kind = self.load.need.kind
        once = Once(kind=kind, amount=amount, start=hours.start, end=hours.end)
        self._set(replace(self.history, once=once))
        self.async_replan()

    @callback
    def async_set_switched(self, switched: Switched) -> None:
        """Store what was done to the targets."""
        self._set(replace(self.history, switched=switched))

    async def async_flush(self) -> None:
        """Return once what was set is on disk."""
        await self._store.async_flush()

    @callback
    def async_set_actions_run(self, start: datetime | None) -> None:
        """Store for which run the actions ran."""
        self._set(replace(self.history, actions_run=start))

    @callback
    def async_take_news(self) -> tuple[RunEvent, ...]:
        """Return the events to announce, each once."""
        news = self.history.news
        self._set(replace(self.history, news=()))
        return news

    @callback
    def async_prices_updated(self) -> None:
        """Plan again if the prices have changed."""
        # Listeners of prices are updated every quarter-hour.
        if self._known_prices() is not self._prices:
            self.async_replan()

    @callback
    def async_replan(self, _now: datetime | None = None) -> None:
        """Start or stop the load if that is due, and plan what follows."""
        if not self._shutdown_requested:
            self.limit.async_replan(self)

    @callback
    def _contracts_updated(self) -> None:
        """Plan again, and let the entities know if the contract is still included."""
        self.async_replan()
        self.async_update_listeners()

    @property
    def known_limit(self) -> float | None:
        """Last known limit in kW, as it is stored."""
        return self.history.known.limit

    @callback
    def async_note_limit(self, limit: float) -> None:
        """Store the last known limit in kW."""
        history = self.history
        self._set(replace(history, known=replace(history.known, limit=limit)))

    @callback
    def async_draft(self, now: datetime) -> Draft:
        """Stop what is over, and return what a plan is made from."""
        self._prices = self._known_prices()
        values = self._planned_by = self._values(now)
        history, news = self.history, self.history.news
        history = history.updated(now, self.load.need.kind, values.known)
        tracker = Tracker(now, self._prices, values.power)
        self._set(tracker.end(history, may_run=self._may_run))
        self._set(
            stopped(
                self.history,
                self.load,
                self._jobs(values, now),
                now,
                self._prices,
                may_run=self._may_run,
            )
        )
        running = self.history.running(now)
        planned = self.data.pieces if self.data else ()
        return Draft(
            load=self.load,
            now=now,
            values=values,
            # What ran, and for how long, may be less now.
            jobs=self._jobs(values, now),
            running=running,
            begin=running.end if running else due(planned, now),
            prices=self._prices,
            may_run=self._may_run,
            news=news,
        )

    @callback
    def async_give_way(self, now: datetime) -> None:
        """End the run in progress."""
        if self.history.running(now):
            self._set(self.history.ending(now))

    @callback
    def async_apply(
        self, draft: Draft, plan: Plan, reduced: float | None = None
    ) -> None:
        """Begin the run that is due, and update the entities.

        `reduced` is the power in kW to which the run is reduced.
        """
        now, shortfall = draft.now, draft.shortfall(plan)
        if plan.begins_by(now):
            self._set(self.history.with_piece(plan.pieces[0]))
            plan = replace(plan, pieces=plan.pieces[1:])
        power = draft.values.power
        share = min(reduced / power, 1.0) if reduced and power else None
        self._set(self.history.reduced_to(share, now))
        tracker = Tracker(now, draft.prices, draft.values.power)
        self._set(tracker.follow(self.history, draft.jobs, shortfall))
        self._update(draft, plan, shortfall, reduced)
        if self.history.news != draft.news:
            # A run that could not begin changes no other state.
            self.async_update_listeners()

    @callback
    def _state_changed(self, _event: Event[EventStateChangedData]) -> None:
        """Plan again if the values by which the load is planned have changed."""
        values = self._values(dt_util.utcnow())
        if values.is_another(self._planned_by):
            self.async_replan()

    def _set(self, history: LoadHistory) -> None:
        if history != self.history:
            self._store.async_set(self.key, history)

    def _values(self, now: datetime) -> Values:
        return read_values(self.hass, self.load, self.history.known, now)

    def _jobs(self, values: Values, now: datetime) -> list[Job]:
        """Return the current or next job, and those that follow."""
        jobs = jobs_of(self.load, values, self.history, now)
        nothing = Job(Span(now, today(now).end), None, NeedBasis.RUN_TIME)
        return jobs or [nothing]

    @property
    def _may_run(self) -> bool:
        contract = self.contracts.data.get(self.load.subscription_id)
        return self.is_enabled and contract is not None and contract.has_prices

    def _update(
        self,
        draft: Draft,
        plan: Plan,
        shortfall: Shortfall | None,
        reduced: float | None,
    ) -> None:
        """Update the entities, and start the timer for the next change."""
        now, jobs = draft.now, draft.jobs
        running = self.history.running(now)
        pieces = (*([running] if running else []), *plan.pieces)
        contract = self.contracts.data.get(self.load.subscription_id)
        why_not = obstacle(contract, is_enabled=self.is_enabled)
        state = overview(draft, plan, self.history, shortfall, reduced, why_not)
        if state != self.data:
            self.async_set_updated_data(state)
        # The remaining run time decreases during a piece.
        is_changing = bool(running) or self.load.is_estimate
        moment = next_change(now, jobs, pieces, each_quarter=is_changing)
        self._next_change.async_start(moment)

    @override
    async def async_shutdown(self) -> None:
        """Stop planning; a run in progress is stored."""
        await super().async_shutdown()
        # Called once more when the entry is unloaded.
        while self._removers:
            self._removers.pop()()
        self._next_change.async_cancel()
