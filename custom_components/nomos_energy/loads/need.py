"""What a planned load needs: run time, energy or a charge level."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

from ..nomos import DAY, HOUR
from .parsing import (
    InvalidLoadError,
    StoredSettings,
    either,
    entity_of,
    number_between,
    parse_duration,
)

VALUE_DOMAINS = ("sensor", "number", "input_number")
"""Domains of the entities whose state is a number."""

HIGHEST_ENERGY = 1000
"""kWh."""

HIGHEST_POWER = 1000
"""kW."""

LOWEST_POWER = 0.01
"""kW; with less, an amount of energy has no run time."""

FULL = 100
"""Percent."""

DEFAULT_EFFICIENCY = 90
"""Percent of the energy from the grid that a battery stores."""


class NeedKind(StrEnum):
    """Kinds of needs."""

    RUN_TIME = "run_time"
    ENERGY = "energy"
    CHARGE_LEVEL = "charge_level"


@dataclass(frozen=True, slots=True)
class RunTime:
    """Run time in each of the load's hours."""

    kind: ClassVar = NeedKind.RUN_TIME

    run_time: timedelta

    @property
    def amount(self) -> float:
        """Hours."""
        return self.run_time / HOUR


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy in each of the load's hours."""

    kind: ClassVar = NeedKind.ENERGY

    energy: float
    """kWh."""

    @property
    def amount(self) -> float:
        """Energy in kWh."""
        return self.energy


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLevel:
    """Charge level of a battery."""

    kind: ClassVar = NeedKind.CHARGE_LEVEL

    level: str
    """Entity whose state is the charge level in percent."""
    target: float | str
    """Percent, or an entity."""
    capacity: float
    """kWh."""
    efficiency: float = DEFAULT_EFFICIENCY
    """Percent of the energy from the grid that is stored."""
    run_time: timedelta = timedelta(0)
    """Run time if the charge level was never known."""

    def energy(self, level: float, target: float) -> float:
        """Return the energy (kWh) from the grid that a target (percent) takes."""
        missing = max(target - level, 0) / FULL * self.capacity
        return missing / (self.efficiency / FULL)


type Need = RunTime | Energy | ChargeLevel

parse_entity = entity_of(VALUE_DOMAINS)

parse_power = either(parse_entity, number_between(0, HIGHEST_POWER))


def parse_run_time(value: Any) -> timedelta:
    """Parse a duration of a day at most."""
    run_time = parse_duration(value)
    if not timedelta(0) <= run_time <= DAY:
        raise ValueError("A run time of a day at most expected")
    return run_time


def parse_need(data: Mapping[str, Any]) -> tuple[Need, float | str | None]:
    """Parse need and power (kW or an entity) of a load; raises InvalidLoadError."""
    stored = StoredSettings(data)
    power = stored.read_optional("power", parse_power)
    kind = stored.read("need", NeedKind)
    if kind is NeedKind.RUN_TIME:
        return RunTime(stored.read("run_time", parse_run_time)), power
    if power is None or (isinstance(power, float) and power < LOWEST_POWER):
        raise InvalidLoadError("power")
    if kind is NeedKind.ENERGY:
        return Energy(stored.read("energy", number_between(0, HIGHEST_ENERGY))), power
    efficiency = stored.read_optional("efficiency", number_between(1, FULL))
    need = ChargeLevel(
        level=stored.read("level", parse_entity),
        target=stored.read("target", either(parse_entity, number_between(0, FULL))),
        capacity=stored.read("capacity", number_between(0, HIGHEST_ENERGY)),
        efficiency=efficiency or DEFAULT_EFFICIENCY,
        run_time=stored.read_optional("run_time", parse_run_time) or timedelta(0),
    )
    return need, power
