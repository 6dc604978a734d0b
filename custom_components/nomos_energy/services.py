"""Actions: what a contract can be asked for, and what can be ordered for it."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .const import DOMAIN
from .nomos import Contract, GridFeeModule, GridFeeReduction, MeterOrder
from .orders.placing import async_order_grid_fee_reduction, async_order_smart_meter
from .prices.actions import (
    FIND_CHEAPEST_WINDOW_SCHEMA,
    GET_PRICES_SCHEMA,
    async_find_cheapest_window,
    async_get_prices,
)
from .targets import CONTRACT, contract_of

SERVICE_ORDER_SMART_METER = "order_smart_meter"
SERVICE_GET_ORDER = "get_order"
SERVICE_GET_PRICES = "get_prices"
SERVICE_FIND_CHEAPEST_WINDOW = "find_cheapest_window"
SERVICE_ORDER_GRID_FEE_REDUCTION = "order_grid_fee_reduction"
SERVICE_REIMPORT_USAGE = "reimport_usage"

MODULES = {module.number: module for module in GridFeeModule if module.number}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Set up the actions, which are there with and without an account."""
    for name, action, schema, response in (
        (
            SERVICE_ORDER_SMART_METER,
            _async_order_smart_meter,
            vol.Schema(CONTRACT),
            SupportsResponse.OPTIONAL,
        ),
        (
            SERVICE_GET_ORDER,
            _async_get_order,
            vol.Schema(CONTRACT),
            SupportsResponse.ONLY,
        ),
        (
            SERVICE_GET_PRICES,
            async_get_prices,
            GET_PRICES_SCHEMA,
            SupportsResponse.ONLY,
        ),
        (
            SERVICE_FIND_CHEAPEST_WINDOW,
            async_find_cheapest_window,
            FIND_CHEAPEST_WINDOW_SCHEMA,
            SupportsResponse.ONLY,
        ),
        (
            SERVICE_ORDER_GRID_FEE_REDUCTION,
            _async_order_grid_fee_reduction,
            vol.Schema(
                {
                    **CONTRACT,
                    vol.Required("module"): vol.All(vol.Coerce(int), vol.In(MODULES)),
                }
            ),
            SupportsResponse.OPTIONAL,
        ),
        (
            SERVICE_REIMPORT_USAGE,
            _async_reimport_usage,
            vol.Schema({**CONTRACT, vol.Required("start"): cv.date}),
            SupportsResponse.NONE,
        ),
    ):
        hass.services.async_register(
            DOMAIN, name, action, schema=schema, supports_response=response
        )


async def _async_order_smart_meter(call: ServiceCall) -> ServiceResponse:
    coordinator, key = contract_of(call)
    await async_order_smart_meter(coordinator, key)
    return _describe(coordinator.data[key])


async def _async_get_order(call: ServiceCall) -> ServiceResponse:
    coordinator, key = contract_of(call)
    return _describe(coordinator.data[key])


async def _async_order_grid_fee_reduction(call: ServiceCall) -> ServiceResponse:
    coordinator, key = contract_of(call)
    module = MODULES[call.data["module"]]
    reduction = await async_order_grid_fee_reduction(coordinator, key, module)
    return {**_data(reduction), "module": module.number}


async def _async_reimport_usage(call: ServiceCall) -> None:
    coordinator, key = contract_of(call)
    if (usage := coordinator.usage.get(key)) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_usage_yet"
        )
    await usage.async_reimport(call.data["start"])
    if not usage.last_update_success:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="reimport_goes_on"
        )


def _describe(contract: Contract) -> dict[str, Any]:
    """Return an order as response data; timestamps are ISO 8601 in UTC."""
    expected = contract.expected_activation
    return {
        "subscription": contract.subscription.id,
        "smart_meter_active": contract.smart_meter_active,
        "progress": contract.progress,
        "expected_activation": expected.isoformat() if expected else None,
        "order": _data(contract.order) if contract.order else None,
    }


def _data(order: MeterOrder | GridFeeReduction) -> Mapping[str, Any]:
    values = {each.name: getattr(order, each.name) for each in fields(order)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
