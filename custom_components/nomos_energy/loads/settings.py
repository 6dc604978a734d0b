"""Settings of planned loads.

Prices are in EUR/kWh, power in kW. Moments are in UTC; the hours in which a load may run
are in Home Assistant's time zone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Self

from homeassistant.util import dt as dt_util

from ..nomos import DAY, HOUR, QUARTER, PriceSeries
from .need import ChargeLevel, Energy, Need, RunTime, parse_need
from .numbers import NumberTarget, parse_number_target
from .parsing import (
    InvalidLoadError,
    StoredSettings,
    either,
    entities_of,
    entity_of,
    parse_count,
    parse_duration,
    parse_list,
    parse_number,
    parse_text,
    parse_time,
    parse_weekdays,
)
from .planner import NO_MARKUP, NOTHING, Planner, Schedule, Span, quarters_of

TARGET_DOMAINS = (
    "switch",
    "input_boolean",
    "light",
    "fan",
    "climate",
    "water_heater",
    "humidifier",
    "script",
    "scene",
)
"""Domains of the entities that a load can switch."""

START_ACTIONS = "start_actions"
END_ACTIONS = "end_actions"

TIME_DOMAINS = ("input_datetime",)
"""Domains of the entities whose state is a time of day or a moment."""

parse_latest = either(entity_of(TIME_DOMAINS), parse_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLoad:
    """Settings of a planned load, as stored in its subentry.

    Raises InvalidLoadError for settings that can't be planned.
    """

    name: str
    subscription_id: str
    need: Need
    earliest: time
    latest: time | str
    """End of the hours, or an entity; on the next day if not after `earliest`."""
    shortest_piece: timedelta | None = None
    """Least duration of a piece; None: one block."""
    upper_price: float | None = None
    """EUR/kWh."""
    always_below: float | None = None
    """The load also runs at any hour that costs less (EUR/kWh)."""
    power: float | str | None = None
    """kW, or an entity."""
    weekdays: frozenset[int] = frozenset(range(7))
    """Days on which the hours may begin; Monday is 0."""
    targets: tuple[str, ...] = ()
    """Entities that are switched by the plan."""
    number: NumberTarget | None = None
    """Number that is set by the plan."""
    start_actions: tuple[Any, ...] = ()
    """Actions at the start of a run, as they were entered."""
    end_actions: tuple[Any, ...] = ()
    least_pause: timedelta | None = None
    """Least duration of a pause between two pieces."""
    most_starts: int | None = None
    """Greatest number of pieces within the hours."""

    @classmethod
    def from_data(cls, name: str, data: Mapping[str, Any]) -> Self:
        """Parse the data of a subentry; raises InvalidLoadError."""
        stored = StoredSettings(data)
        need, power = parse_need(data)
        return cls(
            name=name,
            subscription_id=stored.read("subscription", parse_text),
            need=need,
            power=power,
            earliest=stored.read("earliest", parse_time),
            latest=stored.read("latest", parse_latest),
            shortest_piece=stored.read_optional("shortest_piece", parse_duration)
            or None,
            upper_price=stored.read_optional("upper_price", parse_number),
            always_below=stored.read_optional("always_below", parse_number),
            weekdays=stored.read("weekdays", parse_weekdays),
            targets=stored.read_optional("targets", entities_of(TARGET_DOMAINS)) or (),
            number=parse_number_target(stored),
            start_actions=stored.read_optional(START_ACTIONS, parse_list) or (),
            end_actions=stored.read_optional(END_ACTIONS, parse_list) or (),
            least_pause=stored.read_optional("least_pause", parse_duration) or None,
            most_starts=stored.read_optional("most_starts", parse_count),
        )

    def __post_init__(self) -> None:
        """Refuse settings by which planning would not come to an end."""
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise InvalidLoadError("weekdays")
        if self.shortest_piece and not NOTHING < self.shortest_piece <= DAY:
            raise InvalidLoadError("shortest_piece")
        if self.least_pause and not NOTHING < self.least_pause <= DAY:
            raise InvalidLoadError("least_pause")

    @property
    def _fixed_latest(self) -> time:
        """End of the hours, or of a whole day if it depends on an entity."""
        return self.latest if isinstance(self.latest, time) else self.earliest

    def plan(
        self,
        hours: Span,
        now: datetime,
        left: timedelta,
        series: PriceSeries,
        without: Span | None = None,
        markup: Mapping[datetime, float] = NO_MARKUP,
        *,
        starts: int = 0,
    ) -> Schedule:
        """Return the schedule for the rest of the run time; see Planner.plan.

        `starts` is the number of pieces that the hours have had.
        """
        most = self.most_starts
        planner = Planner(
            self.shortest_piece,
            self.upper_price,
            self.least_pause,
            None if most is None else max(most - starts, 0),
        )
        return planner.plan(hours, now, left, series, without, markup)

    @property
    def fixed_run_time(self) -> timedelta | None:
        """Run time, or None if it depends on the state of an entity."""
        if isinstance(self.need, RunTime):
            return self.need.run_time
        if isinstance(self.need, Energy) and isinstance(self.power, float):
            return self.need.energy / self.power * HOUR
        return None

    @property
    def is_estimate(self) -> bool:
        """Return if the run time depends on a charge level or a measured power."""
        return isinstance(self.need, ChargeLevel) or isinstance(self.power, str)

    @property
    def longest_run_time(self) -> timedelta:
        """Longest possible run time on a day without a clock change."""
        hours = self._hours_of(date(2000, 1, 1), UTC, self._fixed_latest)
        return len(quarters_of(hours)) * QUARTER

    def hours(
        self, now: datetime, latest: time | datetime | None = None
    ) -> Iterator[Span]:
        """Yield the periods in which the load may run: current and future ones, in order.

        `latest` is the state of the entity, if there is one. Up to a moment there is
        one period at most, whatever its weekday.
        """
        if latest is None:
            latest = self._fixed_latest
        zone = dt_util.get_default_time_zone()
        if isinstance(latest, datetime):
            yield from self._hours_until(latest, now, zone)
            return
        day = now.astimezone(zone).date() - DAY
        while True:
            hours = self._hours_of(day, zone, latest)
            if day.weekday() in self.weekdays and hours.end > now:
                yield hours
            day += DAY

    def _hours_of(self, day: date, zone: tzinfo, latest: time) -> Span:
        until = day if latest > self.earliest else day + DAY
        start = datetime.combine(day, self.earliest, zone)
        end = datetime.combine(until, latest, zone)
        return Span(start.astimezone(UTC), end.astimezone(UTC))

    def _hours_until(
        self, end: datetime, now: datetime, zone: tzinfo
    ) -> Iterator[Span]:
        day = end.astimezone(zone).date()
        starts = (datetime.combine(day - n * DAY, self.earliest, zone) for n in (0, 1))
        start = next(each for each in starts if each < end)
        if end > now:
            yield Span(start.astimezone(UTC), end)
