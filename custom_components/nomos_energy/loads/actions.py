"""Action that plans a single run of a load."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from ..const import PRICE_UNIT
from ..errors import invalid
from ..nomos import DAY, HOUR
from .binary_sensors import shown_plan
from .coordinator import LoadCoordinator
from .history import LARGEST, LONGEST_ONCE
from .need import NeedKind
from .planner import NOTHING, Span

DEFAULT_PERIOD = DAY

AMOUNTS = {
    NeedKind.RUN_TIME: "run_time",
    NeedKind.ENERGY: "energy",
    NeedKind.CHARGE_LEVEL: "target",
}
"""Field of the amount, by need."""

RUN_LOAD_ONCE_FIELDS = {
    vol.Optional("run_time"): cv.positive_time_period,
    vol.Optional("energy"): vol.Coerce(float),
    vol.Optional("target"): vol.Coerce(float),
    vol.Optional("earliest"): cv.datetime,
    vol.Optional("latest"): cv.datetime,
}


async def async_run_load_once(
    call: ServiceCall, load: LoadCoordinator
) -> ServiceResponse:
    """Plan a single run, in place of an earlier one; return its plan."""
    if not load.is_enabled:
        raise invalid("planning_off")
    amount = _amount(call, load)
    hours = _hours(call)
    if (run_time := _run_time(load, amount)) and hours.end - hours.start < run_time:
        raise invalid("window_too_short")
    load.async_run_once(amount, hours)
    plan: list[JsonValueType] = [
        each
        for each, piece in zip(shown_plan(load.data), load.data.pieces, strict=True)
        if piece.overlap(hours)
    ]
    return {"plan": plan, "unit": PRICE_UNIT}


def _amount(call: ServiceCall, load: LoadCoordinator) -> float:
    """Return the amount in the unit of the need, by default the usual one."""
    kind = load.load.need.kind
    entered = {name: call.data[name] for name in AMOUNTS.values() if name in call.data}
    amount: Any = entered.pop(AMOUNTS[kind], load.usual_amount)
    if entered or amount is None:
        raise invalid(f"once_needs_{kind}")
    if isinstance(amount, timedelta):
        amount /= HOUR
    if not 0 < amount <= LARGEST[kind]:
        raise invalid(f"once_needs_{kind}")
    return float(amount)


def _hours(call: ServiceCall) -> Span:
    now = dt_util.utcnow()
    earliest = _moment(call, "earliest") or now
    start = max(earliest, now)
    end = _moment(call, "latest") or start + DEFAULT_PERIOD
    if end <= start:
        raise invalid("end_before_start")
    if end - now > LONGEST_ONCE:
        raise invalid("once_too_late", days=str(LONGEST_ONCE.days))
    return Span(start, end)


def _moment(call: ServiceCall, field: str) -> datetime | None:
    """Return a field as UTC; without an offset it is in Home Assistant's time zone."""
    moment: datetime | None = call.data.get(field)
    if moment is None:
        return None
    # Dates at either end of the calendar overflow when days are added.
    if not 1970 <= moment.year < 9000:
        raise invalid("once_too_late", days=str(LONGEST_ONCE.days))
    return dt_util.as_utc(moment)


def _run_time(load: LoadCoordinator, amount: float) -> timedelta:
    """Return the run time of an amount; nothing if that depends on a charge level."""
    match load.load.need.kind:
        case NeedKind.RUN_TIME:
            return amount * HOUR
        case NeedKind.ENERGY if power := load.data.power:
            return amount / power * HOUR
        case _:
            return NOTHING
