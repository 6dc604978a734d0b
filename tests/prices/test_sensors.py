"""Sensors of prices and payouts."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
import json
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import (
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.nomos_energy.nomos import HOUR, QUARTER, berlin_day
from simulator import Fault, Household, Simulator, scenarios
from simulator.clock import quarters
from simulator.households import MODULE_1, MODULE_3
from tests import DAY, pass_time, requests_since, writes
from tests.conftest import SetUp
from tests.prices.common import (
    TODAY,
    TOMORROW,
    entities,
    entity_of,
    fire_timers,
    local,
    move_clock,
    price_at,
    price_now,
    state_of,
    value_of,
)

TRANSLATIONS = Path("custom_components/nomos_energy/translations")

type Amounts = list[float | None]


@pytest.fixture(autouse=True)
async def in_berlin(hass: HomeAssistant) -> None:
    """Set the time zone of Home Assistant."""
    await hass.config.async_set_time_zone("Europe/Berlin")


# Everything at one moment


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize("platform", [Platform.SENSOR, Platform.BINARY_SENSOR])
@pytest.mark.parametrize("kind", ["consumption", "feed_in"])
async def test_everything(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    platform: Platform,
) -> None:
    """All that there is behind the gate, on an evening when tomorrow is known."""
    monkeypatch.setattr("custom_components.nomos_energy.PLATFORMS", [platform])
    freezer.move_to(local("2026-11-23T18:20"))
    if kind == "feed_in":
        home = simulator.add(scenarios.feed_in(hourly=True))
    else:
        home = simulator.add(scenarios.smart_already(hourly=True))
        home.add_module(MODULE_1)
        home.add_module(MODULE_3)
    entry = await set_up()
    registry = er.async_get(hass)
    behind_the_gate = {entity_of(hass, home, key) for key in entities(hass, home)}
    for registered in er.async_entries_for_config_entry(registry, entry.entry_id):
        if registered.entity_id not in behind_the_gate:
            registry.async_remove(registered.entity_id)
    await snapshot_platform(hass, registry, snapshot, entry.entry_id)


async def test_enabled_by_default(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Parts of the price, its rank and the next one are disabled by default."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    disabled = {
        registered.unique_id.removeprefix(f"{home.subscription_id}_")
        for registered in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if registered.disabled
    }
    assert disabled & entities(hass, home) == {
        "energy_price",
        "grid_fee",
        "levies",
        "next_price",
        "price_rank",
    }


@pytest.mark.usefixtures("all_entities_enabled")
async def test_components(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Energy, grid fee and levies add up to the price, all day long."""
    home = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    fees = set()
    for _ in range(24):
        parts = [
            float(value_of(hass, home, key))
            for key in ("energy_price", "grid_fee", "levies")
        ]
        assert sum(parts) == pytest.approx(float(value_of(hass, home)))
        assert value_of(hass, home, "levies") == "0.062"
        fees.add(value_of(hass, home, "grid_fee"))
        await pass_time(hass, freezer, HOUR)
    assert fees == {"0.0189", "0.0947", "0.1421"}


