"""Data update coordinator for the prices of a contract."""

from asyncio import CancelledError, Lock, current_task
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import batched
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..coordinator import ContractCoordinator
from ..nomos import (
    DAY,
    Contract,
    NomosClient,
    NomosConnectionError,
    NomosError,
    NomosNotFoundError,
    PriceSeries,
    at_clock,
    berlin_day,
    midnight,
)
from ..polling import PollingCoordinator
from ..schedule import TIMER_TOLERANCE, Timer, share_of
from ..store import RecordStore
from .moment import PriceMoment

FIRST_PUBLICATION = time(13)
"""Time of day (Berlin) from which on tomorrow's prices may be published."""

PUBLICATION = time(14, 20)
"""Time of day (Berlin) by which Nomos publishes tomorrow's prices."""

LATE_INTERVAL = timedelta(minutes=85)
"""Time between requests for prices that are late."""

REQUESTS_FOR_TOMORROW = 7
"""Largest number of requests of a day for the prices of the next one."""

SPREAD = timedelta(minutes=30)
"""Time over which the requests of all households are spread."""

MIDNIGHT_SPREAD = timedelta(minutes=5)
"""The same at midnight: until its request a household has no price."""

ACTION_INTERVAL = timedelta(minutes=10)
"""Least time between two requests of actions for prices that are not published."""

LEAST_PAUSE = timedelta(minutes=1)
"""Time after a failure within which no further request is sent."""

DAYS_PER_REQUEST = 31


