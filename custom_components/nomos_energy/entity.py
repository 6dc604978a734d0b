"""What all entities of a contract share."""

from collections.abc import Callable, Iterable
from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import (
    CoordinatorEntity,
    DataUpdateCoordinator,
)

from .const import DOMAIN
from .coordinator import NomosConfigEntry, NomosCoordinator
from .nomos import Contract
from .prices.coordinator import PriceCoordinator
from .usage.coordinator import UsageCoordinator

ROOM = 9000
"""How many entities to enable: Home Assistant adds 10,000 of an account at most."""

BY_IMPORTANCE = (
    "smart_meter_active",
    "price",
    "tomorrow_prices",
    "order_status",
    "appointment",
    "order_blocked",
    "order_smart_meter",
    "order_update",
    "installation",
    "price_level",
    "price_rank",
    "next_price",
    "grid_fee_reduction",
    "grid_fee_window",
    "consumption_yesterday",
    "cost_yesterday",
    "meter_reading",
    "average_price_today",
    "lowest_price_today",
    "highest_price_today",
    "module_1",
    "module_3",
    "module_2",
    "average_price_paid_yesterday",
    "usage_until",
    "expected_activation",
    "blocked_reason",
    "installed",
    "activated",
    "progress",
    "cancelled_reason",
    "provider",
)
"""What an organisation that follows thousands sees first; the rest can be enabled."""

OF_FEED_IN = {
    "feed_in_yesterday": "consumption_yesterday",
    "compensation_yesterday": "cost_yesterday",
    "average_payout_yesterday": "average_price_paid_yesterday",
}
"""What is as important for who feeds in."""


class NomosEntity(CoordinatorEntity[NomosCoordinator]):
    """Something about one contract."""

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: NomosCoordinator,
        subscription_id: str,
        description: EntityDescription,
    ) -> None:
        """Initialize the entity."""
        super().__init__(coordinator)
        self.entity_description = description
        self._subscription_id = subscription_id
        self._shown: tuple[object, ...] | None = None
        self._attr_unique_id = f"{subscription_id}_{description.key}"
        self._attr_device_info = _device_info(coordinator, subscription_id)
        if not _has_room(description.key, len(coordinator.data)):
            self._attr_entity_registry_enabled_default = False

    @property
    def contract(self) -> Contract:
        """The contract, as Nomos last described it."""
        return self.coordinator.data[self._subscription_id]

    @property
    @override
    def available(self) -> bool:
        """Whether there is an answer that is recent enough."""
        return (
            self._subscription_id in self.coordinator.data
            and self.coordinator.answer_holds
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Remember what is about to be shown first."""
        await super().async_added_to_hass()
        self._shown = self._to_show()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        if (to_show := self._to_show()) != self._shown:
            self._shown = to_show
            super()._handle_coordinator_update()

    def _to_show(self) -> tuple[object, ...]:
        """Return all that the state is made of; nobody but one shows readings."""
        contract = self.coordinator.data.get(self._subscription_id)
        return contract and contract.without_reading, self.available


class NomosSideEntity[CoordinatorT: DataUpdateCoordinator[Any]](NomosEntity):
    """Something about a contract that has a coordinator of its own."""

    def __init__(
        self,
        coordinator: NomosCoordinator,
        subscription_id: str,
        description: EntityDescription,
        source: CoordinatorT,
    ) -> None:
        """Initialize the entity."""
        super().__init__(coordinator, subscription_id, description)
        self.source = source

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the source, and not only to the contract."""
        self.async_on_remove(
            self.source.async_add_listener(self._handle_coordinator_update)
        )
        await super().async_added_to_hass()

    @override
    async def async_update(self) -> None:
        """Ask the source, when somebody wants that."""
        await self.source.async_request_refresh()


class NomosPriceEntity(NomosSideEntity[PriceCoordinator]):
    """Something that changes with the prices of a contract."""

    def __init__(
        self,
        coordinator: NomosCoordinator,
        subscription_id: str,
        description: EntityDescription,
    ) -> None:
        """Initialize the entity."""
        prices = coordinator.prices[subscription_id]
        super().__init__(coordinator, subscription_id, description, prices)

    @property
    @override
    def available(self) -> bool:
        """Whether the gate is open, and what holds now known or not to be had.

        Prices that are known stay good while Nomos is away.
        """
        contract = self.coordinator.data.get(self._subscription_id)
        return (
            contract is not None
            and contract.smart_meter_active
            and (
                self.source.moment.current is not None
                or self.source.last_update_success
            )
        )


class NomosUsageEntity(NomosSideEntity[UsageCoordinator]):
    """Something that comes with what the meter measured."""

    def __init__(
        self,
        coordinator: NomosCoordinator,
        subscription_id: str,
        description: EntityDescription,
    ) -> None:
        """Initialize the entity."""
        usage = coordinator.usage[subscription_id]
        super().__init__(coordinator, subscription_id, description, usage)

    @property
    @override
    def available(self) -> bool:
        """Whether the contract is there; what was measured stays true."""
        return self._subscription_id in self.coordinator.data


class NomosOrderEntity(NomosEntity):
    """Something about the order of a smart meter."""

    def __init__(
        self,
        coordinator: NomosCoordinator,
        subscription_id: str,
        description: EntityDescription,
    ) -> None:
        """Initialize the entity."""
        super().__init__(coordinator, subscription_id, description)
        if self.contract.feeds_in:
            # Nobody can order a meter for feeding in: it has to be there before.
            self._attr_entity_registry_enabled_default = False


def _has_room(key: str, contracts: int) -> bool:
    """Whether an entity of every contract can be enabled."""
    key = OF_FEED_IN.get(key, key.replace("payout", "price"))
    return key not in BY_IMPORTANCE or (
        BY_IMPORTANCE.index(key) < max(ROOM // contracts, 1)
    )


def _device_info(coordinator: NomosCoordinator, subscription_id: str) -> DeviceInfo:
    contract = coordinator.data[subscription_id]
    name = contract.name
    if name in coordinator.shared_names and contract.subscription.number:
        name = f"{name} ({contract.subscription.number})"
    return DeviceInfo(
        configuration_url=contract.plan.portal_url if contract.plan else None,
        entry_type=DeviceEntryType.SERVICE,
        identifiers={(DOMAIN, subscription_id)},
        manufacturer="Nomos",
        model=contract.plan.name if contract.plan else None,
        name=name,
    )


@callback
def async_add_for_each_contract(
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[NomosCoordinator, str], Iterable[Entity]],
    *,
    condition: Callable[[Contract], bool] = lambda contract: True,
) -> None:
    """Add entities for every contract, also for those that come later.

    With a condition, for every contract that fulfils it now or later.
    """
    coordinator = entry.runtime_data
    known: set[str] = set()

    @callback
    def add_new() -> None:
        new = [
            key
            for key, contract in coordinator.data.items()
            if key not in known and condition(contract)
        ]
        known.intersection_update(coordinator.data)
        known.update(new)
        if new:
            async_add_entities(
                entity for key in new for entity in create(coordinator, key)
            )

    add_new()
    entry.async_on_unload(coordinator.async_add_listener(add_new))
