"""Base fee of a contract: its amount, its source, and its share of a stretch of days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..nomos import DAY, Contract
from ..usage.settlement import next_month
from .store import MonthQuote, UsageSource


class BaseFeeSource(StrEnum):
    """Origin of a base fee."""

    ENTERED = "entered"
    """Entered by the household."""
    QUOTE = "quote"
    """Quoted by Nomos for zip code, meter and usage: with grid, metering and module 1."""
    PLAN = "plan"
    """Supplier's part only, without grid and metering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFee:
    """Base fee in EUR per month, VAT included."""

    amount: float
    source: BaseFeeSource
    usage_source: UsageSource | None = None
    """Origin of the yearly usage of a quote."""


def base_fee(
    contract: Contract,
    quotes: Iterable[MonthQuote],
    entered: float | None,
    month: date,
) -> BaseFee | None:
    """Return the base fee of a contract for the month of a day; None if unknown.

    What the household has entered counts before what Nomos tells. A month without a
    quote has that of the nearest earlier month, else of the nearest later one. Feed-in
    has no base fee here.
    """
    if contract.feeds_in:
        return None
    if entered is not None:
        return BaseFee(amount=entered, source=BaseFeeSource.ENTERED)
    if quote := _quote_for(quotes, month.replace(day=1)):
        amount, usage_source = quote
        return BaseFee(
            amount=amount, source=BaseFeeSource.QUOTE, usage_source=usage_source
        )
    price = contract.plan.price if contract.plan else None
    return None if price is None else BaseFee(amount=price, source=BaseFeeSource.PLAN)


def _quote_for(
    quotes: Iterable[MonthQuote], month: date
) -> tuple[float, UsageSource] | None:
    known = {
        each.month: (each.base_fee, each.usage_source)
        for each in quotes
        if each.base_fee is not None
    }
    if not known:
        return None
    earlier = [each for each in known if each <= month]
    return known[max(earlier) if earlier else min(known)]


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
