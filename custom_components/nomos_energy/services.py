"""Actions: ordering a smart meter, and reading its order."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from http import HTTPStatus
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr
import voluptuous as vol

from .const import DOMAIN
from .coordinator import NomosConfigEntry, NomosCoordinator
from .nomos import Contract, MeterOrder, NomosAuthError, NomosError, NomosForbiddenError

SERVICE_ORDER_SMART_METER = "order_smart_meter"
SERVICE_GET_ORDER = "get_order"

SCHEMA = vol.Schema({vol.Required(ATTR_DEVICE_ID): cv.string})

REFUSALS = {
    "unsupported_product": "unsupported_product",
    "unsupported_meter_order": "unsupported_meter_order",
    "unsupported_meter": "unsupported_meter_order",
    "duplicate_meter_order": "already_ordered",
    "ended_subscription": "subscription_ended",
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Set up the actions, which are there with and without an account."""
    hass.services.async_register(
        DOMAIN,
        SERVICE_ORDER_SMART_METER,
        _async_order_smart_meter,
        schema=SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )
    hass.services.async_register(
        DOMAIN,
        SERVICE_GET_ORDER,
        _async_get_order,
        schema=SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )


async def _async_order_smart_meter(call: ServiceCall) -> ServiceResponse:
    coordinator, key = _contract_of(call)
    await async_order_smart_meter(coordinator, key)
    return _describe(coordinator.data[key])


async def _async_get_order(call: ServiceCall) -> ServiceResponse:
    coordinator, key = _contract_of(call)
    return _describe(coordinator.data[key])


def _contract_of(call: ServiceCall) -> tuple[NomosCoordinator, str]:
    """Return the contract whose device is meant."""
    hass, device_id = call.hass, call.data[ATTR_DEVICE_ID]
    device = dr.async_get(hass).async_get(device_id)
    # Some integrations identify their devices by more than two words.
    keys = (
        [each[1] for each in device.identifiers if each[0] == DOMAIN] if device else []
    )
    if device is None or not keys:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_such_contract"
        )
    entry: NomosConfigEntry | None = hass.config_entries.async_get_entry(
        device.config_entry_id
    )
    key = keys[0]
    if (
        entry is None
        or entry.state is not ConfigEntryState.LOADED
        or key not in entry.runtime_data.data
    ):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="not_loaded"
        )
    return entry.runtime_data, key


async def async_order_smart_meter(coordinator: NomosCoordinator, key: str) -> None:
    """Order a smart meter; raises HomeAssistantError with what a person needs."""
    contract = coordinator.data[key]
    if contract.order:
        raise _refused("already_ordered")
    if contract.has_own_smart_meter:
        raise _refused("meter_is_smart")
    try:
        order = await _async_place_order(coordinator, key)
    except NomosError as err:
        if isinstance(err, NomosAuthError) or err.status == HTTPStatus.CONFLICT:
            # Show the order that somebody placed elsewhere; or ask for a login.
            await coordinator.async_refresh()
        raise _explain(err) from err
    coordinator.async_take_up(key, order)
    await coordinator.async_refresh()


async def _async_place_order(coordinator: NomosCoordinator, key: str) -> MeterOrder:
    client = coordinator.client
    try:
        return await client.create_meter_order(key)
    except NomosError as err:
        if not _is_uncertain(err):
            raise
        # The order may have arrived although no answer did. A second one would
        # be refused, and nobody would know whose it was: so look first.
        try:
            order = await client.meter_order_of(key)
        except NomosError as not_found_out:
            raise err from not_found_out
        if order is None:
            raise
        return order


def _is_uncertain(err: NomosError) -> bool:
    """Whether it was not Nomos itself that refused the order."""
    return not isinstance(err, NomosAuthError) and (
        err.code is None or (err.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _explain(err: NomosError) -> HomeAssistantError:
    """Turn a refusal into words that a person understands."""
    placeholders = {
        "request_id": err.request_id or "–",
        "status": str(err.status or "–"),
        "code": err.code or "–",
    }
    for detail in err.details:
        if key := REFUSALS.get(detail):
            return _refused(key, placeholders)
    if err.status == HTTPStatus.CONFLICT:
        return _refused("already_ordered", placeholders)
    if isinstance(err, NomosForbiddenError):
        return _refused("read_only", placeholders)
    is_login_broken = isinstance(err, NomosAuthError)
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="invalid_auth" if is_login_broken else "order_failed",
        translation_placeholders=placeholders,
    )


def _refused(
    key: str, placeholders: dict[str, str] | None = None
) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders or {"request_id": "–"},
    )


def _describe(contract: Contract) -> dict[str, Any]:
    """Return an order as response data; timestamps are ISO 8601 in UTC."""
    expected = contract.expected_activation
    return {
        "subscription": contract.subscription.id,
        "smart_meter_active": contract.smart_meter_active,
        "progress": contract.progress,
        "expected_activation": expected.isoformat() if expected else None,
        "order": _order_data(contract.order) if contract.order else None,
    }


def _order_data(order: MeterOrder) -> Mapping[str, Any]:
    values = {each.name: getattr(order, each.name) for each in fields(order)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
