"""Import of usage into the statistics of a real recorder."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
import itertools
import logging
from typing import Any, override
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)
from sqlalchemy.exc import SQLAlchemyError

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.usage import statistics
from simulator import Fault, Household, Simulator, scenarios
from simulator.clock import midnight
from tests import DAY, logged, pass_time, refresh, requests_since, warnings
from tests.actions import call, check_translations, device_id
from tests.conftest import SetUp

from .common import Rows, activate, assert_true, expected, ids, live, restart, rows
from .conftest import Lived

pytestmark = pytest.mark.usefixtures("recorder_mock")

HALF = timedelta(hours=12)


@pytest.fixture
async def socket(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> MockHAClientWebSocket:
    """Return what the dashboards talk to Home Assistant through."""
    for domain in ("application_credentials", "webhook", "energy"):
        assert await async_setup_component(hass, domain, {})
    return await hass_ws_client(hass)


async def command(socket: MockHAClientWebSocket, kind: str, **data: Any) -> Any:
    """Send a command, and return its result."""
    await socket.send_json_auto_id({"type": kind, **data})
    answer = await socket.receive_json()
    assert answer["success"], answer
    return answer["result"]


# The first import


async def test_from_the_activation_on(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    lived: Lived,
) -> None:
    """All usage since the activation is imported at the set-up."""
    truth = lived(date(2026, 8, 10), date(2026, 11, 21))
    caplog.set_level("INFO", "custom_components.nomos_energy")
    await set_up()
    await assert_true(hass, truth)
    months = ["2026-08", "2026-09", "2026-10", "2026-11"]
    assert [line for line in logged(caplog).splitlines() if "usage of" in line] == [
        f"Importing the usage of {month}" for month in months
    ]
    counts = Counter(requests_since(simulator))
    assert counts["get_usage"] == len(months)
    assert not warnings(caplog)


async def test_first_afternoon(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The first day after the activation is there the afternoon after it."""
    freezer.move_to("2026-11-22T23:00:00+00:00")
    home = simulator.add(scenarios.happy_path())
    await set_up()
    home.advance_to("activated")
    await refresh(hass, home)
    truth = live(home, simulator, date(2026, 11, 23), date(2026, 11, 23))
    await pass_time(hass, freezer, timedelta(hours=36))
    assert not await rows(hass, ids(home)[0])
    await pass_time(hass, freezer, timedelta(hours=6))
    await assert_true(hass, truth)


@pytest.mark.parametrize("scenario", [scenarios.smart_already, scenarios.feed_in])
async def test_from_the_beginning_of_the_contract(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    scenario: Callable[..., Household],
) -> None:
    """Where the meter was smart already, the contract's beginning is that of the data."""
    home = simulator.add(scenario(age=timedelta(days=60)))
    await set_up()
    assert home.start_at
    for statistic_id in ids(home):
        stored = await rows(hass, statistic_id)
        starts = [start for start, _, _ in stored]
        assert starts[0] - home.start_at < DAY
        assert starts[-1] == midnight(date(2026, 11, 22)) - timedelta(hours=1)
        assert starts == sorted(set(starts))


class FailAt(logging.Handler):
    """Lets Nomos fail as soon as something is logged."""

    def __init__(self, simulator: Simulator, words: str) -> None:
        """Initialize the handler."""
        super().__init__()
        self._simulator = simulator
        self._words = words

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if self._words in record.getMessage():
            self._simulator.fail(Fault.SERVER_ERROR)


