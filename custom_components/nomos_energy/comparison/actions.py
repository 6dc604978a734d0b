"""Actions that compare tariffs, and tell what module 3 of §14a saved."""

from collections.abc import Iterable
from datetime import datetime
from statistics import fmean
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.json import JsonArrayType
from sqlalchemy.exc import SQLAlchemyError

from ..const import CURRENCY, DOMAIN, PRICE_UNIT
from ..errors import invalid
from ..nomos import PriceSeries, midnight
from ..prices.actions import async_prices_between
from ..prices.coordinator import PriceCoordinator
from ..usage.report import PERIOD_FIELDS, period_of
from .coordinator import ComparisonCoordinator
from .savings import Savings

COMPARE_TARIFFS_FIELDS = PERIOD_FIELDS


async def async_compare_tariffs(
    call: ServiceCall,
    comparisons: Iterable[ComparisonCoordinator],
    prices: PriceCoordinator,
) -> ServiceResponse:
    """Return for each comparison tariff and month what was paid, and would have been."""
    start, end = period_of(call)
    if not (tariffs := list(comparisons)):
        raise invalid("no_comparison_tariff")
    series = await async_prices_between(prices, start, end)
    return {
        "currency": CURRENCY,
        "price_unit": PRICE_UNIT,
        "tariffs": [
            {
                "name": each.tariff.name,
                "months": await _async_months(each, series, start, end),
            }
            for each in tariffs
        ],
    }


async def _async_months(
    comparison: ComparisonCoordinator,
    series: PriceSeries,
    start: datetime,
    end: datetime,
) -> JsonArrayType:
    try:
        months = await comparison.async_compare(start, end)
    except SQLAlchemyError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="recorder_failed"
        ) from err
    return [_month(each, series) for each in months]


def _month(savings: Savings, series: PriceSeries) -> dict[str, Any]:
    amounts = [
        each.amount
        for each in series.between(midnight(savings.first), savings.until)
        if each.amount is not None
    ]
    return {
        "month": f"{savings.first:%Y-%m}",
        "energy": round(savings.energy, 3),
        "dynamic": round(savings.dynamic, 2),
        "fixed": round(savings.fixed, 2),
        "saved": None if savings.saved is None else round(savings.saved, 2),
        "average_price_paid": savings.average_paid,
        "unweighted_average_price": round(fmean(amounts), 6) if amounts else None,
        "base_fees": savings.has_base_fees,
        "share": round(100 * savings.share, 1),
    }
