"""Binary sensor of the grid fee reduction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..entity import ScheduledEntity

GRID_FEE_REDUCTION = BinarySensorEntityDescription(
    key="grid_fee_reduction",
    translation_key="grid_fee_reduction",
)


def reduction_binary_sensors(
    contracts: ContractCoordinator, key: str
) -> Iterable[BinarySensorEntity]:
    """Return the binary sensor of a contract's §14a modules."""
    yield GridFeeReduced(contracts, key, GRID_FEE_REDUCTION)


class GridFeeReduced(ScheduledEntity, BinarySensorEntity):
    """Binary sensor that is on while a §14a module reduces the grid fee."""

    @property
    @override
    def is_on(self) -> bool:
        """Return if a module is activated and valid."""
        return bool(self.contract.in_force(dt_util.utcnow()))

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Numbers of the modules in force."""
        in_force = self.contract.in_force(dt_util.utcnow())
        numbers = (module.number for module in in_force)
        return {"modules": sorted(number for number in numbers if number)}

    @override
    def _updates_at(self, now: datetime) -> datetime | None:
        """Return when the next validity of a module begins or ends."""
        return self.contract.next_reduction_change(now)
