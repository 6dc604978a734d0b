"""Sensors of usage, cost and meter readings."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import (
    DOMAIN as RECORDER_DOMAIN,
    Recorder,
    get_instance,
)
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_import_statistics,
    async_list_statistic_ids,
    get_metadata,
    validate_statistics,
)
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.core_config import DATA_CUSTOMIZE
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_values import EntityValues
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from sqlalchemy.exc import SQLAlchemyError
from syrupy.assertion import SnapshotAssertion

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.usage import statistics as usage_statistics
from custom_components.nomos_energy.usage.sensors import (
    CONSUMPTION,
    FEED_IN,
    USAGE_UNTIL,
)
from simulator import Fault, Household, Simulator, scenarios, usage as simulated
from simulator.clock import midnight
from simulator.contracts import Report
from tests import (
    DAY,
    entity_id,
    pass_time,
    refresh,
    requests_since,
    shown,
    state,
    warnings,
    writes,
)
from tests.conftest import SetUp

from .common import recent_tariff

YESTERDAY = date(2026, 11, 22)
KEYS = ("consumption_last_day", "cost_last_day", "average_price_paid_last_day")
CLEAR = Recorder.async_clear_statistics


@pytest.fixture
def afternoon(simulator: Simulator, freezer: FrozenDateTimeFactory) -> None:
    """Begin when yesterday is known."""
    freezer.move_to("2026-11-23T16:30:00+00:00")


@pytest.mark.usefixtures("recorder_mock", "afternoon")
@pytest.mark.parametrize(
    ("scenario", "descriptions"),
    [(scenarios.dynamic_tariff, CONSUMPTION), (scenarios.feed_in, FEED_IN)],
)
async def test_everything(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    snapshot: SnapshotAssertion,
    scenario: Callable[..., Household],
    descriptions: tuple[Any, ...],
) -> None:
    """Each fact has its name, unit and class."""
    home = simulator.add(scenario())
    await set_up()
    keys = [*(each.key for each in descriptions), USAGE_UNTIL.key, "meter_reading"]
    for key in keys:
        assert shown(hass, home, key) == snapshot(name=key)
    others = {each.key for each in (*CONSUMPTION, *FEED_IN)} - set(keys)
    registry = er.async_get(hass)
    assert not [
        key
        for key in others
        if registry.async_get_entity_id(
            "sensor", DOMAIN, f"{home.subscription_id}_{key}"
        )
    ]


@pytest.mark.usefixtures("recorder_mock", "afternoon")
async def test_last_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The figures are those of the quarters, and stay until the next day has come."""
    home = simulator.add(recent_tariff())
    home.set_usage(YESTERDAY, [0.25] * 48 + [0.5] * 48)
    simulator.set_prices(YESTERDAY, [40.0] * 48 + [10.0] * 48)
    await set_up()

    def check() -> None:
        assert state(hass, home, "consumption_last_day") == "36.0"
        assert state(hass, home, "cost_last_day") == "7.2"
        assert state(hass, home, "average_price_paid_last_day") == "0.2"
        attributes = shown(hass, home, "cost_last_day").attributes
        assert (attributes["date"], attributes["preliminary"]) == ("2026-11-22", True)
        assert state(hass, home, "usage_until") == "2026-11-22T23:00:00+00:00"

    check()
    await pass_time(hass, freezer, timedelta(hours=22))
    check()
    await pass_time(hass, freezer, timedelta(hours=3))
    assert state(hass, home, "consumption_last_day") != "36.0"
    assert shown(hass, home, "cost_last_day").attributes["date"] == "2026-11-23"
    assert state(hass, home, "usage_until") == "2026-11-23T23:00:00+00:00"


