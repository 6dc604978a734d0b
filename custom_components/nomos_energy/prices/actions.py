"""Actions that return prices and the best time to run a load."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil, floor, nan
from textwrap import shorten
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import CURRENCY, PRICE_UNIT
from ..errors import action_error, invalid
from ..nomos import (
    DAY,
    HOUR,
    QUARTER,
    NomosAuthError,
    NomosError,
    Price,
    PriceSeries,
    berlin_day,
    midnight,
)
from .coordinator import PriceCoordinator
from .optimizer import Pieces, cheapest, cost, total
from .price_list import price_list, price_values

LONGEST_LIST = timedelta(days=366)
"""Longest period of one call of get_prices."""

LONGEST_RUN = timedelta(days=7)
"""Longest run time of a load; prices are known for two days at most."""

LARGEST_LOAD = 1000.0
"""kW."""

LONGEST_QUOTE = 40
"""Characters of an invalid value that are repeated in an error at most."""

RESOLUTIONS = {"15min": QUARTER, "hour": HOUR}

FORMATS = ("list", "evcc", "emhass")
"""As in the attributes, and as other tools read prices."""

GET_PRICES_FIELDS = {
    vol.Optional("start"): cv.datetime,
    vol.Optional("end"): cv.datetime,
    vol.Optional("resolution"): vol.In(RESOLUTIONS),
    vol.Optional("format", default="list"): vol.In(FORMATS),
}

FIND_CHEAPEST_WINDOW_FIELDS = {
    vol.Optional("duration"): vol.All(
        cv.positive_time_period, vol.Range(max=LONGEST_RUN)
    ),
    vol.Optional("earliest"): cv.datetime,
    vol.Optional("latest"): cv.datetime,
    vol.Optional("shortest_piece"): cv.positive_time_period,
    # Its values are checked by the action, which says which of them is invalid.
    vol.Optional("load_profile"): cv.ensure_list,
    vol.Optional("most_expensive", default=False): cv.boolean,
}


async def async_get_prices(
    call: ServiceCall, coordinator: PriceCoordinator
) -> ServiceResponse:
    """Return the prices of a period, by default of today and tomorrow."""
    today = midnight(berlin_day(dt_util.utcnow()))
    start, end = moment_of(call, "start") or today, moment_of(call, "end")
    until = end or max(_end_of_tomorrow(), start + QUARTER)
    if until <= start:
        raise invalid("end_before_start")
    if until - start > LONGEST_LIST:
        raise invalid("too_many_days", days=str(LONGEST_LIST.days))
    # Whole hours, so that those at both ends have their average.
    series = await async_prices_between(
        coordinator, _whole(HOUR, start, floor), _whole(HOUR, until, ceil)
    )
    _check_reach(coordinator, end or start + timedelta.resolution)
    resolution = call.data.get("resolution") or next(
        name for name, length in RESOLUTIONS.items() if length == series.resolution
    )
    quarters = series.in_quarters()
    if resolution == "hour":
        quarters = PriceSeries(HOUR, tuple(_hours(quarters.prices)))
    prices = quarters.between(start, until)
    if not prices:
        raise invalid("no_prices")
    match call.data["format"]:
        case "emhass":
            listed = price_values(prices, start)
        case "evcc":
            listed = price_list(prices, "value")
        case _:
            listed = price_list(prices)
    return {"unit": PRICE_UNIT, "resolution": resolution, "prices": listed}


async def async_find_cheapest_window(
    call: ServiceCall, coordinator: PriceCoordinator
) -> ServiceResponse:
    """Return the time at which running a load costs the least, or the most."""
    load = _load(call)
    shortest = _shortest_piece(call, len(load))
    now = dt_util.utcnow()
    begin = _whole(QUARTER, max(now, moment_of(call, "earliest") or now), ceil)
    latest, tomorrow = moment_of(call, "latest"), _end_of_tomorrow()
    if latest and latest - begin < len(load) * QUARTER:
        raise invalid("window_too_short")
    series = await async_prices_between(
        coordinator, begin, min(latest or tomorrow, tomorrow)
    )
    known = _check_reach(coordinator, latest or begin + len(load) * QUARTER)
    slots = _slots(series, begin, min(latest or known, known))
    pieces = cheapest(slots, load, shortest, most_expensive=call.data["most_expensive"])
    if pieces is None:
        raise invalid("prices_missing")
    return _describe(slots, load, pieces, begin)


def moment_of(call: ServiceCall, field: str) -> datetime | None:
    """Return a field as UTC; without an offset it is in Home Assistant's time zone."""
    moment: datetime | None = call.data.get(field)
    if moment is None:
        return None
    # Dates at either end of the calendar overflow when days are added.
    if not 1970 <= moment.year < 9000:
        raise invalid("no_prices")
    return dt_util.as_utc(moment)


def _end_of_tomorrow() -> datetime:
    return midnight(berlin_day(dt_util.utcnow()) + 2 * DAY)


