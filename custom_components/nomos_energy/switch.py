"""Whether a planned load runs at all."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import NomosConfigEntry
from .loads.entity import LoadEntity, async_add_for_each_load

PARALLEL_UPDATES = 0

ENABLED = SwitchEntityDescription(key="enabled", translation_key="enabled")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a switch for every planned load."""
    async_add_for_each_load(
        hass, entry, async_add_entities, lambda load: [LoadEnabled(load, ENABLED)]
    )


class LoadEnabled(LoadEntity, SwitchEntity):
    """Lets a load run by its plan, or not at all."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it runs by its plan."""
        return self.coordinator.is_enabled

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let it run by its plan."""
        self.coordinator.async_enable(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Stop it, and don't let it run."""
        self.coordinator.async_enable(False)
