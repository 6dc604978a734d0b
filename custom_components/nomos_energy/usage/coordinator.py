"""Data update coordinator that imports the usage of a contract into statistics."""

from asyncio import Lock
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from sqlalchemy.exc import SQLAlchemyError

from ..const import DOMAIN, LOGGER
from ..coordinator import ContractCoordinator
from ..nomos import (
    DAY,
    Contract,
    PriceSeries,
    UsageDay,
    at_clock,
    berlin_day,
    hours_of,
    measured,
    midnight,
)
from ..polling import PollingCoordinator
from ..schedule import TIMER_TOLERANCE, Timer, backoff, share_of
from ..store import RecordStore
from .settlement import first_unsettled, may_change, next_month
from .statistics import async_describe, async_stored_until, async_write
from .store import UsageProgress

PUBLICATION = time(16)
"""Time of day (Berlin) from which on Nomos may know yesterday's usage."""

SPREAD = timedelta(hours=1)
"""Time over which the requests of all households are spread."""

EVENING = time(20)
"""Time of day (Berlin) at which yesterday is read again if a part of it was missing."""

FIRST_LATE_RETRY = timedelta(minutes=30)
"""Wait after the first answer without yesterday."""

DAILY_IMPORT_DAYS = 7
"""Number of missing days up to which they are fetched with the daily import."""


