"""Actions of the meter order."""

from typing import Any

from homeassistant.core import ServiceResponse

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
    expected = contract.expected_activation
    return {
        "subscription": key,
        "smart_meter_active": contract.smart_meter_active,
        "progress": contract.progress,
        "expected_activation": expected.isoformat() if expected else None,
        "order": response_data(contract.order) if contract.order else None,
    }