class PriceCoordinator(PollingCoordinator[PriceSeries]):
    """Fetches today's and tomorrow's prices of a contract.

    One request a day, in the afternoon after the publication. While tomorrow is
    incomplete, another one every 85 minutes; and one at midnight if the new day is
    unknown.
    """

    longest_retry = timedelta(hours=1)
    moment: PriceMoment

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        contracts: ContractCoordinator,
        store: RecordStore[PriceSeries],
        subscription_id: str,
    ) -> None:
        """Initialize the coordinator with the stored prices."""
        super().__init__(
            hass,
            entry,
            contracts.connection,
            f"{subscription_id} prices",
            always_update=False,
        )
        self.contracts = contracts
        self.subscription_id = subscription_id
        self.data = store.records.get(subscription_id, PriceSeries())
        self.fetched_at: datetime | None = None
        """Time of the last answer."""
        self._store = store
        self._share = share_of(subscription_id)
        self._last_error: NomosError | None = None
        self._paused_until = dt_util.utcnow()
        self._fetching = Lock()
        self._interval_end = Timer(hass, self._async_end_interval)
        self._modules = self.contract.activated_modules
        self._remove_listener: CALLBACK_TYPE | None = contracts.async_add_listener(
            self._async_contract_updated
        )
        self._schedule(self.data)
        self._set_moment()

    @property
    def contract(self) -> Contract:
        """The contract; raises KeyError once it is gone."""
        return self.contracts.data[self.subscription_id]

    @property
    def is_due(self) -> bool:
        """Return if prices are missing that should have been fetched already."""
        return self._next_fetch(self.data) <= dt_util.utcnow()

    async def async_between(self, start: datetime, end: datetime) -> PriceSeries:
        """Return all known prices that overlap a time (UTC).

        Unknown days are fetched. Raises NomosError.
        """
        try:
            return await self._async_run(self._async_find(start, end))
        except CancelledError:
            task = current_task()
            if self._shutdown_requested and task and not task.cancelling():
                raise NomosConnectionError("The account was unloaded") from None
            raise

    async def _async_find(self, start: datetime, end: datetime) -> PriceSeries:
        first, last = berlin_day(start), berlin_day(end - timedelta.resolution)
        days = [first + number * DAY for number in range((last - first).days + 1)]
        found = PriceSeries()
        # Automations may need the same prices at the same moment.
        async with self._fetching:
            now = dt_util.utcnow()
            missing = [day for day in days if self._may_be_published(day, now)]
            for month in batched(missing, DAYS_PER_REQUEST, strict=False):
                answer = await self._async_fetch(
                    self.contracts.client, month[0], month[-1]
                )
                found = found.updated(answer)
            if missing and missing[-1] >= berlin_day(now):
                self.async_set_updated_data(self._commit(self.data.updated(found)))
        return self.data.updated(found).within(start, end)

    def _may_be_published(self, day: date, now: datetime) -> bool:
        """Return if a request may bring prices of a day that are unknown so far."""
        if self.data.day(day).is_complete:
            return False
        today = berlin_day(now)
        if day < today:
            return True
        is_published = day == today or (
            day == today + DAY and now >= at_clock(today, FIRST_PUBLICATION)
        )
        return is_published and (
            self.fetched_at is None or now >= self.fetched_at + ACTION_INTERVAL
        )

    @override
    async def _async_poll(self) -> PriceSeries:
        today = berlin_day(dt_util.utcnow())
        if not self.contract.has_prices:
            return self._commit(self.data)
        client = self.contracts.poll_client
        answer = await self._async_fetch(client, today, today + DAY)
        return self._commit(self.data.updated(answer))

    @override
    def _wait(self, err: NomosError) -> timedelta:
        wait = super()._wait(err)
        if isinstance(err, NomosNotFoundError):
            # The next poll of the contracts tells whether this one is gone.
            self.contracts.mark_stale(self.subscription_id)
            self.fetched_at = dt_util.utcnow()
            return self._schedule(self.data)
        # A request within the pause would only wait once more.
        return max(wait, self._paused_until - dt_util.utcnow() + TIMER_TOLERANCE)

    async def _async_fetch(
        self, client: NomosClient, first: date, last: date
    ) -> PriceSeries:
        """Fetch the prices of some days (Berlin), both included."""
        now = dt_util.utcnow()
        if self._last_error and now < self._paused_until:
            raise self._last_error
        self._last_error = None
        try:
            series = await client.prices(self.subscription_id, first, last)
        except NomosError as err:
            pause = max(timedelta(seconds=err.retry_after or 0), LEAST_PAUSE)
            self._last_error, self._paused_until = err, now + pause
            raise
        self.connection.async_succeeded()
        # An answer may contain other days than those of the request.
        return series.within(midnight(first), midnight(last + DAY))

    def _commit(self, series: PriceSeries) -> PriceSeries:
        """Store the prices from yesterday on, and schedule the next request."""
        now = dt_util.utcnow()
        self.fetched_at = now
        # Yesterday's usage arrives today and is priced by yesterday's prices.
        series = series.since(midnight(berlin_day(now) - DAY))
        self._schedule(series)
        self._store.async_set(self.subscription_id, series)
        return series

    def _schedule(self, series: PriceSeries) -> timedelta:
        """Schedule the next request and return the time until then."""
        wait = self._next_fetch(series) - dt_util.utcnow()
        # What is due at set-up is fetched there.
        self.update_interval = interval = max(wait, TIMER_TOLERANCE)
        return interval

    def _next_fetch(self, series: PriceSeries) -> datetime:
        """Return when the next request is due."""
        now = dt_util.utcnow()
        today = berlin_day(now)
        fetched = self.fetched_at or midnight(today) - TIMER_TOLERANCE
        # The clock was ahead when the prices were fetched.
        fetched = min(fetched, now)
        slots = (
            moment
            for day in (today, today + DAY)
            for moment in self._slots(day, series)
            if moment > fetched + TIMER_TOLERANCE
        )
        # Where the next days are known already, the clock may be behind.
        return next(slots, self._slot(today + DAY, PUBLICATION))

    def _slots(self, day: date, series: PriceSeries) -> Iterable[datetime]:
        """Return the moments of this household for requests that a day needs."""
        if not series.day(day).is_complete:
            yield midnight(day) + self._share * MIDNIGHT_SPREAD
        if not series.day(day + DAY).is_complete:
            slot = self._slot(day, PUBLICATION)
            for place in range(REQUESTS_FOR_TOMORROW):
                yield slot + place * LATE_INTERVAL

    def _slot(self, day: date, clock: time) -> datetime:
        """Return this household's moment of a day for a time of day (Berlin)."""
        return at_clock(day, clock) + self._share * SPREAD

    @callback
    def _async_contract_updated(self) -> None:
        """Fetch the prices again when a §14a module has changed them."""
        contract = self.contracts.data.get(self.subscription_id)
        if contract and contract.activated_modules != self._modules:
            self._modules = contract.activated_modules
            self.config_entry.async_create_background_task(
                self.hass, self.async_refresh(), f"{self.name} with other modules"
            )
        self.async_update_listeners()

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Update the listeners for the current interval."""
        self._set_moment()
        super().async_update_listeners()

    @callback
    def _set_moment(self) -> None:
        self.moment = PriceMoment.of(self.data, dt_util.utcnow())
        if not self._shutdown_requested:
            self._interval_end.async_start(self.moment.ends)

    @callback
    def _async_end_interval(self, _now: datetime) -> None:
        self.async_update_listeners()

    @override
    async def async_shutdown(self) -> None:
        """Stop requests and timers."""
        await super().async_shutdown()
        self._interval_end.async_cancel()
        # Called once more when the entry is unloaded.
        if self._remove_listener:
            self._remove_listener()
            self._remove_listener = None
