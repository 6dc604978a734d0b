"""Number for the run time of a planned load."""

from collections.abc import Iterable
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import UnitOfTime

from ..nomos import HOUR
from .coordinator import LoadCoordinator
from .entity import LoadEntity

RUN_TIME_TODAY = NumberEntityDescription(
    key="run_time_today",
    translation_key="run_time_today",
    device_class=NumberDeviceClass.DURATION,
    native_unit_of_measurement=UnitOfTime.HOURS,
    native_min_value=0,
    native_step=0.25,
    mode=NumberMode.BOX,
)


def load_numbers(load: LoadCoordinator) -> Iterable[NumberEntity]:
    """Return the number of a planned load."""
    yield LoadRunTime(load, RUN_TIME_TODAY)


class LoadRunTime(LoadEntity, NumberEntity):
    """Number for another run time, until the current or next hours are over."""

    @property
    @override
    def native_max_value(self) -> float:
        """Longest possible run time in hours."""
        return self.coordinator.load.longest_run_time / HOUR

    @property
    @override
    def native_value(self) -> float:
        """Run time in hours."""
        return self.load.run_time / HOUR

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set another run time in hours."""
        self.coordinator.async_set_run_time(value * HOUR)
