"""What Home Assistant says about the order, and about what comes after it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
import time
from typing import Any, override

import aiohttp

from simulator.clock import berlin_day, quarters

from .demo_dashboard import BEHIND_THE_GATE, GATE
from .demo_home import DOMAIN, Home
from .demo_processes import DemoError

REFRESH_EVERY = 5
"""Seconds between two looks at Nomos, where it does not tell by itself."""
READ_EVERY = 0.5
"""Seconds between two readings of what Home Assistant shows anyway."""

PRICE_UNIT = "EUR/kWh"
NOTHING = {"unknown", "unavailable"}
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stand, according to Home Assistant."""

    status: str
    gate: str
    price: str | None = None
    modules: tuple[tuple[str, str], ...] = ()
    window: str | None = None
    listed: tuple[datetime, ...] = field(default=(), repr=False)
    """When those of today's prices begin that are numbers."""
    early: tuple[str, ...] = ()
    """What should not be there before the gate is open."""

    @override
    def __str__(self) -> str:
        """Return what it says, for people."""
        parts = [f"order {self.status}", f"smart meter {self.gate}"]
        if self.price is not None:
            parts.append(f"price {self.price} {PRICE_UNIT}")
        parts += [f"{name} {status}" for name, status in self.modules]
        if self.window is not None:
            parts.append(f"grid fee {self.window}")
        return ", ".join(parts)

    def lacks(self) -> list[str]:
        """Return what is not there yet, at the end of the story."""
        expected = {
            "the gate is on": self.gate == "on",
            f"the price is a number of {PRICE_UNIT}": self.price is not None,
            "it lists today's quarter-hours": list(self.listed)
            == quarters(berlin_day(datetime.now(UTC))),
            "both modules are activated": self.modules
            == (("module 1", "activated"), ("module 3", "activated")),
            "there is a window of the grid fee": self.window is not None,
        }
        return [what for what, is_so in expected.items() if not is_so]


