"""Actions of the integration."""

from collections.abc import Callable, Coroutine
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
from homeassistant.helpers import config_validation as cv, device_registry as dr
import voluptuous as vol

from .billing.actions import CHECK_INVOICE_FIELDS, async_check_invoice
from .comparison.actions import COMPARE_TARIFFS_FIELDS, async_compare_tariffs
from .comparison.grid_fees import GRID_FEE_REPORT_FIELDS, async_grid_fee_report
from .const import DOMAIN
from .errors import invalid
from .grid_fees.actions import (
    ORDER_GRID_FEE_REDUCTION_FIELDS,
    async_order_grid_fee_reduction,
)
from .loads.actions import RUN_LOAD_ONCE_FIELDS, async_run_load_once
from .orders.actions import async_get_order, async_order_smart_meter
from .prices.actions import (
    FIND_CHEAPEST_WINDOW_FIELDS,
    GET_PRICES_FIELDS,
    async_find_cheapest_window,
    async_get_prices,
)
from .prices.coordinator import PriceCoordinator
from .response import plain
from .runtime import NomosConfigEntry, NomosRuntimeData
from .usage.actions import (
    REIMPORT_USAGE_FIELDS,
    REPORT_METER_READING_FIELDS,
    async_reimport_usage,
    async_report_meter_reading,
)
from .usage.coordinator import UsageCoordinator
from .usage.report import GET_USAGE_FIELDS, async_get_usage

SERVICE_ORDER_SMART_METER = "order_smart_meter"
SERVICE_GET_ORDER = "get_order"
SERVICE_GET_PRICES = "get_prices"
SERVICE_FIND_CHEAPEST_WINDOW = "find_cheapest_window"
SERVICE_ORDER_GRID_FEE_REDUCTION = "order_grid_fee_reduction"
SERVICE_REIMPORT_USAGE = "reimport_usage"
SERVICE_RUN_LOAD_ONCE = "run_load_once"
SERVICE_REPORT_METER_READING = "report_meter_reading"
SERVICE_CHECK_INVOICE = "check_invoice"
SERVICE_GET_USAGE = "get_usage"
SERVICE_COMPARE_TARIFFS = "compare_tariffs"
SERVICE_GET_GRID_FEE_REPORT = "get_grid_fee_report"