@pytest.mark.parametrize("away", ["outage", "restart", "crash"])
async def test_goes_on_where_it_was(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    away: str,
    lived: Lived,
) -> None:
    """A first import that is cut off goes on later, and loses and doubles nothing."""
    truth = lived(date(2026, 7, 1), date(2026, 11, 21))
    home = truth.home
    caplog.set_level("INFO", "custom_components.nomos_energy")
    logger = logging.getLogger("custom_components.nomos_energy")
    handler = FailAt(simulator, "usage of 2026-09")
    logger.addHandler(handler)
    before = deepcopy(storage)
    entry = await set_up()
    logger.removeHandler(handler)
    assert len(await rows(hass, ids(home)[0])) == 24 * 62
    simulator.recover()
    requests_since(simulator)
    if away == "outage":
        await pass_time(hass, freezer, timedelta(minutes=6), timedelta(minutes=2))
    else:
        # What was noted last never reached the disk in a crash.
        await restart(
            hass, freezer, entry, storage, before if away == "crash" else None
        )
    months = requests_since(simulator).count("get_usage")
    assert months == (5 if away == "crash" else 3)
    await assert_true(hass, truth)


# Day by day


async def test_requests_of_a_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A day takes three requests more: a token, the usage and the meter readings.

    Invoices are listed once a week, and a quote is requested once a month.
    """
    home = activate(simulator, freezer, "2026-10-20T08:00:00+00:00")
    await set_up(home.subscription_id)
    await pass_time(hass, freezer, 5 * DAY)
    requests_since(simulator)
    await pass_time(hass, freezer, 20 * DAY)
    requests = Counter(requests_since(simulator))
    # Once the order is settled, the subscription is read in its place.
    looks = requests.pop("list_meter_orders") + requests.pop("get_subscription")
    assert looks == 20
    assert requests == {
        "create_token": 3 * 20,
        "get_plan": 3,
        "list_grid_fee_reductions": 20,
        "list_meter_readings": 20,
        "get_prices": 20,
        "get_usage": 20,
        "list_invoices": 3,
        # On the first of the month.
        "get_quote": 1,
    }


async def test_yesterday_is_late(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """What is not there at 16:00 is asked for again, ever less often, until it is."""
    home = activate(simulator, freezer, "2026-11-09T23:00:00+00:00")
    await set_up()
    truth = live(home, simulator, date(2026, 11, 10), date(2026, 11, 12))
    home.set_usage(date(2026, 11, 12), [None] * 96)
    freezer.move_to("2026-11-13T14:20:00+00:00")
    await pass_time(hass, freezer, timedelta(minutes=10))
    requests_since(simulator)
    await pass_time(hass, freezer, timedelta(hours=9), timedelta(minutes=10))
    # Between 16:00 and 17:00, then after half an hour, 1, 2 and 4 hours.
    assert requests_since(simulator).count("get_usage") == 5
    truth.tell(date(2026, 11, 12))
    await pass_time(hass, freezer, timedelta(hours=12), timedelta(minutes=30))
    await assert_true(hass, truth)
    assert requests_since(simulator).count("get_usage") == 1


async def test_yesterday_came_in_part(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The rest is read in the evening of the same day."""
    home = activate(simulator, freezer, "2026-11-09T23:00:00+00:00")
    await set_up()
    truth = live(home, simulator, date(2026, 11, 10), date(2026, 11, 12))
    home.set_usage(date(2026, 11, 12), [0.1] * 60 + [None] * 36)
    freezer.move_to("2026-11-13T14:20:00+00:00")
    await pass_time(hass, freezer, timedelta(hours=3), timedelta(minutes=10))
    truth.tell(date(2026, 11, 12))
    requests_since(simulator)
    freezer.move_to("2026-11-13T18:50:00+00:00")
    await pass_time(hass, freezer, timedelta(minutes=75), timedelta(minutes=5))
    assert requests_since(simulator).count("get_usage") == 1
    await assert_true(hass, truth)
    await pass_time(hass, freezer, timedelta(hours=12), timedelta(minutes=30))
    assert "get_usage" not in requests_since(simulator)


