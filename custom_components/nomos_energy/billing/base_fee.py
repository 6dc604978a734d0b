"""Base fee of a contract: its amount, its source, and its share of a stretch of days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..nomos import DAY, Contract
from ..usage.settlement import next_month
from .store import MonthQuote


class BaseFeeSource(StrEnum):
    """Origin of a base fee."""

    QUOTE = "quote"
    """Quoted by Nomos for zip code, meter and usage: with grid, metering and module 1."""
    ENTERED = "entered"
    """Entered by the household."""
    PLAN = "plan"
    """Supplier's part only, without grid and metering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFee:
    """Base fee in EUR per month, VAT included."""

    amount: float
    source: BaseFeeSource
    quote: MonthQuote | None = None
    """Quote that it is from."""


def base_fee(
    contract: Contract,
    quotes: Iterable[MonthQuote],
    entered: float | None,
    month: date,
) -> BaseFee | None:
    """Return the base fee of a contract for the month of a day; None if unknown.

    A quote counts first. A month without one has that of the nearest earlier month,
    else of the nearest later one. What the household has entered comes before the fee
    of the plan, which is the supplier's part only. Feed-in has no base fee here.
    """
    if contract.feeds_in:
        return None
    if fee := _quoted(quotes, month.replace(day=1)):
        return fee
    if entered is not None:
        return BaseFee(amount=entered, source=BaseFeeSource.ENTERED)
    price = contract.plan.price if contract.plan else None
    return None if price is None else BaseFee(amount=price, source=BaseFeeSource.PLAN)


def _quoted(quotes: Iterable[MonthQuote], month: date) -> BaseFee | None:
    fees = {
        each.month: BaseFee(
            amount=each.base_fee, source=BaseFeeSource.QUOTE, quote=each
        )
        for each in quotes
        if each.base_fee is not None
    }
    if not fees:
        return None
    earlier = [each for each in fees if each <= month]
    return fees[max(earlier) if earlier else min(fees)]


def spread(amount: float, first: date, end: date) -> float:
    """Return the part of a monthly amount for the days from first to end, exclusive.

    Each month's amount is spread evenly over the days of that month.
    """
    share, day = 0.0, first
    while day < end:
        following = next_month(day)
        days = (following - day.replace(day=1)) // DAY
        share += (min(following, end) - day) / DAY / days
        day = following
    return amount * share