@pytest.mark.usefixtures("all_entities_enabled")
async def test_component_that_is_not_known(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
) -> None:
    """A price may be unknown while the grid fee is not."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, [None] * 96)
    await set_up()
    assert value_of(hass, home) == STATE_UNKNOWN
    assert value_of(hass, home, "energy_price") == STATE_UNKNOWN
    assert value_of(hass, home, "grid_fee") == "0.0947"
    assert value_of(hass, home, "levies") == "0.062"


# Borders


@pytest.mark.usefixtures("all_entities_enabled")
async def test_border(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A price changes at the end of its quarter-hour, without a request."""
    home = simulator.add(scenarios.smart_already())
    amounts: Amounts = [float(number) for number in range(96)]
    simulator.set_prices(TODAY, amounts)
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T11:14:58")
    requests_since(simulator)
    assert value_of(hass, home) == "0.44"
    await move_clock(hass, freezer, "2026-11-23T11:14:59")
    assert value_of(hass, home) == "0.44"
    assert value_of(hass, home, "next_price") == "0.45"
    assert value_of(hass, home, "price_rank") == "46.3"
    await move_clock(hass, freezer, "2026-11-23T11:15:00")
    assert value_of(hass, home) == "0.45"
    assert value_of(hass, home, "next_price") == "0.46"
    assert value_of(hass, home, "price_rank") == "47.4"
    assert not requests_since(simulator)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        # Entities that are written at 11:15
        ([30.0] * 96, set()),
        # Another price that stands where the one before stood
        ([30.0] * 45 + [31.0] + [40.0, 20.0] * 25, {"price"}),
        ([30.0] * 45 + [90.0] * 51, {"price", "price_level"}),
    ],
)
async def test_writes_at_a_border(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    amounts: Amounts,
    expected: set[str],
) -> None:
    """Only what changes is written, and that once."""
    home = simulator.add(scenarios.dynamic_tariff())
    simulator.set_prices(TODAY, amounts)
    await set_up()
    written = writes(hass)
    await move_clock(hass, freezer, "2026-11-23T11:14:58")
    assert not written
    await move_clock(hass, freezer, "2026-11-23T11:15:00")
    assert sorted(written) == sorted(entity_of(hass, home, key) for key in expected)


