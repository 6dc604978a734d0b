"""Binary sensor of the grid fee reduction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..entity import ContractEntity
from ..schedule import Timer

GRID_FEE_REDUCTION = BinarySensorEntityDescription(
    key="grid_fee_reduction",
    translation_key="grid_fee_reduction",
)


def reduction_binary_sensors(
    contracts: ContractCoordinator, key: str
) -> Iterable[BinarySensorEntity]:
    """Return the binary sensor of a contract's §14a modules."""
    yield GridFeeReduced(contracts, key, GRID_FEE_REDUCTION)


class GridFeeReduced(ContractEntity, BinarySensorEntity):
    """Binary sensor that is on while a §14a module reduces the grid fee."""

    _next_change: Timer

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
    async def async_added_to_hass(self) -> None:
        """Start the timer for the next change of a module."""
        await super().async_added_to_hass()
        self._next_change = Timer(self.hass, self._change)
        self.async_on_remove(self._next_change.async_cancel)
        self._start_timer()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        super()._handle_coordinator_update()
        self._start_timer()

    @callback
    def _change(self, _now: datetime) -> None:
        self._handle_coordinator_update()

    @callback
    def _start_timer(self) -> None:
        self._next_change.async_cancel()
        if self.has_contract and (
            change := self.contract.next_reduction_change(dt_util.utcnow())
        ):
            self._next_change.async_start(change)
