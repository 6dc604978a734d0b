"""Sensors of the §14a modules, and the windows of module 3."""

from datetime import UTC, datetime, timedelta
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.nomos_energy.nomos import HOUR
from simulator import Fault, Household, Simulator, scenarios
from simulator.households import MODULE_1, MODULE_2, MODULE_3
from tests import (
    DAY,
    included,
    logged,
    next_start,
    pass_time,
    refresh,
    requests_since,
    state,
    writes,
)
from tests.conftest import SetUp
from tests.prices.common import (
    entities,
    entity_of,
    fire_timers,
    local,
    move_clock,
    state_of,
    value_of,
)

REDUCTIONS = "/grid-fee-reductions"
MODULES = ("module_1", "module_2", "module_3")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
async def in_berlin(hass: HomeAssistant) -> None:
    """Set the time zone of Home Assistant."""
    await hass.config.async_set_time_zone("Europe/Berlin")


def in_force(hass: HomeAssistant, home: Household) -> list[int]:
    """Return the modules that reduce the grid fee, as Home Assistant shows them."""
    shown = state_of(hass, home, "grid_fee_reduction")
    modules: list[int] = shown.attributes["modules"]
    assert shown.state == (STATE_ON if modules else STATE_OFF)
    return modules


def validity(hass: HomeAssistant, home: Household, key: str) -> tuple[Any, Any]:
    """Return from when until when a module holds."""
    attributes = state_of(hass, home, key).attributes
    return attributes["valid_from"], attributes["valid_until"]


def next_change(hass: HomeAssistant, home: Household) -> datetime | None:
    """Return when the next window begins."""
    found: datetime | None = state_of(hass, home, "grid_fee_window").attributes[
        "next_change"
    ]
    return found


def with_windows(**details: Any) -> Household:
    """Return a household with a smart meter and windows of module 3."""
    return scenarios.smart_already(**details)


def activate(home: Household) -> None:
    """Let a home have modules 1 and 3."""
    home.add_module(MODULE_1)
    home.add_module(MODULE_3)


# Modules


@pytest.mark.parametrize(
    "status",
    ["intended", "ordered", "rejected", "activated", "ended"],
)
async def test_status(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, status: str
) -> None:
    """A module shows how far it is; the others are not ordered."""
    home = simulator.add(scenarios.smart_already())
    home.add_module(
        MODULE_2,
        status,
        valid_from=local("2026-10-01T00:00"),
        valid_until=local("2026-11-01T00:00") if status == "ended" else None,
    )
    await set_up()
    assert value_of(hass, home, "module_2") == status
    assert value_of(hass, home, "module_1") == "not_ordered"
    assert value_of(hass, home, "module_3") == "not_ordered"
    assert in_force(hass, home) == ([2] if status == "activated" else [])
    assert validity(hass, home, "module_1") == (None, None)
    start, end = validity(hass, home, "module_2")
    assert start == local("2026-10-01T00:00")
    assert end == (local("2026-11-01T00:00") if status == "ended" else None)
    assert "grid_fee_window" not in entities(hass, home)


