"""Tests of the day of the activation."""

from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.nomos_energy.nomos import DAY, Activation, ActivationBasis

INSTANT = timedelta.resolution


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2027, 1, 18), datetime(2027, 1, 18, 23, tzinfo=UTC)),
        (date(2027, 7, 18), datetime(2027, 7, 18, 22, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 28, 22, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize(
    "basis", [each for each in ActivationBasis if each != ActivationBasis.ACTIVATED]
)
def test_overdue(day: date, end: datetime, basis: ActivationBasis) -> None:
    """It is overdue when the day is over in Berlin, and long so four weeks later."""
    activation = Activation(day, basis)
    assert activation.overdue_at == end
    assert not activation.is_overdue(end - INSTANT)
    assert activation.is_overdue(end)
    assert not activation.is_long_overdue(end + 26 * DAY)
    assert activation.is_long_overdue(end + 28 * DAY)


def test_long_overdue() -> None:
    """Four weeks end at midnight in Berlin."""
    activation = Activation(date(2027, 1, 18), ActivationBasis.ORDER)
    due = datetime(2027, 2, 14, 23, tzinfo=UTC)
    assert not activation.is_long_overdue(due - INSTANT)
    assert activation.is_long_overdue(due)


def test_activated() -> None:
    """A meter that was activated is never overdue."""
    activation = Activation(date(2027, 1, 18), ActivationBasis.ACTIVATED)
    later = datetime(2029, 1, 1, tzinfo=UTC)
    assert activation.overdue_at is None
    assert not activation.is_overdue(later)
    assert not activation.is_long_overdue(later)
