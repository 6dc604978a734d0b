"""Entities of planned loads."""

from typing import override

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import DOMAIN
from ..device import contract_devices
from .coordinator import LoadCoordinator
from .state import LoadState


class LoadEntity(CoordinatorEntity[LoadCoordinator]):
    """Entity of a planned load."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: LoadCoordinator, description: EntityDescription
    ) -> None:
        """Initialize the entity."""
        super().__init__(coordinator)
        load = coordinator.load
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.key}_{description.key}"
        self._attr_device_info = DeviceInfo(
            entry_type=DeviceEntryType.SERVICE,
            identifiers={(DOMAIN, coordinator.key)},
            name=load.name,
        )
        devices = contract_devices(coordinator.hass, coordinator.config_entry)
        if contract := devices.get(load.subscription_id):
            self._attr_device_info["via_device_id"] = contract.id

    @property
    def load(self) -> LoadState:
        """State of the load."""
        return self.coordinator.data

    @property
    @override
    def available(self) -> bool:
        """Return if the contract is included whose prices the load is planned by."""
        coordinator = self.coordinator
        return coordinator.load.subscription_id in coordinator.contracts.data

    @override
    async def async_update(self) -> None:
        """Plan again on demand; that takes no request."""
        self.coordinator.async_replan()
