"""An account that is unloaded leaves nothing behind."""

import asyncio
from collections import Counter
from collections.abc import Callable
import gc
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.nomos_energy.runtime import NomosConfigEntry
from simulator import Fault, Simulator, scenarios

from . import DAY, pass_time, warnings
from .conftest import SetUp
from .loads.common import a_wallbox, add_load

REQUESTS = {
    "contracts": "/meter-orders",
    "prices": "/subscriptions/",
    "action": "/subscriptions/",
}


def instances() -> Counter[str]:
    """Return how many instances of the integration's classes there are."""
    gc.collect()
    return Counter(
        type(each).__qualname__
        for each in gc.get_objects()
        if type(each).__module__.startswith("custom_components.")
    )


async def test_reloads_leave_no_objects(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """However often an account is reloaded, it is there once."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    await add_load(hass, entry, a_wallbox(home))
    counts = []
    for times in (3, 6):
        for _ in range(times):
            assert await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
        counts.append(instances())
    assert counts[0] == counts[1]


@pytest.mark.parametrize("work", REQUESTS)
@pytest.mark.parametrize("is_removed", [False, True])
async def test_unload_during_a_request(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    work: str,
    is_removed: bool,
) -> None:
    """What is under way has no effect: no write, no timer, no line in the log."""
    simulator.add(scenarios.smart_already())
    entry: NomosConfigEntry = await set_up()
    runtime = entry.runtime_data
    (prices,) = runtime.prices.values()
    now = prices.moment.now
    start: dict[str, Callable[[], Any]] = {
        "contracts": runtime.contracts.async_refresh,
        "prices": prices.async_refresh,
        "action": lambda: prices.async_between(now - 9 * DAY, now - 8 * DAY),
    }
    # The clock is frozen, so that the simulator does not answer before it moves.
    simulator.fail(Fault.LATENCY, path=REQUESTS[work], seconds=5)
    simulator.requests.clear()
    task = asyncio.create_task(start[work]())
    while not any(REQUESTS[work] in each.path for each in simulator.requests):
        await asyncio.sleep(0)
    if is_removed:
        await hass.config_entries.async_remove(entry.entry_id)
    else:
        await hass.config_entries.async_unload(entry.entry_id)
    stored = {key: each for key, each in storage.items() if entry.entry_id in key}
    assert bool(stored) != is_removed
    freezer.tick(6)
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(hass, freezer, 2 * DAY)
    assert stored == {
        key: each for key, each in storage.items() if entry.entry_id in key
    }
    assert not warnings(caplog)
