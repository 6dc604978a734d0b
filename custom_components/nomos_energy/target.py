"""Entities of this integration within the target of a trigger or condition."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.automation import DomainSpec

from .const import DOMAIN

BINARY_SENSORS = {BINARY_SENSOR_DOMAIN: DomainSpec()}
EVENTS = {EVENT_DOMAIN: DomainSpec()}
SENSORS = {SENSOR_DOMAIN: DomainSpec()}


class OwnEntities:
    """Mixin that finds the entities that a trigger or condition is about.

    A device, area or label also leads to entities of the same domain that are others,
    or from other integrations. A planned load stands for its contract, as in actions,
    and a contract for its loads: the editor offers the triggers of both.
    """

    _hass: HomeAssistant
    _domain_specs: Mapping[str, DomainSpec]
    translation_keys: ClassVar[frozenset[str]]

    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities with the translation keys, by targeted device."""
        registry = er.async_get(self._hass)
        targeted: dict[str | None, list[er.RegistryEntry]] = {}
        for entity_id in entities:
            entry = registry.async_get(entity_id)
            if entry and entry.platform == DOMAIN:
                targeted.setdefault(entry.device_id, []).append(entry)
        return {
            entry.entity_id
            for device_id, entries in targeted.items()
            for entry in self._matching(entries) or self._related(device_id)
        }

    def _matching(self, entries: Iterable[er.RegistryEntry]) -> list[er.RegistryEntry]:
        return [
            entry
            for entry in entries
            if entry.domain in self._domain_specs
            and entry.translation_key in self.translation_keys
        ]

    def _related(self, device_id: str | None) -> list[er.RegistryEntry]:
        """Return the entities of the contract of a load, or the loads of a contract."""
        devices = dr.async_get(self._hass)
        device = devices.async_get(device_id) if device_id else None
        if not isinstance(device, dr.DeviceEntry):
            return []
        return [
            entry
            for other in dr.async_entries_for_config_entry(
                devices, device.config_entry_id
            )
            if isinstance(other, dr.DeviceEntry)
            and (other.id == device.via_device_id or other.via_device_id == device.id)
            for entry in self._matching(
                er.async_entries_for_device(er.async_get(self._hass), other.id)
            )
        ]
