"""Data update coordinator of figures that follow from the stored usage."""

from asyncio import Lock
from collections.abc import Iterable
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import LOGGER
from ..nomos import Contract
from .coordinator import UsageCoordinator


class DerivedCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """Computes its data again after each import, at midnight, and when others change.

    It sends no request: energy and cost come from the recorder's statistics.
    """

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        usage: UsageCoordinator,
        others: Iterable[DataUpdateCoordinator[Any]],
        name: str,
        data: DataT,
    ) -> None:
        """Initialize the coordinator; `async_update_soon` computes its first data."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=name, always_update=False
        )
        self.data = data
        self.usage = usage
        self.contracts = usage.contracts
        self.subscription_id = usage.subscription_id
        self._lock = Lock()
        self._is_due = False
        self._stop_listening: list[CALLBACK_TYPE] = [
            each.async_add_listener(self.async_update_soon) for each in (usage, *others)
        ]

    @property
    def contract(self) -> Contract:
        """The contract; raises KeyError once it is gone."""
        return self.contracts.data[self.subscription_id]

    @callback
    def async_update_soon(self) -> None:
        """Compute again; several occasions at once lead to one reading."""
        if not self._is_due and not self._shutdown_requested:
            self._is_due = True
            self.config_entry.async_create_background_task(
                self.hass, self._async_update(), self.name
            )

    async def _async_update(self) -> None:
        async with self._lock:
            self._is_due = False
            if self.subscription_id in self.contracts.data:
                await self.async_refresh()

    @override
    async def async_shutdown(self) -> None:
        """Stop computing; called once more when the entry is unloaded."""
        await super().async_shutdown()
        while self._stop_listening:
            self._stop_listening.pop()()
