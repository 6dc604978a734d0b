"""Triggers of the prices, in automations."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import UnitOfTime
from homeassistant.core import HomeAssistant
import pytest

from simulator import Household, Simulator, scenarios
from tests import DAY, next_start
from tests.automations import device_of, label_device, listen
from tests.conftest import SetUp
from tests.prices.common import TODAY, TOMORROW, local, move_clock, value_of

TARGET = {"label_id": "power"}

HOURS = {12: 10.0, 13: 45.0, 14: 5.0, 15: 20.0, 16: 35.0, 17: 20.0, 18: 10.0}
"""Price in ct/kWh by hour; 30 otherwise."""


@pytest.fixture
async def home(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> Household:
    """Set up a home at noon whose prices are known, with a label as target."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(local("2026-11-23T11:30"))
    amounts = [HOURS.get(place // 4, 30.0) for place in range(96)]
    simulator.set_prices(TODAY, amounts)
    home = simulator.add(scenarios.smart_already())
    await set_up()
    label_device(hass, device_of(hass, home.subscription_id))
    assert value_of(hass, home) == "0.3"
    return home


async def told_by_hour(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, told: list[str]
) -> list[int]:
    """Return the hours of the afternoon at which an automation is triggered."""
    hours = []
    for hour in range(12, 20):
        told.clear()
        await move_clock(hass, freezer, f"2026-11-23T{hour}:00")
        hours += [hour] * len(told)
        told.clear()
        await move_clock(hass, freezer, f"2026-11-23T{hour}:15")
        assert not told
    return hours


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("trigger", "options", "expected"),
    [
        ("price_became_cheap", {}, [12, 14, 17]),
        ("price_became_cheap", {"level": "very_cheap"}, [12, 14, 18]),
        ("price_became_expensive", {}, [13, 16]),
        ("price_became_expensive", {"level": "very_expensive"}, [13]),
        ("price_fell_below", {"threshold": 21}, [12, 14, 17]),
        ("price_fell_below", {"threshold": "20"}, [12, 14, 18]),
        ("price_fell_below", {"threshold": 5}, []),
        ("price_rose_above", {"threshold": 30}, [13, 16]),
        (
            "price_rose_above",
            {"threshold": {"active_choice": "number", "number": 29.99}},
            [13, 16, 19],
        ),
        ("price_rose_above", {"threshold": 45}, []),
    ],
)
async def test_price(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    trigger: str,
    options: dict[str, Any],
    expected: list[int],
) -> None:
    """It fires when the price comes to be so, and not while it stays so."""
    told = await listen(hass, trigger, TARGET, **options)
    assert await told_by_hour(hass, freezer, told) == expected


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (21, "ct/kWh", [12, 14, 17]),
        (0.21, "EUR/kWh", [12, 14, 17]),
        (0.21, "€/kWh", [12, 14, 17]),
        (210, "EUR/MWh", [12, 14, 17]),
        (21, None, []),
        (21, UnitOfTime.HOURS, []),
        ("unknown", "ct/kWh", []),
    ],
)
async def test_entity_as_threshold(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    value: float | str,
    unit: str | None,
    expected: list[int],
) -> None:
    """An entity counts in its own unit; without a unit of prices it doesn't count."""
    attributes = {"unit_of_measurement": unit} if unit else {}
    hass.states.async_set("input_number.limit", str(value), attributes)
    told = await listen(
        hass, "price_fell_below", TARGET, threshold="input_number.limit"
    )
    assert await told_by_hour(hass, freezer, told) == expected


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("minutes", "expected"), [(59, ["cheap"]), (61, [])])
async def test_for(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    minutes: int,
    expected: list[str],
) -> None:
    """It waits for as long as the price has to stay so."""
    told = await listen(
        hass, "price_fell_below", TARGET, threshold=11, **{"for": {"minutes": minutes}}
    )
    await move_clock(hass, freezer, "2026-11-23T12:00")
    assert not told
    await move_clock(hass, freezer, "2026-11-23T12:59:30")
    await move_clock(hass, freezer, "2026-11-23T13:00")
    assert len(told) == len(expected)


async def test_tomorrow_prices_arrived(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
) -> None:
    """It fires once a day, when all of tomorrow's prices are known."""
    told = await listen(hass, "tomorrow_prices_arrived", TARGET)
    await move_clock(hass, freezer, "2026-11-23T14:15")
    assert not told
    await move_clock(hass, freezer, "2026-11-23T14:51")
    assert told == ["on"]
    await move_clock(hass, freezer, f"{TOMORROW}T00:06")
    assert told == ["on"]
    await move_clock(hass, freezer, f"{TOMORROW}T14:51")
    assert told == ["on", "on"]


async def test_payouts_arrived(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Feed-in contracts have it for their payouts."""
    home = simulator.add(scenarios.feed_in())
    await set_up()
    target = {"device_id": device_of(hass, home.subscription_id)}
    told = await listen(hass, "tomorrow_prices_arrived", target)
    await move_clock(hass, freezer, "2026-11-23T14:51")
    assert told == ["on"]


@pytest.mark.parametrize(
    ("trigger", "options"),
    [
        ("price_became_cheap", {}),
        ("price_fell_below", {"threshold": 21}),
        ("tomorrow_prices_arrived", {}),
    ],
)
async def test_restart(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    trigger: str,
    options: dict[str, Any],
) -> None:
    """A price that is as it was before is no news at a start or a reload."""
    freezer.move_to(local("2026-11-23T18:30"))
    simulator.set_prices(TODAY, [HOURS.get(place // 4, 30.0) for place in range(96)])
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    async with next_start(hass, entry) as (new, again):
        target = {"device_id": device_of(new, home.subscription_id)}
        told = await listen(new, trigger, target, **options)
        await new.async_start()
        await new.async_block_till_done()
        await new.config_entries.async_reload(again.entry_id)
        await new.async_block_till_done()
        assert not told
        assert value_of(new, home) == "0.1"
        simulator.set_prices(TOMORROW, [30.0, *[10.0] * 95])
        simulator.set_prices(TOMORROW + DAY, [30.0, *[10.0] * 95])
        for moment in ("T18:50", "T23:59"):
            await move_clock(new, freezer, f"2026-11-23{moment}")
        for moment in ("T00:01", "T00:16", "T14:51"):
            await move_clock(new, freezer, f"{TOMORROW}{moment}")
        assert len(told) == 1
