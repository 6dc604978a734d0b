"""Entities of planned loads."""

from collections.abc import Callable, Iterable, Mapping
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import DOMAIN
from ..device import contract_devices
from .coordinator import LoadCoordinator
from .state import LoadState
from .subentries import signal_loads_updated


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


@callback
def async_add_for_each_load(
    hass: HomeAssistant,
    entry: ConfigEntry,
    loads: Mapping[str, LoadCoordinator],
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[LoadCoordinator], Iterable[Entity]],
) -> None:
    """Add entities for each planned load, also for later and changed ones."""
    shown: dict[str, tuple[LoadCoordinator, list[Entity]]] = {}

    async def async_show(load: LoadCoordinator) -> None:
        _, old = shown.get(load.key, (load, ()))
        new = list(create(load))
        shown[load.key] = load, new
        for entity in old:
            await entity.async_remove(force_remove=True)
        async_add_entities(new, config_subentry_id=load.key)

    @callback
    def update() -> None:
        for key in shown.keys() - loads.keys():
            # Home Assistant removes the entities of a removed subentry.
            del shown[key]
        for key, load in loads.items():
            if key not in shown or shown[key][0] is not load:
                entry.async_create_task(hass, async_show(load))

    update()
    entry.async_on_unload(
        async_dispatcher_connect(hass, signal_loads_updated(entry), update)
    )
