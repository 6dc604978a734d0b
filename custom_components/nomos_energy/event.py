"""What happens to an order, as it happens."""

from dataclasses import replace
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started

from .coordinator import NomosConfigEntry
from .entity import NomosOrderEntity, async_add_for_each_contract
from .nomos import Change, ChangeType, MeterOrder, Milestone, changes

PARALLEL_UPDATES = 0

ORDER_UPDATE = EventEntityDescription(
    key="order_update",
    translation_key="order_update",
    event_types=[kind.value for kind in ChangeType],
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an account."""
    async_add_for_each_contract(
        entry,
        async_add_entities,
        lambda coordinator, key: [NomosOrderUpdate(coordinator, key, ORDER_UPDATE)],
    )


class NomosOrderUpdate(NomosOrderEntity, EventEntity):
    """Every change of an order, once, whenever it was seen."""

    _absent = False
    """Whether somebody was absent since the last announcement."""

    @override
    async def async_added_to_hass(self) -> None:
        """Announce what happened while Home Assistant was not there."""
        await super().async_added_to_hass()
        self._absent = self.coordinator.was_absent
        # Automations listen from the moment when Home Assistant has started.
        self.async_on_remove(async_at_started(self.hass, self._async_started))

    @callback
    def _async_started(self, _hass: HomeAssistant) -> None:
        # Not at once: no state is written before an entity is there, and
        # automations don't hear what one says that was not there before.
        self.coordinator.config_entry.async_create_task(
            self.hass, self._async_announce(), eager_start=False
        )

    async def _async_announce(self) -> None:
        self._announce()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        super()._handle_coordinator_update()
        self._announce()

    @callback
    def _announce(self) -> None:
        """Announce what changed since the last announcement."""
        self._absent |= self.coordinator.was_absent
        if not self.available or self.hass.state is not CoreState.running:
            return
        announced, key = self.coordinator.memory.announced, self._subscription_id
        order, news = self.contract.order, list[Change]()
        # What was there before anybody looked is no news.
        if key in announced:
            order = _as_far_as_known(announced[key], order)
            news = changes(announced[key], order, absent=self._absent)
        self._absent = False
        if key in announced and announced[key] == order:
            return
        announced[key] = order
        self.coordinator.save()
        for change in news:
            self._trigger_event(change.type, {"old": change.old, "new": change.new})
            self.async_write_ha_state()


def _as_far_as_known(
    before: MeterOrder | None, after: MeterOrder | None
) -> MeterOrder | None:
    """Return an order as it can be compared with the one that was announced.

    Orders don't go away, and a word that nobody knows is no milestone: were
    they taken for it, all would be announced once more when it passes.
    """
    if after is None:
        return before
    if after.status is not Milestone.UNKNOWN:
        return after
    return replace(after, status=before.status if before else Milestone.CREATED)