async def test_all_modules(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Whatever is in force is named by its number."""
    home = simulator.add(scenarios.smart_already())
    for module in (MODULE_3, MODULE_2, MODULE_1):
        home.add_module(module)
    await set_up()
    assert in_force(hass, home) == [1, 2, 3]


async def test_begins_and_ends_at_the_minute(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The reduction is on from its first second to its last, without a request."""
    home = simulator.add(scenarios.smart_already())
    home.add_module(
        MODULE_1,
        valid_from=local("2026-11-23T11:34"),
        valid_until=local("2026-11-23T11:52"),
    )
    home.add_module(MODULE_2, valid_from=local("2026-11-23T11:47"))
    await set_up()
    requests_since(simulator)
    reduction = entity_of(hass, home, "grid_fee_reduction")
    written = writes(hass)
    for clock, modules in (
        ("11:33:58", []),
        ("11:34:00", [1]),
        ("11:46:58", [1]),
        ("11:47:00", [1, 2]),
        ("11:51:58", [1, 2]),
        ("11:52:00", [2]),
        ("12:30:00", [2]),
    ):
        await move_clock(hass, freezer, f"2026-11-23T{clock}")
        assert in_force(hass, home) == modules
    assert written.count(reduction) == 3
    assert not requests_since(simulator)
    assert value_of(hass, home, "module_1") == "activated"


async def test_begins_at_midnight_of_another_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Days of looking at Nomos in between don't lose the moment."""
    home = simulator.add(scenarios.smart_already())
    home.add_module(
        MODULE_1,
        valid_from=local("2026-12-01T00:00"),
        valid_until=local("2027-01-01T00:00"),
    )
    await set_up()
    await pass_time(hass, freezer, 7 * DAY, 6 * HOUR)
    await move_clock(hass, freezer, "2026-11-30T23:59:58")
    assert in_force(hass, home) == []
    await move_clock(hass, freezer, "2026-12-01T00:00:00")
    assert in_force(hass, home) == [1]
    await pass_time(hass, freezer, 30 * DAY, 6 * HOUR)
    await move_clock(hass, freezer, "2026-12-31T23:59:58")
    assert in_force(hass, home) == [1]
    await move_clock(hass, freezer, "2027-01-01T00:00:00")
    assert in_force(hass, home) == []


async def test_validity_that_changes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """What was announced for another time does not happen at the first one."""
    home = simulator.add(scenarios.smart_already())
    module = home.add_module(MODULE_1, valid_from=local("2026-11-23T12:00"))
    await set_up()
    module.valid_from = local("2026-11-23T13:00")
    await refresh(hass, home)
    for clock, modules in (("12:00", []), ("12:59:58", []), ("13:00", [1])):
        await move_clock(hass, freezer, f"2026-11-23T{clock}")
        assert in_force(hass, home) == modules


async def test_after_a_restart(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Modules and their moments are known while Nomos is away."""
    home = simulator.add(scenarios.dynamic_tariff())
    other = simulator.add(scenarios.smart_already())
    other.add_module(MODULE_2, valid_from=local("2026-11-23T12:34"))
    entry = await set_up()
    before = {key: state_of(hass, home, key).as_dict()["attributes"] for key in MODULES}
    simulator.fail(Fault.CONNECTION_RESET)
    async with next_start(hass, entry) as (new, _):
        await new.config.async_set_time_zone("Europe/Berlin")
        await new.async_start()
        await new.async_block_till_done(wait_background_tasks=True)
        for key in MODULES:
            assert state_of(new, home, key).as_dict()["attributes"] == before[key]
        assert value_of(new, home, "grid_fee_window") == "standard"
        assert in_force(new, home) == [1, 3]
        assert in_force(new, other) == []
        await move_clock(new, freezer, "2026-11-23T12:34")
        assert in_force(new, other) == [2]
        await move_clock(new, freezer, "2026-11-23T17:00")
        assert value_of(new, home, "grid_fee_window") == "high"


async def test_ordered_again(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """After a rejection the next order counts, and the earlier one is forgotten."""
    home = simulator.add(scenarios.smart_already())
    home.add_module(MODULE_1, "rejected")
    await set_up()
    assert value_of(hass, home, "module_1") == "rejected"
    freezer.tick(HOUR)
    again = home.add_module(MODULE_1, "ordered")
    await refresh(hass, home)
    assert value_of(hass, home, "module_1") == "ordered"
    assert in_force(hass, home) == []
    again.status, again.valid_from = "activated", local("2026-11-23T00:00")
    await refresh(hass, home)
    assert value_of(hass, home, "module_1") == "activated"
    assert validity(hass, home, "module_1") == (local("2026-11-23T00:00"), None)
    assert in_force(hass, home) == [1]


async def test_unknown_status(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An unknown status becomes unknown, reduces nothing, and is logged once."""
    odd, fine = (simulator.add(scenarios.smart_already(index)) for index in (1, 2))
    for home in (odd, fine):
        home.add_module(MODULE_1)
    await set_up()
    simulator.fail(
        Fault.UNKNOWN_STATUS,
        path=REDUCTIONS,
        subscription=odd.subscription_id,
        value="in_review",
    )
    for _ in range(2):
        await refresh(hass, fine)
    assert value_of(hass, odd, "module_1") == STATE_UNKNOWN
    assert in_force(hass, odd) == []
    assert value_of(hass, fine, "module_1") == "activated"
    assert in_force(hass, fine) == [1]
    assert logged(caplog).count("in_review") == 1


@pytest.mark.parametrize("others", [[], [MODULE_1], [MODULE_1, MODULE_3]])
async def test_unknown_module(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    others: list[str],
) -> None:
    """A module that the law did not have yet breaks nothing, and has no number."""
    home = simulator.add(scenarios.smart_already())
    for module in ("enwg-14a-module-4", *others):
        home.add_module(module)
    await set_up()
    shown = state_of(hass, home, "grid_fee_reduction")
    assert shown.state == STATE_ON
    assert shown.attributes["modules"] == [int(module[-1]) for module in others]
    assert value_of(hass, home, "module_2") == "not_ordered"
    expected = "activated" if others else "not_ordered"
    assert value_of(hass, home, "module_1") == expected
    assert state(hass, home, "smart_meter_active") == STATE_ON
    assert "Error" not in caplog.text
    assert logged(caplog).count("enwg-14a-module-4") == 1


@pytest.mark.parametrize(
    ("fault", "details"),
    [
        (Fault.SERVER_ERROR, {}),
        (Fault.BAD_GATEWAY, {}),
        (Fault.HTML, {}),
        (Fault.CONNECTION_RESET, {}),
        (Fault.TRUNCATED_JSON, {}),
        (Fault.RATE_LIMIT, {"seconds": 60}),
        (Fault.MISSING_FIELD, {"field": "type"}),
        (Fault.MISSING_FIELD, {"field": "status"}),
        (Fault.MISSING_FIELD, {"field": "created_at"}),
        (Fault.MISSING_FIELD, {"field": "subscription"}),
    ],
)
async def test_list_that_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    fault: Fault,
    details: dict[str, Any],
) -> None:
    """What is known of modules stays, and the order moves on all the same."""
    home, other = (
        simulator.add(scenario())
        for scenario in (scenarios.dynamic_tariff, scenarios.happy_path)
    )
    await set_up()
    simulator.fail(fault, path=REDUCTIONS, **details)
    home.modules[0].status = "ended"
    other.advance_to("installed")
    await refresh(hass, home)
    assert state(hass, other, "order_status") == "installed"
    assert value_of(hass, home, "module_1") == "activated"
    assert in_force(hass, home) == [1, 3]
    assert value_of(hass, home, "grid_fee_window") == "standard"
    simulator.recover()
    freezer.tick(timedelta(minutes=2))
    await refresh(hass, home)
    assert value_of(hass, home, "module_1") == "ended"


async def test_list_that_fails_at_first(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The gate is open and prices are there, even if nothing is known of modules."""
    home = simulator.add(scenarios.dynamic_tariff())
    simulator.fail(Fault.SERVER_ERROR, path=REDUCTIONS)
    await set_up()
    assert state(hass, home, "smart_meter_active") == STATE_ON
    assert float(value_of(hass, home))
    simulator.recover()
    await pass_time(hass, freezer, DAY)
    assert in_force(hass, home) == [1, 3]
    assert value_of(hass, home, "grid_fee_window") == "standard"


async def test_one_unreadable_record(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A record that can't be read keeps what is known of its own contract only."""
    odd, fine = (simulator.add(scenarios.smart_already(index)) for index in (1, 2))
    for home in (odd, fine):
        home.add_module(MODULE_1)
    await set_up()
    simulator.fail(
        Fault.MISSING_FIELD,
        path=REDUCTIONS,
        subscription=odd.subscription_id,
        field="type",
    )
    for home in (odd, fine):
        home.modules[0].status = "ended"
    await refresh(hass, fine)
    assert value_of(hass, odd, "module_1") == "activated"
    assert value_of(hass, fine, "module_1") == "ended"


# How often


async def test_one_list_for_all(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An account asks once a day for the modules of all its contracts."""
    homes = [simulator.add(scenarios.dynamic_tariff(index)) for index in range(1, 6)]
    simulator.add(scenarios.happy_path())
    await set_up()
    assert requests_since(simulator).count("list_grid_fee_reductions") == 1
    for _ in range(3):
        await pass_time(hass, freezer, DAY)
        assert requests_since(simulator).count("list_grid_fee_reductions") == 1
    for home in homes:
        assert in_force(hass, home) == [1, 3]


@pytest.mark.parametrize(
    "scenario", [scenarios.happy_path, scenarios.no_order, scenarios.feed_in]
)
async def test_nothing_to_ask_for(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    scenario: Any,
) -> None:
    """Modules are not requested with a closed gate, nor for feed-in."""
    home = simulator.add(scenario())
    await set_up()
    await pass_time(hass, freezer, 8 * DAY, 2 * HOUR)
    assert "list_grid_fee_reductions" not in requests_since(simulator)
    found = entities(hass, home)
    assert not {*MODULES, "grid_fee_reduction", "grid_fee_window"} & found


async def test_feed_in_beside_consumption(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The roof of a house with modules has none."""
    home = simulator.add(scenarios.dynamic_tariff())
    roof = simulator.add(scenarios.feed_in())
    await set_up()
    assert in_force(hass, home) == [1, 3]
    assert not [key for key in entities(hass, roof) if "fee" in key or "module" in key]


async def test_quiet_days(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Modules are written when they change, and not with each answer."""
    home = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    written = writes(hass)
    await pass_time(hass, freezer, 3 * DAY, 3 * HOUR)
    for key in (*MODULES, "grid_fee_reduction"):
        assert entity_of(hass, home, key) not in written


# Windows


@pytest.mark.parametrize(
    ("low", "high", "windows"),
    [
        # As module 3 has it: at which hour which window begins
        (
            range(6),
            range(17, 21),
            {0: "low", 6: "standard", 17: "high", 21: "standard"},
        ),
        # Without a high one
        (range(6), (), {0: "low", 6: "standard"}),
        # Without a low one
        ((), range(17, 21), {0: "standard", 17: "high", 21: "standard"}),
        # Two that last as long as each other
        (range(12), (), {0: "low", 12: "standard"}),
        # Two of which the lower one lasts longer
        (range(18), (), {0: "low", 18: "standard"}),
        ((), range(18), {0: "high", 18: "standard"}),
        # Windows that change twice
        (
            (0, 1, 2, 12, 13),
            (7, 8, 18, 19),
            {
                0: "low",
                3: "standard",
                7: "high",
                9: "standard",
                12: "low",
                14: "standard",
                18: "high",
                20: "standard",
            },
        ),
        # One fee all day, as in a quarter of the year without windows
        ((), (), {0: "standard"}),
    ],
)
@pytest.mark.parametrize("hourly", [False, True])
async def test_windows(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    low: Any,
    high: Any,
    windows: dict[int, str],
    hourly: bool,
) -> None:
    """Each window begins at its hour, and says before when the next one does."""
    freezer.move_to(local("2026-11-22T15:00"))
    home = simulator.add(with_windows(low_hours=low, high_hours=high, hourly=hourly))
    activate(home)
    await set_up()
    await move_clock(hass, freezer, "2026-11-22T23:59:58")
    hours = sorted(windows)
    requests_since(simulator)
    for hour in range(24):
        begin = max(each for each in hours if each <= hour)
        later = [each for each in hours if each > hour]
        if hour:
            freezer.move_to(local(f"2026-11-23T{hour:02}:00") - timedelta(seconds=1))
            await fire_timers(hass)
            before = max(each for each in hours if each <= hour - 1)
            assert value_of(hass, home, "grid_fee_window") == windows[before]
        await move_clock(hass, freezer, f"2026-11-23T{hour:02}:00")
        assert value_of(hass, home, "grid_fee_window") == windows[begin]
        if len(windows) == 1:
            assert next_change(hass, home) is None
        elif later:
            assert next_change(hass, home) == local(f"2026-11-23T{later[0]:02}:00")
        elif windows[hours[0]] == windows[begin] and hour >= 15:
            # The window goes on beyond midnight, when tomorrow is known.
            assert next_change(hass, home) == local(f"2026-11-24T{hours[1]:02}:00")
        elif hour >= 15:
            assert next_change(hass, home) == local("2026-11-24T00:00")


async def test_quarter_without_windows(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A quarter of the year without windows is standard all day, and ends with them."""
    freezer.move_to(local("2027-03-31T14:00"))
    home = simulator.add(scenarios.dynamic_tariff(window_quarters=(1, 4)))
    await set_up()
    await move_clock(hass, freezer, "2027-03-31T20:45")
    assert value_of(hass, home, "grid_fee_window") == "high"
    assert next_change(hass, home) == local("2027-03-31T21:00")
    await move_clock(hass, freezer, "2027-03-31T21:00")
    assert value_of(hass, home, "grid_fee_window") == "standard"
    # Tomorrow is known, and has no other window.
    assert value_of(hass, home, "tomorrow_prices") == STATE_ON
    assert next_change(hass, home) is None
    for day in ("2027-04-01", "2027-05-15", "2027-09-30"):
        for clock in ("00:00", "03:00", "14:55", "18:00", "23:59:58"):
            await move_clock(hass, freezer, f"{day}T{clock}")
            assert value_of(hass, home, "grid_fee_window") == "standard"
            assert in_force(hass, home) == [1, 3]
    assert next_change(hass, home) == local("2027-10-01T00:00")
    await move_clock(hass, freezer, "2027-10-01T00:00")
    assert value_of(hass, home, "grid_fee_window") == "low"
    assert next_change(hass, home) == local("2027-10-01T06:00")


async def test_windows_of_both_days(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """All windows of today and tomorrow are listed, without what has no level."""
    freezer.move_to(local("2027-03-31T11:00"))
    home = simulator.add(scenarios.dynamic_tariff(window_quarters=(1, 4)))
    await set_up()

    def windows() -> list[tuple[str, str, str]]:
        listed = state_of(hass, home, "grid_fee_window").attributes["windows"]
        return [
            (each["start"][5:16], each["end"][5:16], each["level"]) for each in listed
        ]

    today = [
        ("03-31T00:00", "03-31T06:00", "low"),
        ("03-31T06:00", "03-31T17:00", "standard"),
        ("03-31T17:00", "03-31T21:00", "high"),
    ]
    assert windows() == [*today, ("03-31T21:00", "04-01T00:00", "standard")]
    await move_clock(hass, freezer, "2027-03-31T15:30")
    # The next quarter of the year has no other level.
    assert windows() == [*today, ("03-31T21:00", "04-02T00:00", "standard")]


async def test_window_beyond_the_end_of_module_3(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """What follows the end of module 3 is no window that begins."""
    home = simulator.add(with_windows(high_hours=range(20, 24)))
    activate(home)
    home.modules[1].valid_until = local("2026-11-24T00:00")
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T17:00")
    assert next_change(hass, home) == local("2026-11-23T20:00")
    await move_clock(hass, freezer, "2026-11-23T22:00")
    assert value_of(hass, home, "grid_fee_window") == "high"
    # Tomorrow's fee is the standard one.
    assert value_of(hass, home, "tomorrow_prices") == STATE_ON
    assert next_change(hass, home) is None
    home.modules[1].valid_until = None
    await refresh(hass, home)
    await move_clock(hass, freezer, "2026-11-23T22:30")
    assert next_change(hass, home) == local("2026-11-24T00:00")


async def test_next_change_without_tomorrow(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The end of a window is unknown as long as tomorrow's prices are."""
    home = simulator.add(scenarios.dynamic_tariff())
    simulator.publication_delay = timedelta(hours=20)
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T20:00")
    assert value_of(hass, home, "grid_fee_window") == "high"
    assert next_change(hass, home) == local("2026-11-23T21:00")
    await move_clock(hass, freezer, "2026-11-23T21:00")
    assert value_of(hass, home, "grid_fee_window") == "standard"
    assert next_change(hass, home) is None
    await move_clock(hass, freezer, "2026-11-24T00:00")
    assert value_of(hass, home, "grid_fee_window") == STATE_UNKNOWN
    assert next_change(hass, home) is None


@pytest.mark.parametrize(
    ("day", "low_ends", "utc"),
    [
        ("2026-10-25", "06:00", datetime(2026, 10, 25, 5, tzinfo=UTC)),
        ("2027-03-28", "06:00", datetime(2027, 3, 28, 4, tzinfo=UTC)),
    ],
)
async def test_clock_change(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    day: str,
    low_ends: str,
    utc: datetime,
) -> None:
    """Windows keep to the clock on the wall."""
    freezer.move_to(local(f"{day}T00:30"))
    home = simulator.add(with_windows())
    activate(home)
    await set_up()
    assert value_of(hass, home, "grid_fee_window") == "low"
    assert next_change(hass, home) == utc == local(f"{day}T{low_ends}")
    freezer.move_to(utc - timedelta(seconds=2))
    await fire_timers(hass)
    assert value_of(hass, home, "grid_fee_window") == "low"
    freezer.move_to(utc)
    await fire_timers(hass)
    assert value_of(hass, home, "grid_fee_window") == "standard"


async def test_writes_of_windows(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A window is written when it begins, and not with each price."""
    home = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T15:00")
    written = writes(hass)
    await pass_time(hass, freezer, 9 * HOUR - MINUTE, timedelta(minutes=15))
    assert written.count(entity_of(hass, home, "grid_fee_window")) == 2


async def test_module_3_becomes_active(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The window appears when module 3 does, without a reload."""
    home = simulator.add(scenarios.smart_already())
    home.add_module(MODULE_1)
    ordered = home.add_module(MODULE_3, "ordered")
    entry = await set_up()
    running = entry.runtime_data
    assert "grid_fee_window" not in entities(hass, home)
    ordered.status, ordered.valid_from = "activated", local("2026-11-24T00:00")
    await refresh(hass, home)
    assert entry.runtime_data is running
    assert value_of(hass, home, "module_3") == "activated"
    # It is announced, and does not hold yet.
    assert value_of(hass, home, "grid_fee_window") == STATE_UNKNOWN
    assert in_force(hass, home) == [1]
    await move_clock(hass, freezer, "2026-11-23T14:55")
    await move_clock(hass, freezer, "2026-11-23T23:59:58")
    assert value_of(hass, home, "grid_fee_window") == STATE_UNKNOWN
    assert next_change(hass, home) is None
    await move_clock(hass, freezer, "2026-11-24T00:00")
    assert value_of(hass, home, "grid_fee_window") == "low"
    assert in_force(hass, home) == [1, 3]


async def test_from_order_to_tariff(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The whole story: gate, module 1, module 3, windows; nothing too early."""
    home = simulator.add(scenarios.from_order_to_tariff())
    await set_up()
    seen_entities: list[set[str]] = [entities(hass, home)]
    for _ in range(64):
        await pass_time(hass, freezer, DAY, 3 * HOUR)
        if (found := entities(hass, home)) != seen_entities[-1]:
            seen_entities.append(found)
    before, behind, windows = seen_entities
    assert not before
    assert {"price", *MODULES, "grid_fee_reduction"} <= behind
    assert windows - behind == {"grid_fee_window"}
    assert in_force(hass, home) == [1, 3]
    assert value_of(hass, home, "grid_fee_window") == "standard"


@pytest.mark.parametrize("how", ["ended", "expired", "gone"])
async def test_module_3_ends(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    how: str,
) -> None:
    """Without module 3 there is no window, whatever the known prices say."""
    home = simulator.add(scenarios.smart_already())
    activate(home)
    module_3 = home.modules[1]
    if how == "expired":
        module_3.valid_until = local("2026-11-23T12:30")
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T12:15")
    assert value_of(hass, home, "grid_fee_window") == "standard"
    if how == "ended":
        module_3.status, module_3.valid_until = "ended", local("2026-11-23T12:15")
    elif how == "gone":
        home.modules.remove(module_3)
    await move_clock(hass, freezer, "2026-11-23T12:30")
    if how != "expired":
        await refresh(hass, home)
    assert value_of(hass, home, "grid_fee_window") == STATE_UNKNOWN
    assert next_change(hass, home) is None
    assert in_force(hass, home) == [1]
    await move_clock(hass, freezer, "2026-11-23T17:00")
    assert value_of(hass, home, "grid_fee_window") == STATE_UNKNOWN


async def test_module_3_was_ended_before(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A module that ended long ago has a window that is not known."""
    home = simulator.add(scenarios.smart_already())
    home.add_module(MODULE_1)
    home.add_module(MODULE_3, "ended", valid_until=local("2026-06-01T00:00"))
    await set_up()
    assert value_of(hass, home, "module_3") == "ended"
    assert value_of(hass, home, "grid_fee_window") == STATE_UNKNOWN


@pytest.mark.parametrize("status", ["rejected", "intended", "ordered"])
async def test_no_window_without_module_3(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, status: str
) -> None:
    """A module that is only wanted has no windows."""
    home = simulator.add(scenarios.smart_already())
    home.add_module(MODULE_1)
    home.add_module(MODULE_3, status)
    await set_up()
    assert "grid_fee_window" not in entities(hass, home)


async def test_window_of_an_unknown_price(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The grid fee of an hour may be known when its price is not."""
    home = simulator.add(scenarios.dynamic_tariff())
    day = local("2026-11-23T12:00").date()
    simulator.set_prices(day, [None] * 96)
    await set_up()
    assert value_of(hass, home) == STATE_UNKNOWN
    assert value_of(hass, home, "grid_fee_window") == "standard"
    await move_clock(hass, freezer, "2026-11-23T17:00")
    assert value_of(hass, home, "grid_fee_window") == "high"


async def test_outage(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Windows are as good as the prices that they are made of."""
    home = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T15:00")
    simulator.fail(Fault.SERVER_ERROR)
    for moment, window in (
        ("2026-11-23T17:00", "high"),
        ("2026-11-24T00:00", "low"),
        ("2026-11-24T14:55", "standard"),
        ("2026-11-24T17:00", "high"),
        ("2026-11-24T23:59:58", "standard"),
        ("2026-11-25T00:00", STATE_UNAVAILABLE),
    ):
        await move_clock(hass, freezer, moment)
        assert value_of(hass, home, "grid_fee_window") == window
    assert in_force(hass, home) == [1, 3]


@pytest.mark.parametrize("choose", [True, False])
async def test_contract_that_goes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    choose: bool,
) -> None:
    """A contract with modules and windows goes without leaving errors behind."""
    home, stays = (simulator.add(scenarios.dynamic_tariff(index)) for index in (1, 2))
    home.add_module(MODULE_2, valid_from=local("2026-12-05T12:34"))
    chosen = (home.subscription_id, stays.subscription_id) if choose else ()
    await set_up(*chosen)
    simulator.remove(home.subscription_id)
    await pass_time(hass, freezer, 14 * DAY, 3 * HOUR)
    assert included(hass) == {stays.subscription_id}
    assert not entities(hass, home)
    assert in_force(hass, stays) == [1, 3]
    # That its prices could not be had is all there is to say.
    assert {
        record.getMessage().partition(" data:")[0]
        for record in caplog.records
        if record.levelno >= logging.ERROR
    } <= {f"Error fetching Nomos Energy {home.subscription_id} prices"}


async def test_gate_that_shuts(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """When the contract of a meter without an order ends, its windows do too."""
    home = simulator.add(scenarios.smart_already())
    activate(home)
    await set_up()
    assert value_of(hass, home, "grid_fee_window") == "standard"
    home.status = "ended"
    await pass_time(hass, freezer, DAY)
    assert state(hass, home, "smart_meter_active") == STATE_OFF
    assert value_of(hass, home, "grid_fee_window") == STATE_UNAVAILABLE
    requests_since(simulator)
    await pass_time(hass, freezer, 2 * DAY)
    operations = requests_since(simulator)
    assert "list_grid_fee_reductions" not in operations
    assert "get_prices" not in operations


async def test_enabled_by_default(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Sensors of modules and windows are enabled by default."""
    home = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    registry = er.async_get(hass)
    for key in (*MODULES, "grid_fee_reduction", "grid_fee_window"):
        registered = registry.async_get(entity_of(hass, home, key))
        assert registered
        assert not registered.disabled
