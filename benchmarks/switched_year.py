"""Simulated year in which planned loads switch appliances, with failures and restarts."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import logging
from operator import mul
from pathlib import Path
import random
import shutil
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.const import GROUP_ID_ADMIN as ADMIN
from homeassistant.components.switch import DOMAIN as SWITCH
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import Context, CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.nomos_energy.const import (
    CONF_CONTRACTS,
    DOMAIN,
    SUBENTRY_PLANNED_LOAD,
)
from custom_components.nomos_energy.loads.limit_option import CONF_POWER_LIMIT
from custom_components.nomos_energy.loads.parsing import WEEKDAYS
from custom_components.nomos_energy.loads.planner import Span, quarters_of
from custom_components.nomos_energy.loads.settings import PlannedLoad
from custom_components.nomos_energy.nomos import DAY, HOUR, QUARTER, transport
from simulator import Fault, Household, Simulator, scenarios

from .appliances import CAPACITY, EFFICIENCY, Appliance, ApplianceEntity, Wallbox
from .frozen import NOW, serve
from .home import add_entry, home_assistant, set_up
from .load_year import all_prices, least_sum

LIMIT, LOWERED = 11.5, 4.2
"""kW; the car alone takes 11."""

TARGET = 80
"""Percent."""

GRACE = timedelta(minutes=1)

LEVEL, LIMIT_SENSOR = "sensor.car_level", "sensor.power_limit"

LOADS: Mapping[str, Mapping[str, Any]] = {
    "wallbox": {
        "need": "charge_level",
        "level": LEVEL,
        "target": TARGET,
        "capacity": CAPACITY,
        "efficiency": EFFICIENCY * 100,
        "power": 11.0,
        "earliest": "18:00:00",
        "latest": "07:00:00",
        "shortest_piece": {"minutes": 30},
    },
    "boiler": {
        "need": "energy",
        "energy": 6,
        "power": 2.0,
        "earliest": "00:00:00",
        "latest": "00:00:00",
        "shortest_piece": {"hours": 1},
    },
    "pump": {
        "need": "run_time",
        "run_time": {"hours": 4},
        "power": 0.8,
        "earliest": "20:00:00",
        "latest": "08:00:00",
        "shortest_piece": {"minutes": 30},
    },
}


@dataclass
class Night:
    """Hours in which a load was to run once."""

    hours: Span
    energy: float = 0.0
    """kWh that were needed."""
    is_possible: bool = True
    """False if after a failure there was not enough time left."""
    is_disturbed: bool = False
    is_failing: bool = False
    is_served: bool = False


@dataclass
class World:
    """All that goes on while Home Assistant is off, too."""

    freezer: FrozenDateTimeFactory
    simulator: Simulator
    household: Household
    end: datetime
    appliances: dict[str, Appliance]
    nights: dict[str, list[Night]]
    dice: random.Random = field(default_factory=lambda: random.Random("a year"))
    limit: float = LIMIT
    hass: HomeAssistant | None = None
    uncontrolled: list[Span] = field(default_factory=list)
    """Times at which nothing could be switched off."""
    peak: float = 0.0
    """kW drawn while everything could be controlled."""
    excess: float = 0.0
    """kWh above the limit while everything could be controlled."""
    excess_else: float = 0.0
    restarts: int = 0
    losses: int = 0
    """Restarts after a loss of power, among them."""
    failures: dict[str, int] = field(default_factory=dict)
    restart_at: datetime | None = None
    failing_until: datetime | None = None
    by_hand_at: datetime | None = None
    by_hand_until: datetime | None = None
    limited_until: datetime | None = None
    _freed: datetime | None = None

    @property
    def wallbox(self) -> Wallbox:
        """Model of the wallbox."""
        wallbox = self.appliances["wallbox"]
        assert isinstance(wallbox, Wallbox)
        return wallbox

    def count(self, failure: str) -> None:
        """Count a failure."""
        self.failures[failure] = self.failures.get(failure, 0) + 1

    async def step(self) -> None:
        """Move to the next moment at which something happens."""
        now = dt_util.utcnow()
        border = now + QUARTER - timedelta(seconds=now.timestamp() % 900)
        moments = [border, *(each[0] for each in self.wallbox.agenda.entries[:1])]
        planned = (self.restart_at, self.wallbox.retried_at)
        moments += [each for each in planned if each and each > now]
        if self.wallbox.is_drawing:
            # The car reports its level this often.
            moments.append(now + timedelta(minutes=5))
        then = max(min(moments), now + timedelta(seconds=1))
        is_controlled = self.hass is not None and self.wallbox.is_reachable
        power = sum(each.power for each in self.appliances.values() if each.is_drawing)
        over = max(power - self.limit, 0.0) * ((then - now) / HOUR)
        if is_controlled:
            self.peak = max(self.peak, power)
            self.excess += over if power > self.limit + 1e-6 else 0.0
        else:
            self.excess_else += over
            self._note_uncontrolled(Span(now, then))
        for each in self.appliances.values():
            each.pass_time(now, then)
        self.freezer.tick(then - now)
        self.wallbox.agenda.run()
        self.live(then)
        if self.hass:
            self.show(self.hass)
            async_fire_time_changed(self.hass)
            await self.hass.async_block_till_done(wait_background_tasks=True)
            if then.timestamp() % 900 == 0:
                await self.disturb(then)
        self.judge(then)

    def _note_uncontrolled(self, span: Span) -> None:
        if self.uncontrolled and self.uncontrolled[-1].end == span.start:
            span = Span(self.uncontrolled.pop().start, span.end)
        self.uncontrolled.append(span)

    def live(self, now: datetime) -> None:
        """Drive the car by day."""
        local = dt_util.as_local(now)
        clock = (local.hour, local.minute)
        if clock == (7, 5):
            self.wallbox.is_plugged = False
        elif clock == (7, 30):
            self.wallbox.is_plugged = False
            self.wallbox.drive(self.dice.uniform(10, 50))
        elif clock == (17, 30):
            self.wallbox.is_plugged = True

    def show(self, hass: HomeAssistant) -> None:
        """Update the sensors."""
        level = str(int(self.wallbox.level + 1e-6))
        hass.states.async_set(LEVEL, level, {"unit_of_measurement": "%"})
        hass.states.async_set(
            LIMIT_SENSOR, str(self.limit), {"unit_of_measurement": "kW"}
        )

    async def disturb(self, now: datetime) -> None:
        """Let something fail, at a quarter-hour."""
        dice, local, hass = self.dice, dt_util.as_local(now), self.hass
        assert hass
        if local.hour == 10 and local.minute == 0:
            is_late = dice.random() < 0.2
            self.simulator.publication_delay = timedelta(
                minutes=dice.randrange(600) if is_late else 0
            )
            if dice.random() < 0.03:
                self.simulator.fail(Fault.SERVER_ERROR)
                self.failing_until = now + dice.randrange(3, 30) * HOUR
        if self.failing_until and now >= self.failing_until:
            self.simulator.recover()
            self.failing_until = None
        if local.hour == 18 and local.minute == 0 and dice.random() < 0.1:
            self.by_hand_at = now + dice.randrange(48) * QUARTER
        # At any hour of the night, and in the middle of a run as often as possible.
        is_night = local.hour >= 18 or local.hour < 7
        often = 4 if self.wallbox.is_drawing else 1
        if is_night and self.wallbox.is_reachable and dice.random() < often * 0.004:
            stops = dice.random() < 0.5
            self.count("out of reach")
            minutes = dice.choice((5, 10, 20, 45, 90, 180))
            self.wallbox.drop_out(
                now + timedelta(minutes=minutes, seconds=7), stops=stops
            )
        if not self.restart_at and dice.random() < often * (
            0.0012 if is_night else 0.0002
        ):
            # Stores are written a second after a change, and changes are at borders.
            self.restart_at = now + timedelta(minutes=2)
        if is_night and self.limited_until is None and dice.random() < 0.0008 * often:
            self.count("limit lowered")
            self.limit = LOWERED
            self.limited_until = now + dice.randrange(2, 9) * QUARTER
        elif self.limited_until and now >= self.limited_until:
            self.limit, self.limited_until = LIMIT, None
        self.show(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
        if (
            self.by_hand_at
            and now >= self.by_hand_at
            and self.wallbox.is_reported_on
            and self.wallbox.is_reachable
        ):
            await self.switch_by_hand(hass)

    async def switch_by_hand(self, hass: HomeAssistant) -> None:
        """Switch the wallbox off as a person does."""
        self.by_hand_at = None
        self.count("switched off by hand")
        entity = er.async_get(hass).async_get_entity_id(
            "binary_sensor", DOMAIN, "wallbox_run_now"
        )
        state = hass.states.get(entity or "")
        assert state
        if state.state == "on":
            plan = state.attributes["plan"]
            self.by_hand_until = datetime.fromisoformat(str(plan[0]["end"]))
        user = await hass.auth.async_create_user("A person", group_ids=[ADMIN])
        await hass.services.async_call(
            SWITCH,
            "turn_off",
            {"entity_id": "switch.wallbox"},
            blocking=True,
            context=Context(user_id=user.id),
        )
        await hass.async_block_till_done(wait_background_tasks=True)

    def judge(self, now: datetime) -> None:
        """Note what was needed, what was possible, and what was reached."""
        retried_at = self.wallbox.retried_at
        is_refused = retried_at is not None and now < retried_at
        lasting = (
            self.hass is None
            or not self.wallbox.is_reachable
            or self.limited_until is not None
            or (self.by_hand_until is not None and now < self.by_hand_until)
            or is_refused
        )
        wallbox = self.nights["wallbox"]
        # After failures, the car may leave too little time to those with more of it.
        is_late = bool(
            wallbox
            and wallbox[0].is_disturbed
            and wallbox[0].hours.end >= now
            and self.wallbox.is_drawing
        )
        for name, nights in self.nights.items():
            for night in nights:
                if now == night.hours.start:
                    night.energy = self.needed(name)
                if not night.hours.start <= now <= night.hours.end:
                    continue
                is_failing = (
                    lasting if name == "wallbox" else self.hass is None or is_late
                )
                left = self.left(name, night)
                night.is_disturbed |= is_failing
                # What counts is the time that is left when the failure is over.
                if is_failing or night.is_failing:
                    rest = night.hours.end - now
                    if now != retried_at and not is_refused:
                        # A run that was not in progress begins at a quarter-hour.
                        rest = rest // QUARTER * QUARTER
                    power = self.appliances[name].power
                    if timedelta(hours=left / power) > rest:
                        night.is_possible = False
                night.is_failing = is_failing
                if now == night.hours.end:
                    night.is_served = left <= self.tolerance(name)
            # A load has few hours at a time.
            while nights and nights[0].hours.end < now:
                self.past[name].append(nights.pop(0))

    past: dict[str, list[Night]] = field(default_factory=dict)

    def needed(self, name: str) -> float:
        """Return the kWh that a load needs now."""
        if name == "wallbox":
            missing = max(TARGET - self.wallbox.level, 0) / 100 * CAPACITY
            return missing / EFFICIENCY
        return {"boiler": 6.0, "pump": 3.2}[name]

    def left(self, name: str, night: Night) -> float:
        """Return the kWh that are missing."""
        if name == "wallbox":
            return self.needed(name)
        return night.energy - drawn_in(self.appliances[name], night.hours)

    def tolerance(self, name: str) -> float:
        """Return the kWh that may be missing; a car reports whole percents."""
        return CAPACITY / EFFICIENCY / 100 if name == "wallbox" else 0.05


def drawn_in(model: Appliance, hours: Span) -> float:
    """Return the kWh drawn within some hours."""
    seconds = timedelta(0)
    for each in reversed(model.drawn):
        if each.end <= hours.start:
            break
        seconds += each.overlap(hours)
    return model.power * (seconds / HOUR)


@dataclass
class Outcome:
    """What became of a load."""

    nights: int = 0
    served: int = 0
    possible: int = 0
    """Nights that were served, or in which there was enough time after all failures."""
    disturbed: int = 0
    outside: float = 0.0
    """kWh outside of the hours while the load could be switched off."""
    outside_else: float = 0.0
    cost: float = 0.0
    """EUR of all nights that were served; the others have the same energy."""
    at_once: float = 0.0
    whole_hours: float = 0.0
    optimum: float = 0.0
    calm_cost: float = 0.0
    """EUR of the nights without any failure."""
    calm_optimum: float = 0.0


@dataclass
class Year:
    """What happened in a year."""

    loads: dict[str, Outcome]
    failures: dict[str, int]
    restarts: int
    losses: int
    peak: float
    excess: float
    excess_else: float


def simulate(days: int) -> Year:
    """Return what happened in some days."""
    logging.disable()
    # The clock does not move while the client waits for another attempt.
    with (
        patch.object(transport, "sleep", AsyncMock()),
        freeze_time(NOW) as freezer,
        TemporaryDirectory() as folder,
    ):
        assert isinstance(freezer, FrozenDateTimeFactory)
        return asyncio.run(_simulate(freezer, folder, days))


async def _simulate(freezer: FrozenDateTimeFactory, folder: str, days: int) -> Year:
    zone = await dt_util.async_get_time_zone("Europe/Berlin")
    assert zone
    dt_util.set_default_time_zone(zone)
    begin = dt_util.utcnow()
    async with serve() as simulator:
        household = simulator.add(scenarios.dynamic_tariff())
        appliances: dict[str, Appliance] = {
            "wallbox": Wallbox("wallbox", 11.0),
            "boiler": Appliance("boiler", 2.0),
            "pump": Appliance("pump", 0.8),
        }
        world = World(
            freezer=freezer,
            simulator=simulator,
            household=household,
            end=begin + (days + 2) * DAY,
            appliances=appliances,
            nights={name: [*_nights(name, household, begin, days)] for name in LOADS},
            past={name: [] for name in LOADS},
        )
        while dt_util.utcnow() < world.end:
            is_lost = world.dice.random() < 0.5
            async with home_assistant(folder) as hass:
                await _live(world, hass)
                if not is_lost:
                    await hass.async_stop(force=True)
                await asyncio.to_thread(_save, folder)
                # Timers would outlive Home Assistant in this process.
                await hass.config_entries.async_unload("nomos")
            await asyncio.to_thread(_restore, folder)
            if dt_util.utcnow() < world.end:
                world.restarts += 1
                world.losses += is_lost
                await _be_off(world)
        simulator.publication_delay = timedelta(0)
        prices = all_prices(household, begin - DAY, world.end + DAY)
    return Year(
        loads={name: _outcome(world, name, prices) for name in LOADS},
        failures=world.failures | {"refused": world.wallbox.failed},
        restarts=world.restarts,
        losses=world.losses,
        peak=world.peak,
        excess=world.excess,
        excess_else=world.excess_else,
    )


def _outcome(world: World, name: str, prices: Mapping[datetime, float]) -> Outcome:
    load = PlannedLoad.from_data(name, _data(name, world.household))
    model, nights = world.appliances[name], world.past[name]
    found = Outcome(
        nights=len(nights),
        served=sum(each.is_served for each in nights),
        possible=sum(each.is_served or each.is_possible for each in nights),
        disturbed=sum(each.is_disturbed for each in nights),
    )
    found.outside, found.outside_else = outside(world, name)
    for night in nights:
        if night.is_served:
            _add_costs(found, load, model, night, prices)
    return found


def _add_costs(
    found: Outcome,
    load: PlannedLoad,
    model: Appliance,
    night: Night,
    prices: Mapping[datetime, float],
) -> None:
    slots = quarters_of(night.hours)
    amounts = [prices[slot] for slot in slots]
    parts = [drawn_in(model, Span(slot, slot + QUARTER)) for slot in slots]
    cost = sum(map(mul, parts, amounts))
    # kWh of a quarter-hour, and how many of them have the energy.
    full = model.power / 4
    count = sum(parts) / full
    shortest = (load.shortest_piece or QUARTER) // QUARTER
    hours = sorted(
        sum(amounts[place : place + 4]) / 4 for place in range(0, len(slots) - 3, 4)
    )
    best = full * _between(
        count, lambda wanted: least_sum(amounts, wanted, min(shortest, wanted))
    )
    found.cost += cost
    found.at_once += full * _between(count, lambda wanted: sum(amounts[:wanted]))
    found.whole_hours += full * _between(
        count, lambda wanted: sum(hours[place // 4] for place in range(wanted))
    )
    found.optimum += best
    if not night.is_disturbed:
        found.calm_cost += cost
        found.calm_optimum += best


def _between(count: float, total: Callable[[int], float]) -> float:
    """Return the cost of a number of quarter-hours, the last one in part."""
    count = round(count, 6)
    whole = int(count)
    if whole == count:
        return total(whole)
    return total(whole) + (count - whole) * (total(whole + 1) - total(whole))


def _nights(
    name: str, household: Household, begin: datetime, days: int
) -> Iterator[Night]:
    load = PlannedLoad.from_data(name, _data(name, household))
    for hours in load.hours(begin):
        if hours.end > begin + (days + 1) * DAY:
            return
        if hours.start >= begin + DAY / 2:
            yield Night(hours)


def _data(name: str, household: Household) -> dict[str, Any]:
    return {
        **LOADS[name],
        "subscription": household.subscription_id,
        "targets": [f"switch.{name}"],
        "weekdays": WEEKDAYS,
    }


async def _live(world: World, hass: HomeAssistant) -> None:
    """Run Home Assistant until something ends it."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    await async_setup_component(hass, "homeassistant", {})
    hass.set_state(CoreState.starting)
    subentries = [
        {
            "data": _data(name, world.household),
            "subentry_id": name,
            "subentry_type": SUBENTRY_PLANNED_LOAD,
            "title": name.capitalize(),
            "unique_id": None,
        }
        for name in LOADS
    ]
    limit = {CONF_POWER_LIMIT: LIMIT_SENSOR}
    options = {CONF_CONTRACTS: {world.household.subscription_id: limit}}
    entry = add_entry(hass, subentries=subentries, options=options)
    world.show(hass)
    await set_up(hass, entry)
    entities = []
    for each in world.appliances.values():
        each.entity = ApplianceEntity(each)
        entities.append(each.entity)
    await hass.data[SWITCH].async_add_entities(entities)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done(wait_background_tasks=True)
    world.hass, world.restart_at = hass, None
    while dt_util.utcnow() < (world.restart_at or world.end):
        await world.step()
    world.hass = None
    for each in world.appliances.values():
        each.entity = None


