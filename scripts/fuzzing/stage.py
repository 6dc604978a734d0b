"""Home Assistant of a fuzz run: an account, its states, and a fresh one to compare."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
import os

# Has to be imported before Home Assistant, as it replaces its clock.
from benchmarks.frozen import Stage

# isort: split
from aiohttp.test_utils import TestServer
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.recorder import async_initialize_recorder
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from benchmarks.home import add_entry, home_assistant
from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.diagnostics import (
    async_get_config_entry_diagnostics,
)
from simulator import Household, Simulator

from .households import PRIVATE
from .spoiler import Spoiler

LOAD = "01FUZZLOAD0000000000000000"
"""ID of the planned load's subentry."""

GATE = "smart_meter_active"

LONGEST_RETRY = timedelta(hours=6, minutes=30)
"""Longest retry of the integration, and some minutes of spread."""


@dataclass(frozen=True)
class Account:
    """Account in a Home Assistant under a frozen clock."""

    stage: Stage
    entry: MockConfigEntry

    @property
    def hass(self) -> HomeAssistant:
        """Home Assistant."""
        return self.stage.hass

    async def refresh(self) -> bool:
        """Update the contracts, as an automation does; return if Nomos was asked."""
        # Home Assistant lets some seconds pass between two updates.
        await self.stage.advance(timedelta(seconds=15))
        known = len(self.stage.simulator.requests)
        registry = er.async_get(self.hass)
        gates = [
            each.entity_id
            for each in er.async_entries_for_config_entry(registry, self.entry.entry_id)
            if each.unique_id.endswith(GATE) and self.hass.states.get(each.entity_id)
        ]
        if gates:
            await self.hass.services.async_call(
                "homeassistant",
                "update_entity",
                {"entity_id": gates},
                blocking=True,
            )
        await self.hass.async_block_till_done(wait_background_tasks=True)
        return len(self.stage.simulator.requests) > known

    def states(self) -> dict[str, str]:
        """Return the states of all entities by unique ID."""
        registry = er.async_get(self.hass)
        return {
            each.unique_id: state.state if state else "no state"
            for each in er.async_entries_for_config_entry(registry, self.entry.entry_id)
            for state in [self.hass.states.get(each.entity_id)]
            if not each.disabled_by
        }

    def gate(self, household: Household) -> str:
        """Return the state of a contract's gate."""
        return self.states().get(f"{household.subscription_id}_{GATE}", "no entity")

    def has_device(self, household: Household) -> bool:
        """Return if a contract has a device."""
        identifier = (DOMAIN, household.subscription_id)
        registry = dr.async_get(self.hass)
        return any(
            identifier in device.identifiers
            for device in dr.async_entries_for_config_entry(
                registry, self.entry.entry_id
            )
        )

    def unsaveable(self) -> Iterator[str]:
        """Return what can't be saved or sent to a browser."""
        registry = dr.async_get(self.hass)
        for device in dr.async_entries_for_config_entry(registry, self.entry.entry_id):
            if not _is_json(device.dict_repr):
                yield "a device that can't be saved"
        for state in self.hass.states.async_all():
            if not _is_json(state.as_dict()):
                yield f"a state of {state.entity_id} that can't be sent"
        for issue in ir.async_get(self.hass).issues.values():
            if not _is_json(issue.translation_placeholders):
                yield f"an issue {issue.translation_key} that can't be sent"

    async def leaks(self) -> Iterator[str]:
        """Return where private texts are shown."""
        texts = {
            f"state of {state.entity_id}": f"{state.as_dict()}"
            for state in self.hass.states.async_all()
        }
        if self.entry.state is ConfigEntryState.LOADED:
            diagnostics = await async_get_config_entry_diagnostics(
                self.hass, self.entry
            )
            texts["diagnostics"] = f"{diagnostics}"
        return (
            f"{private} in {place}"
            for place, text in texts.items()
            for private in PRIVATE
            if private in text
        )


def differences(states: dict[str, str], fresh: dict[str, str]) -> list[str]:
    """Return what differs from the states of a fresh set-up.

    A planned load remembers its runs, and an event when it was announced: of these,
    only whether they are available is compared.
    """
    found = []
    for key in sorted(states.keys() | fresh.keys()):
        mine, other = states.get(key, "no entity"), fresh.get(key, "no entity")
        if key.startswith(LOAD) or key.endswith("_update"):
            mine, other = (_availability(each) for each in (mine, other))
        if mine != other:
            name = key.partition("_")[2].partition("_")[2] or key
            found.append(f"{name} is {mine}, fresh {other}")
    return found


def _is_json(content: object) -> bool:
    try:
        json_bytes(content)
    except TypeError, ValueError:
        return False
    return True


def _availability(state: str) -> str:
    missing = (STATE_UNAVAILABLE, "no state", "no entity")
    return state if state in missing else "available"


@asynccontextmanager
async def set_up_account(
    simulator: Simulator, freezer: FrozenDateTimeFactory, priced: Household
) -> AsyncIterator[Account]:
    """Set up an account in a new Home Assistant with a recorder.

    If Nomos does not answer, Home Assistant tries again later.
    """
    async with home_assistant() as hass:
        await hass.config.async_set_time_zone("Europe/Berlin")
        await async_setup_component(hass, "homeassistant", {})
        async_initialize_recorder(hass)
        url = f"sqlite:///{hass.config.path('recorder.db')}"
        await async_setup_component(hass, "recorder", {"recorder": {"db_url": url}})
        await get_instance(hass).async_recorder_ready.wait()
        entry = add_entry(hass, subentries=[_load(priced)])
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        yield Account(Stage(hass, simulator, freezer), entry)


def _load(household: Household) -> dict[str, object]:
    data = {
        "name": "Wallbox",
        "subscription": household.subscription_id,
        "run_time": {"hours": 3},
        "earliest": "20:00:00",
        "latest": "07:00:00",
        "shortest_piece": {"hours": 1},
        "power": 11,
        "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    }
    return {
        "data": data,
        "subentry_id": LOAD,
        "subentry_type": "planned_load",
        "title": "Wallbox",
        "unique_id": None,
    }


@asynccontextmanager
async def serve(spoiler: Spoiler, *households: Household) -> AsyncIterator[Simulator]:
    """Serve households to the integration, behind a middleware that spoils answers."""
    simulator = Simulator(households)
    simulator.app.middlewares.insert(0, spoiler.middleware)
    server = TestServer(simulator.app, host="127.0.0.1")
    await server.start_server(access_log=None)
    with _address(str(server.make_url(""))):
        try:
            yield simulator
        finally:
            await server.close()


@contextmanager
def _address(url: str) -> Iterator[None]:
    known = os.environ.get("NOMOS_API_URL")
    os.environ["NOMOS_API_URL"] = url
    try:
        yield
    finally:
        if known is None:
            del os.environ["NOMOS_API_URL"]
        else:
            os.environ["NOMOS_API_URL"] = known
