"""Actions that answer with prices: lists of them, and when to run a load."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil, floor
from statistics import fmean
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import DAY, explain
from ..nomos import NomosAuthError, NomosError, Price, PriceSeries, berlin_day, midnight
from ..targets import CONTRACT, contract_of
from .coordinator import PriceCoordinator
from .optimizer import Pieces, cheapest, cost
from .price_list import CURRENCY, UNIT, price_list

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)

LONGEST_LIST = timedelta(days=366)
"""How many prices may be asked for at once."""

LONGEST_RUN = timedelta(days=7)
"""How long a load may run; prices are known for two days at most."""

LARGEST_LOAD = 1000.0
"""kW; who has more does not plan it here."""

RESOLUTIONS = {"15min": QUARTER, "hour": HOUR}

GET_PRICES_SCHEMA = vol.Schema(
    {
        **CONTRACT,
        vol.Optional("start"): cv.datetime,
        vol.Optional("end"): cv.datetime,
        vol.Optional("resolution"): vol.In(RESOLUTIONS),
    }
)

FIND_CHEAPEST_WINDOW_SCHEMA = vol.Schema(
    {
        **CONTRACT,
        vol.Optional("duration"): vol.All(
            cv.positive_time_period, vol.Range(max=LONGEST_RUN)
        ),
        vol.Optional("earliest"): cv.datetime,
        vol.Optional("latest"): cv.datetime,
        vol.Optional("shortest_piece"): cv.positive_time_period,
        vol.Optional("load_profile"): vol.All(
            cv.ensure_list,
            [vol.All(vol.Coerce(float), vol.Range(min=0, max=LARGEST_LOAD))],
            vol.Length(min=1, max=LONGEST_RUN // QUARTER),
        ),
        vol.Optional("most_expensive", default=False): cv.boolean,
    }
)


async def async_get_prices(call: ServiceCall) -> ServiceResponse:
    """Return the prices of some time: of today and tomorrow, if none is given."""
    coordinator = _prices_of(call)
    today = midnight(berlin_day(dt_util.utcnow()))
    start, end = _moment(call, "start") or today, _moment(call, "end")
    until = end or max(_end_of_tomorrow(), start + QUARTER)
    if until <= start:
        raise _invalid("end_before_start")
    if until - start > LONGEST_LIST:
        raise _invalid("too_many_days", days=str(LONGEST_LIST.days))
    # Whole hours, so that those at both ends have their average.
    series = await _async_between(
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
        raise _invalid("no_prices")
    return {"unit": UNIT, "resolution": resolution, "prices": price_list(prices)}


async def async_find_cheapest_window(call: ServiceCall) -> ServiceResponse:
    """Return when running a load costs the least, or the most."""
    coordinator = _prices_of(call)
    load = _load(call)
    shortest = _shortest_piece(call, len(load))
    now = dt_util.utcnow()
    begin = _whole(QUARTER, max(now, _moment(call, "earliest") or now), ceil)
    latest, tomorrow = _moment(call, "latest"), _end_of_tomorrow()
    if latest and latest - begin < len(load) * QUARTER:
        raise _invalid("window_too_short")
    series = await _async_between(coordinator, begin, min(latest or tomorrow, tomorrow))
    known = _check_reach(coordinator, latest or begin + len(load) * QUARTER)
    slots = _slots(series, begin, min(latest or known, known))
    pieces = cheapest(slots, load, shortest, most_expensive=call.data["most_expensive"])
    if pieces is None:
        raise _invalid("prices_missing")
    return _describe(slots, load, pieces, begin)


def _prices_of(call: ServiceCall) -> PriceCoordinator:
    account, key = contract_of(call)
    if (prices := account.prices.get(key)) is None:
        raise _invalid("no_smart_meter_yet")
    return prices


def _moment(call: ServiceCall, field: str) -> datetime | None:
    """Return a moment; without a time zone it is in Home Assistant's."""
    moment: datetime | None = call.data.get(field)
    if moment is None:
        return None
    # Near the first and the last year there is, no calendar can calculate.
    if not 1970 <= moment.year < 9000:
        raise _invalid("no_prices")
    return dt_util.as_utc(moment)


def _end_of_tomorrow() -> datetime:
    return midnight(berlin_day(dt_util.utcnow()) + 2 * DAY)


async def _async_between(
    coordinator: PriceCoordinator, start: datetime, end: datetime
) -> PriceSeries:
    try:
        return await coordinator.async_between(start, end)
    except NomosError as err:
        if isinstance(err, NomosAuthError):
            # This asks for a login.
            await coordinator.account.async_refresh()
        said = explain(err, timedelta(0))
        raise HomeAssistantError(
            translation_domain=said.translation_domain,
            translation_key=said.translation_key,
            translation_placeholders=said.translation_placeholders,
        ) from err


def _check_reach(coordinator: PriceCoordinator, end: datetime) -> datetime:
    """Return until when prices are known; raise an error if that is too early."""
    known = coordinator.data.end
    now = dt_util.utcnow()
    if known is None or known <= now:
        if end <= now:
            return end
        raise _invalid("no_prices")
    if end > known:
        local = dt_util.as_local(known)
        raise _invalid(
            "prices_not_known",
            day=f"{local:%d}",
            month=f"{local:%m}",
            year=f"{local:%Y}",
            time=f"{local:%H:%M}",
        )
    return known


def _hours(quarters: Iterable[Price]) -> Iterable[Price]:
    """Average the quarters of each hour; one that lacks its price makes it unknown."""
    for number, group in groupby(
        quarters, key=lambda each: each.start.timestamp() // HOUR.total_seconds()
    ):
        start = dt_util.utc_from_timestamp(number * HOUR.total_seconds())
        amounts = [each.amount for each in group]
        known = [amount for amount in amounts if amount is not None]
        is_known = len(known) == HOUR // QUARTER
        yield Price(start, start + HOUR, round(fmean(known), 8) if is_known else None)


def _load(call: ServiceCall) -> list[float]:
    """Return the load in kW for each quarter-hour of its run time."""
    profile: list[float] | None = call.data.get("load_profile")
    duration: timedelta | None = call.data.get("duration")
    if duration is None:
        if profile is None:
            raise _invalid("duration_missing")
        return profile
    quarters = ceil(duration / QUARTER)
    if quarters == 0:
        raise _invalid("duration_missing")
    if profile and len(profile) != quarters:
        raise _invalid(
            "load_profile_length", quarters=str(quarters), values=str(len(profile))
        )
    return profile or [1.0] * quarters


def _shortest_piece(call: ServiceCall, quarters: int) -> int:
    """Return the quarter-hours that a piece takes at least: all, for one block."""
    shortest: timedelta | None = call.data.get("shortest_piece")
    if shortest is None:
        return quarters
    return min(max(ceil(shortest / QUARTER), 1), quarters)


def _whole(
    length: timedelta, moment: datetime, rounded: Callable[[float], int]
) -> datetime:
    """Return the whole hour or quarter of an hour before or after a moment."""
    seconds = length.total_seconds()
    return dt_util.utc_from_timestamp(rounded(moment.timestamp() / seconds) * seconds)


def _slots(series: PriceSeries, begin: datetime, end: datetime) -> list[float | None]:
    """Return the price of each quarter-hour that lies within a time."""
    amounts = {each.start: each.amount for each in series.in_quarters().prices}
    return [
        amounts.get(begin + number * QUARTER)
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
        "unit": UNIT,
        "currency": CURRENCY,
    }


def _iso(moment: datetime) -> str:
    return dt_util.as_local(moment).isoformat()


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )
