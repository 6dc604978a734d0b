"""Plans within a limit are kept while nothing but the time changes."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.loads import limit as limits
from custom_components.nomos_energy.loads.allotting import Drafts, plan_within
from custom_components.nomos_energy.loads.planning import Plan
from simulator import Household
from tests.loads.common import (
    EVENING,
    a_car,
    a_wallbox,
    add_load,
    call,
    limit,
    pass_time_until,
    plan_of,
    watch,
)

LATER, LATE = "2026-11-23T17:40+01:00", "2026-11-23T17:46+01:00"
SHORT = {"shortest_piece": {"minutes": 15}, "power": "11"}


@dataclass
class Night:
    """Home with a boiler, a wallbox and a car, of which one may run at a time."""

    hass: HomeAssistant
    freezer: FrozenDateTimeFactory
    entry: MockConfigEntry
    boiler: str
    wallbox: str
    searches: list[int]
    """Number of loads in each search for plans."""


@pytest.fixture
def searches() -> Iterator[list[int]]:
    """Return what is noted when plans are searched."""
    seen: list[int] = []

    def search(drafts: Drafts, *args: Any) -> dict[str, Plan]:
        seen.append(len(drafts))
        return plan_within(drafts, *args)

    with patch.object(limits, "plan_within", search):
        yield seen


@pytest.fixture
async def night(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    evening: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
    searches: list[int],
) -> Night:
    """Return a home whose loads are planned."""
    hass.states.async_set("sensor.car", "50", {"unit_of_measurement": "%"})
    hass.states.async_set("sensor.allowed", "11", {"unit_of_measurement": "kW"})
    two_hours = a_wallbox(home, **SHORT | {"run_time": {"hours": 2}})
    boiler = await add_load(hass, evening, two_hours)
    wallbox = await add_load(hass, evening, a_wallbox(home, **SHORT))
    await add_load(hass, evening, a_car(home, **SHORT))
    await limit(hass, hass_client, evening, "sensor.allowed")
    await pass_time_until(hass, freezer, LATER)
    return Night(hass, freezer, evening, boiler, wallbox, searches)


async def test_kept_through_the_night(night: Night) -> None:
    """A plan that was made is followed, without another search."""
    hass = night.hass
    hass.states.async_set("sensor.car", "80", {"unit_of_measurement": "%"})
    await hass.async_block_till_done()
    loads = (night.boiler, night.wallbox)
    plans = [plan_of(hass, key) for key in loads]
    seen = [watch(hass, key) for key in loads]
    night.searches.clear()
    await pass_time_until(hass, night.freezer, "2026-11-24T06:55+01:00")
    runs = [
        [
            f"{start[:9]}–{end[4:9]}"
            for start, end in zip(each[::2], each[1::2], strict=True)
        ]
        for each in seen
    ]
    # The next night is planned, too.
    assert runs == [plan[: len(run)] for plan, run in zip(plans, runs, strict=True)]
    assert all(runs)
    assert night.searches == []


async def test_prices_that_arrive(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """A plan that was made without prices is replaced when they are there."""
    key = await add_load(hass, account, a_wallbox(home, **SHORT))
    await limit(hass, hass_client, account, "11")
    assert plan_of(hass, key)[0] == "Tue 04:00–07:00"
    await pass_time_until(hass, freezer, EVENING)
    assert plan_of(hass, key)[0] == "Tue 02:00–05:00"


async def _level(night: Night) -> None:
    night.hass.states.async_set("sensor.car", "70", {"unit_of_measurement": "%"})


async def _limit(night: Night) -> None:
    night.hass.states.async_set("sensor.allowed", "8", {"unit_of_measurement": "kW"})


async def _amount(night: Night) -> None:
    await call(night.hass, night.wallbox, "run_time_today", "set_value", value=1)


async def _planning(night: Night) -> None:
    await call(night.hass, night.wallbox, "enabled", "turn_off")


async def _load(night: Night) -> None:
    night.hass.config_entries.async_remove_subentry(night.entry, night.wallbox)


@pytest.mark.parametrize("change", [_level, _limit, _amount, _planning, _load, None])
async def test_planned_anew(
    night: Night, change: Callable[[Night], Awaitable[None]] | None
) -> None:
    """Each change that matters leads to another search, and only such a change."""
    night.searches.clear()
    if change:
        await change(night)
    await pass_time_until(night.hass, night.freezer, LATE)
    assert bool(night.searches) is bool(change)
