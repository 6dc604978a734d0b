"""Entities of the meter order."""

from homeassistant.helpers.entity import EntityDescription

from ..coordinator import ContractCoordinator
from ..entity import ContractEntity


class OrderEntity(ContractEntity):
    """Entity of the meter order."""

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
