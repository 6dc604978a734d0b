"""Prices as they are at one moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from homeassistant.util import dt as dt_util

from ..nomos import DAY, Price, PriceDay, PriceSeries, berlin_day


@dataclass(frozen=True, slots=True)
class PriceMoment:
    """All that entities show of the prices at a moment (UTC)."""

    now: datetime
    ends: datetime
    """End of the current interval."""
    series: PriceSeries
    interval: Price | None
    """Current interval, with or without a price."""
    current: Price | None
    """Current price, if it is known."""
    next: Price | None
    today: PriceDay
    tomorrow: PriceDay

    @classmethod
    def of(cls, series: PriceSeries, now: datetime) -> Self:
        """Return the moment of a series."""
        seconds = series.resolution.total_seconds()
        ends = dt_util.utc_from_timestamp((now.timestamp() // seconds + 1) * seconds)
        today = berlin_day(now)
        return cls(
            now=now,
            ends=ends,
            series=series,
            interval=series.interval_at(now),
            current=series.at(now),
            next=series.at(ends),
            today=series.day(today),
            tomorrow=series.day(today + DAY),
        )
