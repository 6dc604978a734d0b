"""Price of an interval, and the prices of a day in Europe/Berlin."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from statistics import fmean, pstdev

from .fields import length_of

MIN_SPREAD = 0.02
"""Least standard deviation (EUR/kWh) that levels are based on."""

LEVEL_LIMITS = (-1.25, -0.5, 0.5, 1.25)
"""Limits of the five levels: distances from the average, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Price:
    """Price of a kilowatt-hour during an interval; for feed-in, the remuneration.

    None means unknown, never zero. Without an amount the price is unknown, although the
    components may be known, such as the grid fee.
    """

    start: datetime
    end: datetime
    amount: float | None
    """Total including all components and VAT."""
    energy: float | None = None
    grid: float | None = None
    levies: float | None = None


@dataclass(frozen=True)
class PriceDay:
    """Known prices of a day, in chronological order."""

    day: date
    resolution: timedelta
    prices: tuple[Price, ...]

    @property
    def is_complete(self) -> bool:
        """Return if every interval of the day has a price."""
        return len(self._priced) == length_of(self.day) // self.resolution

    @cached_property
    def _priced(self) -> list[tuple[float, Price]]:
        return [(each.amount, each) for each in self.prices if each.amount is not None]

    @cached_property
    def _amounts(self) -> list[float]:
        return sorted(amount for amount, _ in self._priced)

    @cached_property
    def average(self) -> float | None:
        """Average of all known prices."""
        return round(fmean(self._amounts), 8) if self._amounts else None

    @cached_property
    def lowest(self) -> Price | None:
        """Interval with the lowest price; the first one of several."""
        return min(self._priced, key=lambda pair: pair[0], default=(0, None))[1]

    @cached_property
    def highest(self) -> Price | None:
        """Interval with the highest price; the first one of several."""
        return max(self._priced, key=lambda pair: pair[0], default=(0, None))[1]

    @cached_property
    def _spread(self) -> float:
        return max(pstdev(self._amounts), MIN_SPREAD)

    def rank(self, amount: float) -> float:
        """Return the percentile rank of one of the day's prices.

        0 is below all other prices, 100 above them. Equal prices count half, so that
        all prices of a day without differences have the rank 50.
        """
        amounts = self._amounts
        if len(amounts) < 2:
            return 50.0
        below = bisect_left(amounts, amount)
        equal = amounts.count(amount) - 1
        return 100 * (below + equal / 2) / (len(amounts) - 1)

    def level(self, amount: float) -> int:
        """Return the level of a price on its day, from 0 (very low) to 4 (very high).

        The level depends on the distance from the day's average: below half a standard
        deviation of the day's prices it is 2 (normal), from one and a quarter on 0 or
        4. The deviation counts as 2 ct/kWh at least, so that on a flat day all prices
        less than 1 ct/kWh from the average are normal.
        """
        if self.average is None:
            return len(LEVEL_LIMITS) // 2
        distance = (amount - self.average) / self._spread
        return sum(
            distance > limit if limit < 0 else distance >= limit
            for limit in LEVEL_LIMITS
        )