async def test_corrections(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Corrected values and all later sums are written until usage is final."""
    home = activate(simulator, freezer, "2026-10-31T23:00:00+00:00")
    await set_up()
    truth = live(home, simulator, date(2026, 11, 1), date(2026, 12, 31))
    await pass_time(hass, freezer, 35 * DAY, HALF)
    truth.usage[date(2026, 11, 3)][40:48] = [1.5] * 8
    truth.tell(date(2026, 11, 3))
    await pass_time(hass, freezer, 2 * DAY, HALF)
    written = {start: total for start, _, total in await rows(hass, ids(home)[0])}
    assert written == {
        start: total
        for start, _, total in expected(
            (start, kwh) for start, kwh, _ in truth.hours() if start in written
        )
    }
    # The 10th of December is the eighth working day; a day later it is too late.
    freezer.move_to("2026-12-11T22:00:00+00:00")
    await pass_time(hass, freezer, DAY, HALF)
    known = await rows(hass, ids(home)[0])
    home.set_usage(date(2026, 11, 3), [9.0] * 96)
    await pass_time(hass, freezer, 3 * DAY, HALF)
    assert (await rows(hass, ids(home)[0]))[: len(known)] == known


def make_preliminary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Nomos mark no usage as final."""
    monkeypatch.setattr(
        "simulator.usage.final_from", lambda _day: datetime.max.replace(tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("corrected_at", "is_imported"),
    [("2026-12-20T09:00:00+00:00", True), ("2026-12-21T09:00:00+00:00", False)],
)
async def test_last_correction(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    corrected_at: str,
    is_imported: bool,
) -> None:
    """Usage is corrected up to and including the 20th of the following month."""
    make_preliminary(monkeypatch)
    home = activate(simulator, freezer, "2026-11-24T23:00:00+00:00")
    await set_up()
    truth = live(home, simulator, date(2026, 11, 25), date(2026, 12, 22))
    moment = datetime.fromisoformat(corrected_at)
    await pass_time(hass, freezer, moment - dt_util.utcnow(), HALF)
    corrected: list[float | None] = [9.0] * 96
    home.set_usage(date(2026, 11, 25), corrected)
    if is_imported:
        truth.usage[date(2026, 11, 25)] = corrected
    await pass_time(hass, freezer, 2 * DAY, HALF)
    stored = await rows(hass, ids(home)[0])
    assert stored == expected(
        (start, kwh) for start, kwh, _ in truth.hours()[: len(stored)]
    )


@pytest.mark.parametrize(
    ("filled_at", "is_imported"),
    [("2027-01-20T09:00:00+00:00", True), ("2027-01-21T09:00:00+00:00", False)],
)
async def test_gap_after_the_settlement(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    filled_at: str,
    is_imported: bool,
) -> None:
    """A gap may still be filled within 31 days after the 20th."""
    day = date(2026, 11, 25)
    home = activate(simulator, freezer, "2026-11-24T23:00:00+00:00")
    await set_up()
    whole = live(home, simulator, day, date(2026, 11, 28)).usage[day]
    home.set_usage(day, [None] * 96)
    await pass_time(hass, freezer, 5 * DAY, HALF)
    count = len(await rows(hass, ids(home)[0]))
    # The last import before is on the day before, as on any other day.
    freezer.move_to(datetime.fromisoformat(filled_at) - DAY)
    await pass_time(hass, freezer, DAY, HALF)
    home.set_usage(day, whole)
    await pass_time(hass, freezer, DAY, HALF)
    first, *_ = await rows(hass, ids(home)[0])
    assert count
    assert (first[0] == midnight(day)) is is_imported


async def test_gaps_and_late_prices(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A gap is no zero, and what has no price yet costs nothing yet."""
    home = activate(simulator, freezer, "2026-11-09T23:00:00+00:00")
    await set_up()
    truth = live(home, simulator, date(2026, 11, 10), date(2026, 11, 14))
    whole, priced = (
        list(truth.usage[date(2026, 11, 11)]),
        list(truth.prices[date(2026, 11, 12)]),
    )
    truth.usage[date(2026, 11, 11)][8:17] = [None] * 9
    truth.prices[date(2026, 11, 12)][20:30] = [None] * 10
    for day in truth.usage:
        truth.tell(day)
    freezer.move_to("2026-11-15T20:00:00+00:00")
    await pass_time(hass, freezer, timedelta(hours=1))
    await assert_true(hass, truth)
    assert len(await rows(hass, ids(home)[0])) == 5 * 24 - 2
    truth.usage[date(2026, 11, 11)] = whole
    truth.prices[date(2026, 11, 12)] = priced
    for day in list(truth.usage):
        truth.tell(day)
    # What comes meanwhile is left out of the comparison.
    for day in (date(2026, 11, 15), date(2026, 11, 16)):
        home.set_usage(day, [None] * 96)
    await pass_time(hass, freezer, DAY, timedelta(hours=4))
    await assert_true(hass, truth)


async def test_sums_after_a_long_gap(
    hass: HomeAssistant,
    set_up: SetUp,
    lived: Lived,
) -> None:
    """Sums go on from the last stored hour, however long ago that was."""
    truth = lived(date(2026, 6, 10), date(2026, 11, 21))
    home = truth.home
    for day in truth.usage:
        if date(2026, 6, 12) <= day < date(2026, 11, 20):
            truth.usage[day] = [None] * len(truth.usage[day])
            truth.tell(day)
    await set_up()
    await assert_true(hass, truth)
    assert len(await rows(hass, ids(home)[0])) == 4 * 24


async def test_contract_ends(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The last day comes after the end; then nothing is asked for any more."""
    home = activate(simulator, freezer, "2026-10-31T23:00:00+00:00")
    await set_up()
    truth = live(home, simulator, date(2026, 11, 1), date(2026, 11, 4))
    freezer.move_to("2026-11-04T08:00:00+00:00")
    await pass_time(hass, freezer, timedelta(hours=15))
    home.end_at, home.status = midnight(date(2026, 11, 5)), "ended"
    await pass_time(hass, freezer, 2 * DAY, timedelta(hours=3))
    await assert_true(hass, truth)
    await pass_time(hass, freezer, 40 * DAY, HALF)
    requests_since(simulator)
    await pass_time(hass, freezer, 5 * DAY, timedelta(hours=3))
    assert "get_usage" not in requests_since(simulator)
    await assert_true(hass, truth)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
async def test_clock_changes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    day: date,
    hours: int,
) -> None:
    """A day on which the clocks change has 23 or 25 hours."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    home = activate(simulator, freezer, f"{day - DAY}T08:00:00+00:00")
    freezer.move_to(midnight(day + 3 * DAY))
    truth = live(home, simulator, day - DAY, day + DAY)
    # The meter measures from its activation on.
    truth.usage[day - DAY][: 36 if hours == 23 else 40] = [None] * (
        36 if hours == 23 else 40
    )
    await set_up()
    await assert_true(hass, truth)
    stored = await rows(hass, ids(home)[0])
    own = [row for row in stored if midnight(day) <= row[0] < midnight(day + DAY)]
    assert len(own) == hours
    days = {start: change for start, change, _ in await rows(hass, ids(home)[0], "day")}
    assert days[midnight(day)] == pytest.approx(
        sum(used or 0 for used in truth.usage[day])
    )


async def test_months_and_years(
    hass: HomeAssistant,
    set_up: SetUp,
    lived: Lived,
) -> None:
    """Days, months and the year add up to what the hours do."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    truth = lived(date(2026, 10, 1), date(2026, 11, 21))
    home = truth.home
    await set_up()
    by_month = defaultdict[datetime, float](float)
    for day, usage in truth.usage.items():
        by_month[midnight(day.replace(day=1))] += sum(filter(None, usage))
    found = await rows(hass, ids(home)[0], "month")
    assert {start: change for start, change, _ in found} == pytest.approx(by_month)


# Whatever happens

FIRST, LAST = date(2026, 10, 22), date(2026, 11, 2)
DAYS = [FIRST + place * DAY for place in range((LAST - FIRST).days + 1)]
CONTRACTS = itertools.count(1)

# A day, the first of its quarters and how many.
PARTS = st.tuples(st.sampled_from(DAYS), st.integers(0, 91), st.integers(1, 100))
EVENTS = st.sampled_from(
    ["correct", "fill", "price", "reimport", "restart", "crash", "outage"]
)


@settings(
    max_examples=8,
    # Each example leaves its traces in the database, so none can be run a second time.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    gaps=st.lists(PARTS, max_size=6),
    unpriced=st.lists(PARTS, max_size=6),
    story=st.lists(st.tuples(EVENTS, PARTS), min_size=6, max_size=2 * len(DAYS)),
)
async def test_any_story(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    storage: dict[str, Any],
    gaps: list[tuple[date, int, int]],
    unpriced: list[tuple[date, int, int]],
    story: list[tuple[str, tuple[date, int, int]]],
) -> None:
    """Whatever happens on the way, what is stored in the end is what was measured."""
    home = activate(simulator, freezer, str(midnight(FIRST)), index=next(CONTRACTS))
    truth = live(home, simulator, FIRST, LAST + 7 * DAY)
    whole = deepcopy(truth.usage), deepcopy(truth.prices)
    for values, parts in ((truth.usage, gaps), (truth.prices, unpriced)):
        for day, first, count in parts:
            for place in range(first, min(first + count, len(values[day]))):
                values[day][place] = None
    for day in DAYS:
        truth.tell(day)
    entry = await set_up(home.subscription_id)
    kept = deepcopy(storage)
    for some in itertools.batched(story, -(-len(story) // len(DAYS)), strict=False):
        for event, (day, first, count) in some:
            match event:
                case "correct":
                    for place in range(first, min(first + count, 92)):
                        whole[0][day][place] = place / 50
                        if truth.usage[day][place] is not None:
                            truth.usage[day][place] = place / 50
                case "fill":
                    truth.usage[day] = list(whole[0][day])
                case "price":
                    truth.prices[day] = list(whole[1][day])
                case "outage":
                    simulator.fail(Fault.SERVER_ERROR)
                case "reimport":
                    # While Nomos is away it is refused, and goes on later.
                    with suppress(HomeAssistantError):
                        device = device_id(hass, home)
                        await call(hass, "reimport_usage", device, start=str(day))
                case _:
                    await restart(
                        hass,
                        freezer,
                        entry,
                        storage,
                        kept if event == "crash" else None,
                    )
            truth.tell(day)
        if count % 2:
            kept = deepcopy(storage)
        await pass_time(hass, freezer, DAY, timedelta(hours=8))
        simulator.recover()
    freezer.move_to(midnight(LAST + 3 * DAY))
    await pass_time(hass, freezer, 2 * DAY, timedelta(hours=8))
    for day in [each for each in truth.usage if each > LAST + 3 * DAY]:
        del truth.usage[day]
    await assert_true(hass, truth)
    # A clean import stores the very same.
    stored = [await rows(hass, statistic_id) for statistic_id in ids(home)]
    await clear(hass, home)
    await call(hass, "reimport_usage", device_id(hass, home), start=str(FIRST))
    assert [await rows(hass, statistic_id) for statistic_id in ids(home)] == stored
    await hass.config_entries.async_remove(entry.entry_id)
    simulator.remove(home.subscription_id)


# What the Energy dashboard needs


@pytest.mark.parametrize("scenario", [scenarios.dynamic_tariff, scenarios.feed_in])
async def test_energy_dashboard(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    socket: MockHAClientWebSocket,
    scenario: Callable[..., Household],
) -> None:
    """Its pickers offer the statistics, and it finds nothing wrong with them."""
    home = simulator.add(scenario())
    await set_up()
    energy, money = ids(home)
    listed = {
        each["statistic_id"]: each
        for each in await command(socket, "recorder/list_statistic_ids")
        if each["source"] == DOMAIN
    }
    assert set(listed) == {energy, money}
    assert all(each["has_sum"] for each in listed.values())
    assert listed[energy]["statistics_unit_of_measurement"] == "kWh"
    assert listed[energy]["unit_class"] == "energy"
    assert listed[money]["statistics_unit_of_measurement"] == hass.config.currency
    source: dict[str, Any] = dict.fromkeys(
        (
            "stat_energy_from",
            "stat_energy_to",
            "stat_cost",
            "entity_energy_price",
            "number_energy_price",
            "stat_compensation",
            "entity_energy_price_export",
            "number_energy_price_export",
        )
    )
    feeds_in = home.type == "feed_in"
    source["stat_energy_to" if feeds_in else "stat_energy_from"] = energy
    source["stat_compensation" if feeds_in else "stat_cost"] = money
    grid = {"type": "grid", **source, "cost_adjustment_day": 0.0}
    await command(socket, "energy/save_prefs", energy_sources=[grid])
    assert (await command(socket, "energy/get_prefs"))["energy_sources"] == [grid]
    issues = await command(socket, "energy/validate")
    assert not any(itertools.chain(*issues["energy_sources"]))
    shown = await command(
        socket,
        "recorder/statistics_during_period",
        start_time=midnight(date(2026, 11, 21)).isoformat(),
        statistic_ids=[energy, money],
        period="hour",
        types=["change"],
    )
    for statistic in (energy, money):
        stored = [state for _, state, _ in (await rows(hass, statistic))[-24:]]
        assert [each["change"] for each in shown[statistic]] == pytest.approx(stored)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", {"Lindenallee 25 consumption", "Lindenallee 25 cost"}),
        ("de", {"Lindenallee 25 Verbrauch", "Lindenallee 25 Kosten"}),
    ],
)
async def test_names(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    socket: MockHAClientWebSocket,
    language: str,
    names: set[str],
) -> None:
    """The pickers of the Energy dashboard show the contract, in the home's language."""
    hass.config.language = language
    simulator.add(scenarios.dynamic_tariff(street="Lindenallee", house_number="25"))
    await set_up()
    assert {
        each["name"]
        for each in await command(socket, "recorder/list_statistic_ids")
        if each["source"] == DOMAIN
    } == names


async def test_statistics_stay(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    lived: Lived,
) -> None:
    """Statistics stay when the account is removed, and go on when it is added again."""
    truth = lived(date(2026, 11, 1), date(2026, 11, 20), "2026-11-12T10:00:00+00:00")
    home = truth.home
    entry = await set_up()
    stored = await rows(hass, ids(home)[0])
    assert len(stored) == 10 * 24
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await rows(hass, ids(home)[0]) == stored
    freezer.move_to("2026-11-22T10:00:00+00:00")
    await set_up()
    await assert_true(hass, truth)


async def test_nothing_enabled(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Imports go on if every entity is disabled."""
    home = activate(simulator, freezer, "2026-10-31T23:00:00+00:00")
    entry = await set_up()
    truth = live(home, simulator, date(2026, 11, 1), date(2026, 11, 4))
    registry = er.async_get(hass)
    for each in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity(
            each.entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
    await hass.config_entries.async_reload(entry.entry_id)
    freezer.move_to("2026-11-01T22:00:00+00:00")
    await pass_time(hass, freezer, 4 * DAY, timedelta(hours=3))
    await assert_true(hass, truth)


# A recorder that lost what was imported


async def put_back(
    hass: HomeAssistant, statistic_id: str, stored: Rows, name: str = "from a backup"
) -> None:
    """Store rows as a database from a backup has them."""
    metadata = StatisticMetaData(
        has_sum=True,
        mean_type=StatisticMeanType.NONE,
        name=name,
        source=DOMAIN,
        statistic_id=statistic_id,
        unit_class="energy" if statistic_id.endswith("consumption") else None,
        unit_of_measurement="kWh" if statistic_id.endswith("consumption") else "EUR",
    )
    async_add_external_statistics(
        hass,
        metadata,
        [
            StatisticData(start=start, state=state, sum=total)
            for start, state, total in stored
        ],
    )
    instance = get_instance(hass)
    await instance.async_add_executor_job(instance.block_till_done)


async def restart_with(
    hass: HomeAssistant,
    home: Household,
    entry: MockConfigEntry,
    stored: Mapping[str, Rows],
) -> None:
    """Set the account up anew while the recorder knows only some rows."""
    await hass.config_entries.async_unload(entry.entry_id)
    await clear(hass, home)
    for statistic_id, some in stored.items():
        await put_back(hass, statistic_id, some)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("energy_hours", "money_hours"),
    [(0, 0), (24 * 50, 24 * 50), (24 * 50 + 7, 24 * 50 + 7), (0, 24), (10**6, 24 * 60)],
    ids=["lost", "backup", "cut_off", "energy_lost", "money_behind"],
)
async def test_recorder_lost_rows(
    hass: HomeAssistant,
    set_up: SetUp,
    energy_hours: int,
    money_hours: int,
    lived: Lived,
) -> None:
    """What a database has lost is imported again at the start, with the same sums."""
    truth = lived(date(2026, 9, 1), date(2026, 11, 21))
    home = truth.home
    entry = await set_up()
    clean = {each: await rows(hass, each) for each in ids(home)}
    energy, money = ids(home)
    kept = {energy: clean[energy][:energy_hours], money: clean[money][:money_hours]}
    await restart_with(hass, home, entry, {key: kept[key] for key in kept if kept[key]})
    await assert_true(hass, truth)
    assert {each: await rows(hass, each) for each in ids(home)} == clean


async def test_backup_from_before_a_correction(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    lived: Lived,
) -> None:
    """Days that were corrected after the backup are corrected again."""
    truth = lived(date(2026, 9, 1), date(2026, 11, 21), "2026-10-10T16:00:00+00:00")
    home = truth.home
    entry = await set_up()
    backup = {each: await rows(hass, each) for each in ids(home)}
    truth.usage[date(2026, 9, 12)][40:48] = [1.5] * 8
    truth.tell(date(2026, 9, 12))
    await pass_time(hass, freezer, 43 * DAY, HALF)
    await assert_true(hass, truth)
    await restart_with(hass, home, entry, backup)
    await assert_true(hass, truth)


async def test_recorder_is_repaired_at_run_time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    lived: Lived,
) -> None:
    """A database that begins anew is filled with the next import."""
    truth = lived(date(2026, 9, 1), date(2026, 11, 22))
    home = truth.home
    await set_up()
    await clear(hass, home)
    await pass_time(hass, freezer, timedelta(hours=7))
    await assert_true(hass, truth)


async def test_silent_meter_is_not_read_again(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Days without values are nothing that the recorder has lost."""
    home = activate(simulator, freezer, "2026-10-31T23:00:00+00:00")
    freezer.move_to("2026-11-23T16:30:00+00:00")
    live(home, simulator, date(2026, 11, 1), date(2026, 11, 22))
    for day in range(10, 20):
        home.set_usage(date(2026, 11, day), [None] * 96)
    home.set_usage(date(2026, 11, 22), [0.1] * 70 + [None] * 26)
    entry = await set_up()
    requests_since(simulator)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "get_usage" not in requests_since(simulator)


async def test_recorder_cannot_be_read(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    lived: Lived,
) -> None:
    """A broken database delays the check of one contract, and nothing else."""
    truth = lived(date(2026, 11, 1), date(2026, 11, 22))
    home = truth.home
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    await clear(hass, home)
    with patch.object(
        statistics, "get_last_statistics", side_effect=SQLAlchemyError("malformed")
    ):
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert warnings(caplog) == ["The recorder does not return the imported usage"]
    await pass_time(hass, freezer, timedelta(hours=7))
    await assert_true(hass, truth)


# A damaged store


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("days", 3), None),
        (("days", 3, "energy", 5), "much"),
        (("days", 3, "energy", 5), -1),
        (("days", 3, "energy", 5), 1e11),
        (("days", 3, "energy"), [0.5]),
        (("days", 3, "prices", 5), float("inf")),
        (("days", 3, "day"), "9999-12-31"),
        (("days", 3, "day"), "2026-13-01"),
        (("measured_until",), "soon"),
    ],
)
async def test_bad_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    path: tuple[str | int, ...],
    value: Any,
    lived: Lived,
) -> None:
    """A day that is unreadable is left out alone, and corrected once more."""
    truth = lived(date(2026, 11, 1), date(2026, 11, 22), "2026-11-23T16:30:00+00:00")
    home = truth.home
    entry = await set_up()
    await hass.config_entries.async_unload(entry.entry_id)
    truth.usage[date(2026, 11, 4)][40:48] = [1.5] * 8
    truth.tell(date(2026, 11, 4))
    data = storage[f"{DOMAIN}.{entry.entry_id}.usage"]["data"][home.subscription_id]
    count = len(data["days"])
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    simulator.fail(Fault.SERVER_ERROR)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    (line,) = [each for each in warnings(caplog) if "set aside" in each]
    assert "usage" in line
    (usage,) = entry.runtime_data.usage.values()
    assert len(usage.data.days) == count - (path[0] == "days")
    assert usage.data.measured_until == midnight(date(2026, 11, 23))
    simulator.recover()
    await pass_time(hass, freezer, timedelta(hours=1), timedelta(minutes=5))
    await assert_true(hass, truth)


