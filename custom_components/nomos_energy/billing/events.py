"""Event entity for the invoices of a contract."""

from asyncio import Lock
from collections.abc import Iterable
from dataclasses import replace
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.start import async_at_started

from ..entity import state_of
from .coordinator import BillingCoordinator
from .entity import InvoiceEntity
from .invoices import (
    InvoiceChange,
    InvoiceEventType,
    announced,
    invoice_changes,
    period,
)

INVOICE = EventEntityDescription(
    key="invoice",
    translation_key="invoice",
    entity_category=EntityCategory.DIAGNOSTIC,
    event_types=[kind.value for kind in InvoiceEventType],
)


def invoice_events(billing: BillingCoordinator, key: str) -> Iterable[EventEntity]:
    """Return the event entity of a contract's invoices."""
    yield InvoiceEvent(billing, key, INVOICE)


class InvoiceEvent(InvoiceEntity, EventEntity):
    """Event entity that announces each change of an invoice once."""

    _firing: Lock

    @override
    async def async_added_to_hass(self) -> None:
        """Announce what happened while Home Assistant was off."""
        await super().async_added_to_hass()
        self._firing = Lock()
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
        """Announce what has changed since the last announcement."""
        if news := self._changes():
            # A state that is written while the entity is being added is no change to
            # automations: the task starts afterwards.
            self.coordinator.config_entry.async_create_task(
                self.hass, self._async_fire(news), eager_start=False
            )

    async def _async_fire(self, news: list[InvoiceChange]) -> None:
        """Fire the events, once their mark is on disk, so that none comes twice."""
        async with self._firing:
            await self.coordinator.store.async_flush()
            for change in news:
                invoice = change.invoice
                self._trigger_event(
                    change.type,
                    {
                        "number": invoice.number,
                        "kind": state_of(invoice.kind),
                        "total": invoice.total,
                        **period(invoice),
                    },
                )
                self.async_write_ha_state()

    @callback
    def _changes(self) -> list[InvoiceChange]:
        """Return the changes to announce, and mark them as announced."""
        if not self.available or self.hass.state is not CoreState.running:
            return []
        record = self.coordinator.record(self._subscription_id)
        if not record.is_announced:
            return []
        invoices = self.invoices
        news = invoice_changes(record.announced, invoices, record.failed_payments)
        self.coordinator.async_set(
            self._subscription_id,
            replace(
                record,
                announced=announced(record.announced, invoices),
                failed_payments=(),
            ),
        )
        return news