@dataclass(slots=True)
class Watch:
    """What Home Assistant says, again and again."""

    home: Home
    entities: Mapping[str, str]
    poll: bool
    """Whether to have it look at the order, instead of letting Nomos tell it."""
    last: Moment | None = None
    asked_at: float = 0

    @property
    def contract(self) -> str:
        """What the ids of the contract's entities begin with."""
        gate, status = (
            self.entities[key].partition(".")[2] for key in (GATE, "order_status")
        )
        pairs = takewhile(
            lambda pair: pair[0] == pair[1], zip(gate, status, strict=False)
        )
        return "".join(letter for letter, _ in pairs)

    async def moments(self) -> AsyncIterator[Moment]:
        """Tell what changed."""
        while True:
            try:
                moment = await self.look()
            except aiohttp.ClientError, TimeoutError, DemoError:
                # It may be restarting. When it fails to come back, its process
                # has ended, and that is noticed elsewhere.
                pass
            else:
                if str(moment) != str(self.last):
                    now = time.strftime("%H:%M:%S")
                    print(f"  {now}  {moment}{self.way_to(moment)}", flush=True)
                self.last = moment
                yield moment
            await asyncio.sleep(READ_EVERY)

    def way_to(self, moment: Moment) -> str:
        """Return how a change arrived."""
        last = self.last
        if last is None:
            return ""
        if self.poll:
            return " (polled)"
        if (moment.status, moment.gate) != (last.status, last.gate):
            return " (by webhook)"
        has_asked = last.modules and (moment.modules, moment.window) != (
            last.modules,
            last.window,
        )
        return " (polled)" if has_asked else ""

    async def look(self) -> Moment:
        """Return what Home Assistant says now."""
        if self.has_to_ask():
            self.asked_at = time.monotonic()
            await self.home.ask(
                "POST",
                "/api/services/homeassistant/update_entity",
                {"entity_id": self.to_update()},
            )
        states = {
            state["entity_id"]: state for state in await self.home.ask("GET", STATES)
        }
        return self.read(states)

    def has_to_ask(self) -> bool:
        """Whether Home Assistant has to look at Nomos now.

        There are webhooks for the order, but none for modules.
        """
        waits = self.last and self.last.gate == "on" and self.last.window is None
        return bool(self.poll or waits) and (
            time.monotonic() >= self.asked_at + REFRESH_EVERY
        )

    def to_update(self) -> list[str]:
        """Return the entities that stand for what may have changed."""
        keys = [GATE]
        if self.last and self.last.price is not None and self.last.window is None:
            # In real life module 3 begins on a day whose prices are not out yet.
            keys.append("price")
        return [self.entities[key] for key in keys]

    def read(self, states: Mapping[str, Mapping[str, Any]]) -> Moment:
        """Find in all the states what is wanted here."""

        def say(key: str) -> str | None:
            state = states.get(self.entities[key], {}).get("state", "unavailable")
            return None if state in NOTHING else state

        behind = {self.entities[key] for key in BEHIND_THE_GATE}
        gate = say(GATE) or "unavailable"
        price = states.get(self.entities["price"], {"attributes": {}})["attributes"]
        modules = ((name.replace("_", " "), say(name)) for name in MODULES)
        has_price = price.get("unit_of_measurement") == PRICE_UNIT and is_number(
            say("price")
        )
        return Moment(
            say("order_status") or "unavailable",
            gate,
            say("price") if has_price else None,
            tuple((name, status) for name, status in modules if status),
            say("grid_fee_window"),
            tuple(todays(price.get("prices", ()))),
            ()
            if gate == "on"
            else tuple(
                entity_id
                for entity_id, state in states.items()
                if entity_id in behind
                or (
                    entity_id.partition(".")[2].startswith(self.contract)
                    and state["attributes"].get("unit_of_measurement") == PRICE_UNIT
                )
            ),
        )

    async def show(self) -> None:
        """Keep telling what changed."""
        async for _ in self.moments():
            pass

    async def wait_for_tariff(self, limit: float) -> None:
        """Wait for the gate to open, having seen it closed, and for all behind it."""
        gate, was_closed = self.entities[GATE], False
        try:
            async with asyncio.timeout(limit):
                async for moment in self.moments():
                    if moment.early:
                        raise DemoError(
                            f"Before the gate, {gate}, was open, there was"
                            f" {', '.join(moment.early)}."
                        )
                    was_closed |= moment.gate == "off"
                    if moment.gate == "on" and not was_closed:
                        raise DemoError(f"The gate, {gate}, was on from the beginning.")
                    if not moment.lacks():
                        break
        except TimeoutError:
            lacks = self.last.lacks() if self.last else ["Home Assistant answers"]
            raise DemoError(
                f"Not within {limit:.0f} seconds: {'; '.join(lacks)}."
                f" Last seen: {self.last or 'nothing'}."
            ) from None


STATES = "/api/states"
MODULES = ("module_1", "module_3")


def is_number(text: str | None) -> bool:
    """Tell whether a state is a number."""
    try:
        float(text or "")
    except ValueError:
        return False
    return True


def todays(prices: list[Mapping[str, Any]]) -> list[datetime]:
    """Return when those of today's intervals begin of which the price is known."""
    today = berlin_day(datetime.now(UTC))
    starts = [
        datetime.fromisoformat(each["start"])
        for each in prices
        if isinstance(each["price"], int | float)
    ]
    return [start for start in starts if berlin_day(start) == today]


async def find_cheapest_hour(home: Home, device_id: str) -> str:
    """Ask for the cheapest hour that is left, and return what is answered."""
    answer = await home.ask(
        "POST",
        f"/api/services/{DOMAIN}/find_cheapest_window?return_response",
        {"device_id": device_id, "duration": "01:00:00"},
    )
    found = answer["service_response"]
    start, end = (datetime.fromisoformat(found[key]) for key in ("start", "end"))
    price = found["average_price"]
    if end - start != HOUR or start < datetime.now(UTC) or found["unit"] != PRICE_UNIT:
        raise DemoError(f"That is not the cheapest hour: {found}")
    return f"{start:%H:%M} to {end:%H:%M} at {price:.4f} {PRICE_UNIT}"
