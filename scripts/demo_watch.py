"""Monitor of the order, the prices and the modules in Home Assistant."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
import time
from typing import Any, override

import aiohttp

from simulator.clock import berlin_day, quarters

from .demo_entities import GATE, GATED_ENTITIES
from .demo_home import DOMAIN, Home
from .demo_processes import DemoError

REFRESH_INTERVAL = 5
"""Seconds between two updates that the demo requests, where no webhook arrives."""
READ_INTERVAL = 0.5
"""Seconds between two reads of Home Assistant's states."""

PRICE_UNIT = "EUR/kWh"
NO_VALUE = {"unknown", "unavailable"}
HOUR = timedelta(hours=1)
STATES = "/api/states"
MODULES = ("module_1", "module_3")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """States of the contract in Home Assistant at one time."""

    status: str
    gate: str
    price: str | None = None
    modules: tuple[tuple[str, str], ...] = ()
    window: str | None = None
    listed: tuple[datetime, ...] = field(default=(), repr=False)
    """Starts of today's quarter-hours with a price."""
    premature: tuple[str, ...] = ()
    """Entities that exist before the gate is open, and should not."""

    @override
    def __str__(self) -> str:
        """Return the states as a line of text."""
        parts = [f"order {self.status}", f"smart meter {self.gate}"]
        if self.price is not None:
            parts.append(f"price {self.price} {PRICE_UNIT}")
        parts += [f"{name} {status}" for name, status in self.modules]
        if self.window is not None:
            parts.append(f"grid fee {self.window}")
        return ", ".join(parts)

    def missing(self) -> list[str]:
        """Return the conditions of the demo's end that are not met."""
        expected = {
            "the smart meter is active": self.gate == "on",
            f"the price is a number in {PRICE_UNIT}": self.price is not None,
            "the price lists today's quarter-hours": list(self.listed)
            == quarters(berlin_day(datetime.now(UTC))),
            "both modules are activated": self.modules
            == (("module 1", "activated"), ("module 3", "activated")),
            "the grid fee level is known": self.window is not None,
        }
        return [condition for condition, is_met in expected.items() if not is_met]