type Action = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions, which exist also without an account."""

    def register(
        name: str,
        action: Action,
        fields: dict[Any, Any],
        response: SupportsResponse = SupportsResponse.ONLY,
    ) -> None:
        async def act(call: ServiceCall) -> ServiceResponse:
            return plain(await action(call))

        schema = vol.Schema({vol.Required(ATTR_DEVICE_ID): cv.string, **fields})
        hass.services.async_register(
            DOMAIN, name, act, schema=schema, supports_response=response
        )

    register(
        SERVICE_ORDER_SMART_METER, _order_smart_meter, {}, SupportsResponse.OPTIONAL
    )
    register(SERVICE_GET_ORDER, _get_order, {})
    register(SERVICE_GET_PRICES, _get_prices, GET_PRICES_FIELDS)
    register(
        SERVICE_FIND_CHEAPEST_WINDOW, _find_cheapest_window, FIND_CHEAPEST_WINDOW_FIELDS
    )
    register(
        SERVICE_ORDER_GRID_FEE_REDUCTION,
        _order_grid_fee_reduction,
        ORDER_GRID_FEE_REDUCTION_FIELDS,
        SupportsResponse.OPTIONAL,
    )
    register(
        SERVICE_REIMPORT_USAGE,
        _reimport_usage,
        REIMPORT_USAGE_FIELDS,
        SupportsResponse.NONE,
    )
    register(
        SERVICE_RUN_LOAD_ONCE,
        _run_load_once,
        RUN_LOAD_ONCE_FIELDS,
        SupportsResponse.OPTIONAL,
    )
    register(
        SERVICE_REPORT_METER_READING,
        _report_meter_reading,
        REPORT_METER_READING_FIELDS,
        SupportsResponse.OPTIONAL,
    )
    register(SERVICE_CHECK_INVOICE, _check_invoice, CHECK_INVOICE_FIELDS)
    register(SERVICE_GET_USAGE, _get_usage, GET_USAGE_FIELDS)
    register(SERVICE_COMPARE_TARIFFS, _compare_tariffs, COMPARE_TARIFFS_FIELDS)
    register(SERVICE_GET_GRID_FEE_REPORT, _grid_fee_report, GRID_FEE_REPORT_FIELDS)


async def _order_smart_meter(call: ServiceCall) -> ServiceResponse:
    runtime, key = _contract(call)
    return await async_order_smart_meter(runtime.contracts, key)


async def _get_order(call: ServiceCall) -> ServiceResponse:
    runtime, key = _contract(call)
    return async_get_order(runtime.contracts, key)


async def _get_prices(call: ServiceCall) -> ServiceResponse:
    return await async_get_prices(call, _prices(call))


async def _find_cheapest_window(call: ServiceCall) -> ServiceResponse:
    return await async_find_cheapest_window(call, _prices(call))


async def _order_grid_fee_reduction(call: ServiceCall) -> ServiceResponse:
    runtime, key = _contract(call)
    return await async_order_grid_fee_reduction(call, runtime.contracts, key)


async def _reimport_usage(call: ServiceCall) -> None:
    await async_reimport_usage(call, _usage(call))


async def _run_load_once(call: ServiceCall) -> ServiceResponse:
    entry, key = _entry(call, "no_such_load")
    load = entry.runtime_data.loads.get(key)
    if load is None:
        raise invalid("no_such_load")
    contract = load.contracts.data.get(load.load.subscription_id)
    if contract is None:
        raise invalid("not_loaded")
    if not contract.smart_meter_active:
        raise invalid("no_smart_meter_yet")
    return await async_run_load_once(call, load)


async def _report_meter_reading(call: ServiceCall) -> ServiceResponse:
    runtime, key = _contract(call)
    return await async_report_meter_reading(call, runtime.contracts, key)


async def _check_invoice(call: ServiceCall) -> ServiceResponse:
    runtime, key = _contract(call)
    if (costs := runtime.costs.get(key)) is None:
        raise invalid("no_usage_yet")
    return await async_check_invoice(call, runtime.billing, costs)


async def _get_usage(call: ServiceCall) -> ServiceResponse:
    return await async_get_usage(call, _usage(call), _prices(call))


async def _compare_tariffs(call: ServiceCall) -> ServiceResponse:
    runtime, key = _contract(call)
    comparisons = [
        each
        for each in runtime.comparisons.values()
        if each.tariff.subscription_id == key
    ]
    return await async_compare_tariffs(call, comparisons, _prices(call))


async def _grid_fee_report(call: ServiceCall) -> ServiceResponse:
    runtime, _ = _contract(call)
    return await async_grid_fee_report(
        call, _usage(call), _prices(call), runtime.billing
    )


def _usage(call: ServiceCall) -> UsageCoordinator:
    runtime, key = _contract(call)
    if (usage := runtime.usage.get(key)) is None:
        raise invalid("no_usage_yet")
    return usage


def _prices(call: ServiceCall) -> PriceCoordinator:
    runtime, key = _contract(call)
    if (prices := runtime.prices.get(key)) is None:
        raise invalid("no_smart_meter_yet")
    return prices


def _contract(call: ServiceCall) -> tuple[NomosRuntimeData, str]:
    """Return the runtime data and the subscription ID of the targeted device.

    The device of a planned load or a comparison tariff stands for its contract. Raises
    ServiceValidationError if there is no such contract, or its account is not loaded.
    """
    entry, key = _entry(call, "no_such_contract")
    subentry = entry.subentries.get(key)
    if subentry:
        # Planned loads and comparison tariffs stand for their contract. They may be
        # damaged.
        key = str(subentry.data.get("subscription"))
    if key not in entry.runtime_data.contracts.data:
        raise invalid("not_loaded")
    return entry.runtime_data, key


def _entry(call: ServiceCall, missing: str) -> tuple[NomosConfigEntry, str]:
    """Return the loaded entry and the identifier of the targeted device.

    `missing` is the error for a device that is not of this integration.
    """
    hass = call.hass
    device = dr.async_get(hass).async_get(call.data[ATTR_DEVICE_ID])
    # Identifiers of other integrations may have more than two parts.
    keys = (
        [each[1] for each in device.identifiers if each[0] == DOMAIN] if device else []
    )
    if device is None or not keys:
        raise invalid(missing)
    entry: NomosConfigEntry | None = hass.config_entries.async_get_entry(
        device.config_entry_id
    )
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        raise invalid("not_loaded")
    return entry, keys[0]
