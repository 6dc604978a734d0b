"""Report of the grid fee: what module 3 of §14a saved, and quotes of modules 1 and 2.

Energy is in kWh, fees in EUR/kWh, sums in EUR.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse

from ..billing.coordinator import BillingCoordinator
from ..const import CURRENCY, PRICE_UNIT
from ..errors import invalid
from ..nomos import (
    Contract,
    GridFeeModule,
    GridFeeWindow,
    NomosError,
    PriceSeries,
    berlin_day,
)
from ..prices.coordinator import PriceCoordinator
from ..usage.coordinator import UsageCoordinator
from ..usage.report import PERIOD_FIELDS, Quarter, async_quarters, period_of

GRID_FEE_REPORT_FIELDS = PERIOD_FIELDS

QUOTED = {
    "without": frozenset[GridFeeModule](),
    "module_1": frozenset({GridFeeModule.MODULE_1}),
    "module_2": frozenset({GridFeeModule.MODULE_2}),
}
"""Modules of the quotes to compare."""

UNKNOWN = "unknown"


async def async_grid_fee_report(
    call: ServiceCall,
    usage: UsageCoordinator,
    prices: PriceCoordinator,
    billing: BillingCoordinator,
) -> ServiceResponse:
    """Return energy and grid fee by level, what module 3 saved, and Nomos' quotes."""
    contract = usage.contract
    if contract.feeds_in:
        raise invalid("module_not_for_feed_in")
    start, end = period_of(call)
    quarters, series = await async_quarters(usage, prices, start, end)
    if not quarters:
        raise invalid("no_usage")
    return {
        "unit": "kWh",
        "price_unit": PRICE_UNIT,
        "currency": CURRENCY,
        **_by_level(quarters, series, contract),
        "quotes": await _async_quotes(usage.subscription_id, billing),
    }


def _by_level(
    quarters: list[Quarter], series: PriceSeries, contract: Contract
) -> dict[str, Any]:
    standard = _standard_fees(series)
    energy: dict[str, float] = defaultdict(float)
    fees: dict[str, float] = defaultdict(float)
    saved = compared = 0.0
    for each in quarters:
        level = _level(each, series, contract)
        fee = each.price.grid if each.price else None
        name = UNKNOWN if level is None else level.value
        energy[name] += each.energy
        if fee is not None:
            fees[name] += each.energy * fee
        usual = standard.get(berlin_day(each.start))
        if level and fee is not None and usual is not None:
            saved += each.energy * (usual - fee)
            compared += each.energy
    total = sum(energy.values())
    return {
        "levels": [
            {
                "level": name,
                "energy": round(energy[name], 3),
                "grid_fee": round(fees[name], 2),
            }
            for name in (*(each.value for each in GridFeeWindow), UNKNOWN)
            if name in energy
        ],
        "saved_by_module_3": round(saved, 2) if compared else None,
        "share": round(100 * compared / total, 1) if total else None,
    }


def _level(
    quarter: Quarter, series: PriceSeries, contract: Contract
) -> GridFeeWindow | None:
    """Return the level of a quarter-hour while module 3 is in force."""
    if GridFeeModule.MODULE_3 not in contract.in_force(quarter.start):
        return None
    return series.grid_fee_window(quarter.start)


def _standard_fees(series: PriceSeries) -> Mapping[date, float]:
    """Return the standard fee of each day (Berlin) whose levels are known."""
    return {
        berlin_day(each.start): each.grid
        for each in series.intervals
        if each.grid is not None
        and series.grid_fee_window(each.start) is GridFeeWindow.STANDARD
    }


async def _async_quotes(
    key: str, billing: BillingCoordinator
) -> dict[str, dict[str, float | None]] | None:
    """Return what Nomos quotes per month and kWh, by module; None if it does not."""
    try:
        quotes = {
            name: await billing.async_quote_with(key, modules)
            for name, modules in QUOTED.items()
        }
    except NomosError:
        # Quotes are no bill: the report is complete without them.
        return None
    return {
        name: {
            "base_fee_per_month": round(quote.base_fee, 2),
            "energy_price": quote.energy_price,
        }
        for name, quote in quotes.items()
    }
