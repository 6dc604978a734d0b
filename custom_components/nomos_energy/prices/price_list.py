"""Prices as automations read them, from attributes and from actions."""

from collections.abc import Iterable

from homeassistant.const import UnitOfEnergy
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType

from ..nomos import Price

CURRENCY = "EUR"
UNIT = f"{CURRENCY}/{UnitOfEnergy.KILO_WATT_HOUR}"


def price_list(prices: Iterable[Price], word: str = "price") -> list[JsonValueType]:
    """Return intervals with their prices in EUR/kWh.

    Timestamps are ISO 8601 in Home Assistant's time zone.
    """
    return [
        {
            "start": dt_util.as_local(each.start).isoformat(),
            "end": dt_util.as_local(each.end).isoformat(),
            word: each.amount,
        }
        for each in prices
    ]
