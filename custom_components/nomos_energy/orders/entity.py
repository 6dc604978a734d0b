"""Entities of the meter order."""

from homeassistant.helpers.entity import EntityDescription

from ..coordinator import ContractCoordinator
from ..entity import ContractEntity


class OrderEntity(ContractEntity):
    """Entity of the meter order."""

    _tells_of_order_only = True
    """True for entities that are hidden once the meter is active."""

    def __init__(
        self,
        contracts: ContractCoordinator,
        subscription_id: str,
        description: EntityDescription,
    ) -> None:
        """Initialize the entity."""
        super().__init__(contracts, subscription_id, description)
        if self.contract.feeds_in:
            # Feed-in contracts cannot order a meter.
            self._attr_entity_registry_enabled_default = False
        if (
            self._tells_of_order_only
            and self.contract.smart_meter_active
            and self.entity_registry_enabled_default
        ):
            # Those that exist when the gate opens are hidden by visibility.py.
            self._attr_entity_registry_visible_default = False
