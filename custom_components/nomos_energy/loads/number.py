"""Number for what a planned load needs this time: hours, energy or a charge level."""

from collections.abc import Iterable
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import PERCENTAGE, UnitOfEnergy, UnitOfTime

from ..nomos import HOUR
from .coordinator import LoadCoordinator
from .entity import LoadEntity
from .need import FULL, HIGHEST_ENERGY, NeedKind

KEY = "run_time_today"
"""The same for all needs, so that the entity stays when the need becomes another."""

NUMBERS = {
    NeedKind.RUN_TIME: NumberEntityDescription(
        key=KEY,
        translation_key="run_time_today",
        device_class=NumberDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.HOURS,
        native_min_value=0,
        native_step=0.25,
        mode=NumberMode.BOX,
    ),
    NeedKind.ENERGY: NumberEntityDescription(
        key=KEY,
        translation_key="energy_today",
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        native_min_value=0,
        native_max_value=HIGHEST_ENERGY,
        native_step=0.1,
        mode=NumberMode.BOX,
    ),
    NeedKind.CHARGE_LEVEL: NumberEntityDescription(
        key=KEY,
        translation_key="charge_level_today",
        native_unit_of_measurement=PERCENTAGE,
        native_min_value=0,
        native_max_value=FULL,
        native_step=1,
        mode=NumberMode.BOX,
    ),
}


def load_numbers(load: LoadCoordinator) -> Iterable[NumberEntity]:
    """Return the number of a planned load."""
    yield LoadAmount(load, NUMBERS[load.load.need.kind])


class LoadAmount(LoadEntity, NumberEntity):
    """Number for another amount, until the current or next hours are over."""

    @property
    @override
    def native_max_value(self) -> float:
        """Largest possible amount."""
        load = self.coordinator.load
        if load.need.kind is NeedKind.RUN_TIME:
            return load.longest_run_time / HOUR
        return super().native_max_value

    @property
    @override
    def native_value(self) -> float | None:
        """Amount in hours, kWh or percent; None if the target is not known."""
        return self.load.amount

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set another amount."""
        self.coordinator.async_set_amount(value)
