"""Comparison tariff: fixed prices of another supplier, each from a day on.

Prices are in EUR/kWh, base fees in EUR per month; days are days in Europe/Berlin.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any, Self


class InvalidTariffError(ValueError):
    """A setting of a comparison tariff is missing or can't be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffPrice:
    """Price of a tariff from a day on."""

    valid_from: date = date.min
    """First day; the first price of a tariff may hold from the beginning."""
    price: float
    base_fee: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonTariff:
    """Settings of a comparison tariff, as stored in its subentry.

    Raises InvalidTariffError for settings that can't be used.
    """

    name: str
    subscription_id: str
    prices: tuple[TariffPrice, ...]
    """By their first day, in ascending order."""

    @classmethod
    def from_data(cls, name: str, data: Mapping[str, Any]) -> Self:
        """Parse the data of a subentry; raises InvalidTariffError."""
        try:
            key = data["subscription"]
            prices = [_parse_price(each) for each in data["prices"]]
        except (LookupError, TypeError, ValueError) as err:
            raise InvalidTariffError("A setting is invalid") from err
        if not isinstance(key, str) or not key or not prices:
            raise InvalidTariffError("A setting is missing")
        if len({each.valid_from for each in prices}) < len(prices):
            raise InvalidTariffError("Two prices begin on the same day")
        return cls(
            name=name,
            subscription_id=key,
            prices=tuple(sorted(prices, key=lambda each: each.valid_from)),
        )

    def on(self, day: date) -> TariffPrice | None:
        """Return the price that holds on a day; None before the first one."""
        valid = (each for each in reversed(self.prices) if each.valid_from <= day)
        return next(valid, None)


def _parse_price(data: Any) -> TariffPrice:
    if not isinstance(data, Mapping):
        raise TypeError("A price with its day expected")
    begin = data.get("valid_from")
    base_fee = data.get("base_fee")
    return TariffPrice(
        valid_from=date.fromisoformat(begin) if begin is not None else date.min,
        price=_parse_number(data["price"]),
        base_fee=None if base_fee is None else _parse_number(base_fee),
    )


def _parse_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("A number expected")
    if not isfinite(value):
        raise ValueError("A finite number expected")
    return float(value)


type FeeOfDay = Callable[[date], float | None]
"""Returns the monthly base fee that holds on a day in EUR; None if unknown."""
