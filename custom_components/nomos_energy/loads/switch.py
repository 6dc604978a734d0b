"""Switch for the planning of a load."""

from collections.abc import Iterable
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription

from .coordinator import LoadCoordinator
from .entity import LoadEntity

ENABLED = SwitchEntityDescription(key="enabled", translation_key="enabled")


def load_switches(load: LoadCoordinator) -> Iterable[SwitchEntity]:
    """Return the switch of a planned load."""
    yield LoadEnabled(load, ENABLED)


class LoadEnabled(LoadEntity, SwitchEntity):
    """Switch that turns the planning of a load on and off."""

    @property
    @override
    def is_on(self) -> bool:
        """Return if planning is on."""
        return self.coordinator.is_enabled

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn planning on."""
        self.coordinator.async_enable(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn planning off and stop the load."""
        self.coordinator.async_enable(False)
