"""When usage is asked for, and how far it has come."""

from asyncio import Lock
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
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
    PriceSeries,
    UsageDay,
    at_clock,
    berlin_day,
    hours_of,
    measured,
    midnight,
)
from ..store import UsageMemory
from ..working_days import settled_on
from .statistics import async_describe, async_write

AFTERNOON = time(16)
"""The time of day (Berlin) from which on Nomos knows of yesterday."""

SPREAD = timedelta(hours=1)
"""Within which time households ask, so that they don't all ask at once."""

EARLY = timedelta(minutes=1)
"""How much too early a timer may be without making a second time of it."""

FIRST_LATE_RETRY = timedelta(minutes=30)
LAST_RETRY = timedelta(hours=4)

LATE = timedelta(days=31)
"""How long after a month is settled its gaps may still be filled."""

FEW = 7
"""How many days may be missing without being fetched by the month."""


class UsageCoordinator(DataUpdateCoordinator[UsageMemory]):
    """Brings what a contract's meter measured into the statistics.

    Each day's import reads all days again that may still change, adds the new
    ones and writes the hours that are not stored as they should be. The first
    import does the same with month after month of the past.
    """

    config_entry: NomosConfigEntry

    def __init__(
        self, hass: HomeAssistant, account: NomosCoordinator, subscription_id: str
    ) -> None:
        """Initialize the coordinator with what was imported before."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=account.config_entry,
            name="Nomos Energy usage",
        )
        self.account = account
        self.subscription_id = subscription_id
        self.data = account.memory.usage.setdefault(subscription_id, UsageMemory())
        self._share = share_of(subscription_id)
        self._failures = 0
        self._waits = 0
        self._lock = Lock()
        self._cancel_midnight: CALLBACK_TYPE | None = None
        self._plan()
        self._wait_for_midnight()
        # The statistics go on also where every entity is disabled.
        self.async_add_listener(lambda: None)

    @property
    def contract(self) -> Contract:
        """The contract, as Nomos last described it."""
        return self.account.data[self.subscription_id]

    @property
    def is_due(self) -> bool:
        """Whether days are missing that should have been asked for already."""
        return self._missing_from <= self._last_day()

    @property
    def yesterday(self) -> UsageDay | None:
        """Yesterday, once it is known without a gap."""
        day = self.data.days.get(berlin_day(dt_util.utcnow()) - DAY)
        return day if day and day.is_measured else None

    async def async_reimport(self, first: date) -> None:
        """Import everything from a day (Berlin) on again; what is right stays."""
        begin = self.contract.measured_since
        # What is being imported would note its own progress instead.
        async with self._lock:
            self.data.imported_until = min(
                max(first, begin) if begin else first, self._missing_from
            )
            self.account.save()
        await self.async_refresh()

    @property
    def _missing_from(self) -> date:
        """The first day that was never imported."""
        return (
            self.data.imported_until
            or self.contract.measured_since
            or berlin_day(dt_util.utcnow()) - DAY
        )

    def _last_day(self) -> date:
        """Return the last day that Nomos can know of."""
        now = dt_util.utcnow()
        today = berlin_day(now)
        is_out = now >= at_clock(today, AFTERNOON)
        last = today - (DAY if is_out else 2 * DAY)
        return min(last, self.contract.measured_until or last)

    @override
    async def _async_update_data(self) -> UsageMemory:
        async with self._lock:
            return await self._async_update()

    async def _async_update(self) -> UsageMemory:
        try:
            for first, last in self._spans():
                await self._async_import(first, last)
        except NomosError as err:
            wait = min(FIRST_RETRY * 2**self._failures, LAST_RETRY)
            self._failures += 1
            raise explain(err, wait) from err
        self._failures = 0
        self._plan()
        return self.data

    def _spans(self) -> Iterable[tuple[date, date]]:
        """Return from when to when to import, one after the other, both included."""
        last, missing = self._last_day(), self._missing_from
        if (last - missing).days < FEW:
            first = min([missing, *self._open_days()])
            if first <= last:
                yield first, last
            return
        while missing <= last:
            following = (missing.replace(day=1) + 32 * DAY).replace(day=1)
            LOGGER.info("Importing the usage of %s", f"{missing:%Y-%m}")
            yield missing, min(following - DAY, last)
            missing = following

    def _open_days(self) -> list[date]:
        """Return the days that were imported and may still change."""
        today = berlin_day(dt_util.utcnow())
        return [day for day, each in self.data.days.items() if _is_open(each, today)]

    async def _async_import(self, first: date, last: date) -> None:
        """Fetch some days, write their hours, and only then note that it was done."""
        days = await self._async_fetch(first, last)
        hours = await self.hass.async_add_executor_job(hours_of, days.values())
        await async_write(
            self.hass,
            await async_describe(self.hass, self.subscription_id, self.contract),
            hours,
        )
        self._note(days, last)

    async def _async_fetch(self, first: date, last: date) -> dict[date, UsageDay]:
        """Return days with what is known of them now, apart from those that are closed."""
        client, key = self.account.client, self.subscription_id
        wanted = {
            day: self.data.days.get(day) or UsageDay.unknown(day)
            for day in (first + place * DAY for place in range((last - first).days + 1))
            if day >= self._missing_from or day in self.data.days
        }
        usage = await client.usage(key, first, last)
        known: PriceSeries = self.account.prices[key].data
        days = await self.hass.async_add_executor_job(measured, wanted, usage, known)
        lacking = [day for day, each in days.items() if not each.is_priced]
        if lacking:
            prices = await client.prices(key, lacking[0], lacking[-1])
            days = await self.hass.async_add_executor_job(measured, days, (), prices)
        return days

    def _note(self, days: dict[date, UsageDay], last: date) -> None:
        """Remember how far the import has come, and what may still change."""
        ends = [each.measured_until for each in days.values()]
        self.data.measured_until = max(
            filter(None, (self.data.measured_until, *ends)), default=None
        )
        today = berlin_day(dt_util.utcnow())
        # Yesterday may be late; a gap before it may never be filled.
        is_late = (
            last >= today - 2 * DAY
            and last in days
            and days[last].measured_until is None
        )
        self.data.imported_until = max(
            self._missing_from, last if is_late else last + DAY
        )
        self.data.days = {
            day: each
            for day, each in (self.data.days | days).items()
            if day >= today - 2 * DAY or _is_open(each, today)
        }
        self.account.save()

    def _plan(self) -> None:
        """Plan the next import: tomorrow's, or soon if yesterday is not there yet."""
        now = dt_util.utcnow()
        today = berlin_day(now)
        turn = at_clock(today, AFTERNOON) + self._share * SPREAD
        if turn <= now + EARLY:
            turn = at_clock(today + DAY, AFTERNOON) + self._share * SPREAD
        wait = turn - now
        if self.is_due:
            wait = min(wait, FIRST_LATE_RETRY * 2**self._waits)
            self._waits += 1
        else:
            self._waits = 0
        self.update_interval = wait

    @callback
    def _wait_for_midnight(self) -> None:
        """Let yesterday be another day when it is."""
        tomorrow = midnight(berlin_day(dt_util.utcnow()) + DAY)
        self._cancel_midnight = async_track_point_in_utc_time(
            self.hass, self._begin_day, tomorrow
        )

    @callback
    def _begin_day(self, _now: datetime) -> None:
        self.async_update_listeners()
        self._wait_for_midnight()

    @override
    async def async_shutdown(self) -> None:
        """Stop asking, and stop waiting for midnight."""
        await super().async_shutdown()
        if self._cancel_midnight:
            self._cancel_midnight()
            self._cancel_midnight = None


def _is_open(day: UsageDay, today: date) -> bool:
    """Whether a day that was imported may still change."""
    if day.is_closed:
        return False
    patience = timedelta(0) if day.is_measured and day.is_priced else LATE
    # They are read a last time when they don't change any more.
    return today <= settled_on(day.day) + patience
