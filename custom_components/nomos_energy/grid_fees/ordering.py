"""Ordering §14a modules."""

from dataclasses import replace
from datetime import timedelta

from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..errors import Refusals
from ..nomos import GridFeeModule, GridFeeReduction, ReductionStatus
from ..orders.placing import async_place

CLOCK_TOLERANCE = timedelta(minutes=5)
"""Possible difference between the clocks of Nomos and Home Assistant."""

ORDERABLE_MODULES = {module.number: module for module in GridFeeModule if module.number}
"""Modules that can be ordered, by their number."""

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


async def async_order_grid_fee_reduction(
    contracts: ContractCoordinator, key: str, module: GridFeeModule
) -> GridFeeReduction:
    """Order a module; raises HomeAssistantError with the reason if refused."""
    client = contracts.client
    earliest = dt_util.utcnow() - CLOCK_TOLERANCE

    async def find() -> GridFeeReduction | None:
        found = (
            each
            for each in await client.grid_fee_reductions_of(key)
            if each.module is module
            and each.created_at >= earliest
            # After a rejected or ended order another one is possible.
            and each.status not in (ReductionStatus.REJECTED, ReductionStatus.ENDED)
        )
        return next(found, None)

    return await async_place(
        contracts,
        key,
        module,
        GRID_FEE_REDUCTION,
        lambda: client.create_grid_fee_reduction(key, module),
        find,
        lambda contract, reduction: replace(
            contract, reductions=(reduction, *contract.reductions)
        ),
    )
