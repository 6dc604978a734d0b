"""Number entities that planned loads set: one value during a run, another one after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isclose

from homeassistant.core import State

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


def off_values(numbers: Iterable[NumberTarget]) -> dict[str, float]:
    """Return the values after a run by entity ID."""
    return {each.entity: each.off for each in numbers}
