"""Electricity prices in EUR/kWh by UTC timestamp, and by day in Europe/Berlin."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from statistics import fmean, pstdev
from typing import Any, Self

from .errors import NomosResponseError
from .fields import BERLIN, DAY, HOUR, QUARTER, berlin_day, parse_timestamp
from .grid_fees import GridFeeWindow, windows_of
from .once import warn_once

RESOLUTIONS = {"15min": QUARTER, "hourly": HOUR}

UNIT, CURRENCY = "ct/kWh", "EUR"
"""Unit and currency of the amounts in the API."""

MAX_PRICE = 1000.0
"""EUR/kWh; the exchange stops at a few euros, so that higher prices are invalid."""

MIN_SPREAD = 0.02
"""Least standard deviation (EUR/kWh) that levels are based on."""

LEVEL_LIMITS = (-1.25, -0.5, 0.5, 1.25)
"""Limits of the five levels: distances from the average, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Price:
    """Price of a kilowatt-hour during an interval; for feed-in, the remuneration.

    None means unknown, never zero.
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
    """Known prices of a day."""

    day: date
    resolution: timedelta
    prices: tuple[Price, ...]

    @property
    def is_published(self) -> bool:
        """Return if all intervals of the day are published, with or without a price."""
        length = midnight(self.day + DAY) - midnight(self.day)
        return len(self.prices) == length // self.resolution

    @property
    def is_complete(self) -> bool:
        """Return if every interval of the day has a price."""
        return self.is_published and len(self._priced) == len(self.prices)

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

    @cached_property
    def grid_fee_windows(self) -> dict[float, GridFeeWindow]:
        """Windows of module 3 by grid fee; empty without windows."""
        return windows_of(each.grid for each in self.prices if each.grid is not None)


@dataclass(frozen=True)
class PriceSeries:
    """Prices in chronological order, with gaps where none are published."""

    resolution: timedelta = QUARTER
    prices: tuple[Price, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Parse an answer of the API; raises NomosResponseError if it is invalid.

        An inactive subscription has no prices, which is not an error. An item that
        can't be parsed leaves a gap.
        """
        if (data.get("unit"), data.get("currency")) != (UNIT, CURRENCY):
            raise NomosResponseError("Nomos sent prices in an unknown unit")
        resolution = RESOLUTIONS.get(str(data.get("resolution")))
        if resolution is None:
            raise NomosResponseError("Nomos sent prices with an unknown resolution")
        items = data.get("items")
        if not isinstance(items, list | None):
            raise NomosResponseError("Nomos sent prices that are not a list")
        prices = (_parse_price(item, resolution) for item in items or ())
        return cls._of(resolution, {each.start: each for each in prices if each})

    @classmethod
    def _of(cls, resolution: timedelta, prices: Mapping[datetime, Price]) -> Self:
        return cls(resolution, tuple(prices[start] for start in sorted(prices)))

    @cached_property
    def days(self) -> dict[date, PriceDay]:
        """Days with published intervals, in chronological order."""
        return {
            day: PriceDay(day, self.resolution, tuple(prices))
            for day, prices in groupby(
                self.prices, key=lambda price: berlin_day(price.start)
            )
        }

    def day(self, day: date) -> PriceDay:
        """Return the prices of a day, without intervals if none are published."""
        return self.days.get(day) or PriceDay(day, self.resolution, ())

    def at(self, now: datetime) -> Price | None:
        """Return the price at a moment."""
        index = bisect_right(self.prices, now, key=attrgetter("start"))
        if index and now < (price := self.prices[index - 1]).end:
            return price
        return None

    def between(self, start: datetime, end: datetime) -> tuple[Price, ...]:
        """Return all intervals that overlap a period."""
        return tuple(
            each for each in self.prices if each.start < end and each.end > start
        )

    @property
    def end(self) -> datetime | None:
        """End of the last published interval."""
        return self.prices[-1].end if self.prices else None

    def grid_fee_window(self, now: datetime) -> GridFeeWindow | None:
        """Return the window of module 3 at a moment."""
        price = self.at(now)
        if price is None or price.grid is None:
            return None
        return self.day(berlin_day(price.start)).grid_fee_windows.get(price.grid)

    def grid_fee_window_ends(self, now: datetime) -> datetime | None:
        """Return the start of the next different window, if it is published."""
        window = self.grid_fee_window(now)
        if window is None:
            return None
        starts = (each.start for each in self.prices if each.start > now)
        return next(
            (start for start in starts if self.grid_fee_window(start) is not window),
            None,
        )

    def in_quarters(self) -> PriceSeries:
        """Return the prices by quarter-hour, each with the price of its hour."""
        if self.resolution == QUARTER:
            return self
        starts = (
            (each.start + index * QUARTER, each)
            for each in self.prices
            for index in range(self.resolution // QUARTER)
        )
        return PriceSeries(
            QUARTER,
            tuple(
                replace(each, start=start, end=start + QUARTER)
                for start, each in starts
            ),
        )

    @cached_property
    def quarters(self) -> dict[datetime, float | None]:
        """Prices of the quarter-hours by their start."""
        return {each.start: each.amount for each in self.in_quarters().prices}

    def within(self, start: datetime, end: datetime) -> PriceSeries:
        """Return the prices of the intervals that overlap a time."""
        return PriceSeries(self.resolution, self.between(start, end))

    def since(self, moment: datetime) -> PriceSeries:
        """Return the prices from a moment on."""
        prices = tuple(each for each in self.prices if each.start >= moment)
        return PriceSeries(self.resolution, prices)

    def updated(self, newer: PriceSeries) -> PriceSeries:
        """Return these prices, replaced and extended by newer ones.

        A known price is kept if the newer answer lacks it.
        """
        if not self.prices or not newer.prices:
            return newer if newer.prices else self
        if newer.resolution != self.resolution:
            return self.in_quarters().updated(newer.in_quarters())
        known = {each.start: each for each in self.prices}
        for each in newer.prices:
            if each.amount is not None or each.start not in known:
                known[each.start] = each
        return PriceSeries._of(self.resolution, known)


def midnight(day: date) -> datetime:
    """Return the start of a day (Berlin) in UTC."""
    return at_clock(day, time.min)


def at_clock(day: date, clock: time) -> datetime:
    """Return a time of a day (Berlin) in UTC."""
    return datetime.combine(day, clock, BERLIN).astimezone(UTC)


def _parse_price(item: Any, resolution: timedelta) -> Price | None:
    start = parse_timestamp(item.get("timestamp")) if isinstance(item, dict) else None
    if start is None or start.timestamp() % resolution.total_seconds():
        warn_once("Skipping a price with an invalid timestamp")
        return None
    return Price(
        start,
        start + resolution,
        _parse_amount(item.get("amount")),
        *_parse_components(item),
    )


def _parse_components(item: Mapping[str, Any]) -> list[float | None]:
    components = item.get("components")
    amounts = {
        str(each.get("type")): _parse_amount(each.get("amount"))
        for each in (components if isinstance(components, list) else ())
        if isinstance(each, dict)
    }
    return [amounts.get(kind) for kind in ("electricity", "grid", "levies")]


def _parse_amount(value: Any) -> float | None:
    """Convert ct/kWh to EUR/kWh; return None for an invalid amount."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        # Rounding removes the noise of binary fractions: 24.44 ct are 0.2444 EUR.
        amount = round(float(value) / 100, 8)
    except OverflowError:
        return None
    return amount if abs(amount) < MAX_PRICE else None
