"""Placing orders with Nomos: once each, and with words for what stands against it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator import NomosCoordinator, placeholders_of
from ..nomos import (
    GridFeeModule,
    GridFeeReduction,
    NomosAuthError,
    NomosError,
    NomosForbiddenError,
    ReductionStatus,
)

CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much Nomos' clock and this one may differ."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Keys of the texts that explain why an order was refused."""

    by_detail: Mapping[str, str]
    """For the codes of what is wrong in particular."""
    conflict: str
    otherwise: str


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

GRID_FEE_REDUCTION = Refusals(
    {
        "missing_smart_meter": "module_needs_smart_meter",
        "missing_module_1": "module_needs_module_1",
        "duplicate_grid_reduction": "module_already_ordered",
        "unsupported_product": "module_not_for_feed_in",
        "ended_subscription": "subscription_ended",
    },
    conflict="module_already_ordered",
    otherwise="module_order_failed",
)


async def async_order_smart_meter(coordinator: NomosCoordinator, key: str) -> None:
    """Order a smart meter; raises HomeAssistantError with what a person needs."""
    contract, client = coordinator.data[key], coordinator.client
    if contract.order:
        raise _refused("already_ordered")
    if contract.has_own_smart_meter:
        raise _refused("meter_is_smart")
    order = await _async_place(
        coordinator,
        METER_ORDER,
        lambda: client.create_meter_order(key),
        lambda: client.meter_order_of(key),
    )
    coordinator.async_take_up(replace(coordinator.data[key], order=order))
    await coordinator.async_refresh()


async def async_order_grid_fee_reduction(
    coordinator: NomosCoordinator, key: str, module: GridFeeModule
) -> GridFeeReduction:
    """Order a module; raises HomeAssistantError with what a person needs."""
    client = coordinator.client
    begun = dt_util.utcnow() - CLOCKS_DIFFER

    async def find() -> GridFeeReduction | None:
        found = (
            each
            for each in await client.grid_fee_reductions_of(key)
            if each.module is module
            and each.created_at >= begun
            # Such an order made room for this one.
            and each.status not in (ReductionStatus.REJECTED, ReductionStatus.ENDED)
        )
        return next(found, None)

    reduction = await _async_place(
        coordinator,
        GRID_FEE_REDUCTION,
        lambda: client.create_grid_fee_reduction(key, module),
        find,
    )
    contract = coordinator.data[key]
    coordinator.async_take_up(
        replace(contract, reductions=(reduction, *contract.reductions))
    )
    await coordinator.async_refresh()
    return reduction


async def _async_place[OrderT](
    coordinator: NomosCoordinator,
    refusals: Refusals,
    create: Callable[[], Awaitable[OrderT]],
    find: Callable[[], Awaitable[OrderT | None]],
) -> OrderT:
    """Place an order, and find it where no answer tells that it was placed."""
    try:
        return await _async_create(create, find)
    except NomosError as err:
        explained = _explain(err, refusals)
        if explained.translation_key in (refusals.conflict, "invalid_auth"):
            # Show the order that somebody placed elsewhere; or ask for a login.
            await coordinator.async_refresh()
        raise explained from err


async def _async_create[OrderT](
    create: Callable[[], Awaitable[OrderT]],
    find: Callable[[], Awaitable[OrderT | None]],
) -> OrderT:
    try:
        return await create()
    except NomosError as err:
        if not _is_uncertain(err):
            raise
        # The order may have arrived although no answer did. A second one would
        # be refused, and nobody would know whose it was: so look first.
        try:
            order = await find()
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


def _explain(err: NomosError, refusals: Refusals) -> HomeAssistantError:
    """Turn a refusal into words that a person understands."""
    placeholders = placeholders_of(err)
    for detail in err.details:
        if key := refusals.by_detail.get(detail):
            return _refused(key, placeholders)
    if err.status == HTTPStatus.CONFLICT:
        return _refused(refusals.conflict, placeholders)
    if isinstance(err, NomosForbiddenError):
        return _refused("read_only", placeholders)
    is_login_broken = isinstance(err, NomosAuthError)
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="invalid_auth" if is_login_broken else refusals.otherwise,
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