async def _be_off(world: World) -> None:
    until = dt_util.utcnow() + timedelta(minutes=world.dice.choice((2, 5, 30, 120)))
    while dt_util.utcnow() < until:
        await world.step()


def _save(folder: str) -> None:
    """Keep the files as they are."""
    storage = Path(folder) / ".storage"
    if storage.exists():
        shutil.copytree(storage, Path(folder) / "saved", dirs_exist_ok=True)


def _restore(folder: str) -> None:
    storage, saved = Path(folder) / ".storage", Path(folder) / "saved"
    shutil.rmtree(storage)
    if saved.exists():
        saved.rename(storage)


def outside(world: World, name: str) -> tuple[float, float]:
    """Return the kWh drawn outside of the hours, under control and else."""
    load = PlannedLoad.from_data(name, _data(name, world.household))
    model = world.appliances[name]
    first = model.drawn[0].start - DAY if model.drawn else world.end
    found = [0.0, 0.0]
    hours: list[Span] = []
    for each in load.hours(first):
        if each.start > world.end:
            break
        hours.append(each)
    for run in model.drawn:
        for part in _without(run, hours):
            part = Span(part.start + min(GRACE, part.end - part.start), part.end)
            lost = sum(
                (each.overlap(part) for each in world.uncontrolled), timedelta(0)
            )
            found[0] += model.power * ((part.end - part.start - lost) / HOUR)
            found[1] += model.power * (lost / HOUR)
    return found[0], found[1]


def _without(run: Span, hours: Iterable[Span]) -> Iterator[Span]:
    """Yield what of a run is outside of some periods."""
    start = run.start
    for each in hours:
        if each.end <= start:
            continue
        if each.start >= run.end:
            break
        if each.start > start:
            yield Span(start, each.start)
        start = max(start, each.end)
    if start < run.end:
        yield Span(start, run.end)
