"""Event entity for the changes of a meter order."""

from asyncio import Lock
from collections.abc import Iterable
from dataclasses import replace
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.start import async_at_started

from ..contract_store import ContractRecord
from ..coordinator import ContractCoordinator
from ..nomos import Change, ChangeType, MeterOrder, Milestone, changes
from .entity import OrderEntity

ORDER_UPDATE = EventEntityDescription(
    key="order_update",
    translation_key="order_update",
    event_types=[kind.value for kind in ChangeType],
)


def order_events(contracts: ContractCoordinator, key: str) -> Iterable[EventEntity]:
    """Return the event entity of a contract's order."""
    yield OrderUpdateEvent(contracts, key, ORDER_UPDATE)


class OrderUpdateEvent(OrderEntity, EventEntity):
    """Event entity that announces each change of an order once."""

    # Automations may wait for it, and targets leave hidden entities out.
    _tells_of_order_only = False
    _was_absent = False
    """True if a daily poll was missed since the last announcement."""

    def __init__(
        self,
        contracts: ContractCoordinator,
        subscription_id: str,
        description: EventEntityDescription,
    ) -> None:
        """Initialize the entity."""
        super().__init__(contracts, subscription_id, description)
        self._firing = Lock()

    @override
    async def async_added_to_hass(self) -> None:
        """Announce what happened while Home Assistant was off."""
        await super().async_added_to_hass()
        self._was_absent = self.coordinator.was_absent
        # Automations are set up once Home Assistant has started.
        self.async_on_remove(async_at_started(self.hass, self._async_started))

    @callback
    def _async_started(self, _hass: HomeAssistant) -> None:
        self._announce()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        super()._handle_coordinator_update()
        self._was_absent |= self.coordinator.was_absent
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

    async def _async_fire(self, news: list[Change]) -> None:
        """Fire the events, once their mark is on disk.

        After a power cut an event may be missing, but none comes twice.
        """
        async with self._firing:
            await self.coordinator.store.async_flush()
            for change in news:
                self._trigger_event(change.type, {"old": change.old, "new": change.new})
                self.async_write_ha_state()

    @callback
    def _changes(self) -> list[Change]:
        """Return the changes to announce, and mark them as announced."""
        if not self.available or self.hass.state is not CoreState.running:
            return []
        store, key = self.coordinator.store, self._subscription_id
        record = store.records[key]
        order, news = _changes(record, self.contract.order, self._was_absent)
        self._was_absent = False
        store.async_set(key, replace(record, is_announced=True, announced=order))
        return news


def _changes(
    record: ContractRecord, order: MeterOrder | None, was_absent: bool
) -> tuple[MeterOrder | None, list[Change]]:
    """Return the order to remember as announced, and the changes to announce."""
    if not record.is_announced:
        # What was there before the contract was set up is not announced.
        return order, []
    order = _comparable(record.announced, order)
    return order, changes(record.announced, order, absent=was_absent)


def _comparable(
    before: MeterOrder | None, after: MeterOrder | None
) -> MeterOrder | None:
    """Return an order as it can be compared with the last announced one.

    Orders do not vanish, and an unknown status is no milestone: taken for one, all
    milestones would be announced again after it.
    """
    if after is None:
        return before
    if after.status is not Milestone.UNKNOWN:
        return after
    return replace(after, status=before.status if before else Milestone.CREATED)
