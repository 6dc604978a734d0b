"""Data update coordinator for the prices of a contract."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed_exact

from custom_components.nomos_energy.nomos import BERLIN, HOUR, QUARTER, berlin_day
from simulator import Fault, Household, Simulator, scenarios
from tests import (
    DAY,
    included,
    logged,
    next_start,
    pass_time,
    refresh,
    requests_since,
    stop,
    warnings,
    writes,
)
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

SPREAD = timedelta(minutes=30)

SLOTS = ["14:20", "15:45", "17:10", "18:35", "20:00", "21:25", "22:50"]
"""Times of day (Berlin) of the requests for prices that are late, without the spread."""

MOST = 16
"""Requests of a day with late prices: eight, and a token each."""


@pytest.fixture(autouse=True)
async def in_berlin(hass: HomeAssistant) -> None:
    """Set the time zone of Home Assistant."""
    await hass.config.async_set_time_zone("Europe/Berlin")


async def update(hass: HomeAssistant, entity: str) -> None:
    """Ask Home Assistant to update an entity, as an automation or a user does."""
    await async_setup_component(hass, "homeassistant", {})
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": entity}, blocking=True
    )
    await hass.async_block_till_done(wait_background_tasks=True)


class Asked(NamedTuple):
    """What was asked within a step of time."""

    at: datetime
    operations: tuple[str, ...]

    @property
    def day(self) -> date:
        """The day by the clock on the wall."""
        return berlin_day(self.at)

    @property
    def clock(self) -> timedelta:
        """The clock on the wall."""
        return timedelta(hours=self.at.astimezone(BERLIN).hour) + timedelta(
            minutes=self.at.minute
        )

    @property
    def is_for_prices(self) -> bool:
        """Whether it was asked for prices."""
        return "get_prices" in self.operations


async def watch(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    simulator: Simulator,
    duration: timedelta,
    step: timedelta = timedelta(minutes=10),
    each: Callable[[], Awaitable[None] | None] = lambda: None,
) -> list[Asked]:
    """Let time pass, and tell when Nomos was asked for what."""
    found = []
    simulator.requests.clear()
    end = dt_util.utcnow() + duration
    while dt_util.utcnow() < end:
        freezer.tick(step)
        await fire_timers(hass)
        if operations := tuple(requests_since(simulator)):
            found.append(Asked(dt_util.utcnow(), operations))
        each()
    return found


def price_requests(found: Sequence[Asked]) -> list[int]:
    """Return how many requests the prices took each day, tokens included."""
    days = Counter[date]()
    for step in found:
        if step.is_for_prices:
            days[step.day] += len(step.operations)
    return list(days.values())


def prices_of(home: Household) -> str:
    """Return the path of a contract's prices."""
    return f"/subscriptions/{home.subscription_id}/prices"


async def begin_yesterday(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, set_up: SetUp, *chosen: str
) -> None:
    """Let it be 11 o'clock of a day that was known before it began."""
    freezer.move_to(local("2026-11-22T11:00"))
    await set_up(*chosen)
    for moment in ("2026-11-22T15:00", "2026-11-23T00:10", "2026-11-23T11:00"):
        await move_clock(hass, freezer, moment)


# The gate


