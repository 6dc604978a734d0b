"""Entities of the prices."""

from typing import override

from homeassistant.helpers.entity import EntityDescription

from ..entity import NomosEntity
from .coordinator import PriceCoordinator


class PriceEntity(NomosEntity[PriceCoordinator]):
    """Entity that changes with the prices of a contract."""

    def __init__(
        self, prices: PriceCoordinator, description: EntityDescription
    ) -> None:
        """Initialize the entity."""
        super().__init__(prices, prices.contracts, prices.subscription_id, description)

    @property
    @override
    def available(self) -> bool:
        """Return if the gate is open, and the current price known or not published.

        Known prices stay valid while Nomos does not answer.
        """
        return (
            self.has_contract
            and self.contract.smart_meter_active
            and (
                self.coordinator.moment.current is not None
                or self.coordinator.last_update_success
            )
        )
