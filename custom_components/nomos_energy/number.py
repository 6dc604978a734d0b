"""For how long a planned load runs today."""

from datetime import timedelta
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import NomosConfigEntry
from .loads.entity import LoadEntity, async_add_for_each_load

PARALLEL_UPDATES = 0

HOUR = timedelta(hours=1)

RUN_TIME_TODAY = NumberEntityDescription(
    key="run_time_today",
    translation_key="run_time_today",
    device_class=NumberDeviceClass.DURATION,
    native_unit_of_measurement=UnitOfTime.HOURS,
    native_min_value=0,
    native_step=0.25,
    mode=NumberMode.BOX,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a number for every planned load."""
    async_add_for_each_load(
        hass,
        entry,
        async_add_entities,
        lambda load: [LoadRunTime(load, RUN_TIME_TODAY)],
    )


class LoadRunTime(LoadEntity, NumberEntity):
    """Another run time, until the hours are over in which it counts."""

    @property
    @override
    def native_max_value(self) -> float:
        """Return for how long it can run at most."""
        return self.coordinator.load.room / HOUR

    @property
    @override
    def native_value(self) -> float:
        """Return for how long it is to run."""
        return self.load.run_time / HOUR

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Let it run for another time."""
        self.coordinator.async_set_run_time(value * HOUR)
