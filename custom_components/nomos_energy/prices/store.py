"""Store of the prices."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..nomos import RESOLUTIONS, Price, PriceSeries
from ..store import SAVE_LATER, RecordStore

STORE = "prices"

_NAMES = {length: name for name, length in RESOLUTIONS.items()}


def price_store(hass: HomeAssistant, entry: ConfigEntry) -> RecordStore[PriceSeries]:
    """Return the store of the prices, by subscription ID."""
    return RecordStore(hass, entry, STORE, _read, _write, SAVE_LATER)


def _write(series: PriceSeries) -> dict[str, Any]:
    """Return prices in short: start in seconds since 1970, then the amounts."""
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
            for each in series.prices
        ],
    }


def _read(data: Mapping[str, Any]) -> PriceSeries:
    resolution = RESOLUTIONS[data["resolution"]]
    starts = (
        (datetime.fromtimestamp(start, UTC), amounts)
        for start, *amounts in data["prices"]
    )
    return PriceSeries(
        resolution,
        tuple(Price(start, start + resolution, *amounts) for start, amounts in starts),
    )
