"""What a planned load will do next, as its form says it in the end."""

from datetime import datetime

from homeassistant.const import ATTR_FRIENDLY_NAME
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..nomos import DAY, PriceSeries
from ..number_field import show_number
from .history import LoadHistory
from .jobs import jobs_of
from .known import NOTHING_KNOWN, read_values
from .planner import average_price
from .planning import plan_jobs
from .settings import PlannedLoad


def preview(
    hass: HomeAssistant,
    load: PlannedLoad,
    prices: PriceSeries,
    *,
    is_active: bool,
    is_limited: bool,
) -> tuple[str, dict[str, str]]:
    """Return the translation key of what happens next, and its placeholders.

    Nothing runs before the meter is active. Within a limit, the plan also depends on
    the other loads, which are not asked here.
    """
    now = dt_util.utcnow()
    values = read_values(hass, load, NOTHING_KNOWN, now)
    jobs = jobs_of(load, values, LoadHistory(), now)
    if not is_active:
        return "waiting_for_meter", {}
    plan = plan_jobs(load, jobs, None, now, now, prices) if jobs else None
    if plan is None or not plan.pieces:
        return "no_plan", {}
    if is_limited:
        return "within_limit", {}
    piece = plan.pieces[0]
    start, end = dt_util.as_local(piece.start), dt_util.as_local(piece.end)
    names = [_name(hass, each) for each in _entities(load)]
    found = {
        "date": start.strftime("%Y-%m-%d"),
        "start": start.strftime("%H:%M"),
        "end": end.strftime("%H:%M"),
        "targets": ", ".join(names) or "–",
    }
    price = average_price([piece], prices)
    if plan.is_fallback or price is None:
        return "provisional", found
    with_comma = hass.config.language.startswith("de")
    found["price"] = show_number(round(price * 100, 1), with_comma=with_comma)
    return _day(start), found


def _day(start: datetime) -> str:
    today = dt_util.now().date()
    if start.date() == today:
        return "planned_today"
    return "planned_tomorrow" if start.date() == today + DAY else "planned_later"


def _entities(load: PlannedLoad) -> tuple[str, ...]:
    return (*load.targets, *([load.number.entity] if load.number else []))


def _name(hass: HomeAssistant, entity: str) -> str:
    state = hass.states.get(entity)
    return str(state.attributes.get(ATTR_FRIENDLY_NAME, entity)) if state else entity
