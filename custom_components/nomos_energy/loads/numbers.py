"""Number entities that planned loads set: one value during a run, another one after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, isclose

from homeassistant.components.number import ATTR_MIN, ATTR_STEP
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant, State
from homeassistant.util.unit_conversion import PowerConverter

from .parsing import InvalidLoadError, StoredSettings, entity_of, parse_number

NUMBER_DOMAINS = ("number", "input_number")

SERVICE_SET_VALUE = "set_value"


@dataclass(frozen=True, slots=True)
class NumberTarget:
    """Number entity with its values, in the entity's own unit."""

    entity: str
    on: float
    off: float

    def is_off(self, state: State) -> bool:
        """Return if a state is nearer to the value after a run; devices round values."""
        value = number_of(state)
        return value is None or abs(value - self.off) <= abs(value - self.on)


def number_of(state: State) -> float | None:
    """Return the state of a number entity, or None if it is unknown."""
    try:
        return float(state.state)
    except ValueError:
        return None


def has_value(state: State, value: float) -> bool:
    """Return if a number entity has a value."""
    number = number_of(state)
    return number is not None and isclose(number, value, abs_tol=1e-6)


def parse_number_target(stored: StoredSettings) -> NumberTarget | None:
    """Parse the number of a load; raises InvalidLoadError."""
    entity = stored.read_optional("number", entity_of(NUMBER_DOMAINS))
    if entity is None:
        return None
    target = NumberTarget(
        entity,
        stored.read("number_on", parse_number),
        stored.read("number_off", parse_number),
    )
    if target.on == target.off:
        raise InvalidLoadError("number_off")
    return target


def power_range(
    hass: HomeAssistant, number: NumberTarget | None
) -> tuple[float, float] | None:
    """Return the power during a run and the least one in kW.

    None if the number is no power, or is not there.
    """
    state = hass.states.get(number.entity) if number else None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
    if not number or not state or unit not in PowerConverter.VALID_UNITS:
        return None
    if number.on <= number.off:
        return None
    least = max(_attribute(state, ATTR_MIN, 0.0), number.off, 0.0)
    convert = PowerConverter.converter_factory(unit, UnitOfPower.KILO_WATT)
    power = convert(number.on)
    return power, min(convert(least), power)


def reduced_value(hass: HomeAssistant, number: NumberTarget, power: float) -> float:
    """Return the value for a power in kW, down to a step of the entity."""
    state = hass.states.get(number.entity)
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
    if not state or unit not in PowerConverter.VALID_UNITS:
        return number.on
    value = PowerConverter.convert(power, UnitOfPower.KILO_WATT, unit)
    least, step = _attribute(state, ATTR_MIN, 0.0), _attribute(state, ATTR_STEP, 0.0)
    if step > 0:
        # Sums of floats may end just below a step.
        value = least + floor((value - least) / step + 1e-6) * step
    return round(value, 6)


def _attribute(state: State, name: str, default: float) -> float:
    value = state.attributes.get(name)
    return float(value) if isinstance(value, int | float) else default


def off_values(numbers: Iterable[NumberTarget]) -> dict[str, float]:
    """Return the values after a run by entity ID."""
    return {each.entity: each.off for each in numbers}
