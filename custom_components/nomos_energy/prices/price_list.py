"""Prices as automations and other tools read them, in attributes and responses."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType

from ..errors import invalid
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


def price_values(prices: Sequence[Price], start: datetime) -> list[JsonValueType]:
    """Return the prices in EUR/kWh alone, one for each interval from a moment on.

    Raises ServiceValidationError if one is missing: it would move those after it.
    """
    if prices[0].start > start or any(
        each.end != following.start for each, following in pairwise(prices)
    ):
        raise invalid("price_gap")
    return [each.amount for each in prices]


def _local(moment: datetime) -> str:
    return dt_util.as_local(moment).isoformat()
