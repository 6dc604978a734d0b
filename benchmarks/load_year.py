"""Simulated year of a household with planned loads, and its costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
import logging
from math import inf
import random
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from custom_components.nomos_energy.const import DOMAIN, SUBENTRY_PLANNED_LOAD
from custom_components.nomos_energy.loads.parsing import WEEKDAYS
from custom_components.nomos_energy.loads.planner import Span
from custom_components.nomos_energy.loads.settings import PlannedLoad
from custom_components.nomos_energy.nomos import DAY, QUARTER, transport
from simulator import Fault, Household, market, scenarios

from .frozen import Stage, run_frozen
from .home import add_entry, set_up

HOUR = timedelta(hours=1)
NOTHING = timedelta(0)

LOADS: Mapping[str, Mapping[str, Any]] = {
    "car": {
        "need": "run_time",
        "run_time": {"hours": 3},
        "earliest": "18:00:00",
        "latest": "07:00:00",
        "power": 11.0,
        "weekdays": WEEKDAYS,
    },
    "boiler": {
        "need": "run_time",
        "run_time": {"hours": 4},
        "earliest": "00:00:00",
        "latest": "00:00:00",
        "shortest_piece": {"hours": 1},
        "power": 3.0,
        "weekdays": WEEKDAYS,
    },
    "dishwasher": {
        "need": "run_time",
        "run_time": {"hours": 2},
        "earliest": "20:00:00",
        "latest": "06:00:00",
        "power": 1.0,
        "weekdays": WEEKDAYS,
    },
    "pool": {
        "need": "run_time",
        "run_time": {"hours": 5},
        "earliest": "09:00:00",
        "latest": "17:00:00",
        "shortest_piece": {"minutes": 30},
        "power": 0.8,
        "weekdays": WEEKDAYS[5:],
    },
}


@dataclass
class Run:
    """Hours in which a load was to run once."""

    hours: Span
    was_known: bool = False
    """True if all prices were known at the start of the hours."""


@dataclass
class Recording:
    """Times at which a load was on."""

    spans: list[Span] = field(default_factory=list)
    since: datetime | None = None

    @callback
    def note(self, event: Event[EventStateChangedData]) -> None:
        """Note a change; while the state is unavailable, a real switch keeps its own."""
        new = event.data["new_state"]
        if new is None or new.state not in ("on", "off"):
            return
        now = dt_util.utcnow()
        if new.state == "on" and self.since is None:
            self.since = now
        elif new.state == "off" and self.since is not None:
            self.spans.append(Span(self.since, now))
            self.since = None


@dataclass
class Costs:
    """Costs in EUR."""

    complete: float = 0.0
    at_once: float = 0.0
    """Cost of the complete runs, had they begun at once."""
    known: float = 0.0
    """Cost of the complete runs whose prices were known in time."""
    optimum: float = 0.0
    """Least possible cost of these."""


def simulate(days: int) -> Costs:
    """Return the costs of some days."""
    # Each failure of the API is logged as an error, as it should be.
    logging.disable()
    # The clock does not move while the client waits for another attempt.
    with patch.object(transport, "sleep", AsyncMock()):
        return run_frozen(partial(_simulate, days=days))


async def _simulate(stage: Stage, days: int) -> Costs:
    hass = stage.hass
    await hass.config.async_set_time_zone("Europe/Berlin")
    household = stage.simulator.add(scenarios.dynamic_tariff())
    loads = {name: _load(name, household.subscription_id) for name in LOADS}
    subentries = [
        {
            "data": {**data, "subscription": household.subscription_id},
            "subentry_id": name,
            "subentry_type": SUBENTRY_PLANNED_LOAD,
            "title": name,
            "unique_id": None,
        }
        for name, data in LOADS.items()
    ]
    entry = add_entry(hass, subentries=subentries)
    await set_up(hass, entry)
    entities = {name: _entity(hass, name) for name in loads}
    recordings = {name: Recording() for name in loads}
    for name, entity_id in entities.items():
        async_track_state_change_event(hass, entity_id, recordings[name].note)
    begin = dt_util.utcnow()
    runs = {
        name: list(_runs(load, begin + DAY, begin + days * DAY))
        for name, load in loads.items()
    }
    starting = {(name, run.hours.start): run for name in runs for run in runs[name]}
    disturbances = _Disturbances(stage, entry.entry_id)
    while dt_util.utcnow() < begin + (days + 1) * DAY:
        await disturbances.async_apply()
        await stage.advance(QUARTER)
        for name, entity_id in entities.items():
            if run := starting.get((name, dt_util.utcnow())):
                state = hass.states.get(entity_id)
                assert state
                run.was_known = not state.attributes.get("fallback", True)
    stage.simulator.publication_delay = NOTHING
    prices = all_prices(household, begin, begin + (days + 2) * DAY)
    costs = Costs()
    for name, load in loads.items():
        for run in runs[name]:
            was_off = any(each.overlap(run.hours) for each in disturbances.offs)
            is_known = run.was_known and not was_off
            _add(costs, load, run.hours, recordings[name].spans, prices, is_known)
    return costs


class _Disturbances:
    """Late prices, failures of the API and restarts, the same in every simulation."""

    def __init__(self, stage: Stage, entry_id: str) -> None:
        self.offs: list[Span] = []
        """Times at which Home Assistant was off."""
        self._stage = stage
        self._entry_id = entry_id
        self._dice = random.Random("a year of planned loads")
        self._failing_until = dt_util.utcnow()

    async def async_apply(self) -> None:
        """Apply what happens at this quarter-hour."""
        now, dice, simulator = dt_util.utcnow(), self._dice, self._stage.simulator
        if now.hour == 9 and now.minute == 0:
            late = dice.random() < 0.2
            simulator.publication_delay = timedelta(
                minutes=dice.randrange(600) if late else 0
            )
            if dice.random() < 0.03:
                simulator.fail(Fault.SERVER_ERROR)
                self._failing_until = now + dice.randrange(3, 30) * HOUR
        if now >= self._failing_until:
            simulator.recover()
        if dice.random() < 2 / 30 / 96:
            entries = self._stage.hass.config_entries
            await entries.async_unload(self._entry_id)
            await self._stage.advance(dice.randrange(1, 9) * QUARTER)
            await entries.async_setup(self._entry_id)
            await self._stage.hass.async_block_till_done(wait_background_tasks=True)
            self.offs.append(Span(now, dt_util.utcnow()))


def _load(name: str, subscription_id: str) -> PlannedLoad:
    return PlannedLoad.from_data(name, {**LOADS[name], "subscription": subscription_id})


def _entity(hass: HomeAssistant, name: str) -> str:
    found = er.async_get(hass).async_get_entity_id(
        "binary_sensor", DOMAIN, f"{name}_run_now"
    )
    assert found
    return found


def _runs(load: PlannedLoad, begin: datetime, end: datetime) -> Iterable[Run]:
    for hours in load.hours(begin):
        if hours.end > end:
            return
        if hours.start >= begin:
            yield Run(hours)


def all_prices(
    household: Household, begin: datetime, end: datetime
) -> dict[datetime, float]:
    """Return the price of each quarter-hour in EUR/kWh, whenever it was published."""
    items = market.prices(
        household,
        dt_util.as_local(begin).date() - DAY,
        dt_util.as_local(end).date(),
        end + 30 * DAY,
        market.Exchange(),
    )
    return {
        datetime.fromisoformat(each["timestamp"]): each["amount"] / 100
        for each in items or ()
    }


def _add(
    costs: Costs,
    load: PlannedLoad,
    hours: Span,
    spans: Iterable[Span],
    prices: Mapping[datetime, float],
    is_known: bool,
) -> None:
    """Add the costs of a run that is complete."""
    count = (hours.end - hours.start) // QUARTER
    slots = [hours.start + place * QUARTER for place in range(count)]
    amounts = [prices[slot] for slot in slots]
    spans = [span for span in spans if span.overlap(hours)]
    parts = [
        sum((span.overlap(Span(slot, slot + QUARTER)) for span in spans), NOTHING)
        for slot in slots
    ]
    run_time = load.fixed_run_time or NOTHING
    if sum(parts, NOTHING) != run_time:
        return
    power = load.power if isinstance(load.power, float) else 0.0
    cost = power * sum(
        amount * (part / HOUR) for amount, part in zip(amounts, parts, strict=True)
    )
    costs.complete += cost
    costs.at_once += power / 4 * sum(amounts[: run_time // QUARTER])
    if is_known:
        costs.known += cost
        costs.optimum += power / 4 * _optimum(load, amounts)


def _optimum(load: PlannedLoad, prices: list[float]) -> float:
    """Return the least sum of prices of a complete run."""
    run_time = load.fixed_run_time or NOTHING
    shortest = load.shortest_piece or run_time
    return least_sum(prices, run_time // QUARTER, shortest // QUARTER)


def least_sum(prices: Sequence[float], wanted: int, shortest: int) -> float:
    """Return the least sum of prices, computed without the integration's optimizer.

    `shortest` is the least number of quarter-hours of a piece.
    """

    @cache
    def least(slot: int, left: int, length: int) -> float:
        """Return the least sum from a slot on; `length` of the piece so far, capped."""
        may_stop = length in (0, shortest)
        if slot == len(prices):
            return 0.0 if not left and may_stop else inf
        idle = least(slot + 1, left, 0) if may_stop else inf
        if not left:
            return idle
        run = prices[slot] + least(slot + 1, left - 1, min(length + 1, shortest))
        return min(idle, run)

    return least(0, wanted, 0)
