"""Actions of the §14a modules."""

from homeassistant.core import ServiceCall, ServiceResponse
import voluptuous as vol

from ..coordinator import ContractCoordinator
from ..response import response_data
from . import ordering

ORDER_GRID_FEE_REDUCTION_FIELDS = {
    vol.Required("module"): vol.All(
        vol.Coerce(int), vol.In(ordering.ORDERABLE_MODULES)
    ),
}


async def async_order_grid_fee_reduction(
    call: ServiceCall, contracts: ContractCoordinator, key: str
) -> ServiceResponse:
    """Order a module and return the order."""
    module = ordering.ORDERABLE_MODULES[call.data["module"]]
    reduction = await ordering.async_order_grid_fee_reduction(contracts, key, module)
    return {**response_data(reduction), "module": module.number}