class UsageCoordinator(PollingCoordinator[UsageProgress]):
    """Imports the usage of a contract.

    The daily import reads all days again that may still change, adds the new ones and
    writes the hours that differ from the stored ones. The first import does the same
    month by month. What the recorder has lost is imported again.
    """

    longest_retry = timedelta(hours=4)

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        contracts: ContractCoordinator,
        store: RecordStore[UsageProgress],
        subscription_id: str,
        known_prices: Callable[[], PriceSeries],
    ) -> None:
        """Initialize the coordinator with the stored progress.

        `known_prices` returns the prices that need no request.
        """
        super().__init__(hass, entry, contracts.connection, f"{subscription_id} usage")
        self.contracts = contracts
        self.subscription_id = subscription_id
        self.signal_changed = f"{DOMAIN}_{entry.entry_id}_{subscription_id}_changed"
        """Dispatched with the first stored hour that an import has changed."""
        self.data = store.records.get(subscription_id, UsageProgress())
        self._store = store
        self._known_prices = known_prices
        self._share = share_of(subscription_id)
        self._late_answers = 0
        self._lock = Lock()
        self._midnight = Timer(hass, self._async_begin_day)
        self._schedule()
        self._start_midnight_timer()
        # Imports go on also if every entity is disabled.
        self.async_add_listener(lambda: None)

    @property
    def contract(self) -> Contract:
        """The contract; raises KeyError once it is gone."""
        return self.contracts.data[self.subscription_id]

    @property
    def is_due(self) -> bool:
        """Return if days are missing that should have been imported already."""
        return self._missing_from <= self._last_day()

    @property
    def last_day(self) -> UsageDay | None:
        """Last day (Berlin) whose usage is known without a gap."""
        return self.data.last_day(berlin_day(dt_util.utcnow()))

    async def async_start(self) -> None:
        """Import what is due at set-up, and what the recorder has lost."""
        if self._shutdown_requested:
            return
        async with self._lock:
            await self._async_check_recorder()
        if self.is_due:
            await self.async_refresh()

    async def async_reimport(self, first: date) -> None:
        """Import all days from a day (Berlin) on again; correct values are kept."""
        # A running import would overwrite the progress.
        async with self._lock:
            self._move_back(first)
        await self.async_refresh()

    def _move_back(self, first: date) -> None:
        """Note that all days from a day (Berlin) on have to be imported again.

        Kept days stay: Nomos may not return all of their values once more.
        """
        begin = self.contract.measured_since
        self._set(
            replace(
                self.data,
                imported_until=min(
                    max(first, begin) if begin else first, self._missing_from
                ),
            )
        )

    async def _async_check_recorder(self) -> None:
        """Move the progress back if the recorder lacks the end of what was imported.

        A database may be lost, repaired, or restored from a backup. Then those days are
        imported again, too, that may have changed since the backup.
        """
        imported = self.data.measured_until
        if imported is None:
            return
        statistics = await async_describe(
            self.hass, self.contracts, self.subscription_id
        )
        try:
            stored = await async_stored_until(self.hass, statistics)
        except SQLAlchemyError:
            # The next import checks again.
            LOGGER.warning("The recorder does not return the imported usage")
            return
        if stored is None:
            LOGGER.info("The recorder has lost the usage, which is imported again")
            self._move_back(
                self.contract.measured_since or first_unsettled(berlin_day(imported))
            )
        elif stored < imported:
            # Not `imported_until`: days without values leave no rows.
            LOGGER.info("The recorder lacks usage after %s", f"{stored:%Y-%m-%d}")
            self._move_back(first_unsettled(berlin_day(stored)))

    @property
    def _missing_from(self) -> date:
        """First day (Berlin) that was never imported."""
        begin = self.contract.measured_since
        if (imported := self.data.imported_until) is None:
            return begin or berlin_day(dt_util.utcnow()) - DAY
        return max(imported, begin) if begin else imported

    def _last_day(self) -> date:
        """Return the last day (Berlin) of which Nomos may know the usage."""
        now = dt_util.utcnow()
        today = berlin_day(now)
        is_published = now >= at_clock(today, PUBLICATION)
        last = today - (DAY if is_published else 2 * DAY)
        return min(last, self.contract.last_day or last)

    @override
    async def _async_poll(self) -> UsageProgress:
        async with self._lock:
            await self._async_check_recorder()
            for first, last in self._spans():
                await self._async_import(first, last)
            self._schedule()
            return self.data

    def _spans(self) -> Iterable[tuple[date, date]]:
        """Return the spans of days to import in turn, first and last day included."""
        last, missing = self._last_day(), self._missing_from
        if (last - missing).days < DAILY_IMPORT_DAYS:
            first = min([missing, *self._open_days()])
            if first <= last:
                yield first, last
            return
        while missing <= last:
            following = next_month(missing)
            LOGGER.info("Importing the usage of %s", f"{missing:%Y-%m}")
            yield missing, min(following - DAY, last)
            missing = following

    def _open_days(self) -> list[date]:
        """Return the imported days that may still change."""
        today = berlin_day(dt_util.utcnow())
        return [each.day for each in self.data.days if may_change(each, today)]

    async def _async_import(self, first: date, last: date) -> None:
        """Fetch some days, write their hours, and only then store the progress."""
        days = await self._async_fetch(first, last)
        hours = await self.hass.async_add_executor_job(hours_of, days.values())
        # After a failure, some of them may have been written.
        changed = min(hours, default=None)
        try:
            changed = await async_write(
                self.hass,
                await async_describe(self.hass, self.contracts, self.subscription_id),
                hours,
            )
        finally:
            if changed:
                async_dispatcher_send(self.hass, self.signal_changed, changed)
        self._note(days, last)

    async def _async_fetch(self, first: date, last: date) -> dict[date, UsageDay]:
        """Return the days of a span that may change, with their usage and prices."""
        client, key = self.contracts.poll_client, self.subscription_id
        kept = {each.day: each for each in self.data.days}
        wanted = {
            day: kept.get(day) or UsageDay.unknown(day)
            for day in (first + place * DAY for place in range((last - first).days + 1))
            if day >= self._missing_from or day in kept
        }
        usage = await client.usage(key, first, last)
        self.connection.async_succeeded()
        days = await self.hass.async_add_executor_job(
            measured, wanted, usage, self._known_prices()
        )
        lacking = [day for day, each in days.items() if not each.is_priced]
        if lacking:
            prices = await client.prices(key, lacking[0], lacking[-1])
            days = await self.hass.async_add_executor_job(measured, days, (), prices)
        return days

    def _note(self, days: dict[date, UsageDay], last: date) -> None:
        """Store the progress, and the days that may still change."""
        today = berlin_day(dt_util.utcnow())
        # Yesterday may be late; a gap before it may never be filled.
        is_late = (
            last >= today - 2 * DAY
            and last in days
            and days[last].measured_until is None
        )
        until = max(self._missing_from, last if is_late else last + DAY)
        self._set(self.data.advanced(until, days, today))

    def _set(self, progress: UsageProgress) -> None:
        self.data = progress
        self._store.async_set(self.subscription_id, progress)

    def _schedule(self) -> None:
        """Schedule the next import: tomorrow's, or soon if yesterday is late."""
        now = dt_util.utcnow()
        today = berlin_day(now)
        day = self.data.day(today - DAY)
        # The rest of a day that came in part may follow in the evening.
        is_partial = day is not None and not day.is_measured
        clocks = (PUBLICATION, EVENING) if is_partial else (PUBLICATION,)
        slots = [
            *(at_clock(today, clock) + self._share * SPREAD for clock in clocks),
            at_clock(today + DAY, PUBLICATION) + self._share * SPREAD,
        ]
        wait = next(slot for slot in slots if slot > now + TIMER_TOLERANCE) - now
        if self.is_due:
            wait = min(wait, backoff(self._late_answers, FIRST_LATE_RETRY, DAY))
            self._late_answers += 1
        else:
            self._late_answers = 0
        self.update_interval = wait

    @callback
    def _start_midnight_timer(self) -> None:
        self._midnight.async_start(midnight(berlin_day(dt_util.utcnow()) + DAY))

    @callback
    def _async_begin_day(self, _now: datetime) -> None:
        self.async_update_listeners()
        self._start_midnight_timer()

    @override
    async def async_shutdown(self) -> None:
        """Stop requests and timers."""
        await super().async_shutdown()
        self._midnight.async_cancel()