async def test_gate_opens(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Prices are there as soon as the gate is, without a reload; before, nothing is."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    entry = await set_up()
    await refresh(hass, home)
    assert not entities(hass, home)
    assert not {"get_prices", "list_grid_fee_reductions"} & set(
        requests_since(simulator)
    )
    running = entry.runtime_data

    home.advance_to("activated")
    await refresh(hass, home)
    assert requests_since(simulator).count("get_prices") == 1
    assert entry.runtime_data is running
    assert {"price", "tomorrow_prices", "price_level", "module_1"} <= entities(
        hass, home
    )
    assert value_of(hass, home) == price_now(simulator, home)
    assert value_of(hass, home, "tomorrow_prices") == STATE_OFF


@pytest.mark.parametrize("status", ["pending", "active", "paused"])
async def test_status_of_the_subscription(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, status: str
) -> None:
    """An activated order is enough: the subscription only must not have ended."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    home.status = status
    await set_up()
    assert {"get_prices", "list_grid_fee_reductions"} <= set(requests_since(simulator))


@pytest.mark.parametrize(
    "scenario",
    [
        scenarios.happy_path,
        scenarios.no_order,
        scenarios.cancelled_by_request,
        scenarios.blocked_then_unblocked,
        scenarios.unsupported_plan,
    ],
)
async def test_closed_gate(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    scenario: Any,
) -> None:
    """With a closed gate prices are neither requested nor shown."""
    home = simulator.add(scenario())
    await set_up()
    found = await watch(hass, freezer, simulator, 10 * DAY, 2 * HOUR)
    operations = {name for step in found for name in step.operations}
    assert not {"get_prices", "list_grid_fee_reductions"} & operations
    assert not entities(hass, home)


async def test_contract_that_comes_later(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Prices come with the gate of a contract that came while all was running."""
    old = simulator.add(scenarios.smart_already())
    await set_up()
    new = simulator.add(scenarios.happy_path())
    await pass_time(hass, freezer, DAY)
    assert included(hass) == {old.subscription_id, new.subscription_id}
    assert not entities(hass, new)
    new.advance_to("activated")
    await pass_time(hass, freezer, DAY)
    for home in (old, new):
        assert value_of(hass, home) == price_now(simulator, home)


async def test_contract_that_goes(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A contract that is gone leaves nothing behind, and may come back."""
    home, stays = (simulator.add(scenarios.dynamic_tariff(index)) for index in (1, 2))
    await set_up()
    gone = {entity_of(hass, home, key) for key in ("price", "price_level")}
    simulator.remove(home.subscription_id)
    simulator.requests.clear()
    await refresh(hass, stays)
    # The list of contracts, which proves it, is asked for once a week.
    await pass_time(hass, freezer, 8 * DAY, 3 * HOUR)
    assert included(hass) == {stays.subscription_id}
    assert not entities(hass, home)

    simulator.requests.clear()
    written = writes(hass)
    await pass_time(hass, freezer, 2 * DAY, HOUR)
    paths = [request.path for request in simulator.requests]
    assert prices_of(home) not in paths
    assert paths.count(prices_of(stays)) == 2
    assert not gone & set(written)

    simulator.add(home)
    await pass_time(hass, freezer, 8 * DAY, 3 * HOUR)
    for each in (home, stays):
        assert value_of(hass, each) == price_now(simulator, each)
    assert "Unexpected error" not in caplog.text


@pytest.mark.parametrize("choose", [True, False])
@pytest.mark.parametrize(
    "scenario", [scenarios.smart_already, scenarios.dynamic_tariff]
)
async def test_contract_that_is_not_found(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    scenario: Any,
    choose: bool,
) -> None:
    """Of a contract that is gone, prices are not asked for hour by hour."""
    home, stays = (simulator.add(scenario(index)) for index in (1, 2))
    chosen = (home.subscription_id, stays.subscription_id) if choose else ()
    await set_up(*chosen)
    simulator.remove(home.subscription_id)
    days = Counter[date]()

    def count() -> None:
        for request in simulator.requests:
            days[berlin_day(dt_util.utcnow())] += request.path == prices_of(home)
        requests_since(simulator)

    simulator.requests.clear()
    for _ in range(8 * 48):
        await pass_time(hass, freezer, HOUR / 2, HOUR / 2)
        count()
    assert included(hass) == {stays.subscription_id}
    assert max(days.values()) <= 8


async def test_entry_that_is_unloaded(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Unloading ends all requests and timers."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    assert await hass.config_entries.async_unload(entry.entry_id)
    requests_since(simulator)
    written = writes(hass)
    await pass_time(hass, freezer, 2 * DAY)
    assert not requests_since(simulator)
    assert not written
    assert value_of(hass, home) == STATE_UNAVAILABLE


async def test_many_contracts(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The first prices of many contracts take a request each."""
    homes = [simulator.add(scenarios.smart_already(index)) for index in range(1, 26)]
    await set_up()
    assert requests_since(simulator).count("get_prices") == 25
    for home in homes:
        assert value_of(hass, home) == price_now(simulator, home)


# How often


@pytest.mark.parametrize(
    ("start", "scenario"),
    [
        ("2026-11-23T10:00", scenarios.smart_already),
        ("2026-11-23T10:00", scenarios.feed_in),
        ("2026-10-22T10:00", scenarios.smart_already),
        ("2027-03-25T10:00", scenarios.smart_already),
    ],
)
async def test_requests_of_a_week(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    start: str,
    scenario: Any,
) -> None:
    """An ordinary day takes a token and the prices, in the afternoon; no other."""
    freezer.move_to(local(start))
    home = simulator.add(scenario())
    await set_up(home.subscription_id)
    operations = requests_since(simulator)
    assert operations.count("get_prices") == 1
    assert operations.count("create_token") == 1

    found = await watch(hass, freezer, simulator, 7 * DAY, QUARTER)
    asks = [step for step in found if step.is_for_prices]
    assert [step.operations for step in asks] == [("create_token", "get_prices")] * 7
    assert len({step.day for step in asks}) == 7
    first = timedelta(hours=14, minutes=20)
    assert all(first <= step.clock <= first + SPREAD + QUARTER for step in asks)
    name = "tomorrow_payouts" if home.type == "feed_in" else "tomorrow_prices"
    await move_clock(hass, freezer, f"{dt_util.now().date()}T23:59:59")
    assert value_of(hass, home, name) == STATE_ON


async def test_households_ask_at_different_times(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Twenty households spread over half an hour, the same on each day."""
    for index in range(1, 21):
        simulator.add(scenarios.smart_already(index))
    await set_up()
    days: list[dict[str, timedelta]] = []
    for day in ("2026-11-23", "2026-11-24"):
        await move_clock(hass, freezer, f"{day}T14:19:00")
        requests_since(simulator)
        moments: dict[str, timedelta] = {}
        for minute in range(35):
            freezer.tick(60)
            await fire_timers(hass)
            for request in simulator.requests:
                if request.operation == "get_prices":
                    moments[request.path] = timedelta(minutes=minute)
            requests_since(simulator)
        days.append(moments)
    assert days[0] == days[1]
    assert len(days[0]) == 20
    assert len(set(days[0].values())) > 10


@pytest.mark.parametrize(
    ("late", "known", "clocks"),
    [
        # Hours, when tomorrow's prices are here at the latest, when they are asked for
        (0, "2026-11-23T14:55", ["14:20"]),
        (6, "2026-11-23T20:30", SLOTS[:5]),
        (9.5, "2026-11-24T00:10", [*SLOTS, "00:00"]),
        # After a request at midnight the next one is in the afternoon.
        (12, "2026-11-24T14:55", [*SLOTS, "00:00", "14:20"]),
    ],
)
async def test_late_publication(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    late: float,
    known: str,
    clocks: list[str],
) -> None:
    """Late prices are fetched within 90 minutes."""
    home = simulator.add(scenarios.smart_already())
    await begin_yesterday(hass, freezer, set_up, home.subscription_id)
    simulator.publication_delay = timedelta(hours=late)
    await move_clock(hass, freezer, "2026-11-23T14:00")
    moment_known: list[datetime] = []

    def note() -> None:
        now = dt_util.utcnow()
        is_tomorrow = berlin_day(now) == TOMORROW
        if is_tomorrow and value_of(hass, home) not in (
            STATE_UNKNOWN,
            STATE_UNAVAILABLE,
        ):
            assert value_of(hass, home) == price_now(simulator, home)
            moment_known.append(now)
        elif not is_tomorrow and value_of(hass, home, "tomorrow_prices") == STATE_ON:
            moment_known.append(now)
        # Prices that are not known are no trouble.
        assert value_of(hass, home) != STATE_UNAVAILABLE

    step = timedelta(minutes=5)
    found = await watch(hass, freezer, simulator, 25 * HOUR, step, note)
    assert min(moment_known) <= local(known)
    asks = [
        step for step in found if step.is_for_prices and step.at <= min(moment_known)
    ]
    assert len(asks) == len(clocks)
    for ask, clock in zip(asks, clocks, strict=True):
        hours, minutes = map(int, clock.split(":"))
        begin = timedelta(hours=hours, minutes=minutes)
        assert begin <= ask.clock <= begin + SPREAD + step
    assert max(price_requests(found)) <= MOST
    assert not warnings(caplog)


@pytest.mark.parametrize("late", [0, 3, 6, 9.5, 12, 20, 30])
async def test_most_requests_of_a_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    late: float,
) -> None:
    """However late prices are, they take eight requests a day, and a token each."""
    home = simulator.add(scenarios.smart_already())
    await begin_yesterday(hass, freezer, set_up, home.subscription_id)
    simulator.publication_delay = timedelta(hours=late)
    await move_clock(hass, freezer, "2026-11-23T13:00")
    found = await watch(hass, freezer, simulator, 4 * DAY, QUARTER)
    most = max(price_requests(found))
    assert most <= MOST
    assert (most == 2) == (late == 0)


async def test_incomplete_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An incomplete tomorrow is listed, and requested once more."""
    home = simulator.add(scenarios.smart_already())
    await begin_yesterday(hass, freezer, set_up, home.subscription_id)
    simulator.set_prices(TOMORROW, [None, *[30.0] * 95])
    await move_clock(hass, freezer, "2026-11-23T15:00")
    assert value_of(hass, home, "tomorrow_prices") == STATE_OFF
    assert len(state_of(hass, home, "price").attributes["prices"]) == 96 + 95
    simulator.set_prices(TOMORROW, [12.0, *[30.0] * 95])
    found = await watch(hass, freezer, simulator, DAY - 2 * HOUR, QUARTER)
    (ask,) = (step for step in found if step.is_for_prices)
    assert ask.day == TODAY
    assert ask.clock >= timedelta(hours=15, minutes=45)
    attributes = state_of(hass, home, "price").attributes
    assert attributes["prices"][0]["price"] == 0.12


async def test_gap(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A day of which a part is missing takes no more requests than a late one."""
    home = simulator.add(scenarios.smart_already())
    simulator.fail(Fault.GAP, path=prices_of(home))
    await set_up(home.subscription_id)
    assert value_of(hass, home) == STATE_UNKNOWN
    found = await watch(hass, freezer, simulator, 3 * DAY, QUARTER)
    assert max(price_requests(found)) == MOST
    simulator.recover()
    await pass_time(hass, freezer, DAY)
    assert value_of(hass, home) == price_now(simulator, home)


async def test_update_on_demand(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Updating a price entity requests prices only."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    for key, amount in (("price", 11.0), ("tomorrow_prices", 12.0)):
        simulator.set_prices(TODAY, [amount] * 96)
        requests_since(simulator)
        await update(hass, entity_of(hass, home, key))
        assert requests_since(simulator) == ["get_prices"]
        assert value_of(hass, home) == str(amount / 100)
        freezer.tick(60)
        await fire_timers(hass)

    # The day goes on as if nothing had happened.
    found = await watch(hass, freezer, simulator, DAY, QUARTER)
    assert len([step for step in found if step.is_for_prices]) == 1


# Midnight and restarts


@pytest.mark.usefixtures("all_entities_enabled")
async def test_midnight_with_tomorrow(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The new day's first price is shown at its first second, without a request."""
    home = simulator.add(scenarios.smart_already())
    await set_up(home.subscription_id)
    await move_clock(hass, freezer, "2026-11-23T15:00")
    listed = state_of(hass, home, "price").attributes["prices"]
    assert len(listed) == 192
    await move_clock(hass, freezer, "2026-11-23T23:59:59")
    assert value_of(hass, home) == price_now(simulator, home)
    first = price_at(simulator, home, local("2026-11-24T00:00"))
    assert value_of(hass, home, "next_price") == first
    requests_since(simulator)
    await move_clock(hass, freezer, "2026-11-24T00:00:00")
    assert not requests_since(simulator)
    assert value_of(hass, home) == first
    assert state_of(hass, home, "price").attributes["prices"] == listed[96:]
    assert value_of(hass, home, "tomorrow_prices") == STATE_OFF
    found = await watch(hass, freezer, simulator, 14 * HOUR, QUARTER)
    assert not [step for step in found if step.is_for_prices]


async def test_midnight_with_nulls(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A new day whose prices are null is requested at midnight, and after a restart."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TOMORROW, [None] * 96)
    entry = await set_up(home.subscription_id)
    await move_clock(hass, freezer, "2026-11-23T23:00")
    requests_since(simulator)
    await move_clock(hass, freezer, "2026-11-24T00:06")
    assert "get_prices" in requests_since(simulator)
    assert value_of(hass, home) == STATE_UNKNOWN
    simulator.set_prices(TOMORROW, [12.0] * 96)
    async with next_start(hass, entry) as (new, _):
        await new.async_start()
        await new.async_block_till_done(wait_background_tasks=True)
        assert value_of(new, home) == "0.12"


@pytest.mark.usefixtures("all_entities_enabled")
async def test_midnight_without_tomorrow(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Yesterday's price ends with its day; the new day is asked for at once."""
    home = simulator.add(scenarios.smart_already())
    await begin_yesterday(hass, freezer, set_up, home.subscription_id)
    simulator.publication_delay = timedelta(hours=9, minutes=30)
    for clock in ("14:55", "16:20", "17:45", "19:10", "20:35", "22:00", "23:25"):
        await move_clock(hass, freezer, f"2026-11-23T{clock}")
    await move_clock(hass, freezer, "2026-11-23T23:59:59")
    assert value_of(hass, home) == price_now(simulator, home)
    assert value_of(hass, home, "next_price") == STATE_UNKNOWN
    assert value_of(hass, home, "tomorrow_prices") == STATE_OFF
    await move_clock(hass, freezer, "2026-11-24T00:00:00")
    for key in ("price", "price_rank", "price_level", "average_price_today"):
        assert value_of(hass, home, key) == STATE_UNKNOWN
    requests_since(simulator)
    await move_clock(hass, freezer, "2026-11-24T00:05:01")
    assert requests_since(simulator) == ["get_prices"]
    assert value_of(hass, home) == price_now(simulator, home)


@pytest.mark.parametrize("away", [True, False])
async def test_restart_before_midnight(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    away: bool,
) -> None:
    """After a restart at 23:59 the price is correct at 00:00, also in an outage."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    await move_clock(hass, freezer, "2026-11-23T15:00")
    await move_clock(hass, freezer, "2026-11-23T23:59:00")
    before = state_of(hass, home, "price")
    if away:
        simulator.fail(Fault.CONNECTION_RESET)
    requests_since(simulator)
    async with next_start(hass, entry) as (new, _):
        await new.config.async_set_time_zone("Europe/Berlin")
        await new.async_start()
        await new.async_block_till_done(wait_background_tasks=True)
        assert value_of(new, home) == before.state
        assert len(state_of(new, home, "price").attributes["prices"]) == 192
        assert value_of(new, home, "tomorrow_prices") == STATE_ON
        await move_clock(new, freezer, "2026-11-24T00:00:00")
        assert value_of(new, home) == price_now(simulator, home)
        assert "get_prices" not in requests_since(simulator)
        await move_clock(new, freezer, "2026-11-24T12:00:00")
        assert value_of(new, home) == price_now(simulator, home)
        assert "get_prices" not in requests_since(simulator)


@pytest.mark.parametrize(
    ("left", "came", "late", "asks"),
    [
        # What is known when Home Assistant stops is not asked for when it comes back.
        ("2026-11-23T11:30", "2026-11-23T11:35", 0, 0),
        ("2026-11-23T15:00", "2026-11-23T15:05", 0, 0),
        ("2026-11-23T15:00", "2026-11-24T09:00", 0, 0),
        # What was missed is.
        ("2026-11-23T11:30", "2026-11-23T15:00", 0, 1),
        ("2026-11-23T15:00", "2026-11-24T15:00", 0, 1),
        ("2026-11-23T11:30", "2026-11-24T00:30", 0, 1),
        ("2026-11-23T11:30", "2026-11-30T09:00", 0, 1),
        ("2026-11-23T15:00", "2026-11-23T21:00", 6, 1),
    ],
)
async def test_restart(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    left: str,
    came: str,
    late: int,
    asks: int,
) -> None:
    """After a restart only what is missing is asked for."""
    home = simulator.add(scenarios.smart_already())
    entry = await set_up()
    simulator.publication_delay = timedelta(hours=late)
    await move_clock(hass, freezer, left)
    await stop(hass, entry)
    freezer.move_to(local(came))
    requests_since(simulator)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert requests_since(simulator).count("get_prices") == asks
    assert value_of(hass, home) == price_now(simulator, home)
    is_out = local(came).astimezone(BERLIN).time() > time(14, 20) or (
        left.endswith("15:00") and came < "2026-11-24"
    )
    assert value_of(hass, home, "tomorrow_prices") == (
        STATE_ON if is_out else STATE_OFF
    )


# When Nomos does not answer


@pytest.mark.usefixtures("all_entities_enabled")
async def test_outage_over_two_days(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Prices are shown to their end, then none, and the right ones soon after."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T15:00")
    simulator.fail(Fault.SERVER_ERROR)
    requests_since(simulator)
    while dt_util.utcnow() < local("2026-11-24T23:45"):
        await pass_time(hass, freezer, QUARTER, QUARTER)
        assert value_of(hass, home) == price_now(simulator, home)
    assert value_of(hass, home, "next_price") == STATE_UNKNOWN
    await move_clock(hass, freezer, "2026-11-25T00:00")
    while dt_util.utcnow() < local("2026-11-25T18:00"):
        for key in ("price", "next_price", "price_level", "tomorrow_prices"):
            assert value_of(hass, home, key) == STATE_UNAVAILABLE
        await pass_time(hass, freezer, HOUR, QUARTER)
    # Nomos is left alone more and more: once an hour in the end.
    assert requests_since(simulator).count("get_prices") <= 3 * 48
    assert caplog.text.count(" prices data: ") == 1

    simulator.recover()
    await pass_time(hass, freezer, timedelta(minutes=61), timedelta(minutes=1))
    assert value_of(hass, home) == price_now(simulator, home)
    assert value_of(hass, home, "tomorrow_prices") == STATE_ON
    assert len(state_of(hass, home, "price").attributes["prices"]) == 192
    assert caplog.text.count(" prices data recovered") == 1

    # And from then on as on any day.
    found = await watch(hass, freezer, simulator, 2 * DAY, QUARTER)
    assert max(price_requests(found)) == 2


async def test_retries_get_rarer(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """After 5 minutes, then twice as long each time, up to an hour."""
    home = simulator.add(scenarios.smart_already())
    await set_up(home.subscription_id)
    await move_clock(hass, freezer, "2026-11-23T14:19")
    simulator.fail(Fault.HTML, path=prices_of(home))
    minute = timedelta(minutes=1)
    found = await watch(hass, freezer, simulator, 5 * HOUR, minute)
    tries = [step.at for step in found if step.is_for_prices]
    waits = [round((later - earlier) / minute) for earlier, later in pairwise(tries)]
    assert waits[:6] == [5, 10, 20, 40, 60, 60]


@pytest.mark.parametrize(
    ("fault", "details"),
    [
        (Fault.SERVER_ERROR, {}),
        (Fault.BAD_GATEWAY, {}),
        (Fault.HTML, {}),
        (Fault.CONNECTION_RESET, {}),
        (Fault.TRUNCATED_JSON, {}),
        (Fault.RATE_LIMIT, {"seconds": 5, "retry_after": True}),
        (Fault.MISSING_FIELD, {"field": "unit"}),
        (Fault.MISSING_FIELD, {"field": "resolution"}),
        # These are answers, though ones that say nothing.
        (Fault.MISSING_FIELD, {"field": "items"}),
        (Fault.MISSING_FIELD, {"field": "amount"}),
        (Fault.MALFORMED_TIMESTAMP, {"field": "timestamp"}),
        (Fault.NULL_AMOUNT, {}),
        (Fault.GAP, {}),
    ],
)
async def test_failure_keeps_what_is_known(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    fault: Fault,
    details: dict[str, Any],
) -> None:
    """Whatever comes instead of prices, those that are known stay."""
    home = simulator.add(scenarios.smart_already())
    await begin_yesterday(hass, freezer, set_up, home.subscription_id)
    listed = state_of(hass, home, "price").attributes["prices"]
    simulator.fail(fault, path=prices_of(home), **details)
    requests_since(simulator)
    await move_clock(hass, freezer, "2026-11-23T14:55")
    assert "get_prices" in requests_since(simulator)
    assert value_of(hass, home) == price_now(simulator, home)
    assert state_of(hass, home, "price").attributes["prices"][:96] == listed

    simulator.recover()
    await pass_time(hass, freezer, 6 * HOUR, HOUR / 2)
    assert value_of(hass, home, "tomorrow_prices") == STATE_ON
    assert len(state_of(hass, home, "price").attributes["prices"]) == 192
    assert value_of(hass, home) == price_now(simulator, home)


async def test_login_that_is_refused(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The second refusal starts one reauthentication; known prices stay."""
    homes = [simulator.add(scenarios.smart_already(index)) for index in (1, 2)]
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T14:15")
    simulator.tokens.clients.clear()
    simulator.expire_tokens()
    await move_clock(hass, freezer, "2026-11-23T14:55")
    assert not hass.config_entries.flow.async_progress()
    await move_clock(hass, freezer, "2026-11-23T16:00")
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    for home in homes:
        assert value_of(hass, home) == price_now(simulator, home)
    await move_clock(hass, freezer, "2026-11-23T23:59:59")
    for home in homes:
        assert value_of(hass, home) == price_now(simulator, home)
    await move_clock(hass, freezer, "2026-11-24T00:00")
    for home in homes:
        assert value_of(hass, home) == STATE_UNAVAILABLE


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.9])
async def test_rate_limit_is_honoured(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    fraction: float,
) -> None:
    """Nomos is left alone for as long as it asks to, and not much longer."""
    home = simulator.add(scenarios.smart_already())
    await set_up(home.subscription_id)
    await move_clock(hass, freezer, "2026-11-23T14:19")
    simulator.fail(
        Fault.RATE_LIMIT,
        path=prices_of(home),
        times=1,
        seconds=7200,
        retry_after=True,
    )
    freezer.tick(fraction)
    requests_since(simulator)
    while "get_prices" not in requests_since(simulator):
        freezer.tick(60)
        await fire_timers(hass)
    refused = dt_util.utcnow()
    assert refused.microsecond == fraction * 10**6
    # Home Assistant's timer does not keep the second: it may be a bit too early.
    for seconds in (60, 3600, 7198, *(7199 + tenth / 10 for tenth in range(10))):
        freezer.move_to(refused + timedelta(seconds=seconds))
        async_fire_time_changed_exact(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert "get_prices" not in requests_since(simulator)
    for seconds in (7200, 7202, 7260, 7320):
        freezer.move_to(refused + timedelta(seconds=seconds))
        await fire_timers(hass)
    assert requests_since(simulator).count("get_prices") == 1
    assert value_of(hass, home, "tomorrow_prices") == STATE_ON


async def test_update_on_demand_during_an_outage(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Repeated updates send one request a minute at most."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    price = entity_of(hass, home, "price")
    simulator.fail(Fault.HTML, path=prices_of(home))
    requests_since(simulator)
    for _ in range(40):
        await update(hass, price)
        freezer.tick(15)
        await fire_timers(hass)
    assert requests_since(simulator).count("get_prices") <= 10
    assert value_of(hass, home) == price_now(simulator, home)
    simulator.recover()
    freezer.tick(60)
    await update(hass, price)
    assert requests_since(simulator) == ["get_prices"]


async def test_nothing_is_written_while_nothing_is_known(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """What is unavailable is so once, and not at each border."""
    home = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    await move_clock(hass, freezer, "2026-11-23T14:00")
    simulator.fail(Fault.SERVER_ERROR)
    await pass_time(hass, freezer, 11 * HOUR, QUARTER)
    assert value_of(hass, home) == STATE_UNAVAILABLE
    written = writes(hass)
    await pass_time(hass, freezer, DAY, QUARTER)
    assert not written


async def test_trouble_is_not_shared(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """What is wrong with one contract's prices is not with another's."""
    odd, fine = (simulator.add(scenarios.smart_already(index)) for index in (1, 2))
    simulator.fail(Fault.SERVER_ERROR, path=prices_of(odd))
    await set_up()
    assert value_of(hass, odd) == STATE_UNAVAILABLE
    assert value_of(hass, odd, "smart_meter_active") == STATE_ON
    for _ in range(30):
        await pass_time(hass, freezer, HOUR)
        assert value_of(hass, odd) == STATE_UNAVAILABLE
        assert value_of(hass, fine) == price_now(simulator, fine)
    assert value_of(hass, fine, "tomorrow_prices") == STATE_ON
    simulator.recover()
    await pass_time(hass, freezer, HOUR, timedelta(minutes=10))
    assert value_of(hass, odd) == price_now(simulator, odd)


# Contracts without prices


@pytest.mark.usefixtures("all_entities_enabled")
async def test_contract_that_has_not_begun(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without delivery there are no prices, which is no error."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    home.status = "pending"
    await set_up()
    for key in ("price", "next_price", "price_rank", "price_level"):
        assert value_of(hass, home, key) == STATE_UNKNOWN
    assert state_of(hass, home, "price").attributes["prices"] == []
    assert value_of(hass, home, "tomorrow_prices") == STATE_OFF
    found = await watch(hass, freezer, simulator, 3 * DAY, QUARTER)
    assert max(price_requests(found)) <= MOST
    assert value_of(hass, home) == STATE_UNKNOWN
    assert not warnings(caplog)
    assert "Error" not in logged(caplog)

    home.status = "active"
    await pass_time(hass, freezer, DAY)
    assert value_of(hass, home) == price_now(simulator, home)


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        (scenarios.smart_already, STATE_UNAVAILABLE),
        (scenarios.feed_in, STATE_UNAVAILABLE),
        (scenarios.happy_path, STATE_UNKNOWN),
    ],
)
async def test_contract_that_has_ended(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    scenario: Any,
    expected: str,
) -> None:
    """What has ended is not asked for any more, and that is no error."""
    home = simulator.add(scenario())
    if home.timeline:
        home.advance_to("activated")
    await set_up()
    home.status = "ended"
    # Contracts whose order tells the gate are read once a week.
    await pass_time(hass, freezer, 8 * DAY, 3 * HOUR)
    found = await watch(hass, freezer, simulator, 3 * DAY, HOUR)
    assert not [step for step in found if step.is_for_prices]
    key = "payout" if home.type == "feed_in" else "price"
    assert value_of(hass, home, key) == expected
    assert not warnings(caplog)
    requests_since(simulator)
    if expected == STATE_UNKNOWN:
        await update(hass, entity_of(hass, home, key))
        assert not requests_since(simulator)


async def test_gate_that_opens_again(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A contract that ended by mistake has its prices back within a day."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    home.status = "ended"
    await pass_time(hass, freezer, 2 * DAY)
    assert value_of(hass, home) == STATE_UNAVAILABLE
    home.status = "active"
    await pass_time(hass, freezer, 2 * DAY)
    assert value_of(hass, home) == price_now(simulator, home)


async def test_prices_before_and_after_the_start(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A contract that begins tomorrow has its first price at midnight."""
    home = simulator.add(scenarios.smart_already(start_at=local("2026-11-24T00:00")))
    await set_up(home.subscription_id)
    assert value_of(hass, home) == STATE_UNKNOWN
    await move_clock(hass, freezer, "2026-11-23T14:55")
    assert value_of(hass, home) == STATE_UNKNOWN
    assert value_of(hass, home, "tomorrow_prices") == STATE_ON
    await move_clock(hass, freezer, "2026-11-24T00:00")
    assert value_of(hass, home) == price_now(simulator, home)


async def test_module_that_takes_effect(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
) -> None:
    """Prices that a module changes are asked for again, once."""
    home, other = (simulator.add(scenarios.smart_already(index)) for index in (1, 2))
    home.low_hours, home.high_hours = range(6), range(10, 14)
    home.add_module("enwg-14a-module-1")
    await set_up()
    before = float(value_of(hass, home))
    home.add_module("enwg-14a-module-3")
    requests_since(simulator)
    await refresh(hass, home)
    assert requests_since(simulator).count("get_prices") == 1
    # The simulator's high grid fee is half as much again: 9.47 ct become 14.21 ct.
    assert float(value_of(hass, home)) == pytest.approx(before + 0.0474)
    assert value_of(hass, home, "grid_fee_window") == "high"
    await refresh(hass, other)
    assert "get_prices" not in requests_since(simulator)
