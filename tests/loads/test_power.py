"""Power of runs that a limit reduces for a time."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.nomos_energy.loads.planner import Span
from custom_components.nomos_energy.loads.power import (
    Reduced,
    full_duration,
    reduced_times,
    run_cost,
    run_price,
)
from custom_components.nomos_energy.nomos import HOUR, QUARTER, Price, PriceSeries

START = datetime(2026, 11, 23, 17, tzinfo=UTC)
PRICES = PriceSeries(
    HOUR,
    tuple(
        Price(START + place * HOUR, START + (place + 1) * HOUR, amount)
        for place, amount in enumerate([0.3, 0.1])
    ),
)


def at(hours: float) -> datetime:
    """Return a moment by hours after the start."""
    return START + hours * HOUR


@pytest.mark.parametrize(
    ("runs", "reduced", "hours", "cost"),
    [
        ([(0, 2)], [], 2, 0.8),
        ([(0, 2)], [(1, 2, 0.5)], 1.5, 0.7),
        # Only what is within the runs counts, and once.
        ([(0, 1), (1.5, 2)], [(0.5, 1.75, 0.5)], 1.125, 0.525),
        ([(1, 2)], [(0, 1, 0.5)], 1, 0.2),
        ([(0, 1)], [(0, 0.5, 0), (0.5, 1, 0.25)], 0.125, 0.075),
        ([], [(0, 1, 0.5)], 0, 0),
        ([(1, 3)], [(1, 2, 0.5)], 1.5, None),
    ],
)
def test_runs(
    runs: list[tuple[float, float]],
    reduced: list[tuple[float, float, float]],
    hours: float,
    cost: float | None,
) -> None:
    """Energy and cost of 2 kW."""
    spans = [Span(at(start), at(end)) for start, end in runs]
    times = [Reduced(at(start), at(end), share) for start, end, share in reduced]
    assert full_duration(spans, times) / HOUR == pytest.approx(hours)
    found = run_cost(spans, 2.0, PRICES, times)
    assert found == (None if cost is None else pytest.approx(cost))
    price = run_price(spans, PRICES, times)
    expected = None if cost is None or not hours else cost / 2 / hours
    assert price == (None if expected is None else pytest.approx(expected))


def test_reduced_times() -> None:
    """Quarter-hours with the same share become one time, from now on."""
    now = START + timedelta(minutes=5)
    shares = [0.5, 0.5, 1.0, 0.5, 0.25, 1 - 1e-9]
    slots = {START + place * QUARTER: share for place, share in enumerate(shares)}
    slots[START - QUARTER] = 0.5
    assert reduced_times(slots, now) == (
        Reduced(now, at(0.5), 0.5),
        Reduced(at(0.75), at(1), 0.5),
        Reduced(at(1), at(1.25), 0.25),
    )