async def async_prices_between(
    coordinator: PriceCoordinator, start: datetime, end: datetime
) -> PriceSeries:
    """Return all known prices of a period; raises HomeAssistantError."""
    try:
        return await coordinator.async_between(start, end)
    except NomosError as err:
        if isinstance(err, NomosAuthError):
            # Starts reauthentication.
            await coordinator.contracts.async_refresh()
        raise action_error(err) from err


def _check_reach(coordinator: PriceCoordinator, end: datetime) -> datetime:
    """Return the end of the known prices; raises ServiceValidationError if too early."""
    known = coordinator.data.end
    now = dt_util.utcnow()
    if known is None or known <= now:
        if end <= now:
            return end
        raise invalid("no_prices")
    if end > known:
        local = dt_util.as_local(known)
        raise invalid(
            "prices_not_known",
            day=f"{local:%d}",
            month=f"{local:%m}",
            year=f"{local:%Y}",
            time=f"{local:%H:%M}",
        )
    return known


def _hours(quarters: Iterable[Price]) -> Iterable[Price]:
    """Average the quarters of each hour; without one of them it has no price."""
    for number, group in groupby(
        quarters, key=lambda each: each.start.timestamp() // HOUR.total_seconds()
    ):
        start = dt_util.utc_from_timestamp(number * HOUR.total_seconds())
        amounts = [each.amount for each in group]
        product = total(amounts, [1.0] * len(amounts))
        if product is not None and len(amounts) == HOUR // QUARTER:
            yield Price(start, start + HOUR, round(product / len(amounts), 8))


def _load(call: ServiceCall) -> list[float]:
    """Return the power profile in kW per quarter-hour of the run time."""
    profile = _load_profile(call)
    duration: timedelta | None = call.data.get("duration")
    if duration is None:
        if profile is None:
            raise invalid("duration_missing")
        return profile
    quarters = ceil(duration / QUARTER)
    if quarters == 0:
        raise invalid("duration_missing")
    if profile and len(profile) != quarters:
        raise invalid(
            "load_profile_length", quarters=str(quarters), values=str(len(profile))
        )
    return profile or [1.0] * quarters


def _load_profile(call: ServiceCall) -> list[float] | None:
    """Return the load profile in kW, if there is one."""
    values: list[Any] | None = call.data.get("load_profile")
    if values is None:
        return None
    if not values:
        raise invalid("load_profile_empty")
    if len(values) > (most := LONGEST_RUN // QUARTER):
        raise invalid("load_profile_too_long", values=str(len(values)), most=str(most))
    return [_power(value, place) for place, value in enumerate(values, start=1)]


def _power(value: Any, place: int) -> float:
    """Return a value of the load profile; templates may render numbers as text."""
    try:
        power = float(value) if not isinstance(value, bool) else nan
    except TypeError, ValueError, OverflowError:
        power = nan
    if not 0 <= power <= LARGEST_LOAD:
        raise invalid(
            "load_profile_value",
            place=str(place),
            value=shorten(str(value), LONGEST_QUOTE, placeholder=" …"),
            most=f"{LARGEST_LOAD:.0f}",
        )
    return power


def _shortest_piece(call: ServiceCall, quarters: int) -> int:
    """Return the least number of quarter-hours of a piece; all of them for one block."""
    shortest: timedelta | None = call.data.get("shortest_piece")
    if shortest is None:
        return quarters
    return min(max(ceil(shortest / QUARTER), 1), quarters)


def _whole(
    length: timedelta, moment: datetime, rounded: Callable[[float], int]
) -> datetime:
    """Return a moment, rounded to a whole hour or quarter-hour."""
    seconds = length.total_seconds()
    return dt_util.utc_from_timestamp(rounded(moment.timestamp() / seconds) * seconds)


def _slots(series: PriceSeries, begin: datetime, end: datetime) -> list[float | None]:
    """Return the price of each quarter-hour of a period."""
    return [
        series.quarters.get(begin + number * QUARTER)
        for number in range((end - begin) // QUARTER)
    ]


def _describe(
    slots: list[float | None], load: list[float], pieces: Pieces, begin: datetime
) -> dict[str, Any]:
    """Return a plan as response data."""
    total = cost(slots, load, pieces) or 0.0
    at_once = cost(slots, load, ((0, len(load)),))
    energy = sum(load) / (HOUR // QUARTER)
    moments = [
        (begin + first * QUARTER, begin + last * QUARTER) for first, last in pieces
    ]
    return {
        "start": _iso(moments[0][0]),
        "end": _iso(moments[-1][1]),
        "pieces": [{"start": _iso(start), "end": _iso(end)} for start, end in moments],
        "average_price": round(total / energy, 6) if energy else None,
        "total_price": round(total, 6),
        "savings": None if at_once is None else round(at_once - total, 6),
        "unit": PRICE_UNIT,
        "currency": CURRENCY,
    }


def _iso(moment: datetime) -> str:
    return dt_util.as_local(moment).isoformat()
