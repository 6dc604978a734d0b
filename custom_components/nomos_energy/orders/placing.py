"""Placing orders: each one once, and with a reason where it is refused."""

from asyncio import Lock
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..coordinator import ContractCoordinator
from ..errors import Refusals, invalid, order_error
from ..nomos import Contract, NomosAuthError, NomosError

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


@dataclass(slots=True)
class _Turns:
    """Turns of the calls that order the same thing for the same contract."""

    lock: Lock = field(default_factory=Lock)
    placed: int = 0
    """Number of orders that were placed."""


_TURNS: HassKey[dict[tuple[str, str], _Turns]] = HassKey(f"{DOMAIN}_orders")
"""By subscription ID and what is ordered; two accounts may contain a contract."""


async def async_order_smart_meter(contracts: ContractCoordinator, key: str) -> None:
    """Order a smart meter; raises HomeAssistantError with the reason if refused."""
    contract, client = contracts.data[key], contracts.client
    if contract.order:
        raise invalid("already_ordered")
    if contract.has_own_smart_meter:
        raise invalid("meter_is_smart")
    await async_place(
        contracts,
        key,
        "meter",
        METER_ORDER,
        lambda: client.create_meter_order(key),
        lambda: client.meter_order_of(key),
        lambda contract, order: replace(contract, order=order),
    )


async def async_place[OrderT](
    contracts: ContractCoordinator,
    key: str,
    what: str,
    refusals: Refusals,
    create: Callable[[], Awaitable[OrderT]],
    find: Callable[[], Awaitable[OrderT | None]],
    show: Callable[[Contract, OrderT], Contract],
) -> OrderT:
    """Place an order and show it in its contract.

    `find` searches for it if the answer leaves open whether it arrived. Of several
    calls at the same moment, the first one that succeeds places the order. Raises
    HomeAssistantError with the reason if the order is refused.
    """
    every = contracts.hass.data.setdefault(_TURNS, {})
    turns = every.setdefault((key, what), _Turns())
    placed = turns.placed
    async with turns.lock:
        if turns.placed > placed:
            # The order may have been placed by another account.
            await contracts.async_refresh()
            raise invalid(refusals.conflict)
        order = await _async_place(contracts, refusals, create, find)
        turns.placed += 1
        contracts.async_set_contract(show(contracts.data[key], order))
        await contracts.async_refresh()
        return order


async def _async_place[OrderT](
    contracts: ContractCoordinator,
    refusals: Refusals,
    create: Callable[[], Awaitable[OrderT]],
    find: Callable[[], Awaitable[OrderT | None]],
) -> OrderT:
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
