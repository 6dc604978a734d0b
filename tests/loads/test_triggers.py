"""Triggers of planned loads, in automations."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from simulator import Simulator, scenarios
from tests import next_start
from tests.automations import device_of, listen
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load, pass_time_until

pytest.importorskip("custom_components.nomos_energy.loads.events")

AFTERNOON = {"earliest": "12:00:00", "latest": "15:00:00"}


@pytest.mark.parametrize("target", ["load", "contract"])
@pytest.mark.parametrize(
    ("trigger", "moments"),
    [
        ("load_started", {"11:45": [], "12:15": ["started"], "15:15": ["started"]}),
        ("load_finished", {"12:15": [], "14:45": [], "15:15": ["finished"]}),
        ("load_could_not_finish", {"12:15": [], "15:15": []}),
    ],
)
async def test_run(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    trigger: str,
    moments: dict[str, list[str]],
    target: str,
) -> None:
    """Each fires once for a run, also after a restart before it."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, **AFTERNOON))
    async with next_start(hass, entry) as (new, _):
        device = device_of(new, key if target == "load" else home.subscription_id)
        told = await listen(new, trigger, {"device_id": device})
        await new.async_start()
        await new.async_block_till_done()
        for moment, expected in moments.items():
            await pass_time_until(new, freezer, f"2026-11-23T{moment}:00+01:00")
            assert told == expected


async def test_could_not_finish(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """It fires when the time is over and a part of the run time is left."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to("2026-11-23T13:00:00+00:00")
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    key = await add_load(hass, entry, a_wallbox(home, **AFTERNOON))
    target = {"device_id": device_of(hass, key)}
    told = await listen(hass, "load_could_not_finish", target)
    await pass_time_until(hass, freezer, "2026-11-24T16:00:00+01:00")
    assert told[:1] == ["could_not_finish"]
