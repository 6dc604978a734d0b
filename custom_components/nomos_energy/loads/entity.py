"""What all entities of a planned load share."""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import DOMAIN
from ..coordinator import NomosConfigEntry, devices_of
from .coordinator import LoadCoordinator, LoadState


class LoadEntity(CoordinatorEntity[LoadCoordinator]):
    """Something about a planned load."""

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
            manufacturer="Nomos",
            name=load.name,
        )
        devices = devices_of(coordinator.hass, coordinator.config_entry)
        if contract := devices.get(load.subscription_id):
            self._attr_device_info["via_device_id"] = contract.id

    @property
    def load(self) -> LoadState:
        """What the load does, and what it is going to do."""
        return self.coordinator.data

    @property
    @override
    def available(self) -> bool:
        """Whether the contract is there whose prices it is planned by."""
        return self.coordinator.load.subscription_id in self.coordinator.account.data

    @override
    async def async_update(self) -> None:
        """Plan anew, when somebody wants that; nobody is asked for it."""
        self.coordinator.async_look()


@callback
def async_add_for_each_load(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[LoadCoordinator], Iterable[Entity]],
) -> None:
    """Add entities for every planned load, also for those that come later."""
    account = entry.runtime_data
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
        for key in shown.keys() - account.loads.keys():
            # Home Assistant has removed them with their subentry.
            del shown[key]
        for key, load in account.loads.items():
            if key not in shown or shown[key][0] is not load:
                entry.async_create_task(hass, async_show(load))

    update()
    entry.async_on_unload(async_dispatcher_connect(hass, account.signal_loads, update))
