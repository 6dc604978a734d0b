"""Models of what planned loads switch: a wallbox with failures, and plain switches."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
import random
from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from custom_components.nomos_energy.loads.attempts import AGAIN_AFTER
from custom_components.nomos_energy.loads.planner import Span
from custom_components.nomos_energy.nomos import HOUR, QUARTER

CAPACITY = 60.0
"""kWh of the car."""

EFFICIENCY = 0.9

REFUSED, TAKEN_BACK, LATE = 0.15, 0.1, 0.2
"""Shares of the calls to switch on."""

OFF_LATE = 0.3
"""Share of the calls to switch off that are reported late."""


@dataclass
class Agenda:
    """What the models do later."""

    entries: list[tuple[datetime, int, Callable[[], None]]] = field(
        default_factory=list
    )
    _count: int = 0

    def add(self, moment: datetime, action: Callable[[], None]) -> None:
        """Do something at a moment."""
        self._count += 1
        heappush(self.entries, (moment, self._count, action))

    def run(self) -> None:
        """Do what is due."""
        while self.entries and self.entries[0][0] <= dt_util.utcnow():
            heappop(self.entries)[2]()


@dataclass
class Appliance:
    """Appliance with a relay, which outlives a restart of Home Assistant."""

    name: str
    power: float
    """kW."""
    is_closed: bool = False
    """True while the relay is closed."""
    is_reported_on: bool = False
    is_reachable: bool = True
    drawn: list[Span] = field(default_factory=list)
    """Times at which it drew power."""
    entity: ApplianceEntity | None = None

    @property
    def is_drawing(self) -> bool:
        """Return if it draws power now."""
        return self.is_closed

    def turn_on(self) -> None:
        """Switch on; raises HomeAssistantError."""
        self.set(is_closed=True)

    def turn_off(self) -> None:
        """Switch off."""
        self.set(is_closed=False)

    def set(self, *, is_closed: bool) -> None:
        """Move the relay and report that."""
        self.is_closed = is_closed
        self.report()

    def report(self) -> None:
        """Tell Home Assistant the state of the relay."""
        self.is_reported_on = self.is_closed
        self.write()

    def write(self) -> None:
        """Update the entity, if Home Assistant is running."""
        if self.entity and self.entity.hass:
            self.entity.async_write_ha_state()

    def pass_time(self, start: datetime, end: datetime) -> None:
        """Draw power for some time."""
        if not self.is_drawing or start == end:
            return
        if self.drawn and self.drawn[-1].end == start:
            start = self.drawn.pop().start
        self.drawn.append(Span(start, end))


@dataclass
class Wallbox(Appliance):
    """Wallbox with a car, which refuses, takes back what it confirmed, or is late."""

    agenda: Agenda = field(default_factory=Agenda)
    dice: random.Random = field(default_factory=lambda: random.Random("wallbox"))
    level: float = 50.0
    """Percent."""
    is_plugged: bool = True
    failed_at: datetime | None = None
    """Moment at which it was known that a call had not closed the relay."""
    retried_at: datetime | None = None
    """Moment at which a load may call again."""
    failed: int = 0
    """Number of these calls."""
    calls: int = 0

    @property
    @override
    def is_drawing(self) -> bool:
        return self.is_closed and self.is_plugged and self.level < 100

    @override
    def turn_on(self) -> None:
        chance, now = self.dice.random(), dt_util.utcnow()
        if chance < REFUSED:
            self._fail(now)
            raise HomeAssistantError("The wallbox refused")
        if chance < REFUSED + TAKEN_BACK:
            # It confirms, but the car does not begin.
            self.is_reported_on = True
            self.write()
            self._later(10, 60, self._take_back)
        elif chance < REFUSED + TAKEN_BACK + LATE:
            self._later(20, 110, lambda: self.set(is_closed=True))
        else:
            super().turn_on()

    @override
    def turn_off(self) -> None:
        if self.dice.random() < OFF_LATE:
            self.is_closed = False
            self._later(30, 170, self.report)
        else:
            super().turn_off()

    def _take_back(self) -> None:
        self._fail(dt_util.utcnow())
        self.report()

    def _fail(self, now: datetime) -> None:
        border = now + QUARTER - timedelta(seconds=now.timestamp() % 900)
        is_second = self.failed_at is not None and self.failed_at >= border - QUARTER
        self.retried_at = border if is_second else min(now + AGAIN_AFTER, border)
        self.failed_at = now
        self.failed += 1

    def _later(self, least: int, most: int, action: Callable[[], None]) -> None:
        delay = timedelta(seconds=self.dice.randrange(least, most))
        expected = self.calls = self.calls + 1

        def act() -> None:
            # A later call comes first.
            if self.calls == expected and self.is_reachable:
                action()

        self.agenda.add(dt_util.utcnow() + delay, act)

    def drop_out(self, until: datetime, *, stops: bool) -> None:
        """Be out of reach for a time, in which it may stop drawing power."""
        self.calls += 1
        self.is_reachable = False
        self.is_closed = self.is_closed and not stops
        self.write()

        def come_back() -> None:
            self.is_reachable = True
            self.report()

        self.agenda.add(until, come_back)

    @override
    def pass_time(self, start: datetime, end: datetime) -> None:
        super().pass_time(start, end)
        if self.is_drawing:
            energy = self.power * ((end - start) / HOUR) * EFFICIENCY
            self.level = min(self.level + energy / CAPACITY * 100, 100.0)

    def drive(self, percent: float) -> None:
        """Use up some of the charge."""
        self.level = max(self.level - percent, 5.0)


class ApplianceEntity(SwitchEntity):
    """Switch entity of a model."""

    _attr_should_poll = False

    def __init__(self, model: Appliance) -> None:
        """Initialize the entity."""
        self.entity_id = f"switch.{model.name}"
        self._attr_unique_id = model.name
        self._model = model

    @property
    @override
    def available(self) -> bool:
        return self._model.is_reachable

    @property
    @override
    def is_on(self) -> bool:
        return self._model.is_reported_on

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._model.turn_on()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self._model.turn_off()
