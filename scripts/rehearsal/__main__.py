"""Command line: rehearse a release in a bare Home Assistant.

Builds two release candidates, unpacks the first one into a new configuration, clicks
through the set-up in German, lets days pass on a clock that is moved, replaces the folder
by the second one, and compares everything. Prints each step with its outcome.
"""

import argparse
import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
import sys
from time import monotonic

import aiohttp

from scripts import ROOT
from scripts.demo_processes import DemoError, log_tail
from scripts.moved_clock import MovedClock
from scripts.release import Unfit, build_release

from .clicks import Clicks, open_clicks
from .house import House
from .record import Record, differences, read_record

STATE = ROOT / ".rehearsal"
ZIPS = ("1.0.0rc1", "1.0.0rc2")
STEP = timedelta(minutes=15)


@dataclass
class Rehearsal:
    """Run with one version of Home Assistant."""

    house: House
    days: int
    failures: int = 0

    async def run(self) -> None:
        """Go through all steps."""
        house = self.house
        first, second = (self._build(each) for each in ZIPS)
        house.prepare(first)
        await house.start_nomos()
        await house.start()
        await house.create_user()
        self._tell("Home Assistant", house.version, ok=True)
        await self._click()
        before = await self._pass_days("before the update")
        await house.stop()
        house.unpack(second)
        await house.start()
        await house.wait_until_loaded()
        self._check(
            "Version after the update", await house.integration_version(), ZIPS[1]
        )
        after = await read_record(house)
        self._compare(before, after)
        await self._go_on(after)
        errors = house.logged_errors()
        self._tell("Log without errors", "\n".join(errors) or "yes", ok=not errors)

    def _build(self, tag: str) -> Path:
        archive = build_release(tag)
        kept = STATE / f"{tag}.zip"
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(archive.read_bytes())
        self._tell(f"Zip {tag}", f"{kept.stat().st_size} bytes", ok=True)
        return kept

    async def _click(self) -> None:
        """Set everything up in the browser."""
        started = monotonic()

        def click() -> Clicks:
            with open_clicks(self.house.home.address, self.house.clock) as clicks:
                for outcome in clicks.set_up():
                    self._tell(*outcome, ok=True)
                return clicks

        clicks = await asyncio.to_thread(click)
        self._tell(
            "Clicked", f"{clicks.count} clicks, {monotonic() - started:.0f} s", ok=True
        )

    async def _pass_days(self, when: str) -> Record:
        house = self.house
        await house.wait_until_loaded()
        await house.pass_time(timedelta(hours=1), STEP)
        early = await read_record(house)
        if self.days:
            await house.pass_time(timedelta(days=self.days), STEP)
        # What a running load still needs changes with each second.
        while house.is_on:
            await house.pass_time(STEP, STEP)
        record = await read_record(house)
        self._tell(
            f"{self.days} days {when}",
            f"{record.summary}, the load was switched on {house.switched_on} times",
            ok=house.switched_on >= self.days and record.rows > early.rows,
        )
        return record

    def _compare(self, before: Record, after: Record) -> None:
        for part, findings in differences(before, after).items():
            self._tell(f"Kept: {part}", "\n".join(findings) or "yes", ok=not findings)

    async def _go_on(self, after: Record) -> None:
        """Let another day pass: switching and importing go on."""
        switched = self.house.switched_on
        await self.house.pass_time(timedelta(days=1), STEP)
        record = await read_record(self.house)
        self._tell(
            "A day after the update",
            record.summary,
            ok=record.rows > after.rows and self.house.switched_on > switched,
        )

    def _check(self, step: str, found: str, wanted: str) -> None:
        self._tell(step, found, ok=found == wanted)

    def _tell(self, step: str, outcome: str, *, ok: bool) -> None:
        self.failures += not ok
        print(f"{'ok    ' if ok else 'FAILED'}  {step}: {outcome}", flush=True)


async def rehearse(python: Path, days: int) -> int:
    """Rehearse with a Home Assistant; return the number of failures."""
    clock = MovedClock(STATE)
    async with aiohttp.ClientSession() as session:
        house = House.create(STATE, python, clock, session)
        rehearsal = Rehearsal(house, days)
        try:
            await rehearsal.run()
        finally:
            await house.stop_all()
    return rehearsal.failures


def main() -> int:
    """Run the command line; the exit code is 1 if something failed."""
    parser = argparse.ArgumentParser(prog="scripts/rehearse", description=__doc__)
    parser.add_argument(
        "--python",
        type=Path,
        default=Path(sys.executable),
        help="Python with the Home Assistant to take (default: that of .venv)",
    )
    parser.add_argument("--days", type=int, default=7, help="default: 7")
    options = parser.parse_args()
    try:
        failures = asyncio.run(rehearse(options.python.absolute(), options.days))
    except Unfit as err:
        raise SystemExit(f"No release: {err}") from None
    except DemoError as err:
        print(f"FAILED  {err}\n{log_tail(STATE / 'home-assistant.log')}")
        return 1
    print(f"{failures} failures" if failures else "Everything is as it should be.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
