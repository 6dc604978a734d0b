"""Event entity of planned loads."""

from collections.abc import Iterable
from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.start import async_at_started

from ..nomos import HOUR
from .coordinator import LoadCoordinator
from .entity import LoadEntity
from .periods import RunEvent, RunEventType

RUN = EventEntityDescription(
    key="run",
    translation_key="run",
    event_types=[kind.value for kind in RunEventType],
)


def load_events(load: LoadCoordinator) -> Iterable[EventEntity]:
    """Return the event entity of a planned load."""
    yield LoadRunEvent(load, RUN)


class LoadRunEvent(LoadEntity, EventEntity):
    """Event entity that announces each run of a load once."""

    @override
    async def async_added_to_hass(self) -> None:
        """Announce what happened while Home Assistant was off."""
        await super().async_added_to_hass()
        # Automations are set up once Home Assistant has started.
        self.async_on_remove(async_at_started(self.hass, self._async_started))

    @callback
    def _async_started(self, _hass: HomeAssistant) -> None:
        self._announce()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        super()._handle_coordinator_update()
        self._announce()

    @callback
    def _announce(self) -> None:
        """Announce what has happened since the last announcement."""
        if self.hass.state is not CoreState.running:
            return
        if news := self.coordinator.async_take_news():
            # A state that is written while the entity is being added is no change to
            # automations: the task starts afterwards.
            self.coordinator.config_entry.async_create_task(
                self.hass, self._async_fire(news), eager_start=False
            )

    async def _async_fire(self, news: Iterable[RunEvent]) -> None:
        for each in news:
            self._trigger_event(each.type, _attributes(each))
            self.async_write_ha_state()


def _attributes(event: RunEvent) -> dict[str, Any]:
    """Return run times in hours, energy in kWh and cost in EUR."""
    attributes: dict[str, Any] = {"run_time": round(event.run_time / HOUR, 2)}
    if event.energy is not None:
        attributes["energy"] = round(event.energy, 3)
    if event.cost is not None:
        attributes["cost"] = round(event.cost, 4)
    if event.reason is not None:
        attributes["missed"] = round(event.missed / HOUR, 2)
        attributes["reason"] = event.reason
    return attributes
