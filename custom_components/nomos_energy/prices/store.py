"""Store of the prices."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..disk import UNREADABLE, YEARS, Damage, read_number
from ..nomos import RESOLUTIONS, Price, PriceSeries
from ..nomos.prices import MAX_PRICE
from ..store import SAVE_LATER, RecordStore

STORE = "prices"

_NAMES = {length: name for name, length in RESOLUTIONS.items()}


def price_store(hass: HomeAssistant, entry: ConfigEntry) -> RecordStore[PriceSeries]:
    """Return the store of the prices, by subscription ID."""
    return RecordStore(hass, entry, STORE, _read, _write, SAVE_LATER)


def _write(series: PriceSeries) -> dict[str, Any]:
    """Return intervals in short: start in seconds since 1970, then the amounts."""
    return {
        "resolution": _NAMES[series.resolution],
        "prices": [
            [
                int(each.start.timestamp()),
                each.amount,
                each.energy,
                each.grid,
                each.levies,
            ]
            for each in series.intervals
        ],
    }


def _read(data: Any, damage: Damage) -> PriceSeries:
    resolution = RESOLUTIONS[data["resolution"]]
    prices: dict[datetime, Price] = {}
    for item in data["prices"]:
        try:
            price = _read_price(item, resolution)
        except UNREADABLE:
            damage.parts += 1
        else:
            prices[price.start] = price
    return PriceSeries(resolution, tuple(prices[start] for start in sorted(prices)))


def _read_price(item: Any, resolution: timedelta) -> Price:
    """Read a price; a day that lacks one is fetched again."""
    seconds, *amounts = item
    # A fraction or another second is no start of an interval.
    if read_number(seconds) % resolution.total_seconds():
        raise ValueError("The start of an interval expected")
    start = datetime.fromtimestamp(seconds, UTC)
    if start.year not in YEARS:
        raise ValueError("A year within reach expected")
    total, energy, grid, levies = map(_read_amount, amounts)
    return Price(start, start + resolution, total, energy, grid, levies)


def _read_amount(data: Any) -> float | None:
    if data is None:
        return None
    if abs(amount := read_number(data)) > MAX_PRICE:
        raise ValueError("A valid price expected")
    return amount
