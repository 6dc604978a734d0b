"""Quotes: what a plan costs at a zip code. Amounts are in EUR including VAT."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .errors import NomosResponseError
from .fields import parse_amount

MAX_BASE_FEE = 10_000.0
"""EUR per month; higher fees are invalid."""

LEAST_USAGE, MOST_USAGE = 100, 50_000
"""kWh per year for which the API makes quotes."""

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Quote for a year's usage."""

    base_fee: float
    """EUR per month: the supplier's fee with grid, metering and module 1."""
    energy_price: float | None = None
    """EUR per kWh by the exchange's average of past months."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Parse a quote; raises NomosResponseError if it has no base fee."""
        if data.get("currency") != CURRENCY:
            raise NomosResponseError("Nomos sent a quote in an unknown currency")
        base_fee = _unit_amount(data, "base", "month")
        if base_fee is None:
            raise NomosResponseError("Nomos sent a quote without a valid base fee")
        return cls(
            base_fee=base_fee, energy_price=_unit_amount(data, "variable", "kWh")
        )


def _unit_amount(data: Mapping[str, Any], group: str, unit: str) -> float | None:
    components = data.get("components")
    for each in components if isinstance(components, list) else ():
        if (
            isinstance(each, Mapping)
            and each.get("group") == group
            and each.get("quantity_unit") == unit
        ):
            return parse_amount(each.get("unit_amount"), MAX_BASE_FEE)
    return None
