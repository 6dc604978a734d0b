"""What a kilowatt-hour costs, or pays, and when.

All prices are in EUR/kWh, all timestamps in UTC; days are days in Europe/Berlin.
"""

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
from .fields import BERLIN, berlin_day, parse_timestamp
from .grid_fees import GridFeeWindow, windows_of
from .once import warn_once

DAY = timedelta(days=1)

RESOLUTIONS = {"15min": timedelta(minutes=15), "hourly": timedelta(hours=1)}

UNIT, CURRENCY = "ct/kWh", "EUR"
"""What the API's amounts are given in."""

ABSURD = 1000.0
"""EUR/kWh that are no price; the exchange stops at a few euros."""

LEAST_SPREAD = 0.02
"""EUR/kWh by which the prices of a day differ at least, for calling them cheap."""

LEVEL_LIMITS = (-1.25, -0.5, 0.5, 1.25)
"""What separates the five levels, in spreads from the average of the day."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a kilowatt-hour costs during an interval, or pays when feeding in.

    None stands for what is not known: never for nothing.
    """

    start: datetime
    end: datetime
    amount: float | None
    """All-in, VAT included."""
    energy: float | None = None
    grid: float | None = None
    levies: float | None = None


@dataclass(frozen=True)
class PriceDay:
    """The prices of a day, as far as they are known."""

    day: date
    resolution: timedelta
    prices: tuple[Price, ...]

    @property
    def is_published(self) -> bool:
        """Whether every interval of the day is there; it may yet lack its price."""
        length = midnight(self.day + DAY) - midnight(self.day)
        return len(self.prices) == length // self.resolution

    @property
    def is_complete(self) -> bool:
        """Whether every interval of the day has its price."""
        return self.is_published and len(self._priced) == len(self.prices)

    @cached_property
    def _priced(self) -> list[tuple[float, Price]]:
        return [(each.amount, each) for each in self.prices if each.amount is not None]

    @cached_property
    def _amounts(self) -> list[float]:
        return sorted(amount for amount, _ in self._priced)

    @cached_property
    def average(self) -> float | None:
        """The average of all known prices."""
        return round(fmean(self._amounts), 8) if self._amounts else None

    @cached_property
    def lowest(self) -> Price | None:
        """The interval with the lowest price; the first one, if there are several."""
        return min(self._priced, key=lambda pair: pair[0], default=(0, None))[1]

    @cached_property
    def highest(self) -> Price | None:
        """The interval with the highest price; the first one, if there are several."""
        return max(self._priced, key=lambda pair: pair[0], default=(0, None))[1]

    @cached_property
    def _spread(self) -> float:
        return max(pstdev(self._amounts), LEAST_SPREAD)

    def rank(self, amount: float) -> float:
        """Where one of the day's prices stands among the others, in percent.

        0 is below all others, 100 above all others; equal ones count half, so
        that the prices of a day without differences all stand at 50.
        """
        amounts = self._amounts
        if len(amounts) < 2:
            return 50.0
        below = bisect_left(amounts, amount)
        equal = amounts.count(amount) - 1
        return 100 * (below + equal / 2) / (len(amounts) - 1)

    def level(self, amount: float) -> int:
        """Tell from 0 to 4 how low or high a price is for its day; 2 is normal.

        The distance from the day's average counts, in standard deviations of
        the day's prices, of which each is taken for 2 ct/kWh at least: on a
        flat day a price has to be 1 ct away from the average to be anything
        but normal. Half a deviation is normal, and from one and a quarter on
        it is very low or very high.
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
        """The windows of module 3, by their grid fee; empty without windows."""
        return windows_of(each.grid for each in self.prices if each.grid is not None)


@dataclass(frozen=True)
class PriceSeries:
    """Prices in their order, with gaps where there are none."""

    resolution: timedelta = RESOLUTIONS["15min"]
    prices: tuple[Price, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read an answer of the API; raises NomosResponseError if it is none.

        An inactive subscription has no prices, which is no error. An item that
        can't be read leaves a gap.
        """
        if (data.get("unit"), data.get("currency")) != (UNIT, CURRENCY):
            raise NomosResponseError("Nomos sent prices in an unknown unit")
        resolution = RESOLUTIONS.get(str(data.get("resolution")))
        if resolution is None:
            raise NomosResponseError("Nomos sent prices of an unknown resolution")
        items = data.get("items")
        if not isinstance(items, list | None):
            raise NomosResponseError("Nomos sent prices that are no list")
        prices = (_read(item, resolution) for item in items or ())
        return cls._of(resolution, {each.start: each for each in prices if each})

    @classmethod
    def _of(cls, resolution: timedelta, prices: Mapping[datetime, Price]) -> Self:
        return cls(resolution, tuple(prices[start] for start in sorted(prices)))

    @classmethod
    def from_store(cls, data: Mapping[str, Any]) -> Self:
        """Read what to_store wrote; raises any error where it is something else."""
        resolution = RESOLUTIONS[data["resolution"]]
        starts = (
            (datetime.fromtimestamp(start, UTC), amounts)
            for start, *amounts in data["prices"]
        )
        return cls(
            resolution,
            tuple(
                Price(start, start + resolution, *amounts) for start, amounts in starts
            ),
        )

    @cached_property
    def to_store(self) -> dict[str, Any]:
        """The prices as they are kept; the starts in seconds since 1970."""
        names = {length: name for name, length in RESOLUTIONS.items()}
        return {
            "resolution": names[self.resolution],
            "prices": [
                [
                    int(each.start.timestamp()),
                    each.amount,
                    each.energy,
                    each.grid,
                    each.levies,
                ]
                for each in self.prices
            ],
        }

    @cached_property
    def days(self) -> dict[date, PriceDay]:
        """The days of which a price is there."""
        return {
            day: PriceDay(day, self.resolution, tuple(prices))
            for day, prices in groupby(
                self.prices, key=lambda price: berlin_day(price.start)
            )
        }

    def day(self, day: date) -> PriceDay:
        """Return the prices of a day, be they known or not."""
        return self.days.get(day) or PriceDay(day, self.resolution, ())

    def at(self, now: datetime) -> Price | None:
        """Return what holds at a moment."""
        place = bisect_right(self.prices, now, key=attrgetter("start"))
        if place and now < (price := self.prices[place - 1]).end:
            return price
        return None

    def between(self, start: datetime, end: datetime) -> tuple[Price, ...]:
        """Return all intervals that reach into a time."""
        return tuple(
            each for each in self.prices if each.start < end and each.end > start
        )

    @property
    def end(self) -> datetime | None:
        """Up to when prices are there."""
        return self.prices[-1].end if self.prices else None

    def grid_fee_window(self, now: datetime) -> GridFeeWindow | None:
        """Return the window of module 3 that holds at a moment."""
        price = self.at(now)
        if price is None or price.grid is None:
            return None
        return self.day(berlin_day(price.start)).grid_fee_windows.get(price.grid)

    def grid_fee_window_ends(self, now: datetime) -> datetime | None:
        """Return when another window begins, as far as the prices reach."""
        window = self.grid_fee_window(now)
        if window is None:
            return None
        starts = (each.start for each in self.prices if each.start > now)
        return next(
            (start for start in starts if self.grid_fee_window(start) is not window),
            None,
        )

    def in_quarters(self) -> PriceSeries:
        """Return the same prices for quarter-hours, which share the price of an hour."""
        quarter = RESOLUTIONS["15min"]
        if self.resolution == quarter:
            return self
        starts = (
            (each.start + place * quarter, each)
            for each in self.prices
            for place in range(self.resolution // quarter)
        )
        return PriceSeries(
            quarter,
            tuple(
                replace(each, start=start, end=start + quarter)
                for start, each in starts
            ),
        )

    @cached_property
    def quarters(self) -> dict[datetime, float | None]:
        """What each quarter-hour costs, by its start."""
        return {each.start: each.amount for each in self.in_quarters().prices}

    def since(self, moment: datetime) -> PriceSeries:
        """Return the prices from a moment on."""
        prices = tuple(each for each in self.prices if each.start >= moment)
        return PriceSeries(self.resolution, prices)

    def updated(self, newer: PriceSeries) -> PriceSeries:
        """Return these prices with newer ones, where there are any.

        A price that was known is not forgotten because it is missing for once.
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
    """Return when a day begins."""
    return at_clock(day, time.min)


def at_clock(day: date, clock: time) -> datetime:
    """Return a moment of a day by the clock on the wall (Berlin)."""
    return datetime.combine(day, clock, BERLIN).astimezone(UTC)


def _read(item: Any, resolution: timedelta) -> Price | None:
    start = parse_timestamp(item.get("timestamp")) if isinstance(item, dict) else None
    if start is None or start.timestamp() % resolution.total_seconds():
        warn_once("Leaving out a price whose time can't be read")
        return None
    return Price(
        start, start + resolution, _amount(item.get("amount")), *_components(item)
    )


def _components(item: Mapping[str, Any]) -> list[float | None]:
    components = item.get("components")
    amounts = {
        str(each.get("type")): _amount(each.get("amount"))
        for each in (components if isinstance(components, list) else ())
        if isinstance(each, dict)
    }
    return [amounts.get(kind) for kind in ("electricity", "grid", "levies")]


def _amount(value: Any) -> float | None:
    """Read an amount in ct/kWh; none where there is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        # Rounded to what no bill shows, so that 24.44 ct are 0.2444 EUR.
        amount = round(float(value) / 100, 8)
    except OverflowError:
        return None
    return amount if abs(amount) < ABSURD else None
