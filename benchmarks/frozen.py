"""A month that passes within seconds, with Home Assistant and Nomos in it."""

# Has to come before Home Assistant, whose clock could not be moved otherwise.
import pytest_homeassistant_custom_component.patch_time  # noqa: F401

# isort: split
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import os
from typing import Any

from aiohttp.test_utils import TestServer
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from simulator import Simulator
from tests import organisation_entry

from .home import home_assistant, set_up

NOW = "2026-11-23T10:00:00+00:00"
MONTH = 30
"""Days."""


@dataclass(frozen=True)
class Stage:
    """All that a month needs."""

    hass: HomeAssistant
    simulator: Simulator
    freezer: FrozenDateTimeFactory

    async def follow(
        self, *subscriptions: str, subentries: Iterable[Mapping[str, Any]] = ()
    ) -> ConfigEntry:
        """Set up an account that follows some subscriptions, or without any all."""
        options: dict[str, Any] = {}
        if subscriptions:
            options["subscriptions"] = list(subscriptions)
        entry = organisation_entry(options=options, subentries_data=list(subentries))
        entry.add_to_hass(self.hass)
        await set_up(self.hass, entry)
        # What goes on in the background would run out of time as soon as that moves.
        await self.hass.async_block_till_done(wait_background_tasks=True)
        return entry


def play[T](story: Callable[[Stage], Awaitable[T]]) -> T:
    """Tell a story outside of ordinary time and return what came of it."""
    with freeze_time(NOW) as freezer:
        assert isinstance(freezer, FrozenDateTimeFactory)
        return asyncio.run(_play(story, freezer))


async def _play[T](
    story: Callable[[Stage], Awaitable[T]], freezer: FrozenDateTimeFactory
) -> T:
    async with _nomos() as simulator, home_assistant() as hass:
        return await story(Stage(hass, simulator, freezer))


@asynccontextmanager
async def _nomos() -> AsyncIterator[Simulator]:
    simulator = Simulator(households=[])
    server = TestServer(simulator.app, host="127.0.0.1")
    await server.start_server(access_log=None)
    os.environ["NOMOS_API_URL"] = str(server.make_url(""))
    try:
        yield simulator
    finally:
        await server.close()
