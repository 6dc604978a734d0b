"""Limit of the power that the planned loads of a contract draw together.

Power is in kW.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from math import inf, isfinite
from typing import Protocol

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

from ..nomos import DAY, HOUR
from ..schedule import Timer
from .allotting import Range, allot, free_power, plan_within, reduced_of, run_of
from .draft import Draft
from .kept import KeptPlans
from .numbers import power_range
from .planning import Plan
from .sharing import TOLERANCE

LOWERED_FOR = HOUR
"""Time for which plans expect that a lowered limit stays low."""

REST = timedelta(minutes=1)
"""Time between plans while an entity raises the limit again and again."""


class LimitedLoad(Protocol):
    """Planned load that is subject to a limit."""

    key: str

    @property
    def known_limit(self) -> float | None:
        """Last known limit, as it is stored."""

    @callback
    def async_note_limit(self, limit: float) -> None:
        """Store the last known limit."""

    @callback
    def async_draft(self, now: datetime) -> Draft:
        """Stop what is over, and return what a plan is made from."""

    @callback
    def async_give_way(self, now: datetime) -> None:
        """End the run in progress."""

    @callback
    def async_apply(self, draft: Draft, plan: Plan, reduced: float | None) -> None:
        """Follow a plan."""


class LoadLimit:
    """Plans the loads of a contract together, within their limit.

    Without a limit, each load is planned by itself. While an entity lowers the limit,
    runs in progress are reduced or end, that with the latest deadline first.
    """

    def __init__(self, hass: HomeAssistant, setting: float | str | None) -> None:
        """Initialize; the setting is in kW, or an entity."""
        self._hass = hass
        self._setting = setting
        self._loads: dict[str, LimitedLoad] = {}
        self._latest = setting if isinstance(setting, float) else None
        self._seen: dict[datetime, float] = {}
        """Limits of the last day."""
        self._kept = KeptPlans()
        self._in_use = 0.0
        self._planned_at: datetime | None = None
        self._is_planning = self._is_stale = False
        self._later = Timer(hass, self.async_replan_all)
        self._remove_listener: CALLBACK_TYPE | None = None
        if isinstance(setting, str):
            self._remove_listener = async_track_state_change_event(
                hass, setting, self._state_changed
            )

    @callback
    def async_shutdown(self) -> None:
        """Stop following the entity."""
        self._later.async_cancel()
        if self._remove_listener:
            self._remove_listener()
            self._remove_listener = None

    @callback
    def async_remove(self, load: LimitedLoad) -> None:
        """Leave the power of a load to the others."""
        self._loads.pop(load.key, None)

    @callback
    def async_replan(self, load: LimitedLoad) -> None:
        """Plan a load again, and with it all that share its limit."""
        if self._setting is None:
            draft = load.async_draft(dt_util.utcnow())
            load.async_apply(draft, draft.plan(), None)
        elif self._loads.get(load.key) is load:
            self.async_replan_all()
        else:
            # It begins nothing before the others are there, too.
            self._loads[load.key] = load
            load.async_apply(load.async_draft(dt_util.utcnow()), Plan(), None)

    @callback
    def async_replan_all(self, _now: datetime | None = None) -> None:
        """Plan all loads again."""
        if self._setting is None or not self._loads:
            return
        if self._is_planning:
            self._is_stale = True
            return
        self._is_planning, self._is_stale = True, False
        try:
            self._plan_all(dt_util.utcnow())
        finally:
            self._is_planning = False
        if self._is_stale:
            # What follows a plan may change it, such as a target that is left alone.
            self._later.async_start(dt_util.utcnow() + timedelta(seconds=1))

    def _plan_all(self, now: datetime) -> None:
        self._planned_at = now
        self._later.async_cancel()
        limit = self._note(now)
        drafts = {key: each.async_draft(now) for key, each in self._loads.items()}
        if limit is None:
            for key, draft in drafts.items():
                self._loads[key].async_apply(draft, draft.plan(), None)
            return
        ranges = {key: self._range(draft) for key, draft in drafts.items()}
        highest = max([limit, *self._seen.values()])
        expected = partial(_expected, limit, highest, now + LOWERED_FOR)
        runs = {key for key, draft in drafts.items() if run_of(draft)}
        left = allot(limit, runs, drafts, ranges)
        for key in runs - left.keys():
            self._loads[key].async_give_way(now)
            drafts[key] = self._loads[key].async_draft(now)
        free = free_power(drafts, ranges, expected)
        for key, span in ranges.items():
            if span:
                times = reduced_of(
                    drafts[key], span, free, expected, left.get(key), LOWERED_FOR
                )
                drafts[key] = replace(drafts[key], reduced=times)
        # While the limit is lowered, it is expected to return ever later.
        is_steady = limit == highest
        plans = self._kept.get(drafts, ranges, limit) if is_steady else None
        if plans is None:
            plans = plan_within(drafts, ranges, free)
        self._kept.keep(plans, drafts, ranges, limit)
        runs &= left.keys()
        runs |= {key for key, plan in plans.items() if plan.begins_by(now)}
        left = allot(limit, runs, drafts, ranges)
        self._in_use = sum(each for each in left.values() if each < inf)
        for key, load in list(self._loads.items()):
            power, _ = ranges[key] or (0.0, 0.0)
            drawn = left.get(key, power)
            reduced = drawn if drawn < power - TOLERANCE else None
            load.async_apply(drafts[key], plans[key], reduced)

    def _range(self, draft: Draft) -> Range | None:
        """Return the power of a load and its least one, or None if it is unknown."""
        if number := power_range(self._hass, draft.load.number):
            return number
        power = draft.values.power
        return (power, power) if power else None

    def _note(self, now: datetime) -> float | None:
        """Return the limit of now: the last known one while the entity has none."""
        if isinstance(self._setting, str):
            limit = read_limit(self._hass, self._setting)
            if limit is None and self._latest is None:
                known = (each.known_limit for each in self._loads.values())
                limit = next((each for each in known if each is not None), None)
            self._latest = self._latest if limit is None else limit
            if self._latest is not None:
                self._seen[now] = self._latest
                for load in self._loads.values():
                    if load.known_limit != self._latest:
                        load.async_note_limit(self._latest)
        self._seen = {at: each for at, each in self._seen.items() if at > now - DAY}
        return self._latest

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        """Plan again: at once if less is allowed than is in use, else with pauses."""
        limit = read_limit(self._hass, event.data["entity_id"])
        if limit is None or limit == self._latest:
            return
        now = dt_util.utcnow()
        rested = self._planned_at is None or now >= self._planned_at + REST
        if rested or limit < self._in_use - TOLERANCE:
            self.async_replan_all()
        elif self._planned_at:
            self._later.async_start(self._planned_at + REST)


def read_limit(hass: HomeAssistant, entity: str) -> float | None:
    """Return the state of an entity in kW, which is its unit if it has none."""
    state = hass.states.get(entity)
    try:
        number = float(state.state) if state else inf
    except ValueError:
        return None
    if not isfinite(number) or number < 0 or state is None:
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if unit in PowerConverter.VALID_UNITS:
        number = PowerConverter.convert(number, unit, UnitOfPower.KILO_WATT)
    return number


def _expected(limit: float, highest: float, until: datetime, slot: datetime) -> float:
    """Return the limit that a quarter-hour probably has."""
    return limit if slot < until else highest