@dataclass(slots=True)
class Watch:
    """Monitor that reads the states of the contract and prints changes."""

    home: Home
    entities: Mapping[str, str]
    poll: bool
    """True to request updates of the order, false to wait for webhooks."""
    last: Snapshot | None = None
    refreshed_at: float = 0

    @property
    def object_id_prefix(self) -> str:
        """Common start of the object IDs of the contract's entities."""
        gate, status = (
            self.entities[key].partition(".")[2] for key in (GATE, "order_status")
        )
        pairs = takewhile(
            lambda pair: pair[0] == pair[1], zip(gate, status, strict=False)
        )
        return "".join(letter for letter, _ in pairs)

    async def snapshots(self) -> AsyncIterator[Snapshot]:
        """Yield the states again and again, and print them when they change."""
        while True:
            try:
                snapshot = await self.fetch()
            except aiohttp.ClientError, TimeoutError, DemoError:
                # Home Assistant may be restarting. If it fails to, its process ends,
                # which its supervisor reports.
                pass
            else:
                if str(snapshot) != str(self.last):
                    now = time.strftime("%H:%M:%S")
                    print(
                        f"  {now}  {snapshot}{self.describe_source(snapshot)}",
                        flush=True,
                    )
                self.last = snapshot
                yield snapshot
            await asyncio.sleep(READ_INTERVAL)

    def describe_source(self, snapshot: Snapshot) -> str:
        """Return if a change arrived by webhook or by polling, as text."""
        last = self.last
        if last is None:
            return ""
        if self.poll:
            return " (polled)"
        if (snapshot.status, snapshot.gate) != (last.status, last.gate):
            return " (by webhook)"
        is_polled = last.modules and (snapshot.modules, snapshot.window) != (
            last.modules,
            last.window,
        )
        return " (polled)" if is_polled else ""

    async def fetch(self) -> Snapshot:
        """Read the states, after an update where one is needed."""
        if self.needs_refresh():
            self.refreshed_at = time.monotonic()
            await self.home.request(
                "POST",
                "/api/services/homeassistant/update_entity",
                {"entity_id": self.entities_to_update()},
            )
        states = {
            state["entity_id"]: state
            for state in await self.home.request("GET", STATES)
        }
        return self.parse(states)

    def needs_refresh(self) -> bool:
        """Return if Home Assistant has to update now.

        Nomos sends webhooks for the order, but none for modules.
        """
        waits = self.last and self.last.gate == "on" and self.last.window is None
        return bool(self.poll or waits) and (
            time.monotonic() >= self.refreshed_at + REFRESH_INTERVAL
        )

    def entities_to_update(self) -> list[str]:
        """Return the entities whose update includes the expected changes."""
        keys = [GATE]
        if self.last and self.last.price is not None and self.last.window is None:
            # In the demo only, module 3 changes prices that are published already.
            keys.append("price")
        return [self.entities[key] for key in keys]

    def parse(self, states: Mapping[str, Mapping[str, Any]]) -> Snapshot:
        """Return the states of the contract from those of all entities."""

        def value(key: str) -> str | None:
            state = states.get(self.entities[key], {}).get("state", "unavailable")
            return None if state in NO_VALUE else state

        gated = {self.entities[key] for key in GATED_ENTITIES}
        gate = value(GATE) or "unavailable"
        price = states.get(self.entities["price"], {"attributes": {}})["attributes"]
        modules = ((name.replace("_", " "), value(name)) for name in MODULES)
        has_price = price.get("unit_of_measurement") == PRICE_UNIT and is_number(
            value("price")
        )
        return Snapshot(
            value("order_status") or "unavailable",
            gate,
            value("price") if has_price else None,
            tuple((name, status) for name, status in modules if status),
            value("grid_fee_window"),
            tuple(starts_of_today(price.get("prices", ()))),
            ()
            if gate == "on"
            else tuple(
                entity_id
                for entity_id, state in states.items()
                if entity_id in gated
                or (
                    entity_id.partition(".")[2].startswith(self.object_id_prefix)
                    and state["attributes"].get("unit_of_measurement") == PRICE_UNIT
                )
            ),
        )

    async def run(self) -> None:
        """Print changes until cancelled."""
        async for _ in self.snapshots():
            pass

    async def wait_for_tariff(self, limit: float) -> None:
        """Wait until the gate is open and the prices and modules are there.

        Raises DemoError after the limit in seconds, if the gate was never closed, or
        if entities existed before it opened.
        """
        gate, was_closed = self.entities[GATE], False
        try:
            async with asyncio.timeout(limit):
                async for snapshot in self.snapshots():
                    if snapshot.premature:
                        raise DemoError(
                            f"Before {gate} was on, these entities existed:"
                            f" {', '.join(snapshot.premature)}."
                        )
                    was_closed |= snapshot.gate == "off"
                    if snapshot.gate == "on" and not was_closed:
                        raise DemoError(f"{gate} was on from the start.")
                    if not snapshot.missing():
                        break
        except TimeoutError:
            missing = self.last.missing() if self.last else ["Home Assistant responds"]
            raise DemoError(
                f"Not within {limit:.0f} seconds: {'; '.join(missing)}."
                f" Last seen: {self.last or 'nothing'}."
            ) from None


def is_number(text: str | None) -> bool:
    """Return if a state is a number."""
    try:
        float(text or "")
    except ValueError:
        return False
    return True


def starts_of_today(prices: list[Mapping[str, Any]]) -> list[datetime]:
    """Return the starts of today's intervals with a price."""
    today = berlin_day(datetime.now(UTC))
    starts = [
        datetime.fromisoformat(each["start"])
        for each in prices
        if isinstance(each["price"], int | float)
    ]
    return [start for start in starts if berlin_day(start) == today]


async def find_cheapest_hour(home: Home, device_id: str) -> str:
    """Return the cheapest hour from now on as text, from the integration's action.

    Raises DemoError if the response is wrong.
    """
    answer = await home.request(
        "POST",
        f"/api/services/{DOMAIN}/find_cheapest_window?return_response",
        {"device_id": device_id, "duration": "01:00:00"},
    )
    found = answer["service_response"]
    start, end = (datetime.fromisoformat(found[key]) for key in ("start", "end"))
    price = found["average_price"]
    if end - start != HOUR or start < datetime.now(UTC) or found["unit"] != PRICE_UNIT:
        raise DemoError(f"The action returned no hour from now on: {found}")
    return f"{start:%H:%M} to {end:%H:%M} at {price:.4f} {PRICE_UNIT}"
