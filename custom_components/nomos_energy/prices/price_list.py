"""Prices as automations read them, in attributes and action responses."""

from collections.abc import Iterable
from datetime import datetime

from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType

from ..nomos import Price


def price_list(prices: Iterable[Price], key: str = "price") -> list[JsonValueType]:
    """Return intervals with their prices in EUR/kWh.

    Timestamps are ISO 8601 in Home Assistant's time zone.
    """
    result: list[JsonValueType] = []
    end: tuple[datetime | None, str] = (None, "")
    for each in prices:
        # Most intervals begin where the one before ends.
        start = end[1] if each.start == end[0] else _local(each.start)
        end = (each.end, _local(each.end))
        result.append({"start": start, "end": end[1], key: each.amount})
    return result


def _local(moment: datetime) -> str:
    return dt_util.as_local(moment).isoformat()
