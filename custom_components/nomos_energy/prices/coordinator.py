"""When prices are asked for, and when another one takes effect."""

from asyncio import Lock
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import batched
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..coordinator import (
    DAY,
    FIRST_RETRY,
    NomosConfigEntry,
    NomosCoordinator,
    explain,
    share_of,
)
from ..nomos import (
    Contract,
    NomosError,
    NomosNotFoundError,
    Price,
    PriceDay,
    PriceSeries,
    at_clock,
    berlin_day,
    midnight,
)

FIRST_PUBLICATION = time(13)
"""The time of day (Berlin) from which on tomorrow may be known."""

AFTERNOON = time(14, 20)
"""The time of day (Berlin) by which Nomos has tomorrow's prices, as it says."""

EVENING = time(20, 25)
"""The time of day (Berlin) at which tomorrow is asked for if it was late."""

SPREAD = timedelta(minutes=30)
"""Within which time households ask, so that they don't all ask at once."""

NIGHT_SPREAD = timedelta(minutes=5)
"""The same at midnight, for households that have no price until they have asked."""

LAST_RETRY = timedelta(hours=1)
"""How long Nomos is left alone at most when it does not answer."""

PATIENCE = timedelta(minutes=10)
"""How soon an action may ask again for what was not there."""

SHORT_PAUSE = timedelta(minutes=1)
"""How long nobody asks again after a failure, not even an action."""

EARLY = timedelta(minutes=1)
"""How much too early a timer may be without making a second time of it."""

MONTH = 31
"""For how many days prices are asked for at once."""


@dataclass(frozen=True, slots=True)
class PriceMoment:
    """What the prices are at a moment: all that entities show of them."""

    now: datetime
    series: PriceSeries
    current: Price | None
    next: Price | None
    today: PriceDay
    tomorrow: PriceDay


