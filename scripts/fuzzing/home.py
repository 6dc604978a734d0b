"""Fuzz run in Home Assistant: spoilt answers, and a clock that jumps."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from time import monotonic
from unittest.mock import patch

from .stage import LONGEST_RETRY, Account, differences, serve, set_up_account

# isort: split
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.nomos_energy.nomos import DAY, QUARTER, transport
from simulator import Household

from .findings import Findings, describe
from .households import PERSONAL, open_household, waiting_household
from .spoiler import Spoiler
from .watch import LogWatch, limiting_blocks, watching_log

STARTS = (
    "2026-11-23T10:00:00+00:00",
    "2026-11-23T15:30:00+00:00",
    "2026-10-24T20:00:00+00:00",
    "2027-03-27T20:00:00+00:00",
    "2026-12-31T22:50:00+00:00",
)
"""Starts of the lives: ordinary days, both clock changes, the end of a year."""

ROUNDS = 3
"""Number of times in a life that answers are spoilt."""

PATHS = ("/", "/", "/subscriptions", "/meter-orders", "/oauth", "/plans", "/meter-r")
FIRST_PATHS = ("/", "/subscriptions/", "/subscriptions/", "/plans")


@dataclass
class Life:
    """Home Assistant with an account, from its set-up to its end."""

    number: int
    findings: Findings
    dice: Random
    freezer: FrozenDateTimeFactory
    spoiler: Spoiler
    households: tuple[Household, Household]
    log: LogWatch
    refreshes: int = 0

    async def run(self) -> None:
        """Spoil answers and let them heal, several times."""
        priced, waiting = self.households
        if self.dice.random() < 0.3:
            # Addresses and plans are read at the first set-up, and seldom again.
            self.spoiler.chance = 0.5
            self.spoiler.path = self.dice.choice(FIRST_PATHS)
        async with (
            serve(self.spoiler, priced, waiting) as simulator,
            set_up_account(simulator, self.freezer, priced) as account,
        ):
            if self.spoiler.chance:
                self.spoiler.stop()
                await self._heal(account)
            await self._check(account)
            for _ in range(ROUNDS):
                await self._spoil(account)
                await self._heal(account)
                simulator.requests.clear()

    async def _spoil(self, account: Account) -> None:
        dice, spoiler = self.dice, self.spoiler
        spoiler.chance = dice.choice((0.3, 0.7, 1.0))
        spoiler.path = dice.choice(PATHS)
        spoiler.has_long_wait = False
        spoiler.done.clear()
        for _ in range(dice.randrange(3, 9)):
            await self._move(account)
            if dice.random() < 0.1:
                await account.hass.config_entries.async_reload(account.entry.entry_id)
            if await account.refresh():
                self.refreshes += 1
            await self._check(account)
        spoiler.stop()

    async def _move(self, account: Account) -> None:
        """Move the clock: a jump, a while in steps, or some minutes back."""
        dice = self.dice
        kind = dice.random()
        if kind < 0.15:
            await self._jump(account, -timedelta(minutes=dice.randrange(1, 10)))
        elif kind < 0.6:
            await self._jump(account, dice.randrange(1, 121) * QUARTER)
        else:
            await account.stage.advance(dice.randrange(1, 17) * QUARTER)

    async def _jump(self, account: Account, duration: timedelta) -> None:
        self.spoiler.done.append(f"clock: {duration}")
        self.freezer.tick(duration)
        async_fire_time_changed(account.hass)
        await account.hass.async_block_till_done(wait_background_tasks=True)

    async def _heal(self, account: Account) -> None:
        """Let answers be good again, and compare with a fresh set-up."""
        self.spoiler.done.append("answers are good again")
        wait = LONGEST_RETRY + (DAY if self.spoiler.has_long_wait else timedelta(0))
        await account.stage.advance(wait)
        await self._check(account)
        different = await self._differences(account)
        lost = [each for each in different if "is unavailable" in each]
        self._add_differences("not healed within the longest retry", lost)
        if different:
            # An odd but valid value is replaced by the next daily requests. Early in
            # the morning those of the day before are done, and none is due yet.
            now = dt_util.utcnow()
            morning = (now + DAY).replace(hour=5, minute=0)
            await account.stage.advance(
                morning + (DAY if now.hour >= 5 else timedelta(0)) - now
            )
            await self._check(account)
            different = await self._differences(account)
            self._add_differences("not healed after a day", different)

    def _add_differences(self, kind: str, found: list[str]) -> None:
        """Add one finding, named by the first difference."""
        if found:
            self._add(f"{kind}: {found[0]}", f"{len(found)}: {', '.join(found)}")

    async def _differences(self, account: Account) -> list[str]:
        simulator = account.stage.simulator
        priced, _ = self.households

        async def read() -> dict[str, str]:
            async with set_up_account(simulator, self.freezer, priced) as fresh:
                return fresh.states()

        # With an event loop of its own: a Home Assistant that stops cancels all timers.
        fresh = await asyncio.to_thread(lambda: asyncio.run(read()))
        return differences(account.states(), fresh)

    async def _check(self, account: Account) -> None:
        """Check what holds at any time."""
        priced, waiting = self.households
        for household in self.households:
            if not account.has_device(household):
                self._add(f"the device of {household.key} is gone")
        if (state := account.gate(priced)) != "on":
            self._add(f"an open gate is {state}")
        order = waiting.order
        is_active = order is not None and order.status == "activated"
        if (state := account.gate(waiting)) != "off" and not is_active:
            self._add(f"a closed gate is {state}")
        for problem in (*account.unsaveable(), *await account.leaks()):
            self._add(problem)
        for kind, details in self.log.take():
            self._add(kind, details)

    def _add(self, kind: str, details: str = "") -> None:
        self.findings.add(
            f"home: {kind}", f"life/{self.number}", [details, *self.spoiler.done[-6:]]
        )


async def _live(findings: Findings, number: int, freezer: FrozenDateTimeFactory) -> int:
    seed = f"{findings.seed}/life/{number}"
    with watching_log(PERSONAL) as log, limiting_blocks():
        life = Life(
            number,
            findings,
            Random(seed),
            freezer,
            Spoiler(seed),
            (open_household(), waiting_household()),
            log,
        )
        try:
            await life.run()
        except Exception as err:  # noqa: BLE001 (the run goes on with the next life)
            findings.add(f"home: {describe(err)[0]}", f"life/{number}", [f"{err}"])
    return life.refreshes


def _run_life(findings: Findings, number: int) -> int:
    start = datetime.fromisoformat(
        Random(f"{findings.seed}/start/{number}").choice(STARTS)
    )
    with freeze_time(start) as freezer:
        assert isinstance(freezer, FrozenDateTimeFactory)
        return asyncio.run(_live(findings, number, freezer))


async def _no_wait(_seconds: float) -> None:
    pass


def run_home(
    findings: Findings, seconds: float, refreshes: int | None, only: int | None
) -> int:
    """Run lives until the time is over; return the number of spoilt refreshes."""
    end, done = monotonic() + seconds, 0
    with patch.object(transport, "sleep", _no_wait):
        if only is not None:
            return _run_life(findings, only)
        for number in count():
            if refreshes is None and monotonic() > end:
                break
            if refreshes is not None and done >= refreshes:
                break
            done += _run_life(findings, number)
    return done
