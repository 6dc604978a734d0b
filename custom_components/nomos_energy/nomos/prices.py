"""Electricity prices in EUR/kWh by UTC timestamp, and by day in Europe/Berlin."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any, Self

from .errors import NomosResponseError
from .fields import HOUR, QUARTER, berlin_day, length_of, parse_timestamp
from .grid_fees import GridFeeWindow, windows_of
from .once import warn_once
from .price_day import Price, PriceDay

RESOLUTIONS = {"15min": QUARTER, "hourly": HOUR}

UNIT, CURRENCY = "ct/kWh", "EUR"
"""Unit and currency of the amounts in the API."""

MAX_PRICE = 1000.0
"""EUR/kWh; the exchange stops at a few euros, so that higher prices are invalid."""


@dataclass(frozen=True)
class PriceSeries:
    """Prices in chronological order, with gaps where none are known.

    An interval without a price counts as missing: only its components are read.
    """

    resolution: timedelta = QUARTER
    intervals: tuple[Price, ...] = ()
    """All published intervals, also those without a price."""

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
        intervals = (_parse_price(item, resolution) for item in items or ())
        return cls._of(resolution, {each.start: each for each in intervals if each})

    @classmethod
    def _of(cls, resolution: timedelta, intervals: Mapping[datetime, Price]) -> Self:
        return cls(resolution, tuple(intervals[start] for start in sorted(intervals)))

    @cached_property
    def prices(self) -> tuple[Price, ...]:
        """Intervals with a known price."""
        return tuple(each for each in self.intervals if each.amount is not None)

    @cached_property
    def days(self) -> dict[date, PriceDay]:
        """Days with known prices, in chronological order."""
        return {
            day: PriceDay(day, self.resolution, tuple(prices))
            for day, prices in _by_day(self.prices)
        }

    def day(self, day: date) -> PriceDay:
        """Return the known prices of a day."""
        return self.days.get(day) or PriceDay(day, self.resolution, ())

    def at(self, now: datetime) -> Price | None:
        """Return the price at a moment, if it is known."""
        interval = self.interval_at(now)
        return None if interval is None or interval.amount is None else interval

    def interval_at(self, now: datetime) -> Price | None:
        """Return the interval at a moment, with or without a price."""
        index = bisect_right(self.intervals, now, key=attrgetter("start"))
        if index and now < (interval := self.intervals[index - 1]).end:
            return interval
        return None

    def between(self, start: datetime, end: datetime) -> tuple[Price, ...]:
        """Return all known prices of intervals that overlap a period."""
        return _overlapping(self.prices, start, end)

    @property
    def end(self) -> datetime | None:
        """End of the last interval with a known price."""
        return self.prices[-1].end if self.prices else None

    @cached_property
    def _grid_fee_windows(self) -> dict[datetime, GridFeeWindow]:
        """Windows of module 3 by the start of their intervals, as far as known."""
        found: dict[datetime, GridFeeWindow] = {}
        for day, intervals in _by_day(self.intervals):
            fees = {each.start: each.grid for each in intervals}
            known = {start: fee for start, fee in fees.items() if fee is not None}
            windows = windows_of(
                known.values(), length_of(day) - len(known) * self.resolution
            )
            found |= {
                start: windows[fee] for start, fee in known.items() if fee in windows
            }
        return found

    def grid_fee_window(self, now: datetime) -> GridFeeWindow | None:
        """Return the window of module 3 at a moment."""
        interval = self.interval_at(now)
        return self._grid_fee_windows.get(interval.start) if interval else None

    def grid_fee_window_ends(self, now: datetime) -> datetime | None:
        """Return the start of the next different window, if it is known."""
        window = self.grid_fee_window(now)
        if window is None:
            return None
        later = (
            start
            for start, other in self._grid_fee_windows.items()
            if start > now and other is not window
        )
        return next(later, None)

    def grid_fee_windows(
        self, start: datetime, end: datetime
    ) -> list[tuple[datetime, datetime, GridFeeWindow]]:
        """Return the windows of module 3 between two moments: start, end, level."""
        found: list[tuple[datetime, datetime, GridFeeWindow]] = []
        for begin, window in self._grid_fee_windows.items():
            if not start <= begin < end:
                continue
            since = begin
            if found and found[-1][1:] == (begin, window):
                since = found.pop()[0]
            found.append((since, begin + self.resolution, window))
        return found

    def in_quarters(self) -> PriceSeries:
        """Return the prices by quarter-hour, each with the price of its hour."""
        if self.resolution == QUARTER:
            return self
        starts = (
            (each.start + index * QUARTER, each)
            for each in self.intervals
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
        """Known prices of the quarter-hours by their start."""
        return {each.start: each.amount for each in self.in_quarters().prices}

    def within(self, start: datetime, end: datetime) -> PriceSeries:
        """Return the prices of the intervals that overlap a time."""
        return PriceSeries(self.resolution, _overlapping(self.intervals, start, end))

    def since(self, moment: datetime) -> PriceSeries:
        """Return the prices from a moment on."""
        intervals = tuple(each for each in self.intervals if each.start >= moment)
        return PriceSeries(self.resolution, intervals)

    def updated(self, newer: PriceSeries) -> PriceSeries:
        """Return these prices, replaced and extended by newer ones.

        A known price is kept if the newer answer lacks it.
        """
        if not self.intervals or not newer.intervals:
            return newer if newer.intervals else self
        if newer.resolution != self.resolution:
            return self.in_quarters().updated(newer.in_quarters())
        known = {each.start: each for each in self.intervals}
        for each in newer.intervals:
            before = known.get(each.start)
            if each.amount is not None or before is None or before.amount is None:
                known[each.start] = each
        return PriceSeries._of(self.resolution, known)


def _by_day(prices: Iterable[Price]) -> Iterator[tuple[date, Iterator[Price]]]:
    return groupby(prices, key=lambda each: berlin_day(each.start))


def _overlapping(
    prices: Iterable[Price], start: datetime, end: datetime
) -> tuple[Price, ...]:
    return tuple(each for each in prices if each.start < end and each.end > start)


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