# Importing again


async def clear(hass: HomeAssistant, home: Household) -> None:
    """Delete statistics, as users do in the tools of Home Assistant."""
    instance = get_instance(hass)
    instance.async_clear_statistics([*ids(home)])
    await instance.async_add_executor_job(instance.block_till_done)


async def test_reimport(
    hass: HomeAssistant,
    set_up: SetUp,
    lived: Lived,
) -> None:
    """Deleted statistics come back, and those that are right stay as they are."""
    truth = lived(date(2026, 9, 1), date(2026, 11, 21))
    home = truth.home
    await set_up()
    device = device_id(hass, home)
    stored = await rows(hass, ids(home)[1])
    await call(hass, "reimport_usage", device, start="2026-10-15")
    assert await rows(hass, ids(home)[1]) == stored
    await clear(hass, home)
    assert not await rows(hass, ids(home)[0])
    await call(hass, "reimport_usage", device, start="2020-01-01")
    await assert_true(hass, truth)
    assert await rows(hass, ids(home)[1]) == stored


async def test_reimport_while_nomos_is_away(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    lived: Lived,
) -> None:
    """A re-import that fails goes on once Nomos answers."""
    truth = lived(date(2026, 11, 1), date(2026, 11, 21))
    home = truth.home
    await set_up()
    await clear(hass, home)
    simulator.fail(Fault.SERVER_ERROR)
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, "reimport_usage", device_id(hass, home), start="2026-11-01")
    assert caught.value.translation_key == "reimport_goes_on"
    simulator.recover()
    await pass_time(hass, freezer, timedelta(minutes=6), timedelta(minutes=2))
    await assert_true(hass, truth)


async def test_reimport_of_the_future(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A day that has not begun in Germany has no usage to import."""
    home = activate(simulator, freezer, "2026-10-31T23:00:00+00:00")
    freezer.move_to("2026-11-23T22:30:00+00:00")
    await set_up()
    device = device_id(hass, home)
    simulator.requests.clear()
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "reimport_usage", device, start="2026-11-24")
    assert caught.value.translation_key == "start_in_future"
    await check_translations(hass, caught.value)
    assert not simulator.requests
    await call(hass, "reimport_usage", device, start="2026-11-23")
    freezer.move_to("2026-11-23T23:00:00+00:00")
    await call(hass, "reimport_usage", device, start="2026-11-24")


async def test_reimport_before_the_gate(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Where nothing is measured by the quarter-hour there is nothing to import."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "reimport_usage", device_id(hass, home), start="2026-11-01")
    assert caught.value.translation_key == "no_usage_yet"
