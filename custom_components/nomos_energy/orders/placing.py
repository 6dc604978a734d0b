"""Placing orders: each one once, and with a reason where it is refused."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus

from ..coordinator import ContractCoordinator
from ..errors import Refusals, invalid, order_error
from ..nomos import NomosAuthError, NomosError

METER_ORDER = Refusals(
    {
        "unsupported_product": "unsupported_product",
        "unsupported_meter_order": "unsupported_meter_order",
        "unsupported_meter": "unsupported_meter_order",
        "duplicate_meter_order": "already_ordered",
        "ended_subscription": "subscription_ended",
    },
    conflict="already_ordered",
    otherwise="order_failed",
)


async def async_order_smart_meter(contracts: ContractCoordinator, key: str) -> None:
    """Order a smart meter; raises HomeAssistantError with the reason if refused."""
    contract, client = contracts.data[key], contracts.client
    if contract.order:
        raise invalid("already_ordered")
    if contract.has_own_smart_meter:
        raise invalid("meter_is_smart")
    order = await async_place(
        contracts,
        METER_ORDER,
        lambda: client.create_meter_order(key),
        lambda: client.meter_order_of(key),
    )
    contracts.async_set_contract(replace(contracts.data[key], order=order))
    await contracts.async_refresh()


async def async_place[OrderT](
    contracts: ContractCoordinator,
    refusals: Refusals,
    create: Callable[[], Awaitable[OrderT]],
    find: Callable[[], Awaitable[OrderT | None]],
) -> OrderT:
    """Place an order; `find` searches for it if the answer leaves that open.

    Raises HomeAssistantError with the reason if the order is refused.
    """
    try:
        return await _async_create(create, find)
    except NomosError as err:
        error = order_error(err, refusals)
        if error.translation_key in (refusals.conflict, "invalid_auth"):
            # Shows an order that was placed elsewhere, or starts reauthentication.
            await contracts.async_refresh()
        raise error from err


async def _async_create[OrderT](
    create: Callable[[], Awaitable[OrderT]],
    find: Callable[[], Awaitable[OrderT | None]],
) -> OrderT:
    try:
        return await create()
    except NomosError as err:
        if not _is_uncertain(err):
            raise
        # The order may have arrived without an answer. A second one would be refused
        # without telling whose the first one is, so it is searched for instead.
        try:
            order = await find()
        except NomosError as not_found:
            raise err from not_found
        if order is None:
            raise
        return order


def _is_uncertain(err: NomosError) -> bool:
    """Return if the error does not prove that Nomos refused the order."""
    return not isinstance(err, NomosAuthError) and (
        err.code is None or (err.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
