"""CPU time, memory and state writes of one household: set-up and a quiet day."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
import gc
from statistics import median
from time import process_time
import tracemalloc
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.nomos_energy.nomos import DAY, QUARTER
from custom_components.nomos_energy.schedule import Timer
from simulator import Household, scenarios

from .frozen import Stage, run_frozen
from .home import add_entry, home_assistant, set_up
from .isolation import fresh
from .server import serve_households
from .table import Row, Section, spread

REPETITIONS, QUICK = 5, 2
"""Number of processes for each figure."""

SET_UPS = 9
"""Number of later set-ups in each process."""

MAX_WRITES_SHUT = 0
"""State writes of a quiet day without prices: nothing changes."""

NOTE = (
    "median (lowest – highest) of several processes. CPU time is that of this process\n"
    "   (process_time). Later set-up: with filled registries and stores, as at each start\n"
    "   of Home Assistant; the API runs in another process. Quiet day: the second day after\n"
    "   the set-up, a frozen clock moved by 15 minutes 96 times; the simulated API and\n"
    "   Home Assistant itself are included. State writes: state_changed and state_reported.\n"
    "   Memory: Python objects (tracemalloc) that remain after a later set-up, and that\n"
    "   the second day adds, the simulated API included. There is no recorder, so that\n"
    "   usage is not imported."
)

_STATUSES = ("created", "placed", "scheduled", "installed", "activated")


@dataclass(frozen=True)
class Day:
    """Cost of a quiet day."""

    cpu: float
    """Milliseconds."""
    entities: int
    writes: int


@dataclass(frozen=True)
class Memory:
    """Memory in KiB."""

    set_up: float
    day: float


def section(quick: bool) -> Section:
    """Measure a household with its gate shut, and one with its gate open."""
    times = QUICK if quick else REPETITIONS
    rows: list[Row] = []
    for is_open in (False, True):
        # Both measurements in turns, so that other load on the machine affects both.
        pairs = [
            (fresh(set_up_cpu, is_open), fresh(quiet_day, is_open))
            for _ in range(times)
        ]
        set_ups, days = zip(*pairs, strict=True)
        memory = fresh(memory_of, is_open)
        rows += _rows("gate open" if is_open else "gate shut", set_ups, days, memory)
    bare = spread(fresh(bare_timers) for _ in range(times))
    rows.append(Row("quiet day of 96 bare timers", f"{bare} ms CPU"))
    return Section("Quiet day", tuple(rows), NOTE)


def _rows(
    gate: str, set_ups: Iterable[float], days: tuple[Day, ...], memory: Memory
) -> Iterable[Row]:
    writes = max(day.writes for day in days)
    has_goal = gate == "gate shut"
    yield Row(f"{gate}, later set-up", f"{spread(set_ups)} ms CPU")
    yield Row(f"{gate}, quiet day", f"{spread(day.cpu for day in days)} ms CPU")
    yield Row(
        f"{gate}, state writes of {days[0].entities} entities",
        f"{writes}",
        f"{MAX_WRITES_SHUT}" if has_goal else "",
        writes <= MAX_WRITES_SHUT if has_goal else None,
    )
    yield Row(
        f"{gate}, memory",
        f"{memory.set_up:.0f} KiB, {memory.day:+.0f} KiB in a quiet day",
    )


def _household(is_open: bool) -> Household:
    """Return a household whose order does not change during the measurement."""
    household = scenarios.happy_path()
    if is_open:
        household.advance_to("activated")
    else:
        household.timeline = []
        household.place_order()
    return household


def _scenario(is_open: bool) -> dict[str, Any]:
    """Return the same household as an entry of a scenario file."""
    statuses = _STATUSES if is_open else _STATUSES[:1]
    timeline = [{"after_days": 0, "status": status} for status in statuses]
    return {"scenario": "happy_path", "timeline": timeline}


def set_up_cpu(is_open: bool) -> float:
    """Return the CPU time of a later set-up in milliseconds."""
    with serve_households(_scenario(is_open)):
        return asyncio.run(_set_up_cpu(is_open))


async def _set_up_cpu(is_open: bool) -> float:
    async with home_assistant() as hass:
        entry = add_entry(hass)
        await set_up(hass, entry)
        costs = []
        for _ in range(SET_UPS):
            await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_block_till_done()
            gc.collect()
            start = process_time()
            await set_up(hass, entry)
            costs.append((process_time() - start) * 1000)
        _check_gate(hass, is_open)
        return median(costs)


def quiet_day(is_open: bool) -> Day:
    """Measure the second day after the set-up."""

    async def measure(stage: Stage) -> Day:
        hass = stage.hass
        stage.simulator.add(_household(is_open))
        await set_up(hass, add_entry(hass))
        await stage.advance(DAY)
        _check_gate(hass, is_open)
        writes = _count_writes(hass)
        gc.collect()
        start = process_time()
        await stage.advance(DAY)
        cpu = (process_time() - start) * 1000
        return Day(cpu, len(hass.states.async_entity_ids()), len(writes))

    return run_frozen(measure)


def bare_timers() -> float:
    """Return the CPU time of a day with a timer each quarter-hour that does nothing.

    Firing a timer under a frozen clock is expensive, and no cost of the integration.
    """

    async def measure(stage: Stage) -> float:
        timer = Timer(stage.hass, lambda now: timer.async_start(now + QUARTER))
        timer.async_start(dt_util.utcnow() + QUARTER)
        await stage.advance(DAY)
        gc.collect()
        start = process_time()
        await stage.advance(DAY)
        timer.async_cancel()
        return (process_time() - start) * 1000

    return run_frozen(measure)


def memory_of(is_open: bool) -> Memory:
    """Measure the memory after a later set-up, and the growth over a quiet day."""

    async def measure(stage: Stage) -> Memory:
        hass, simulator = stage.hass, stage.simulator
        simulator.add(_household(is_open))
        entry = add_entry(hass)
        # The first set-up and the first day fill caches and import modules.
        await set_up(hass, entry)
        await stage.advance(DAY)
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()
        tracemalloc.start()
        await set_up(hass, entry)
        # The next write of each store belongs to the set-up.
        await stage.advance(timedelta(minutes=2))
        after_set_up = _traced(stage)
        # Tomorrow's prices arrive on the first day.
        await stage.advance(DAY)
        before = _traced(stage)
        await stage.advance(DAY)
        return Memory(after_set_up, _traced(stage) - before)

    return run_frozen(measure)


def _traced(stage: Stage) -> float:
    stage.simulator.requests.clear()
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1024


def _count_writes(hass: HomeAssistant) -> list[str]:
    """Return a list that grows by an entity ID with each state write."""
    writes: list[str] = []

    @callback
    def note(event: Event[Any]) -> None:
        writes.append(event.data["entity_id"])

    @callback
    def accept(_data: Any) -> bool:
        return True

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    hass.bus.async_listen(EVENT_STATE_REPORTED, note, event_filter=accept)
    return writes


def _check_gate(hass: HomeAssistant, is_open: bool) -> None:
    """Raise RuntimeError unless there are prices if, and only if, the gate is open."""
    has_prices = any(
        state.attributes.get("unit_of_measurement") == "EUR/kWh"
        and state.state not in ("unknown", "unavailable")
        for state in hass.states.async_all("sensor")
    )
    if has_prices != is_open:
        raise RuntimeError(f"Prices are there: {has_prices}; gate open: {is_open}")
