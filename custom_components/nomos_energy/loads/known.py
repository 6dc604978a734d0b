"""States of the entities by which a load is planned, and the last known ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from math import isfinite

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

from ..nomos import DAY
from .need import FULL, HIGHEST_POWER, LOWEST_POWER, ChargeLevel
from .parsing import parse_time
from .settings import PlannedLoad

POWER_TOLERANCE = 0.05
"""Share by which a measured power may differ without another plan."""

FALLBACK_LATEST = time(7)
"""End of the hours if that of the entity was never known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Last known states, as they are stored."""

    level: float | None = None
    """Percent."""
    level_at: datetime | None = None
    """Moment at which the level was known."""
    target: float | None = None
    """Percent."""
    power: float | None = None
    """kW."""
    latest: str | None = None
    """State of an `input_datetime`."""
    limit: float | None = None
    """Limit of all loads together in kW."""

    def same_as(self, other: Known) -> bool:
        """Return if the states are the same, whenever they were known."""
        return replace(self, level_at=None) == replace(other, level_at=None)


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Values by which a load is planned now."""

    known: Known
    power: float | None
    """kW."""
    target: float | None
    """Percent."""
    latest: time | datetime
    is_level_known: bool = True
    is_latest_known: bool | None = None
    """None without an entity for the end of the hours."""

    def is_another(self, other: Values | None) -> bool:
        """Return if these values make another plan."""
        return (
            other is None
            or not self.known.same_as(other.known)
            or replace(self, known=other.known) != other
        )


def entities_of(load: PlannedLoad) -> Iterator[str]:
    """Yield the entities by which a load is planned."""
    need = load.need
    values = [load.power, load.latest]
    if isinstance(need, ChargeLevel):
        values += [need.level, need.target]
    return (each for each in values if isinstance(each, str))


def read_values(
    hass: HomeAssistant, load: PlannedLoad, known: Known, now: datetime
) -> Values:
    """Return the values of now; where a state is unknown, the last known one."""
    need, level, target = load.need, None, None
    if isinstance(need, ChargeLevel):
        level = _read(hass, need.level, _percent)
        target = _read(hass, need.target, _percent)
    power = _read(hass, load.power, _kilowatts)
    latest = _read(hass, load.latest, _latest_text)
    known = replace(
        known,
        level=known.level if level is None else level,
        level_at=known.level_at if level is None else now,
        target=known.target if target is None else target,
        power=_steady(known.power, power),
        latest=latest or known.latest,
    )
    return Values(
        known=known,
        power=load.power if isinstance(load.power, float) else known.power,
        target=_constant(need.target, known.target)
        if isinstance(need, ChargeLevel)
        else None,
        latest=_latest(load.latest, known.latest),
        is_level_known=level is not None,
        is_latest_known=None if isinstance(load.latest, time) else latest is not None,
    )


def _constant(setting: float | str, known: float | None) -> float | None:
    return known if isinstance(setting, str) else setting


def _steady(known: float | None, power: float | None) -> float | None:
    """Return the power; a known one if a measured one hardly differs."""
    if power is None or known is None:
        return known if power is None else power
    return known if abs(power - known) <= POWER_TOLERANCE * known else power


def _read[T](
    hass: HomeAssistant, setting: object, parse: Callable[[State], T]
) -> T | None:
    """Return the state of an entity, or None if it has no usable one."""
    state = hass.states.get(setting) if isinstance(setting, str) else None
    if state is None:
        return None
    try:
        return parse(state)
    except ValueError, ArithmeticError:
        return None


def _number(state: State, lowest: float, highest: float) -> float:
    number = float(state.state)
    if not isfinite(number) or not lowest <= number <= highest:
        raise ValueError("A number within the limits expected")
    return number


def _percent(state: State) -> float:
    return _number(state, 0, FULL)


def _kilowatts(state: State) -> float:
    """Return a power in kW; without a unit it is in kW."""
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    number = _number(state, 0, 1e9)
    if unit in PowerConverter.VALID_UNITS:
        number = PowerConverter.convert(number, unit, UnitOfPower.KILO_WATT)
    # Without power, nothing is ever done: a wallbox reports 0 W while it waits.
    if not LOWEST_POWER <= number <= HIGHEST_POWER:
        raise ValueError("A power expected")
    return number


def _latest_text(state: State) -> str:
    parse_latest_state(state.state)
    return state.state


def parse_latest_state(text: str) -> time | datetime:
    """Parse the state of an `input_datetime`; a day ends at midnight.

    Raises ValueError, also beyond the calendar.
    """
    try:
        return parse_time(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    if not 1970 <= moment.year < 9000:
        raise ValueError("A year within reach expected")
    is_day = len(text) == len("2026-01-01")
    return dt_util.as_utc(moment + (DAY if is_day else timedelta(0)))


def _latest(setting: time | str, known: str | None) -> time | datetime:
    if isinstance(setting, time):
        return setting
    return parse_latest_state(known) if known else FALLBACK_LATEST