@pytest.mark.usefixtures("recorder_mock", "afternoon")
async def test_operator_is_two_days_late(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A day that comes two days late is shown then, and until the next one comes."""
    home = simulator.add(recent_tariff(days_late=2))
    await set_up()
    dates = []
    for _ in range(24):
        found = [shown(hass, home, key) for key in KEYS]
        assert STATE_UNKNOWN not in {each.state for each in found}
        (day,) = {each.attributes["date"] for each in found}
        dates.append(day)
        await pass_time(hass, freezer, timedelta(hours=3))
    assert dates == [f"2026-11-{day}" for day in (20, 21, 22) for _ in range(8)]


@pytest.mark.usefixtures("recorder_mock", "afternoon")
@pytest.mark.parametrize("is_silent", [True, False])
async def test_nothing_comes_any_more(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    is_silent: bool,
) -> None:
    """A day is shown for seven days, and no longer: no value is better than an old one."""
    home = simulator.add(recent_tariff())
    await set_up()
    used = state(hass, home, "consumption_last_day")
    until = state(hass, home, "usage_until")
    if is_silent:
        home.days_late = 100
    else:
        simulator.fail(Fault.SERVER_ERROR)
    # Until 23:30 in Germany, a week after that day.
    await pass_time(hass, freezer, timedelta(days=6, hours=6), timedelta(hours=6))
    assert state(hass, home, "consumption_last_day") == used
    assert shown(hass, home, "cost_last_day").attributes["date"] == "2026-11-22"
    await pass_time(hass, freezer, timedelta(hours=1))
    for key in KEYS:
        assert state(hass, home, key) == STATE_UNKNOWN
        assert shown(hass, home, key).attributes["date"] is None
    assert state(hass, home, "usage_until") == until


@pytest.mark.usefixtures("recorder_mock", "simulator")
@pytest.mark.parametrize(
    ("day", "quarters"),
    [
        (date(2026, 10, 25), 100),
        (date(2026, 11, 22), 96),
        (date(2027, 3, 28), 92),
    ],
)
@pytest.mark.parametrize("missing", [None, 0, -1])
async def test_complete_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    day: date,
    quarters: int,
    missing: int | None,
) -> None:
    """A day of 23, 24 or 25 hours is shown if none of its quarters is missing."""
    freezer.move_to(midnight(day + DAY) + timedelta(hours=17, minutes=30))
    home = simulator.add(recent_tariff())
    before: list[float | None] = [0.5] * 96
    usage: list[float | None] = [0.25] * quarters
    if missing is not None:
        usage[missing] = None
    home.set_usage(day - DAY, before)
    home.set_usage(day, usage)
    await set_up()
    found = shown(hass, home, "consumption_last_day")
    assert (float(found.state), found.attributes["date"]) == (
        (quarters / 4, day.isoformat())
        if missing is None
        else (48.0, (day - DAY).isoformat())
    )


@pytest.mark.usefixtures("recorder_mock", "afternoon")
async def test_final_at_once(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A day that is final is shown as long as one that may still change."""
    monkeypatch.setattr(simulated, "final_from", midnight)
    home = simulator.add(recent_tariff())
    entry = await set_up()
    home.days_late = 100
    await pass_time(hass, freezer, 5 * DAY, timedelta(hours=6))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    attributes = shown(hass, home, "cost_last_day").attributes
    assert (attributes["date"], attributes["preliminary"]) == ("2026-11-22", False)


@pytest.mark.usefixtures("recorder_mock", "afternoon")
@pytest.mark.parametrize(
    ("usage", "prices", "states"),
    [
        ([0.25] * 96, [None] + [40.0] * 95, ("24.0", STATE_UNKNOWN, STATE_UNKNOWN)),
        ([0.0] * 96, [40.0] * 96, ("0.0", "0.0", STATE_UNKNOWN)),
        ([1.0] * 96, [-10.0] * 96, ("96.0", "-9.6", "-0.1")),
    ],
)
async def test_what_is_not_known(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    usage: list[float],
    prices: list[float | None],
    states: tuple[str, ...],
) -> None:
    """No cost is shown that lacks a price; nothing used has no average price."""
    home = simulator.add(recent_tariff())
    home.set_usage(YESTERDAY, usage)
    simulator.set_prices(YESTERDAY, prices)
    await set_up()
    assert tuple(state(hass, home, key) for key in KEYS) == states


@pytest.mark.usefixtures("recorder_mock", "afternoon")
async def test_asked_for(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Home Assistant's own action asks Nomos for the usage, and only for that."""
    home = simulator.add(recent_tariff())
    await set_up()
    requests_since(simulator)
    await async_setup_component(hass, "homeassistant", {})
    await hass.services.async_call(
        "homeassistant",
        "update_entity",
        {"entity_id": entity_id(hass, home, "cost_last_day")},
        blocking=True,
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert requests_since(simulator) == ["get_usage"]


async def test_nothing_is_recorded(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Without the recorder usage is not requested."""
    home = simulator.add(recent_tariff())
    await set_up()
    assert "get_usage" not in requests_since(simulator)
    assert not er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{home.subscription_id}_cost_last_day"
    )


@pytest.mark.usefixtures("recorder_mock", "afternoon")
async def test_writes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A day writes each of its figures once, when it is there."""
    home = simulator.add(recent_tariff())
    await set_up()
    await pass_time(hass, freezer, DAY)
    written = writes(hass)
    await pass_time(hass, freezer, DAY)
    cost = entity_id(hass, home, "cost_last_day")
    until = entity_id(hass, home, "usage_until")
    assert (written.count(cost), written.count(until)) == (1, 1)


# What the meter shows


async def test_reading_before_the_gate(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The last meter reading is shown with day and type, without a smart meter."""
    home = simulator.add(scenarios.no_order())
    await set_up()
    reading = shown(hass, home, "meter_reading")
    assert float(reading.state) > 0
    assert reading.attributes["date"] == "2026-11-23"
    assert reading.attributes["kind"] == "grid_reading"
    assert reading.attributes["unit_of_measurement"] == "kWh"
    await pass_time(hass, freezer, 15 * DAY, timedelta(hours=6))
    later = shown(hass, home, "meter_reading")
    assert float(later.state) > float(reading.state)
    assert later.attributes["date"] == "2026-11-30"


async def test_swapped_meter(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The new meter begins from nothing, and nothing is counted by the readings."""
    home = simulator.add(scenarios.happy_path(first_reading=31000.0))
    await set_up()
    before = shown(hass, home, "meter_reading")
    assert float(before.state) > 31000
    home.advance_to("activated")
    await refresh(hass, home)
    await pass_time(hass, freezer, 9 * DAY, timedelta(hours=6))
    after = shown(hass, home, "meter_reading")
    assert float(after.state) < 1000
    for reading in (before, after):
        assert not {"state_class", "last_reset"} & reading.attributes.keys()


async def test_reading_that_is_reported_late(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An older reading that is reported later changes nothing, nor a new contract."""
    home = simulator.add(recent_tariff())
    await set_up()
    before = shown(hass, home, "meter_reading")
    await pass_time(hass, freezer, timedelta(hours=1))
    home.reports.append(
        Report(
            "mr_late",
            home.meter_id,
            12345.0,
            dt_util.utcnow() - 20 * DAY,
            dt_util.utcnow(),
        )
    )
    other = simulator.add(scenarios.happy_path(2))
    await pass_time(hass, freezer, 6 * DAY, timedelta(hours=6))
    assert float(state(hass, other, "meter_reading")) > 0
    after = shown(hass, home, "meter_reading")
    assert (after.state, after.attributes) == (before.state, before.attributes)


def recorded(statistic_id: str) -> StatisticMetaData:
    """Return what the recorder notes about the statistics of an energy sensor."""
    return StatisticMetaData(
        has_sum=True,
        mean_type=StatisticMeanType.NONE,
        name=None,
        source=RECORDER_DOMAIN,
        statistic_id=statistic_id,
        unit_class="energy",
        unit_of_measurement="kWh",
    )


async def statistics(hass: HomeAssistant) -> set[str]:
    """Return the IDs of the statistics of energy, as pickers offer them."""
    await get_instance(hass).async_block_till_done()
    return {
        each["statistic_id"]
        for each in await async_list_statistic_ids(hass, statistic_type="sum")
        if each["unit_class"] == "energy"
    }


@pytest.mark.usefixtures("recorder_mock", "afternoon")
async def test_picker(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """The Energy dashboard offers the consumption, and no sensor."""
    home = simulator.add(recent_tariff())
    await set_up()
    consumption = {f"{DOMAIN}:{home.subscription_id}_consumption"}
    assert await statistics(hass) == consumption


@pytest.mark.usefixtures("recorder_mock", "afternoon")
async def test_old_statistics_of_the_reading(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Statistics of the meter reading are cleared once, and only they."""
    home = simulator.add(recent_tariff())
    entry = await set_up()
    reading, price = (entity_id(hass, home, key) for key in ("meter_reading", "price"))
    for each in (reading, price):
        async_import_statistics(
            hass,
            recorded(each),
            [StatisticData(start=midnight(YESTERDAY), state=9.0, sum=9.0)],
        )
    consumption = f"{DOMAIN}:{home.subscription_id}_consumption"
    assert await statistics(hass) == {consumption, reading, price}

    async def issues() -> list[str]:
        await get_instance(hass).async_block_till_done()
        found = await get_instance(hass).async_add_executor_job(
            validate_statistics, hass
        )
        return [each.type for each in found.get(reading, ())]

    assert await issues() == ["state_class_removed"]
    with patch.object(
        Recorder, "async_clear_statistics", autospec=True, side_effect=CLEAR
    ) as cleared:
        for _ in range(2):
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
            assert await statistics(hass) == {consumption, price}
    cleared.assert_called_once()
    assert await issues() == []


@pytest.mark.usefixtures("recorder_mock", "afternoon")
async def test_state_class_of_ones_own(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Who gives the meter reading a state class keeps its statistics."""
    home = simulator.add(recent_tariff())
    entry = await set_up()
    reading = entity_id(hass, home, "meter_reading")
    hass.data[DATA_CUSTOMIZE] = EntityValues({reading: {"state_class": "total"}})
    async_import_statistics(
        hass,
        recorded(reading),
        [StatisticData(start=midnight(YESTERDAY), state=9.0, sum=9.0)],
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await get_instance(hass).async_block_till_done()
    stored = await get_instance(hass).async_add_executor_job(
        partial(get_metadata, hass, statistic_ids={reading})
    )
    assert reading in stored


@pytest.mark.usefixtures("recorder_mock", "afternoon")
async def test_statistics_cannot_be_read(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A broken database costs one line, and the meter reading is shown."""
    home = simulator.add(recent_tariff())
    with patch.object(
        usage_statistics, "get_metadata", side_effect=SQLAlchemyError("malformed")
    ):
        await set_up()
    assert "The recorder does not return the statistics of a sensor" in warnings(caplog)
    assert float(state(hass, home, "meter_reading")) > 0


async def test_no_reading(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The sensor appears with the first reading."""
    simulator.fail(Fault.SERVER_ERROR, "/meter-readings")
    home = simulator.add(scenarios.happy_path())
    await set_up()
    sensor = f"{home.subscription_id}_meter_reading"
    registry = er.async_get(hass)
    assert not registry.async_get_entity_id("sensor", DOMAIN, sensor)
    assert state(hass, home, "order_status") == "created"
    simulator.recover()
    await pass_time(hass, freezer, 8 * DAY, timedelta(hours=6))
    assert registry.async_get_entity_id("sensor", DOMAIN, sensor)


@pytest.mark.parametrize(
    ("fault", "field", "is_left_out"),
    [
        (Fault.MISSING_FIELD, "value", True),
        (Fault.MALFORMED_TIMESTAMP, "timestamp", True),
        (Fault.UNKNOWN_STATUS, "value", True),
        (Fault.UNKNOWN_STATUS, "type", False),
    ],
)
async def test_reading_that_is_unreadable(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    fault: Fault,
    field: str,
    is_left_out: bool,
) -> None:
    """A reading that says nothing is left out, a new kind of reading is not."""
    home = simulator.add(scenarios.no_order())
    simulator.fail(fault, "/meter-readings", field=field)
    await set_up()
    sensor = f"{home.subscription_id}_meter_reading"
    found = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, sensor)
    assert (found is None) == is_left_out
    if found:
        reading = shown(hass, home, "meter_reading")
        assert float(reading.state) > 0
        assert reading.attributes["kind"] is None
    assert state(hass, home, "order_status") == "not_ordered"
