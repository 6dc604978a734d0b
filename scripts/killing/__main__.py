"""Command line: kill Home Assistant at random moments, and count what was lost."""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterator
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
import sys
from time import monotonic

import aiohttp

from .home import STATE, House
from .nomos import Nomos

MOMENTS = {
    "start": None,
    "any moment": None,
    "token": "create_token",
    "refresh": "list_meter_orders",
    "announcement": "list_grid_fee_reductions",
    "import": "get_usage",
}
"""Moments to kill at, and the operation of the simulator that they follow."""

LIFE = 12
"""Seconds of a life after which it is killed in any case."""


@dataclass
class Run:
    """Kills of one Home Assistant."""

    seed: str
    nomos: Nomos
    house: House
    expected: list[str] = field(default_factory=list)
    """Appointments that are announced once each."""
    moments: Counter[str] = field(default_factory=Counter)
    runs: set[str] = field(default_factory=set)
    """Starts of the runs of the planned load that were stored at some time."""

    async def kill(self, number: int) -> None:
        """Start Home Assistant, keep it busy and kill it."""
        dice = Random(f"{self.seed}/{number}")
        moment = dice.choice([*MOMENTS])
        self.moments[moment] += 1
        tokens, house = self.nomos.tokens, self.house
        known = tokens.lost + tokens.unavoidable
        house.child.start()
        started = monotonic()
        if moment == "start":
            await asyncio.sleep(dice.uniform(1, 12))
            busy = None
        else:
            await house.wait_until_loaded()
            busy = asyncio.create_task(self._keep_busy(dice))
            await self._wait_for(MOMENTS[moment], dice)
        house.child.kill()
        await house.child.wait_for_end()
        self._note_load()
        if busy:
            busy.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await busy
        lost = tokens.lost + tokens.unavoidable - known
        print(
            f"kill {number}: {moment}, {monotonic() - started:.1f} s after the start"
            f"{', the login before it was lost' if lost else ''}",
            flush=True,
        )

    async def _wait_for(self, operation: str | None, dice: Random) -> None:
        if operation is None:
            await asyncio.sleep(dice.uniform(0, LIFE / 2))
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIFE):
                for _ in range(dice.choice((1, 1, 2))):
                    await self.nomos.wait_for(operation)
        # The answer is sent after this moment.
        await asyncio.sleep(dice.choice((0.0, 0.005, 0.02, 0.1, 0.5)) * dice.random())

    async def _keep_busy(self, dice: Random) -> None:
        listener = asyncio.create_task(self.house.listen())
        try:
            while True:
                await asyncio.sleep(dice.uniform(0.2, 1))
                if dice.random() < 0.6:
                    self.expected.append(self.nomos.change_order(len(self.expected)))
                actions = [
                    self.house.call(
                        "homeassistant.update_entity", entity_id=self.house.gate
                    )
                ]
                if dice.random() < 0.4:
                    first = datetime.now(UTC) - timedelta(days=dice.randrange(3, 19))
                    actions.append(
                        self.house.call(
                            "nomos_energy.reimport_usage",
                            device_id=self.house.device_id,
                            start=first.date().isoformat(),
                        )
                    )
                await asyncio.gather(*actions)
        finally:
            listener.cancel()

    async def finish(self) -> None:
        """Start Home Assistant a last time, let it import, and stop it."""
        self.house.child.start()
        await self.house.wait_until_loaded()
        listener = asyncio.create_task(self.house.listen())
        await self.house.call("homeassistant.update_entity", entity_id=self.house.gate)
        await self.house.wait_until_quiet()
        listener.cancel()
        await self.house.child.stop()

    def check(self, clean: House) -> Iterator[str]:
        """Yield the findings."""
        tokens = self.nomos.tokens
        print(
            f"{tokens.rotations} rotations; {tokens.unavoidable} logins lost between the"
            " answer and the first use of the new token (unavoidable)"
        )
        if tokens.lost:
            yield f"{tokens.lost} logins lost after the new token was used"
        self.house.read_recorded_events()
        announced = Counter(self.house.events.values())
        print(
            f"{len(self.expected)} changes of the order, {len(announced)} announced"
            " (several changes between two refreshes are one)"
        )
        for event, times in announced.items():
            if times > 1:
                yield f"the event with the new value {event} fired {times} times"
        mine, other = self.house.statistics(), clean.statistics()
        print(f"{len(mine)} rows of statistics, {len(other)} of a clean import")
        different = {
            key for key in mine.keys() | other.keys() if mine.get(key) != other.get(key)
        }
        if different or not mine:
            key = min(different, default=None)
            yield (
                f"{len(different)} rows of statistics differ, first {key}:"
                f" {key and mine.get(key)}, clean {key and other.get(key)}"
            )
        yield from self._check_load()

    def _note_load(self) -> None:
        """Note the runs of the planned load that are stored by now."""
        self.runs |= {piece["start"] for piece in self.house.load_pieces()}

    def _check_load(self) -> Iterator[str]:
        pieces = sorted(self.house.load_pieces(), key=lambda piece: piece["start"])
        print(
            f"{len(pieces)} runs of the planned load"
            f"{'' if pieces else ', as no quarter-hour began while it could start'}"
        )
        for one, two in pairwise(pieces):
            if two["start"] < one["end"]:
                yield f"runs of the planned load overlap: {one}, {two}"
        if forgotten := self.runs - {piece["start"] for piece in pieces}:
            yield f"runs of the planned load are forgotten: {sorted(forgotten)}"


async def run(seed: str, kills: int) -> int:
    """Run the kills and print the findings; return their number."""
    nomos = Nomos()
    timeout = aiohttp.ClientTimeout(60)
    async with nomos.serve(), aiohttp.ClientSession(timeout=timeout) as session:
        house = House.create("killed", nomos, session)
        clean = House.create("clean", nomos, session)
        killed = Run(seed, nomos, house)
        try:
            await house.set_up()
            # Home Assistant itself needs some seconds to save a new account.
            await house.child.stop()
            for number in range(kills):
                await killed.kill(number)
            await killed.finish()
            await clean.set_up()
            await clean.wait_until_quiet()
            await clean.child.stop()
        finally:
            for each in (house, clean):
                each.child.kill()
        findings = [*killed.check(clean)]
    for finding in findings:
        print(f"Finding: {finding}")
    if findings:
        print(f"Logs are in {STATE.name}/")
    moments = ", ".join(f"{count} × {name}" for name, count in killed.moments.items())
    print(f"kills: seed {seed}, {kills} kills ({moments}), {len(findings)} findings")
    return len(findings)


def main() -> int:
    """Run the command line; the exit code is 1 if there are findings."""
    parser = argparse.ArgumentParser(prog="scripts/kills", description=__doc__)
    parser.add_argument("--seed", default="nomos")
    parser.add_argument("--kills", type=int, default=10, help="default: 10")
    arguments = parser.parse_args()
    return 1 if asyncio.run(run(arguments.seed, arguments.kills)) else 0


if __name__ == "__main__":
    sys.exit(main())
