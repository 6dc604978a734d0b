"""Entities of this integration within the target of a trigger or condition."""

from collections.abc import Mapping
from typing import ClassVar

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec

from .const import DOMAIN

BINARY_SENSORS = {BINARY_SENSOR_DOMAIN: DomainSpec()}
EVENTS = {EVENT_DOMAIN: DomainSpec()}
SENSORS = {SENSOR_DOMAIN: DomainSpec()}


class OwnEntities:
    """Mixin that reduces the target to the entities that the trigger is about.

    A device, area or label also leads to entities of the same domain that are others,
    or from other integrations.
    """

    _hass: HomeAssistant
    _domain_specs: Mapping[str, DomainSpec]
    translation_keys: ClassVar[frozenset[str]]

    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities with the translation keys of the trigger."""
        registry = er.async_get(self._hass)
        return {
            entity_id
            for entity_id in entities
            if (entry := registry.async_get(entity_id))
            and entry.platform == DOMAIN
            and entry.domain in self._domain_specs
            and entry.translation_key in self.translation_keys
        }
