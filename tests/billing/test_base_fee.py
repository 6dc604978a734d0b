"""Base fee: its source, and its share of days, without Home Assistant."""

from calendar import monthrange
from datetime import date, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.billing.base_fee import (
    BaseFee,
    BaseFeeSource,
    base_fee,
    spread,
)
from custom_components.nomos_energy.billing.store import MonthQuote, UsageSource
from custom_components.nomos_energy.nomos import Contract, Plan, Subscription
from tests.nomos.common import SUBSCRIPTION

OCTOBER, NOVEMBER, DECEMBER = (date(2026, month, 1) for month in (10, 11, 12))


def a_contract(kind: str = "consumption", price: float | None = 5.99) -> Contract:
    """Return a contract with a plan."""
    return Contract(
        subscription=Subscription.from_json({**SUBSCRIPTION, "type": kind}),
        plan=Plan(id="pln_1", name="Dynamik", slug=None, price=price),
    )


def a_quote(month: date, amount: float | None) -> MonthQuote:
    """Return the quote of a month."""
    return MonthQuote(
        month=month, base_fee=amount, usage=2500.0, usage_source=UsageSource.ASSUMED
    )


QUOTES = (a_quote(OCTOBER, 12.0), a_quote(NOVEMBER, None), a_quote(DECEMBER, 14.0))


@pytest.mark.parametrize(
    ("quotes", "entered", "price", "month", "found"),
    [
        (QUOTES, None, 5.99, date(2026, 10, 20), (12.0, "quote")),
        # A refusal leaves that of the month before.
        (QUOTES, None, 5.99, date(2026, 11, 20), (12.0, "quote")),
        (QUOTES, None, 5.99, date(2027, 3, 1), (14.0, "quote")),
        # Before the first quote, that one is the nearest.
        (QUOTES, None, 5.99, date(2026, 8, 1), (12.0, "quote")),
        (QUOTES, 21.0, 5.99, NOVEMBER, (12.0, "quote")),
        ((a_quote(NOVEMBER, None),), 21.0, 5.99, NOVEMBER, (21.0, "entered")),
        ((a_quote(NOVEMBER, None),), 0.0, 5.99, NOVEMBER, (0.0, "entered")),
        ((a_quote(NOVEMBER, None),), None, 5.99, NOVEMBER, (5.99, "plan")),
        ((), None, 5.99, NOVEMBER, (5.99, "plan")),
        ((), 21.0, None, NOVEMBER, (21.0, "entered")),
        ((), None, None, NOVEMBER, None),
    ],
)
def test_source(
    quotes: tuple[MonthQuote, ...],
    entered: float | None,
    price: float | None,
    month: date,
    found: tuple[float, str] | None,
) -> None:
    """The whole fee of a quote counts first, then the entered one, then a part."""
    fee = base_fee(a_contract(price=price), quotes, entered, month)
    assert (fee and (fee.amount, fee.source.value)) == found
    if fee:
        assert (fee.quote and fee.quote.base_fee) == (
            fee.amount if fee.source == "quote" else None
        )


def test_feed_in() -> None:
    """Feed-in has no base fee here."""
    assert base_fee(a_contract("feed_in"), QUOTES, 21.0, NOVEMBER) is None


@given(
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    st.integers(0, 800),
    st.floats(0, 500),
)
def test_spread(first: date, count: int, amount: float) -> None:
    """Each day has its part of its own month."""
    by_day = 0.0
    for place in range(count):
        day = first + timedelta(days=place)
        by_day += amount / monthrange(day.year, day.month)[1]
    end = first + timedelta(days=count)
    assert spread(amount, first, end) == pytest.approx(by_day, abs=1e-6)


def test_whole_month() -> None:
    """A month costs its fee."""
    fee = BaseFee(amount=12.34, source=BaseFeeSource.QUOTE)
    assert spread(fee.amount, NOVEMBER, DECEMBER) == pytest.approx(12.34)
