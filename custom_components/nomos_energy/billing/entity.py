"""Entities of costs and invoices."""

from typing import override

from homeassistant.helpers.entity import EntityDescription

from ..entity import NomosEntity
from ..nomos import Invoice, settled
from .coordinator import BillingCoordinator
from .costs import CostCoordinator


class CostEntity(NomosEntity[CostCoordinator]):
    """Entity of a contract's costs."""

    def __init__(self, costs: CostCoordinator, description: EntityDescription) -> None:
        """Initialize the entity."""
        super().__init__(costs, costs.contracts, costs.subscription_id, description)

    @property
    @override
    def available(self) -> bool:
        """Return if the contract is included; what was measured stays true."""
        return self.has_contract


class InvoiceEntity(NomosEntity[BillingCoordinator]):
    """Entity of a contract's invoices."""

    def __init__(
        self,
        billing: BillingCoordinator,
        subscription_id: str,
        description: EntityDescription,
    ) -> None:
        """Initialize the entity."""
        super().__init__(billing, billing.contracts, subscription_id, description)

    @property
    @override
    def available(self) -> bool:
        """Return if the contract is included; an invoice stays issued."""
        return self.has_contract

    @property
    def invoices(self) -> tuple[Invoice, ...]:
        """Invoices of the contract; those that others reverse are voided."""
        return settled(self.coordinator.record(self._subscription_id).invoices)
