"""Progress of usage imports: mean prices of the months, without Home Assistant."""

from datetime import date
from statistics import fmean

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import DAY, UsageDay
from custom_components.nomos_energy.usage.settlement import next_month, previous_month
from custom_components.nomos_energy.usage.store import UsageProgress

TODAY = date(2026, 11, 12)
FIRST = date(2026, 9, 20)
VALUES = st.lists(st.none() | st.floats(0, 1), min_size=4, max_size=8)


def a_day(
    day: date, energy: list[float | None], prices: list[float | None]
) -> UsageDay:
    """Return a day that has as many quarter-hours as it should have."""
    length = len(UsageDay.unknown(day).energy)
    return UsageDay(
        day,
        tuple((energy * 25)[:length]),
        tuple((prices * 25)[:length]),
    )


@given(st.lists(st.tuples(st.integers(0, 52), VALUES, VALUES), max_size=6))
def test_mean_prices(
    imports: list[tuple[int, list[float | None], list[float | None]]],
) -> None:
    """Quarter-hours with usage and price count alike, as they were imported last."""
    progress = UsageProgress()
    known: dict[date, UsageDay] = {}
    for place, energy, prices in imports:
        day = a_day(FIRST + place * DAY, energy, prices)
        known[day.day] = day
        progress = progress.advanced(TODAY, {day.day: day}, TODAY)
    for first in (TODAY.replace(day=1), previous_month(TODAY)):
        amounts = [
            price
            for day, each in known.items()
            if first <= day < next_month(first)
            for used, price in zip(each.energy, each.prices, strict=True)
            if used is not None and price is not None
        ]
        mean = progress.mean_price(first, next_month(first), 0)
        assert mean == (pytest.approx(fmean(amounts), abs=1e-6) if amounts else None)
    assert all(each.day >= date(2026, 10, 1) for each in progress.prices)


@pytest.mark.parametrize(("hours", "mean"), [(24, 0.3), (25, 0.3), (26, None)])
def test_too_few_prices(hours: int, mean: float | None) -> None:
    """The mean is unknown where more than 5 % of the hours lack a price."""
    day = a_day(TODAY - DAY, [0.1] * 96, [0.3] * 96)
    progress = UsageProgress().advanced(TODAY, {day.day: day}, TODAY)
    found = progress.mean_price(TODAY.replace(day=1), TODAY, hours)
    assert found == (mean and pytest.approx(mean))
