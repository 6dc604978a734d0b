"""A year of planned loads: whether they ran, what they saved, what planning takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import islice
from math import inf
import random
from statistics import median
from time import process_time
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from custom_components.nomos_energy.const import DOMAIN, SUBENTRY_PLANNED_LOAD
from custom_components.nomos_energy.loads.planner import PlannedLoad, Span
from custom_components.nomos_energy.nomos import PriceSeries, transport
from simulator import Fault, Household, market, scenarios
from tests import DAY, pass_time

from .frozen import Stage, play
from .isolation import fresh
from .table import Row, Section

YEAR, SOME_DAYS = 365, 21
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
NOTHING = timedelta(0)

ENOUGH_TIME = 10.0
"""Milliseconds of CPU time to plan many loads for two days."""

MANY = 20

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LOADS: Mapping[str, Mapping[str, Any]] = {
    "car": {
        "run_time": {"hours": 3},
        "earliest": "18:00:00",
        "latest": "07:00:00",
        "power": 11.0,
        "weekdays": WEEK,
    },
    "boiler": {
        "run_time": {"hours": 4},
        "earliest": "00:00:00",
        "latest": "00:00:00",
        "shortest_piece": {"hours": 1},
        "power": 3.0,
        "weekdays": WEEK,
    },
    "dishwasher": {
        "run_time": {"hours": 2},
        "earliest": "20:00:00",
        "latest": "06:00:00",
        "power": 1.0,
        "weekdays": WEEK,
    },
    "pool": {
        "run_time": {"hours": 5},
        "earliest": "09:00:00",
        "latest": "17:00:00",
        "shortest_piece": {"minutes": 30},
        "power": 0.8,
        "weekdays": WEEK[5:],
    },
}

NOTE = (
    "simulated days of a household with four loads (a car, a boiler, a dishwasher, a pool\n"
    "   on weekends), with both changes of clocks if it is a year. On about every fifth day\n"
    "   prices are published late, now and then Nomos is away for up to 30 hours, and about\n"
    "   twice a month Home Assistant is off for up to two hours. “Start at once” begins with\n"
    "   the hours in which a load may run; “whole hours” takes the cheapest full hours, compared\n"
    "   where all prices were known in time. Energy is the same for all three."
)


@dataclass
class Run:
    """What became of a load within its hours."""

    hours: Span
    ran: timedelta = NOTHING
    cost: float = 0.0
    switched_on: int = 0
    was_known: bool = True
    """Whether all prices were there when the hours began."""
    was_off: timedelta = NOTHING
    """For how long Home Assistant was."""


@dataclass
class Diary:
    """When a load was on, as a switch would have been."""

    spans: list[Span] = field(default_factory=list)
    since: datetime | None = None

    @callback
    def note(self, event: Event[EventStateChangedData]) -> None:
        """Note a change; a switch stays as it is while nobody knows more."""
        new = event.data["new_state"]
        if new is None or new.state not in ("on", "off"):
            return
        now = dt_util.utcnow()
        if new.state == "on" and self.since is None:
            self.since = now
        elif new.state == "off" and self.since is not None:
            self.spans.append(Span(self.since, now))
            self.since = None


@dataclass(frozen=True)
class Year:
    """What came of all loads, and what it would have cost otherwise."""

    runs: dict[str, list[Run]]
    outside: timedelta
    optimal: int
    """Runs that cost as little as is possible."""
    comparable: int
    """Runs whose prices were all known in time."""
    cost: float
    at_once: float
    cost_known: float
    """What the comparable ones cost."""
    whole_hours: float


def section(quick: bool) -> Section:
    """Measure all of it."""
    days = SOME_DAYS if quick else YEAR
    year: Year = fresh(play_year, days)
    runs = [(name, run) for name, some in year.runs.items() for run in some]
    possible = [(name, run) for name, run in runs if _could_run(name, run)]
    done = sum(run.ran >= _load(name).run_time for name, run in possible)
    calm = [(name, run) for name, run in runs if not run.was_off]
    switched = sum(run.switched_on <= _pieces(_load(name)) for name, run in calm)
    planning = fresh(planning_cost, 5 if quick else 30)
    return Section(
        f"Planned loads, {days} days",
        (
            _all_of("ran for as long as they were to", done, len(possible)),
            Row(
                "ran outside of their hours",
                f"{year.outside / HOUR:.2f} h",
                "never",
                not year.outside,
            ),
            _all_of("cost = optimum, prices known", year.optimal, year.comparable),
            _all_of("switched on no oftener than pieces", switched, len(calm)),
            Row("cost", f"{year.cost:.2f} EUR"),
            _saved("saved against “start at once”", year.cost, year.at_once),
            _saved("saved against “whole hours”", year.cost_known, year.whole_hours),
            Row(
                f"planning {MANY} loads for two days",
                f"{planning:.2f} ms",
                f"< {ENOUGH_TIME:g} ms",
                planning < ENOUGH_TIME,
            ),
        ),
        NOTE,
    )


def _all_of(title: str, count: int, total: int) -> Row:
    return Row(title, f"{count:,} of {total:,}", "all", count == total > 0)


def _saved(title: str, cost: float, other: float) -> Row:
    saved = other - cost
    return Row(title, f"{saved:.2f} EUR, {saved / other:.1%}")


def _load(name: str, home: str = "") -> PlannedLoad:
    return PlannedLoad.from_data(name, {**LOADS[name], "subscription": home})


def _pieces(load: PlannedLoad) -> int:
    return load.run_time // (load.shortest_piece or load.run_time)


def _could_run(name: str, run: Run) -> bool:
    """Whether there was time enough, with an hour for what a restart costs."""
    needed = _load(name).run_time + (HOUR if run.was_off else NOTHING)
    return run.hours.end - run.hours.start - run.was_off >= needed


def play_year(days: int) -> Year:
    """Let days pass, and return what came of them."""
    # Time stands still while somebody sleeps.
    with patch.object(transport, "sleep", AsyncMock()):
        return play(partial(_year, days=days))


async def _year(stage: Stage, days: int) -> Year:
    hass, freezer, simulator = stage.hass, stage.freezer, stage.simulator
    await hass.config.async_set_time_zone("Europe/Berlin")
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await stage.follow(
        subentries=[
            {
                "data": {**data, "subscription": home.subscription_id},
                "subentry_id": name,
                "subentry_type": SUBENTRY_PLANNED_LOAD,
                "title": name,
                "unique_id": None,
            }
            for name, data in LOADS.items()
        ]
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    diaries = {name: _watch(hass, name) for name in LOADS}
    begin = dt_util.utcnow()
    runs = {
        name: list(_runs(_load(name), begin + DAY, begin + days * DAY))
        for name in LOADS
    }
    opening = {
        (name, run.hours.start): run for name, some in runs.items() for run in some
    }
    dice = random.Random("a year of planned loads")
    offs: list[Span] = []
    away_until = begin
    while (now := dt_util.utcnow()) < begin + (days + 1) * DAY:
        if now.hour == 9 and now.minute == 0:
            late = dice.random() < 0.2
            simulator.publication_delay = timedelta(
                minutes=dice.randrange(600) if late else 0
            )
            if dice.random() < 0.03:
                simulator.fail(Fault.SERVER_ERROR)
                away_until = now + dice.randrange(3, 30) * HOUR
        if away_until and now >= away_until:
            simulator.recover()
        if dice.random() < 2 / 30 / 96:
            await hass.config_entries.async_unload(entry.entry_id)
            await pass_time(hass, freezer, dice.randrange(1, 9) * QUARTER, QUARTER)
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
            offs.append(Span(now, dt_util.utcnow()))
        await pass_time(hass, freezer, QUARTER, QUARTER)
        for name in LOADS:
            if run := opening.get((name, dt_util.utcnow())):
                state = hass.states.get(_entity(hass, name))
                assert state
                run.was_known = not state.attributes.get("fallback", True)
    simulator.publication_delay = NOTHING
    prices = _prices(home, begin, begin + (days + 2) * DAY)
    return _sum_up(runs, diaries, offs, prices)


def _entity(hass: HomeAssistant, name: str) -> str:
    found = er.async_get(hass).async_get_entity_id(
        "binary_sensor", DOMAIN, f"{name}_run_now"
    )
    assert found
    return found


def _watch(hass: HomeAssistant, name: str) -> Diary:
    diary = Diary()
    async_track_state_change_event(hass, _entity(hass, name), diary.note)
    return diary


def _runs(load: PlannedLoad, begin: datetime, end: datetime) -> Iterable[Run]:
    for hours in load.hours(begin):
        if hours.end > end:
            return
        if hours.start >= begin:
            yield Run(hours)


def _prices(home: Household, begin: datetime, end: datetime) -> dict[datetime, float]:
    """Return what each quarter-hour cost in EUR/kWh, whenever it was published."""
    items = market.prices(
        home,
        dt_util.as_local(begin).date() - DAY,
        dt_util.as_local(end).date(),
        end + 30 * DAY,
        market.Exchange(),
    )
    return {
        datetime.fromisoformat(each["timestamp"]): each["amount"] / 100
        for each in items or ()
    }


def _sum_up(
    runs: dict[str, list[Run]],
    diaries: dict[str, Diary],
    offs: list[Span],
    prices: dict[datetime, float],
) -> Year:
    cost = at_once = cost_known = whole_hours = 0.0
    inside = total = NOTHING
    optimal = comparable = 0
    for name, some in runs.items():
        load, spans = _load(name), diaries[name].spans
        first, last = some[0].hours.start, some[-1].hours.end
        # A load that may always run can go on from one day to the next.
        total += sum((each.overlap(Span(first, last)) for each in spans), NOTHING)
        for run in some:
            run.was_off = sum((each.overlap(run.hours) for each in offs), NOTHING)
            run.switched_on = sum(
                run.hours.start <= each.start < run.hours.end for each in spans
            )
            slots = _slots(run.hours)
            known = [prices[slot] for slot in slots]
            parts = [
                sum(
                    (each.overlap(Span(slot, slot + QUARTER)) for each in spans),
                    NOTHING,
                )
                for slot in slots
            ]
            run.ran = sum(parts, NOTHING)
            inside += run.ran
            power = load.power or 0.0
            run.cost = power * sum(
                price * (part / HOUR) for price, part in zip(known, parts, strict=True)
            )
            if run.ran != load.run_time:
                continue
            quarters = load.run_time // QUARTER
            cost += run.cost
            at_once += power / 4 * sum(known[:quarters])
            if run.was_known and not run.was_off:
                cost_known += run.cost
                whole_hours += power / 4 * _whole_hours(load, known)
                comparable += 1
                best = power / 4 * _best(load, known)
                optimal += abs(run.cost - best) < 1e-6
    return Year(
        runs,
        total - inside,
        optimal,
        comparable,
        cost,
        at_once,
        cost_known,
        whole_hours,
    )


def _slots(hours: Span) -> list[datetime]:
    count = (hours.end - hours.start) // QUARTER
    return [hours.start + place * QUARTER for place in range(count)]


def _best(load: PlannedLoad, prices: list[float]) -> float:
    """Return the least sum of prices there is, found without the planner."""
    wanted = load.run_time // QUARTER
    if load.shortest_piece is None:
        return min(
            sum(prices[first : first + wanted])
            for first in range(len(prices) - wanted + 1)
        )
    shortest = load.shortest_piece // QUARTER

    @cache
    def least(slot: int, left: int, length: int) -> float:
        """Return the least from here on; `length`: of the piece that runs, at most."""
        may_stop = length in (0, shortest)
        if slot == len(prices):
            return 0.0 if not left and may_stop else inf
        idle = least(slot + 1, left, 0) if may_stop else inf
        if not left:
            return idle
        run = prices[slot] + least(slot + 1, left - 1, min(length + 1, shortest))
        return min(idle, run)

    return least(0, wanted, 0)


def _whole_hours(load: PlannedLoad, prices: list[float]) -> float:
    """Return the sum of prices of the cheapest full hours, as others choose them."""
    hours = [sum(prices[place : place + 4]) for place in range(0, len(prices) - 3, 4)]
    wanted = load.run_time // HOUR
    if load.shortest_piece:
        return sum(sorted(hours)[:wanted])
    return min(
        sum(hours[first : first + wanted]) for first in range(len(hours) - wanted + 1)
    )


def planning_cost(repetitions: int) -> float:
    """Return the milliseconds that plans of many loads for two days take."""
    dice = random.Random("plans")
    zone = dt_util.get_time_zone("Europe/Berlin")
    assert zone
    dt_util.set_default_time_zone(zone)
    now = datetime(2026, 11, 23, 23, tzinfo=dt_util.UTC)
    series = PriceSeries.from_store(
        {
            "resolution": "15min",
            "prices": [
                [int(now.timestamp()) + place * 900, price, None, None, None]
                for place in range(288)
                for price in [round(dice.uniform(-0.05, 0.45), 4)]
            ],
        }
    )
    loads = [
        PlannedLoad.from_data(
            "load",
            {
                **list(LOADS.values())[place % len(LOADS)],
                "run_time": {"minutes": 15 * dice.randrange(4, 24)},
                "subscription": "",
                "weekdays": WEEK,
            },
        )
        for place in range(MANY)
    ]
    costs = []
    for _ in range(repetitions):
        start = process_time()
        for load in loads:
            for hours in islice(load.hours(now), 2):
                load.plan(hours, now, load.run_time, series)
        costs.append((process_time() - start) * 1000)
    return median(costs)