async def test_writes_of_an_hourly_contract(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Entities of an hourly contract are not written within an hour."""
    home = simulator.add(scenarios.smart_already(hourly=True))
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T12:00:00")
    requests_since(simulator)
    written = writes(hass)
    before = value_of(hass, home)
    for clock in ("12:15", "12:30", "12:45", "12:59:58"):
        await move_clock(hass, freezer, f"2026-11-23T{clock}")
        assert value_of(hass, home) == before == price_now(simulator, home)
    assert not written
    await move_clock(hass, freezer, "2026-11-23T13:00:00")
    assert written
    assert value_of(hass, home) == price_now(simulator, home)
    assert not requests_since(simulator)


@pytest.mark.parametrize("hourly", [False, True])
@pytest.mark.parametrize(
    ("day", "count"),
    [("2026-10-25", 100), ("2027-03-28", 92), ("2026-11-24", 96)],
)
async def test_day_from_end_to_end(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    day: str,
    count: int,
    hourly: bool,
) -> None:
    """Each quarter of each day has its own price, also when the clocks change."""
    today = date.fromisoformat(day)
    freezer.move_to(local(f"{today - DAY}T11:00"))
    home = simulator.add(scenarios.smart_already(hourly=hourly))
    await set_up(home.subscription_id)
    await move_clock(hass, freezer, f"{today - DAY}T15:00")
    per_hour = 1 if hourly else 4
    listed = state_of(hass, home, "price").attributes["prices"]
    assert len(listed) == (96 + count) // 4 * per_hour
    assert value_of(hass, home, "tomorrow_prices") == STATE_ON

    await move_clock(hass, freezer, f"{today - DAY}T23:45:00")
    requests_since(simulator)
    for begin in quarters(today):
        freezer.move_to(begin - timedelta(seconds=1))
        await fire_timers(hass)
        assert value_of(hass, home) == price_at(simulator, home, begin - QUARTER)
        freezer.move_to(begin)
        await fire_timers(hass)
        assert value_of(hass, home) == price_at(simulator, home, begin)
        listed = state_of(hass, home, "price").attributes["prices"]
        assert len(listed) >= count // 4 * per_hour
        (current,) = (
            each
            for each in listed
            if datetime.fromisoformat(each["start"])
            <= begin
            < datetime.fromisoformat(each["end"])
        )
        assert value_of(hass, home) == str(current["price"])
    assert requests_since(simulator).count("get_prices") == 1
    listed = state_of(hass, home, "price").attributes["prices"]
    assert listed[0]["start"][:16] == f"{day}T00:00"
    assert listed[count // 4 * per_hour - 1]["end"][:16] == f"{today + DAY}T00:00"
    assert len({each["start"] for each in listed}) == len(listed)


@pytest.mark.usefixtures("all_entities_enabled")
async def test_other_time_zone(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Days are Nomos' days wherever Home Assistant is; clocks are those of its wall."""
    await hass.config.async_set_time_zone("America/New_York")
    home = simulator.add(scenarios.smart_already())
    amounts: Amounts = [5.0, *[30.0] * 94, 50.0]
    simulator.set_prices(TODAY, amounts)
    await set_up()
    lowest = state_of(hass, home, "lowest_price_today")
    assert lowest.attributes["start"].isoformat() == "2026-11-22T18:00:00-05:00"
    listed = state_of(hass, home, "price").attributes["prices"]
    assert listed[0]["start"] == "2026-11-22T18:00:00-05:00"
    assert listed[-1]["end"] == "2026-11-23T18:00:00-05:00"
    await move_clock(hass, freezer, "2026-11-23T23:45")
    assert value_of(hass, home) == "0.5"
    assert value_of(hass, home, "price_rank") == "100.0"
    await move_clock(hass, freezer, "2026-11-24T00:00")
    assert value_of(hass, home, "highest_price_today") != "0.5"


# Days of all kinds


def day_of(amount: float | None = 30.0, **others: float | None) -> Amounts:
    """Return a day with the same price in all hours but some; `h13` is 13 o'clock."""
    amounts: Amounts = [amount] * 24
    for hour, other in others.items():
        amounts[int(hour[1:])] = other
    return amounts


RAMP: Amounts = [float(number) for number in range(96)]
NOON: Amounts = day_of(24.0, h11=-2.0, h12=-6.5, h13=-2.0)
NULLS: Amounts = day_of(24.0, h11=None, h12=12.0, h13=60.0)
BORDERS: Amounts = [
    *([34.375] * 4 + [43.75] * 3 + [37.5] * 41),
    *([62.5] * 41 + [56.25] * 3 + [65.625] * 4),
]
"""Average 50 ct/kWh, standard deviation 12.5 ct/kWh; all of them exact as floats."""


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize(
    ("amounts", "moment", "expected"),
    [
        # A day without differences
        (
            [30.0] * 96,
            "11:00",
            {
                "price": "0.3",
                "next_price": "0.3",
                "average_price_today": "0.3",
                "lowest_price_today": "0.3",
                "highest_price_today": "0.3",
                "price_rank": "50.0",
                "price_level": "normal",
            },
        ),
        # One that costs nothing
        (
            [0.0] * 96,
            "11:00",
            {"price": "0.0", "price_rank": "50.0", "price_level": "normal"},
        ),
        # Hardly any differences, and then the same with larger ones
        (day_of(30.0, h11=29.1), "11:00", {"price_level": "normal"}),
        (day_of(30.0, h11=28.0), "11:00", {"price_level": "cheap"}),
        (day_of(30.0, h11=20.0), "11:00", {"price_level": "very_cheap"}),
        (day_of(30.0, h11=32.0), "11:00", {"price_level": "expensive"}),
        (day_of(30.0, h11=60.0), "11:00", {"price_level": "very_expensive"}),
        # Distances of exactly 1.25 and 0.5 standard deviations
        (BORDERS, "00:07", {"price_level": "very_cheap"}),
        (BORDERS, "01:00", {"price_level": "cheap"}),
        (BORDERS, "22:15", {"price_level": "expensive"}),
        (BORDERS, "23:00", {"price_level": "very_expensive"}),
        # A negative noon
        (
            NOON,
            "12:59:59",
            {
                "price": "-0.065",
                "next_price": "-0.02",
                "average_price_today": "0.205625",
                "lowest_price_today": "-0.065",
                "highest_price_today": "0.24",
                "price_level": "very_cheap",
            },
        ),
        (NOON, "13:00", {"price": "-0.02", "price_level": "very_cheap"}),
        (NOON, "14:00", {"price": "0.24", "price_level": "normal"}),
        # Hours of which the price is missing
        (
            NULLS,
            "11:00",
            {
                "price": STATE_UNKNOWN,
                "price_rank": STATE_UNKNOWN,
                "price_level": STATE_UNKNOWN,
                "average_price_today": "0.25043478",
                "lowest_price_today": "0.12",
                "highest_price_today": "0.6",
            },
        ),
        (NULLS, "11:45", {"price": STATE_UNKNOWN, "next_price": "0.12"}),
        (NULLS, "10:45", {"price": "0.24", "next_price": STATE_UNKNOWN}),
        (NULLS, "12:00", {"price": "0.12", "price_level": "very_cheap"}),
        (NULLS, "13:00", {"price": "0.6", "price_level": "very_expensive"}),
        # A day of which nothing is known
        (
            [None] * 96,
            "11:00",
            {
                "price": STATE_UNKNOWN,
                "next_price": STATE_UNKNOWN,
                "average_price_today": STATE_UNKNOWN,
                "lowest_price_today": STATE_UNKNOWN,
                "highest_price_today": STATE_UNKNOWN,
                "price_rank": STATE_UNKNOWN,
                "price_level": STATE_UNKNOWN,
            },
        ),
        # Only one price of the day is known
        (
            [None] * 44 + [30.0] + [None] * 51,
            "11:00",
            {"price": "0.3", "price_rank": "50.0", "price_level": "normal"},
        ),
        # A steady climb
        (RAMP, "00:07", {"price_rank": "0.0", "price_level": "very_cheap"}),
        (RAMP, "06:00", {"price_rank": "25.3", "price_level": "cheap"}),
        (RAMP, "12:00", {"price_rank": "50.5", "price_level": "normal"}),
        (RAMP, "17:30", {"price_rank": "73.7", "price_level": "expensive"}),
        (RAMP, "23:45", {"price_rank": "100.0", "price_level": "very_expensive"}),
    ],
)
async def test_days(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    amounts: Amounts,
    moment: str,
    expected: dict[str, str],
) -> None:
    """Flat, negative, incomplete and ordinary days, at one of their moments each."""
    freezer.move_to(local(f"2026-11-23T{moment}"))
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, amounts)
    await set_up()
    assert {key: value_of(hass, home, key) for key in expected} == expected


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize(
    ("amounts", "key", "value", "start"),
    [
        (NOON, "lowest_price_today", "-0.065", "12:00"),
        # Of several that are the same, the first one
        (NOON, "highest_price_today", "0.24", "00:00"),
        (NULLS, "lowest_price_today", "0.12", "12:00"),
        (NULLS, "highest_price_today", "0.6", "13:00"),
        (NULLS, "next_price", STATE_UNKNOWN, None),
        (RAMP, "next_price", "0.45", "11:15"),
        (RAMP, "lowest_price_today", "0.0", "00:00"),
        (RAMP, "highest_price_today", "0.95", "23:45"),
        ([None] * 96, "lowest_price_today", STATE_UNKNOWN, None),
        ([None] * 96, "highest_price_today", STATE_UNKNOWN, None),
    ],
)
async def test_starts(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    amounts: Amounts,
    key: str,
    value: str,
    start: str | None,
) -> None:
    """What is lowest, highest or next says when that begins."""
    freezer.move_to(local("2026-11-23T11:07"))
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, amounts)
    await set_up()
    shown = state_of(hass, home, key)
    assert shown.state == value
    expected = f"2026-11-23T{start}:00+01:00" if start else None
    found = shown.attributes["start"]
    assert (found and found.isoformat()) == expected