class PriceCoordinator(DataUpdateCoordinator[PriceSeries]):
    """Knows today's and tomorrow's prices of a contract.

    Nomos is asked in the afternoon, when tomorrow has been published, and once
    more: in the evening if tomorrow was not complete, or at the beginning of the
    day if that was not known. A token each included, these are at most four
    requests a day as long as Nomos answers.
    """

    config_entry: NomosConfigEntry
    moment: PriceMoment

    def __init__(
        self, hass: HomeAssistant, account: NomosCoordinator, subscription_id: str
    ) -> None:
        """Initialize the coordinator with what was known before."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=account.config_entry,
            name="Nomos Energy prices",
            always_update=False,
        )
        self.account = account
        self.subscription_id = subscription_id
        self.data = account.memory.prices.get(subscription_id, PriceSeries())
        self._share = share_of(subscription_id)
        self.asked_at: datetime | None = None
        """When Nomos last answered."""
        self._lacking: date | None = None
        """The last day that was asked for when it had begun already."""
        self._failures = 0
        self._refusal: NomosError | None = None
        self._leave_alone_until = dt_util.utcnow()
        self._asking = Lock()
        self._cancel_tick: CALLBACK_TYPE | None = None
        self._modules = self.contract.activated_modules
        self.config_entry.async_on_unload(
            account.async_add_listener(self._look_at_the_modules)
        )
        self._plan(self.data)
        self._look_at_the_clock()

    @property
    def contract(self) -> Contract:
        """The contract, as Nomos last described it."""
        return self.account.data[self.subscription_id]

    @property
    def is_due(self) -> bool:
        """Whether something is missing that should have been asked for already."""
        return self._next_ask(self.data) <= dt_util.utcnow()

    async def async_between(self, start: datetime, end: datetime) -> PriceSeries:
        """Return all prices that reach into a time, as far as there are any.

        Days that are not known are asked for. Raises NomosError.
        """
        first, last = berlin_day(start), berlin_day(end - timedelta.resolution)
        days = [first + number * DAY for number in range((last - first).days + 1)]
        found = PriceSeries()
        # Several automations may ask for the same at the same moment.
        async with self._asking:
            now = dt_util.utcnow()
            missing = [day for day in days if self._is_worth_asking_for(day, now)]
            for month in batched(missing, MONTH, strict=False):
                found = found.updated(await self._async_ask(month[0], month[-1]))
            if missing and missing[-1] >= berlin_day(now):
                self.async_set_updated_data(self._keep(self.data.updated(found)))
        series = self.data.updated(found)
        return PriceSeries(series.resolution, series.between(start, end))

    def _is_worth_asking_for(self, day: date, now: datetime) -> bool:
        if self.data.day(day).is_published:
            return False
        today = berlin_day(now)
        if day < today:
            return True
        is_out = day == today or (
            day == today + DAY and now >= at_clock(today, FIRST_PUBLICATION)
        )
        return is_out and (self.asked_at is None or now >= self.asked_at + PATIENCE)

    @override
    async def _async_update_data(self) -> PriceSeries:
        today = berlin_day(dt_util.utcnow())
        if not self.contract.has_prices:
            return self._keep(self.data)
        if not self.data.day(today).is_published:
            self._lacking = today
        try:
            answer = await self._async_ask(today, today + DAY)
        except NomosNotFoundError as err:
            # Whether the contract is gone shows the account's next look at it.
            self.account.look_again_at(self.subscription_id)
            self.asked_at = dt_util.utcnow()
            raise explain(err, self._plan(self.data)) from err
        except NomosError as err:
            wait = min(FIRST_RETRY * 2**self._failures, LAST_RETRY)
            self._failures += 1
            # A try that comes too early would only wait once more.
            left = self._leave_alone_until - dt_util.utcnow() + EARLY
            raise explain(err, max(wait, left)) from err
        return self._keep(self.data.updated(answer))

    async def _async_ask(self, first: date, last: date) -> PriceSeries:
        now = dt_util.utcnow()
        if self._refusal and now < self._leave_alone_until:
            raise self._refusal
        self._refusal = None
        try:
            return await self.account.client.prices(self.subscription_id, first, last)
        except NomosError as err:
            wait = max(timedelta(seconds=err.retry_after or 0), SHORT_PAUSE)
            self._refusal, self._leave_alone_until = err, now + wait
            raise

    def _keep(self, series: PriceSeries) -> PriceSeries:
        """Keep what matters from yesterday on, and plan when to ask next."""
        now = dt_util.utcnow()
        self.asked_at, self._failures = now, 0
        # What yesterday was used is known today, and takes yesterday's prices.
        series = series.since(midnight(berlin_day(now) - DAY))
        self._plan(series)
        self.account.memory.prices[self.subscription_id] = series
        self.account.save()
        return series

    def _plan(self, series: PriceSeries) -> timedelta:
        """Plan when to ask next, and return how long that is from now."""
        wait = self._next_ask(series) - dt_util.utcnow()
        # What is due at set-up is asked for there.
        self.update_interval = interval = max(wait, EARLY)
        return interval

    def _next_ask(self, series: PriceSeries) -> datetime:
        """Return when Nomos has to be asked next."""
        today = berlin_day(dt_util.utcnow())
        asked = self.asked_at or midnight(today) - EARLY
        return next(
            moment
            for day in (today, today + DAY)
            for moment in self._moments(day, series)
            if moment > asked + EARLY
        )

    def _moments(self, day: date, series: PriceSeries) -> Iterable[datetime]:
        """Return when this household asks during a day, if it has to."""
        if not series.day(day).is_published:
            yield midnight(day) + self._share * NIGHT_SPREAD
        if not series.day(day + DAY).is_complete:
            yield at_clock(day, AFTERNOON) + self._share * SPREAD
            if day != self._lacking:
                yield at_clock(day, EVENING) + self._share * SPREAD

    @callback
    def _look_at_the_modules(self) -> None:
        """Ask again when a module of §14a EnWG has changed what is to be paid."""
        contract = self.account.data.get(self.subscription_id)
        if contract is None or contract.activated_modules == self._modules:
            return
        self._modules = contract.activated_modules
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"{self.name} with other modules"
        )

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Show what holds now."""
        self._look_at_the_clock()
        super().async_update_listeners()

    @callback
    def _look_at_the_clock(self) -> None:
        """Note what holds now, and look again when that ends."""
        now, series = dt_util.utcnow(), self.data
        seconds = series.resolution.total_seconds()
        border = dt_util.utc_from_timestamp((now.timestamp() // seconds + 1) * seconds)
        today = berlin_day(now)
        self.moment = PriceMoment(
            now,
            series,
            series.at(now),
            series.at(border),
            series.day(today),
            series.day(today + DAY),
        )
        self._stop_the_clock()
        if not self._shutdown_requested:
            self._cancel_tick = async_track_point_in_utc_time(
                self.hass, self._tick, border
            )

    @callback
    def _tick(self, _now: datetime) -> None:
        self._cancel_tick = None
        self.async_update_listeners()

    @callback
    def _stop_the_clock(self) -> None:
        if self._cancel_tick:
            self._cancel_tick()
            self._cancel_tick = None

    @override
    async def async_shutdown(self) -> None:
        """Stop asking, and stop looking at the clock."""
        await super().async_shutdown()
        self._stop_the_clock()
