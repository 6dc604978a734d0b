"""Entities of the usage."""

from typing import override

from homeassistant.helpers.entity import EntityDescription

from ..entity import NomosEntity
from .coordinator import UsageCoordinator


class UsageEntity(NomosEntity[UsageCoordinator]):
    """Entity of a contract's usage."""

    def __init__(self, usage: UsageCoordinator, description: EntityDescription) -> None:
        """Initialize the entity."""
        super().__init__(usage, usage.contracts, usage.subscription_id, description)

    @property
    @override
    def available(self) -> bool:
        """Return if the contract is included; what was measured stays true."""
        return self.has_contract