@pytest.mark.usefixtures("all_entities_enabled")
async def test_next_day_is_fine(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A day without prices does not spoil the one that follows, nor the other way."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, [None] * 96)
    simulator.set_prices(TOMORROW, RAMP)
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T15:00")
    assert value_of(hass, home, "average_price_today") == STATE_UNKNOWN
    assert value_of(hass, home, "tomorrow_prices") == STATE_ON
    await move_clock(hass, freezer, "2026-11-23T23:50")
    assert value_of(hass, home) == STATE_UNKNOWN
    assert value_of(hass, home, "next_price") == "0.0"
    await move_clock(hass, freezer, "2026-11-24T00:00")
    assert value_of(hass, home) == "0.0"
    assert value_of(hass, home, "price_rank") == "0.0"
    assert value_of(hass, home, "price_level") == "very_cheap"
    assert value_of(hass, home, "average_price_today") == "0.475"
    assert value_of(hass, home, "tomorrow_prices") == STATE_OFF


async def test_list_of_prices(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The list has what is known, in its order."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, NULLS)
    await set_up()
    listed = state_of(hass, home, "price").attributes["prices"]
    assert json.loads(json_bytes(listed)) == listed
    assert len(listed) == 92
    assert listed[0] == {
        "start": "2026-11-23T00:00:00+01:00",
        "end": "2026-11-23T00:15:00+01:00",
        "price": 0.24,
    }
    assert [(each["start"][11:16], each["price"]) for each in listed[43:45]] == [
        ("10:45", 0.24),
        ("12:00", 0.12),
    ]
    await move_clock(hass, freezer, "2026-11-23T15:00")
    both = state_of(hass, home, "price").attributes["prices"]
    assert both[:92] == listed
    assert both[-1]["end"] == "2026-11-25T00:00:00+01:00"


@pytest.mark.parametrize(
    ("scenario", "word"),
    [(scenarios.smart_already, "price"), (scenarios.feed_in, "payout")],
)
async def test_list_is_not_recorded(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    scenario: Callable[[], Household],
    word: str,
) -> None:
    """The list is too long for the history, in which each price is anyway."""
    home = simulator.add(scenario())
    await set_up()
    info = state_of(hass, home, word).state_info
    assert info
    assert f"{word}s" in info["unrecorded_attributes"]


# Tomorrow


@pytest.mark.parametrize(
    ("scenario", "key"),
    [
        (scenarios.smart_already, "tomorrow_prices"),
        (scenarios.feed_in, "tomorrow_payouts"),
    ],
)
@pytest.mark.parametrize("amounts", [None, RAMP, [30.0] * 96])
async def test_tomorrow(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    scenario: Callable[[], Household],
    key: str,
    amounts: Amounts | None,
) -> None:
    """It is on from the publication on, whatever the prices are, up to midnight."""
    home = simulator.add(scenario())
    if amounts:
        simulator.set_prices(TOMORROW, amounts)
    await set_up()
    for clock in ("11:00", "14:05"):
        await move_clock(hass, freezer, f"2026-11-23T{clock}")
        assert value_of(hass, home, key) == STATE_OFF
    written = writes(hass)
    for clock in ("14:55", "18:00", "23:59:58"):
        await move_clock(hass, freezer, f"2026-11-23T{clock}")
        assert value_of(hass, home, key) == STATE_ON
    await move_clock(hass, freezer, "2026-11-24T00:00:00")
    assert value_of(hass, home, key) == STATE_OFF
    assert written.count(entity_of(hass, home, key)) == 2


@pytest.mark.parametrize(
    "amounts", [[None] * 96, [30.0] * 95 + [None], [30.0] * 40 + [None] + [30.0] * 55]
)
async def test_tomorrow_without_prices(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    amounts: Amounts,
) -> None:
    """It is off while an interval of tomorrow has no price; they are asked for again."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TOMORROW, amounts)
    await set_up()
    for clock in ("14:55", "18:00"):
        await move_clock(hass, freezer, f"2026-11-23T{clock}")
        assert value_of(hass, home, "tomorrow_prices") == STATE_OFF
    listed = state_of(hass, home, "price").attributes["prices"]
    assert len(listed) == 96 + len([each for each in amounts if each is not None])
    simulator.set_prices(TOMORROW, RAMP)
    await move_clock(hass, freezer, "2026-11-23T23:30")
    assert value_of(hass, home, "tomorrow_prices") == STATE_ON


async def test_no_price_during_an_outage(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A price that was null when Nomos went away is unavailable, as a missing one."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TOMORROW, NULLS)
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T15:00")
    simulator.fail(Fault.SERVER_ERROR)
    for clock, expected in (
        ("10:45", "0.24"),
        ("11:00", STATE_UNAVAILABLE),
        ("12:00", "0.12"),
    ):
        await move_clock(hass, freezer, f"2026-11-24T{clock}")
        assert value_of(hass, home) == expected


# Feeding in


@pytest.mark.usefixtures("all_entities_enabled")
async def test_payout(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Feed-in contracts have payouts, whose levels are not called cheap."""
    roof = simulator.add(scenarios.feed_in())
    amounts: Amounts = day_of(8.0, h11=-3.0, h12=25.0, h13=None)
    simulator.set_prices(TODAY, amounts)
    await set_up()
    assert entities(hass, roof) == {
        "payout",
        "next_payout",
        "average_payout_today",
        "lowest_payout_today",
        "highest_payout_today",
        "payout_rank",
        "payout_level",
        "tomorrow_payouts",
    }
    for clock, amount, level in (
        ("11:15", "-0.03", "very_low"),
        ("12:00", "0.25", "very_high"),
        ("13:00", STATE_UNKNOWN, STATE_UNKNOWN),
        ("14:00", "0.08", "normal"),
    ):
        await move_clock(hass, freezer, f"2026-11-23T{clock}")
        assert value_of(hass, roof, "payout") == amount
        assert value_of(hass, roof, "payout_level") == level
    shown = state_of(hass, roof, "payout")
    assert shown.attributes["unit_of_measurement"] == "EUR/kWh"
    assert shown.attributes["payouts"][0]["payout"] == 0.08
    assert "prices" not in shown.attributes
    assert state_of(hass, roof, "payout_level").attributes["options"] == [
        "very_low",
        "low",
        "normal",
        "high",
        "very_high",
    ]
    for key in entities(hass, roof):
        words = f"{state_of(hass, roof, key).as_dict()}".lower()
        assert "cheap" not in words
        assert "price" not in words


@pytest.mark.parametrize("language", ["en", "de"])
def test_translations_of_payouts(language: str) -> None:
    """Neither language calls a payout cheap or expensive."""
    texts = json.loads((TRANSLATIONS / f"{language}.json").read_text("utf-8"))
    payouts = {
        key: text
        for platform in ("sensor", "binary_sensor")
        for key, text in texts["entity"][platform].items()
        if "payout" in key
    }
    assert len(payouts) == 9
    said = json.dumps(payouts, ensure_ascii=False).lower()
    for word in ("cheap", "expensive", "günstig", "teuer", "billig"):
        assert word not in said


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize(
    ("scenario", "measured"),
    [
        (scenarios.smart_already, {"price", "energy_price", "grid_fee", "levies"}),
        (scenarios.feed_in, {"payout"}),
    ],
)
async def test_units(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    scenario: Callable[[], Household],
    measured: set[str],
) -> None:
    """Everything is in EUR/kWh; only what holds now makes a statistic."""
    home = simulator.add(scenario())
    await set_up()
    attributes = {
        key: state_of(hass, home, key).attributes for key in entities(hass, home)
    }
    assert {
        key for key, each in attributes.items() if "state_class" in each
    } == measured
    units = {key: each.get("unit_of_measurement") for key, each in attributes.items()}
    others = ("rank", "level", "tomorrow", "module", "reduction")
    for key, unit in units.items():
        if any(word in key for word in others):
            assert unit == ("%" if "rank" in key else None)
        else:
            assert unit == "EUR/kWh"


async def test_consumption_and_feed_in(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A house with a roof has both, each with its own figures."""
    home = simulator.add(scenarios.smart_already())
    roof = simulator.add(scenarios.feed_in(hourly=True))
    await set_up()
    for _ in range(8):
        await pass_time(hass, freezer, QUARTER, QUARTER)
        assert value_of(hass, home) == price_now(simulator, home)
        assert value_of(hass, roof, "payout") == price_now(simulator, roof)
        assert berlin_day(dt_util.utcnow()) == TODAY
