"""Entities of contracts."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import (
    CoordinatorEntity,
    DataUpdateCoordinator,
)
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import ContractCoordinator
from .nomos import Contract
from .schedule import Timer

MANY_CONTRACTS = 250
"""Number of contracts above which most entities are disabled by default."""

ENABLED_FOR_MANY = frozenset(
    {"smart_meter_active", "order_status", "appointment", "order_blocked"}
)
"""Entities that stay enabled: Home Assistant adds 10,000 entities of an entry at most."""


class NomosEntity[CoordinatorT: DataUpdateCoordinator[Any]](
    CoordinatorEntity[CoordinatorT]
):
    """Entity of a contract, updated by the coordinator of its capability."""

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: CoordinatorT,
        contracts: ContractCoordinator,
        subscription_id: str,
        description: EntityDescription,
    ) -> None:
        """Initialize the entity."""
        super().__init__(coordinator)
        self.entity_description = description
        self._contracts = contracts
        self._subscription_id = subscription_id
        self._written: tuple[object, ...] | None = None
        self._attr_unique_id = f"{subscription_id}_{description.key}"
        # The coordinator has created the device, and keeps it up to date.
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, subscription_id)})
        if (
            len(contracts.data) > MANY_CONTRACTS
            and description.key not in ENABLED_FOR_MANY
        ):
            self._attr_entity_registry_enabled_default = False

    @property
    def contract(self) -> Contract:
        """Contract of the entity; raises KeyError once it is gone."""
        return self._contracts.data[self._subscription_id]

    @property
    def has_contract(self) -> bool:
        """Return if the contract is still included."""
        return self._subscription_id in self._contracts.data

    @override
    async def async_added_to_hass(self) -> None:
        """Note the state that is written first."""
        await super().async_added_to_hass()
        self._written = self._values()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        # Most updates concern other entities: an equal state is not written again.
        if (values := self._values()) != self._written:
            self._written = values
            self.async_write_ha_state()

    def _values(self) -> tuple[object, ...]:
        """Return all that the state is made of."""
        if not self.available:
            return (False,)
        # The state of a sensor is its value with unit and precision.
        value = self.native_value if isinstance(self, SensorEntity) else self.state
        return (True, value, self.extra_state_attributes)


class ContractEntity(NomosEntity[ContractCoordinator]):
    """Entity that is updated by the daily poll."""

    def __init__(
        self,
        contracts: ContractCoordinator,
        subscription_id: str,
        description: EntityDescription,
    ) -> None:
        """Initialize the entity."""
        super().__init__(contracts, contracts, subscription_id, description)

    @property
    @override
    def available(self) -> bool:
        """Return if the last answer is recent enough."""
        return self.has_contract and self.coordinator.answer_holds


class ScheduledEntity(ContractEntity):
    """Entity that is updated at known moments, too, without a poll."""

    _next_update: Timer

    @override
    async def async_added_to_hass(self) -> None:
        """Start the timer for the next update."""
        await super().async_added_to_hass()
        self._next_update = Timer(self.hass, self._async_update_now)
        self.async_on_remove(self._next_update.async_cancel)
        self._start_timer()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        super()._handle_coordinator_update()
        self._start_timer()

    @callback
    def _async_update_now(self, _now: datetime) -> None:
        self._handle_coordinator_update()

    @callback
    def _start_timer(self) -> None:
        self._next_update.async_cancel()
        if self.has_contract and (moment := self._updates_at(dt_util.utcnow())):
            self._next_update.async_start(moment)

    @abstractmethod
    def _updates_at(self, now: datetime) -> datetime | None:
        """Return the next moment (UTC) after now at which the state changes."""


@callback
def async_add_for_each[SourceT](
    entry: ConfigEntry,
    contracts: DataUpdateCoordinator[Mapping[str, Any]],
    async_add_entities: AddConfigEntryEntitiesCallback,
    sources: Callable[[], Mapping[str, SourceT]],
    create: Callable[[SourceT], Iterable[Entity]],
) -> None:
    """Add entities for each source by subscription ID, also for later ones.

    A source is whatever entities are created from. It is looked for again with each
    update of the contracts, or of another coordinator whose data are by subscription ID.
    """
    known: set[str] = set()

    @callback
    def add_new() -> None:
        current = sources()
        new = [key for key in current if key not in known]
        known.intersection_update(contracts.data)
        known.update(new)
        if new:
            async_add_entities(entity for key in new for entity in create(current[key]))

    add_new()
    entry.async_on_unload(contracts.async_add_listener(add_new))


@callback
def async_add_for_each_subentry[SourceT](
    hass: HomeAssistant,
    entry: ConfigEntry,
    signal: str,
    sources: Mapping[str, SourceT],
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[SourceT], Iterable[Entity]],
) -> None:
    """Add entities for each source by subentry ID, also for later and replaced ones.

    Sources are looked for again whenever the signal is dispatched.
    """
    shown: dict[str, tuple[SourceT, list[Entity]]] = {}

    async def async_show(key: str, source: SourceT) -> None:
        _, old = shown.get(key, (source, ()))
        new = list(create(source))
        shown[key] = source, new
        for entity in old:
            await entity.async_remove(force_remove=True)
        async_add_entities(new, config_subentry_id=key)

    @callback
    def update() -> None:
        for key in shown.keys() - sources.keys():
            # Home Assistant removes the entities of a removed subentry.
            del shown[key]
        for key, source in sources.items():
            if key not in shown or shown[key][0] is not source:
                entry.async_create_task(hass, async_show(key, source))

    update()
    entry.async_on_unload(async_dispatcher_connect(hass, signal, update))


def options(kind: type[StrEnum], *more: str) -> list[str]:
    """Return the states of an enum sensor; unknown values are no state."""
    return [*more, *(member.value for member in kind if member.value != "unknown")]


def state_of(member: StrEnum | None) -> str | None:
    """Return an enum member as state."""
    return None if member is None or member.value == "unknown" else member.value
