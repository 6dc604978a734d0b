"""Actions of the meter order."""

from typing import Any

from homeassistant.core import ServiceResponse
from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..response import response_data
from . import placing


async def async_order_smart_meter(
    contracts: ContractCoordinator, key: str
) -> ServiceResponse:
    """Order a smart meter and return the order."""
    await placing.async_order_smart_meter(contracts, key)
    return async_get_order(contracts, key)


def async_get_order(contracts: ContractCoordinator, key: str) -> dict[str, Any]:
    """Return the order of a contract; timestamps are in Home Assistant's time zone."""
    contract = contracts.data[key]
    activation = contract.activation
    is_overdue = activation is not None and activation.is_overdue(dt_util.utcnow())
    return {
        "subscription": key,
        "smart_meter_active": contract.smart_meter_active,
        "progress": contract.progress,
        "expected_activation": activation.day.isoformat()
        if activation and not is_overdue
        else None,
        "activation_basis": activation.basis.value if activation else None,
        "activation_overdue": is_overdue,
        "order": response_data(contract.order) if contract.order else None,
    }
