"""Measured quarter-hours with their prices, as actions return them.

Energy is in kWh, prices in EUR/kWh, costs in EUR.
"""

from collections.abc import Callable, Iterable
import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from itertools import groupby
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import CURRENCY, PRICE_UNIT
from ..errors import action_error, invalid
from ..nomos import (
    DAY,
    QUARTER,
    NomosAuthError,
    NomosError,
    Price,
    PriceSeries,
    Usage,
    berlin_day,
    midnight,
)
from ..nomos.usage import DIGITS
from ..prices.actions import LONGEST_LIST, async_prices_between, moment_of
from ..prices.coordinator import PriceCoordinator
from .coordinator import UsageCoordinator
from .settlement import next_month


@dataclass(frozen=True, slots=True)
class Quarter:
    """Measured quarter-hour."""

    start: datetime
    energy: float
    price: Price | None
    """Price with its components; None if it is unknown."""
    is_final: bool

    @property
    def cost(self) -> float | None:
        """EUR; None if the price is unknown."""
        if self.price is None or self.price.amount is None:
            return None
        return self.energy * self.price.amount


RESOLUTIONS: dict[str, Callable[[datetime], datetime]] = {
    "15min": lambda start: start,
    "hour": lambda start: start.replace(minute=0),
    "day": lambda start: midnight(berlin_day(start)),
    "month": lambda start: midnight(berlin_day(start).replace(day=1)),
}
"""Start of the interval of a quarter-hour."""

FORMATS = ("list", "csv")

PERIOD_FIELDS = {vol.Required("start"): cv.datetime, vol.Optional("end"): cv.datetime}

GET_USAGE_FIELDS = {
    **PERIOD_FIELDS,
    vol.Optional("resolution", default="hour"): vol.In(RESOLUTIONS),
    vol.Optional("format", default="list"): vol.In(FORMATS),
}


def period_of(call: ServiceCall) -> tuple[datetime, datetime]:
    """Return the fields start and end as UTC; the end is now if it is left out.

    Raises ServiceValidationError if the end is not later, or too much later.
    """
    now = dt_util.utcnow()
    start, end = moment_of(call, "start") or now, moment_of(call, "end") or now
    if end <= start:
        raise invalid("end_before_start")
    if end - start > LONGEST_LIST:
        raise invalid("too_many_days", days=str(LONGEST_LIST.days))
    return start, end


async def async_quarters(
    usage: UsageCoordinator, prices: PriceCoordinator, start: datetime, end: datetime
) -> tuple[list[Quarter], PriceSeries]:
    """Fetch the measured quarter-hours of a period, in order, and the prices.

    The prices are those of whole days, by quarter-hour. Raises HomeAssistantError.
    """
    measured: list[Usage] = []
    day, last = berlin_day(start), berlin_day(end - timedelta.resolution)
    try:
        while day <= last:
            until = min(next_month(day) - DAY, last)
            measured += await usage.contracts.client.usage(
                usage.subscription_id, day, until
            )
            day = until + DAY
    except NomosError as err:
        if isinstance(err, NomosAuthError):
            # Starts reauthentication.
            await usage.contracts.async_refresh()
        raise action_error(err) from err
    found = await async_prices_between(
        prices, midnight(berlin_day(start)), midnight(last + DAY)
    )
    series = found.in_quarters()
    known = {each.start: each for each in series.intervals}
    return [
        Quarter(each.start, each.energy, known.get(each.start), each.is_final)
        for each in sorted(measured, key=lambda each: each.start)
        if start <= each.start < end
    ], series


async def async_get_usage(
    call: ServiceCall, usage: UsageCoordinator, prices: PriceCoordinator
) -> ServiceResponse:
    """Return what was used in a period, and what it cost."""
    start, end = period_of(call)
    quarters, _ = await async_quarters(usage, prices, start, end)
    if not quarters:
        raise invalid("no_usage")
    begin_of = RESOLUTIONS[call.data["resolution"]]
    rows = [
        _row(begin, list(group))
        for begin, group in groupby(quarters, key=lambda each: begin_of(each.start))
    ]
    described = {
        "unit": "kWh",
        "price_unit": PRICE_UNIT,
        "currency": CURRENCY,
        "resolution": call.data["resolution"],
    }
    if call.data["format"] == "csv":
        return {**described, "csv": _as_csv(rows)}
    return {**described, "usage": rows}


def _row(begin: datetime, quarters: list[Quarter]) -> dict[str, Any]:
    """Return an interval; its cost is unknown if the price of a quarter-hour is."""
    energy = sum(each.energy for each in quarters)
    costs = [each.cost for each in quarters]
    known = [each for each in costs if each is not None]
    cost = sum(known) if len(known) == len(costs) else None
    first = quarters[0].price
    price = cost / energy if cost is not None and energy else None
    if len(quarters) == 1 and first:
        price = first.amount
    return {
        "start": dt_util.as_local(max(begin, quarters[0].start)).isoformat(),
        "end": dt_util.as_local(quarters[-1].start + QUARTER).isoformat(),
        "energy": round(energy, DIGITS),
        "price": None if price is None else round(price, 6),
        "cost": None if cost is None else round(cost, 6),
        "preliminary": not all(each.is_final for each in quarters),
    }


def _as_csv(rows: Iterable[dict[str, Any]]) -> str:
    """Return rows as text: commas between, points in numbers, nothing for unknown."""
    text = StringIO()
    first, *others = rows
    writer = csv.DictWriter(text, first, lineterminator="\n")
    writer.writeheader()
    writer.writerows([first, *others])
    return text.getvalue()
