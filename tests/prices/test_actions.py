"""Actions get_prices and find_cheapest_window."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import combinations, groupby, pairwise
import random
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util
import pytest
import voluptuous as vol

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import QUARTER
from simulator import ORGANISATION, Client, Fault, Household, Simulator, scenarios
from tests import pass_time, requests_since, state
from tests.actions import (
    FAILED,
    INVALID,
    call,
    check_translations,
    device_id,
    translations_of,
)
from tests.conftest import SetUp
from tests.prices.common import TODAY, TOMORROW


@pytest.fixture(autouse=True)
async def in_berlin(hass: HomeAssistant) -> None:
    """Set the time zone of Home Assistant."""
    await hass.config.async_set_time_zone("Europe/Berlin")


async def prices(
    hass: HomeAssistant, home: Household, **data: Any
) -> list[dict[str, Any]]:
    """Return the list of prices that the action answers with."""
    response = await call(hass, "get_prices", device_id(hass, home), **data)
    assert json_bytes(response)
    assert response["unit"] == "EUR/kWh"
    found: list[dict[str, Any]] = response["prices"]
    return found


async def find(hass: HomeAssistant, home: Household, **data: Any) -> Mapping[str, Any]:
    """Return when to run something."""
    response = await call(hass, "find_cheapest_window", device_id(hass, home), **data)
    assert json_bytes(response)
    return response


async def refusal(
    hass: HomeAssistant, home: Household, action: str, **data: Any
) -> HomeAssistantError:
    """Call an action that fails; return the error, which is translated."""
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, action, device_id(hass, home), **data)
    await hass.async_block_till_done(wait_background_tasks=True)
    await check_translations(hass, caught.value)
    return caught.value


def price_requests(simulator: Simulator) -> int:
    """Return how often prices were asked for since the last time."""
    return requests_since(simulator).count("get_prices")


def tomorrow_is_known(hass: HomeAssistant, home: Household) -> bool:
    """Whether Home Assistant shows that tomorrow's prices are there."""
    entity = er.async_get(hass).async_get_entity_id(
        "binary_sensor", DOMAIN, f"{home.subscription_id}_tomorrow_prices"
    )
    assert entity
    found = hass.states.get(entity)
    assert found
    assert found.state in (STATE_ON, STATE_OFF)
    return found.state == STATE_ON


def made_up(number: int, *, of: int = 96) -> list[float | None]:
    """Return prices of a day in ct/kWh, with many that are the same, and negative ones."""
    dice = random.Random(number)
    return [float(dice.randrange(-3, 9)) for _ in range(of)]


def mean(amounts: Sequence[float | None]) -> float:
    """Return the average of prices in ct/kWh, in EUR/kWh."""
    return (
        round(sum(each for each in amounts if each is not None) / len(amounts), 4) / 100
    )


def local(text: str) -> datetime:
    """Return a moment by the clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=dt_util.get_default_time_zone())


# Which prices


async def test_today(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """Without any wish one gets today's prices, and Nomos is not asked for them."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, [float(number) for number in range(96)])
    await set_up()
    requests_since(simulator)
    response = await call(hass, "get_prices", device_id(hass, home))
    assert not requests_since(simulator)
    assert list(response) == ["unit", "resolution", "prices"]
    assert response["unit"] == "EUR/kWh"
    assert response["resolution"] == "15min"
    assert response["prices"][:2] == [
        {
            "start": "2026-11-23T00:00:00+01:00",
            "end": "2026-11-23T00:15:00+01:00",
            "price": 0.0,
        },
        {
            "start": "2026-11-23T00:15:00+01:00",
            "end": "2026-11-23T00:30:00+01:00",
            "price": 0.01,
        },
    ]
    assert response["prices"][-1] == {
        "start": "2026-11-23T23:45:00+01:00",
        "end": "2026-11-24T00:00:00+01:00",
        "price": 0.95,
    }
    assert len(response["prices"]) == 96


async def test_today_and_tomorrow(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Once tomorrow is known it is there, too."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    await pass_time(hass, freezer, timedelta(hours=5))
    requests_since(simulator)
    found = await prices(hass, home)
    assert not requests_since(simulator)
    assert len(found) == 192
    assert found[0]["start"] == "2026-11-23T00:00:00+01:00"
    assert found[-1]["end"] == "2026-11-25T00:00:00+01:00"
    assert len(await prices(hass, home, start="2026-11-24 00:00:00")) == 96
    assert not requests_since(simulator)


@pytest.mark.parametrize(
    ("start", "end", "first", "last", "count", "requests"),
    [
        # What is in memory costs no request.
        ("2026-11-23 08:00:00", "2026-11-23 09:00:00", "23T08:00", "23T09:00", 4, 0),
        (
            "2026-11-23T07:00:00+00:00",
            "2026-11-23T08:00:00Z",
            "23T08:00",
            "23T09:00",
            4,
            0,
        ),
        ("2026-11-23T07:00:00+00:00", None, "23T08:00", "24T00:00", 64, 0),
        (None, "2026-11-23 01:00:00", "23T00:00", "23T01:00", 4, 0),
        ("2026-11-23 23:00:00", "2026-11-24 00:00:00", "23T23:00", "24T00:00", 4, 0),
        ("2026-11-23 23:59:59", None, "23T23:45", "24T00:00", 1, 0),
        # Intervals are not cut.
        ("2026-11-23 08:10:00", "2026-11-23 08:20:00", "23T08:00", "23T08:30", 2, 0),
        # Other days are asked for, each of them once.
        ("2026-11-22 00:00:00", "2026-11-23 00:00:00", "22T00:00", "23T00:00", 96, 1),
        ("2026-11-22 23:00:00", "2026-11-23 01:00:00", "22T23:00", "23T01:00", 8, 1),
        ("2026-11-01 00:00:00", "2026-11-23 11:00:00", "01T00:00", "23T11:00", 2156, 1),
        ("2026-11-22 23:00:00", None, "22T23:00", "24T00:00", 100, 1),
    ],
)
async def test_range(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    start: str | None,
    end: str | None,
    first: str,
    last: str,
    count: int,
    requests: int,
) -> None:
    """One gets the intervals of a time, wherever it begins and ends."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    wishes = {"start": start, "end": end}
    found = await prices(
        hass, home, **{name: wish for name, wish in wishes.items() if wish}
    )
    assert price_requests(simulator) == requests
    assert found[0]["start"] == f"2026-11-{first}:00+01:00"
    assert found[-1]["end"] == f"2026-11-{last}:00+01:00"
    assert len(found) == count
    assert all(one["end"] == other["start"] for one, other in pairwise(found))
    assert all(isinstance(each["price"], float) for each in found)


async def test_days_of_the_past(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Past days come as they were, and are not kept: today is still what is shown."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(date(2026, 11, 20), [12.34] * 96)
    await set_up()
    before = hass.states.async_all()
    requests_since(simulator)
    for _ in range(2):
        found = await prices(
            hass, home, start="2026-11-20 00:00:00", end="2026-11-20 12:00:00"
        )
        assert [each["price"] for each in found] == [0.1234] * 48
        assert price_requests(simulator) == 1
    assert hass.states.async_all() == before
    assert len(await prices(hass, home)) == 96
    assert not requests_since(simulator)


async def test_year(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """A year comes at once, asked for in months."""
    home = simulator.add(scenarios.smart_already(age=timedelta(days=400)))
    await set_up()
    requests_since(simulator)
    found = await prices(
        hass,
        home,
        start="2025-11-22 00:00:00",
        end="2026-11-23 00:00:00",
        resolution="hour",
    )
    assert len(found) == 366 * 24
    requests = [
        request for request in simulator.requests if request.operation == "get_prices"
    ]
    assert len(requests) == 12
    assert requests[0].query == {"start": "2025-11-22", "end": "2025-12-22"}
    assert requests[-1].query["end"] == "2026-11-22"


async def test_contract_that_began_meanwhile(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Of a time in which the contract began one gets what there is."""
    home = simulator.add(scenarios.smart_already(start_at=local("2026-11-10 00:00:00")))
    await set_up()
    found = await prices(
        hass, home, start="2026-11-09 00:00:00", end="2026-11-11 00:00:00"
    )
    assert len(found) == 96
    assert found[0]["start"] == "2026-11-10T00:00:00+01:00"


async def test_feed_in(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """For solar panels it is what feeding in pays."""
    roof = simulator.add(scenarios.feed_in())
    simulator.set_prices(TODAY, [7.5] * 96)
    await set_up()
    assert {each["price"] for each in await prices(hass, roof)} == {0.075}


async def test_right_contract(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Each contract has its own prices."""
    home = simulator.add(scenarios.smart_already())
    roof = simulator.add(scenarios.feed_in())
    await set_up()
    now = {"start": "2026-11-23 11:00:00", "end": "2026-11-23 11:15:00"}
    (bought,), (sold,) = (
        await prices(hass, home, **now),
        await prices(hass, roof, **now),
    )
    assert str(bought["price"]) == state(hass, home, "price")
    assert str(sold["price"]) == state(hass, roof, "payout")
    assert bought["price"] > sold["price"]


async def test_other_time_zone(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Elsewhere one speaks in one's own time; the day is still the one in Germany."""
    await hass.config.async_set_time_zone("America/New_York")
    home = simulator.add(scenarios.smart_already())
    await set_up()
    found = await prices(hass, home)
    assert found[0]["start"] == "2026-11-22T18:00:00-05:00"
    assert found[-1]["end"] == "2026-11-23T18:00:00-05:00"
    (one,) = await prices(
        hass, home, start="2026-11-23 05:00:00", end="2026-11-23 05:15:00"
    )
    assert str(one["price"]) == state(hass, home, "price")


# Hours and quarters


async def test_hours_of_quarters(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The price of an hour is the average of its quarters, if all of them are known."""
    home = simulator.add(scenarios.smart_already())
    amounts = made_up(1)
    amounts[9] = None
    simulator.set_prices(TODAY, amounts)
    await set_up()
    response = await call(hass, "get_prices", device_id(hass, home), resolution="hour")
    assert response["resolution"] == "hour"
    found = response["prices"]
    hours = [number for number in range(24) if number != 2]
    assert [each["start"][11:13] for each in found] == [f"{each:02}" for each in hours]
    assert [each["price"] for each in found] == pytest.approx(
        [mean(amounts[4 * number : 4 * number + 4]) for number in hours]
    )
    quarters = await prices(hass, home)
    assert len(quarters) == 95
    assert "2026-11-23T02:15:00+01:00" not in [each["start"] for each in quarters]


async def test_formats_of_other_tools(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Evcc reads times and values, EMHASS numbers by step, from the same prices."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, made_up(1))
    await set_up()
    some: dict[str, Any] = {
        "start": "2026-11-23 10:50:00",
        "end": "2026-11-23 12:05:00",
    }
    found = await prices(hass, home, **some)
    assert await prices(hass, home, format="list", **some) == found
    assert await prices(hass, home, format="evcc", **some) == [
        {"start": each["start"], "end": each["end"], "value": each["price"]}
        for each in found
    ]
    numbers = [each["price"] for each in found]
    assert await prices(hass, home, format="emhass", **some) == numbers


@pytest.mark.parametrize("missing", [43, 45])
async def test_gap_in_numbers(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, missing: int
) -> None:
    """A list of numbers can't tell which one is missing, so there is an error."""
    home = simulator.add(scenarios.smart_already())
    amounts = made_up(1)
    amounts[missing] = None
    simulator.set_prices(TODAY, amounts)
    await set_up()
    some: dict[str, Any] = {
        "start": "2026-11-23 10:50:00",
        "end": "2026-11-23 12:05:00",
    }
    err = await refusal(hass, home, "get_prices", format="emhass", **some)
    assert err.translation_key == "price_gap"
    assert len(await prices(hass, home, format="evcc", **some)) == 5


@pytest.mark.parametrize("hourly", [False, True])
async def test_hours_are_not_cut(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, hourly: bool
) -> None:
    """Also the hours at the ends of a time have their whole price."""
    home = simulator.add(scenarios.smart_already(hourly=hourly))
    amounts = made_up(2)
    simulator.set_prices(TODAY, amounts)
    await set_up()
    found = await prices(
        hass,
        home,
        start="2026-11-23 10:50:00",
        end="2026-11-23 12:05:00",
        resolution="hour",
    )
    assert [each["start"][11:16] for each in found] == ["10:00", "11:00", "12:00"]
    assert [each["price"] for each in found] == pytest.approx(
        [mean(amounts[place : place + 4]) for place in (40, 44, 48)]
    )


async def test_hourly_contract(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Hourly contracts get hours; quarter-hours on request."""
    home = simulator.add(scenarios.smart_already(hourly=True))
    simulator.set_prices(TODAY, [float(number) for number in range(24)])
    await set_up()
    device = device_id(hass, home)
    response = await call(hass, "get_prices", device)
    assert response["resolution"] == "hour"
    assert [each["price"] for each in response["prices"]] == [
        number / 100 for number in range(24)
    ]
    assert response["prices"][7]["end"] == "2026-11-23T08:00:00+01:00"
    response = await call(hass, "get_prices", device, resolution="15min")
    assert response["resolution"] == "15min"
    assert [each["price"] for each in response["prices"]] == [
        number // 4 / 100 for number in range(96)
    ]


@pytest.mark.parametrize(
    ("day", "count", "doubled"),
    [
        (date(2026, 10, 25), 100, ["02:00:00+02:00", "02:00:00+01:00"]),
        (date(2026, 3, 29), 92, ["01:00:00+01:00", "03:00:00+02:00"]),
    ],
)
@pytest.mark.parametrize("hourly", [False, True])
async def test_clock_change(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    day: date,
    count: int,
    doubled: list[str],
    hourly: bool,
) -> None:
    """A day has as many intervals as it takes; the hour that comes twice is there twice."""
    home = simulator.add(
        scenarios.smart_already(age=timedelta(days=400), hourly=hourly)
    )
    amounts = made_up(3, of=count // 4)
    simulator.set_prices(day, amounts)
    await set_up()
    whole = {
        "start": f"{day} 00:00:00",
        "end": f"{day + timedelta(days=1)} 00:00:00",
    }
    quarters = await prices(hass, home, **whole, resolution="15min")
    hours = await prices(hass, home, **whole, resolution="hour")
    assert (len(quarters), len(hours)) == (count, count // 4)
    assert [each["price"] for each in hours] == pytest.approx(
        [mean([amount]) for amount in amounts]
    )
    assert [each["price"] for each in quarters] == [
        mean([amount]) for amount in amounts for _ in range(4)
    ]
    place = next(
        number
        for number, each in enumerate(hours)
        if each["start"] == f"{day}T{doubled[0]}"
    )
    assert hours[place + 1]["start"] == f"{day}T{doubled[1]}"
    for found, length in ((quarters, QUARTER), (hours, 4 * QUARTER)):
        for each in found:
            begin, end = (
                datetime.fromisoformat(each[name]) for name in ("start", "end")
            )
            assert end - begin == length


async def test_gap(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """What Nomos leaves out is left out; an hour that lacks a part has no price."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    one_day = {"start": "2026-11-20 00:00:00", "end": "2026-11-21 00:00:00"}
    simulator.fail(Fault.GAP, path="/subscriptions", times=1)
    assert len(await prices(hass, home, **one_day)) == 72
    simulator.fail(Fault.GAP, path="/subscriptions", times=1)
    some_hours = {"start": "2026-11-20 08:00:00", "end": "2026-11-20 17:00:00"}
    found = await prices(hass, home, **some_hours, resolution="hour")
    assert [each["start"][11:13] for each in found] == ["08", "15", "16"]
    assert all(each["price"] is not None for each in found)


# Prices that there are not


NO_RANGES: list[tuple[Any, ...]] = [
    (
        {"start": "2026-11-23 09:00:00", "end": "2026-11-23 08:00:00"},
        "end_before_start",
    ),
    (
        {"start": "2026-11-23 09:00:00", "end": "2026-11-23 09:00:00"},
        "end_before_start",
    ),
    ({"end": "2026-11-22 09:00:00"}, "end_before_start"),
    (
        {"start": "2025-11-21 00:00:00", "end": "2026-11-23 00:00:00"},
        "too_many_days",
    ),
    ({"start": "2024-11-21 00:00:00"}, "too_many_days"),
    ({"start": "1970-01-01 00:00:00"}, "too_many_days"),
    (
        {"start": "2025-01-01 00:00:00", "end": "2025-01-02 00:00:00"},
        "no_prices",
    ),
    ({"end": "2026-11-24 00:15:00"}, "prices_not_known"),
    ({"end": "2026-11-24T00:00:00Z"}, "prices_not_known"),
    ({"start": "2026-11-24 00:00:00"}, "prices_not_known"),
    ({"start": "2026-12-24 18:00:00"}, "prices_not_known"),
    (
        {"start": "2026-11-22 00:00:00", "end": "2026-11-25 00:00:00"},
        "prices_not_known",
    ),
    # Moments that no calendar has use for.
    ({"start": "0001-01-01 00:00:00"}, "no_prices"),
    ({"start": "9999-12-31 23:59:59"}, "no_prices"),
    ({"end": "9999-12-31 23:59:59"}, "no_prices"),
]
"""Times that have no prices, and why."""


async def test_range_that_is_none(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What can't be answered is refused with the reason."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    for data, key in NO_RANGES:
        err = await refusal(hass, home, "get_prices", **data)
        assert (type(err), err.translation_key, data) == (INVALID, key, data)
        if key == "too_many_days":
            assert "366" in str(err)


@pytest.mark.parametrize(
    ("zone", "until", "english", "german"),
    [
        ("Europe/Berlin", "00:00", "until 2026-11-24, 00:00", "24.11.2026, 00:00 Uhr"),
        ("Europe/London", "23:00", "until 2026-11-23, 23:00", "23.11.2026, 23:00 Uhr"),
    ],
)
@pytest.mark.parametrize("action", ["get_prices", "find_cheapest_window"])
async def test_known_until(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    zone: str,
    until: str,
    english: str,
    german: str,
    action: str,
) -> None:
    """The error tells until when prices are known, in local time."""
    await hass.config.async_set_time_zone(zone)
    home = simulator.add(scenarios.smart_already())
    await set_up()
    data = (
        {"end": "2026-11-24 06:00:00"}
        if action == "get_prices"
        else {"duration": "02:00:00", "latest": "2026-11-24 06:00:00"}
    )
    err = await refusal(hass, home, action, **data)
    assert err.translation_key == "prices_not_known"
    assert err.translation_placeholders
    assert err.translation_placeholders["time"] == until
    texts = await translations_of(hass, err)
    assert english in texts[0]
    assert german in texts[1]


@pytest.mark.parametrize(
    ("action", "data"),
    [("get_prices", {}), ("find_cheapest_window", {"duration": "01:00:00"})],
)
async def test_closed_gate(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    action: str,
    data: dict[str, str],
) -> None:
    """Before the smart meter is active there are no prices to ask for; then there are."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    requests_since(simulator)
    err = await refusal(hass, home, action, **data)
    assert (type(err), err.translation_key) == (INVALID, "no_smart_meter_yet")
    assert not requests_since(simulator)
    home.advance_to("activated")
    await pass_time(hass, freezer, timedelta(days=1))
    assert await call(hass, action, device_id(hass, home), **data)


@pytest.mark.parametrize(
    ("action", "data"),
    [("get_prices", {}), ("find_cheapest_window", {"duration": "01:00:00"})],
)
async def test_contract_that_has_ended(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    action: str,
    data: dict[str, str],
) -> None:
    """A contract that has ended has no prices, which is said."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("activated")
    home.status = "ended"
    await set_up()
    err = await refusal(hass, home, action, **data)
    assert (type(err), err.translation_key) == (INVALID, "no_prices")


# Tomorrow


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("get_prices", {}),
        ("get_prices", {"end": "2026-11-25 00:00:00"}),
        ("find_cheapest_window", {"duration": "01:00:00"}),
        (
            "find_cheapest_window",
            {"duration": "06:00:00", "latest": "2026-11-24 09:00:00"},
        ),
    ],
)
async def test_tomorrow_is_just_out(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    action: str,
    data: dict[str, str],
) -> None:
    """Tomorrow's prices are fetched on demand, and all entities show them at once."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, [30.0] * 96)
    simulator.set_prices(TOMORROW, [20.0] * 96)
    await set_up()
    await pass_time(hass, freezer, timedelta(hours=3))
    # No timer has rung yet.
    freezer.move_to(local("2026-11-23 14:20:00"))
    assert not tomorrow_is_known(hass, home)
    requests_since(simulator)
    response = await call(hass, action, device_id(hass, home), **data)
    assert price_requests(simulator) == 1
    assert tomorrow_is_known(hass, home)
    if action == "get_prices":
        assert len(response["prices"]) == 192
    else:
        assert response["start"] == "2026-11-24T00:00:00+01:00"
    # What an action has brought needs no other request all day.
    await call(hass, action, device_id(hass, home), **data)
    await pass_time(hass, freezer, timedelta(hours=10))
    assert not price_requests(simulator)


async def test_tomorrow_is_late(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An automation that asks every minute does not make a request of each time."""
    home = simulator.add(scenarios.smart_already())
    simulator.publication_delay = timedelta(hours=2)
    await set_up()
    requests_since(simulator)
    tomorrow = {"start": "2026-11-24 00:00:00", "end": "2026-11-24 06:00:00"}
    requests: dict[int, int] = {}
    while not tomorrow_is_known(hass, home):
        await pass_time(hass, freezer, timedelta(minutes=1))
        now = dt_util.now()
        with suppress(ServiceValidationError):
            await prices(hass, home, **tomorrow)
        requests[now.hour] = requests.get(now.hour, 0) + price_requests(simulator)
    # No request before noon: the exchange has not closed yet.
    assert requests[11] == requests[12] == 0
    assert all(requests[hour] <= 7 for hour in (13, 14, 15))
    assert now.hour == 16
    assert now.minute <= 31
    assert len(await prices(hass, home, **tomorrow)) == 24


async def test_new_day_that_is_not_known(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Just after midnight a day that was late is fetched on demand."""
    home = simulator.add(scenarios.smart_already())
    simulator.publication_delay = timedelta(hours=9, minutes=30)
    await set_up()
    await pass_time(
        hass, freezer, timedelta(hours=12, minutes=25), timedelta(minutes=5)
    )
    assert not tomorrow_is_known(hass, home)
    freezer.move_to(local("2026-11-24 00:00:01"))
    requests_since(simulator)
    response = await find(hass, home, duration="01:00:00")
    assert price_requests(simulator) == 1
    assert response["start"].startswith("2026-11-24T")
    assert state(hass, home, "price") not in ("unknown", "unavailable")


# When Nomos does not answer


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (Fault.CONNECTION_RESET, "cannot_connect"),
        (Fault.SERVER_ERROR, "unexpected_answer"),
        (Fault.HTML, "unexpected_answer"),
        (Fault.BAD_GATEWAY, "unexpected_answer"),
        (Fault.TRUNCATED_JSON, "unexpected_answer"),
        (Fault.RATE_LIMIT, "rate_limited"),
    ],
)
async def test_nomos_is_away(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    fault: Fault,
    key: str,
) -> None:
    """Days that can't be had are an error with its reason; known ones are there."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    before = hass.states.async_all()
    simulator.fail(fault, path="/subscriptions")
    err = await refusal(
        hass, home, "get_prices", start="2026-11-22 00:00:00", end="2026-11-23 12:00:00"
    )
    assert (type(err), err.translation_key) == (FAILED, key)
    if fault is Fault.RATE_LIMIT:
        assert "30 seconds" in str(err)
    requests_since(simulator)
    assert len(await prices(hass, home)) == 96
    assert await find(hass, home, duration="01:00:00")
    assert not requests_since(simulator)
    assert hass.states.async_all() == before


async def test_nomos_is_away_in_the_afternoon(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """While tomorrow can't be asked for, today's prices are not lost."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    freezer.move_to(local("2026-11-23 14:22:00"))
    simulator.fail(Fault.CONNECTION_RESET)
    err = await refusal(hass, home, "get_prices", end="2026-11-24 12:00:00")
    assert err.translation_key == "cannot_connect"
    today = {"start": "2026-11-23 00:00:00", "end": "2026-11-24 00:00:00"}
    assert len(await prices(hass, home, **today)) == 96
    found = await find(hass, home, duration="01:00:00", latest="2026-11-24 00:00:00")
    assert found["start"].startswith("2026-11-23T")


async def test_login_that_is_broken(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A key that was withdrawn is named as the reason, and asked for an hour later."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    simulator.tokens.clients.clear()
    simulator.expire_tokens()
    err = await refusal(hass, home, "get_prices", start="2026-11-22 00:00:00")
    assert (type(err), err.translation_key) == (FAILED, "invalid_auth")
    await pass_time(hass, freezer, timedelta(minutes=62), timedelta(minutes=1))
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert len(await prices(hass, home)) == 96


async def test_login_that_may_not_read(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A key without permission is another error than an invalid one."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    key = ORGANISATION.client_id
    simulator.tokens.clients[key] = Client(key, scopes=("write:*",))
    simulator.expire_tokens()
    err = await refusal(hass, home, "get_prices", start="2026-11-22 00:00:00")
    assert (type(err), err.translation_key) == (FAILED, "no_permission")
    assert not hass.config_entries.flow.async_progress()
    assert len(await prices(hass, home)) == 96


# When to run something


def best(
    amounts: Mapping[datetime, float | None],
    load: Sequence[float],
    shortest: int,
    *,
    most_expensive: bool = False,
) -> tuple[float, list[tuple[str, str]]] | None:
    """Return the best plan's total in EUR and its pieces, by trying all there are."""
    slots = list(amounts)
    found: tuple[float, tuple[int, ...]] | None = None
    for run in combinations(range(len(slots)), len(load)):
        lengths = [
            len(list(group))
            for _, group in groupby(enumerate(run), key=lambda pair: pair[1] - pair[0])
        ]
        known = [amount for slot in run if (amount := amounts[slots[slot]]) is not None]
        if min(lengths) < shortest or len(known) < len(run):
            continue
        total = round(sum(a * b for a, b in zip(known, load, strict=True)) / 400, 9)
        # Of those that cost the same, the earlier one comes first here.
        if found is None or (total > found[0] if most_expensive else total < found[0]):
            found = total, run
    if found is None:
        return None
    pieces = []
    for _, group in groupby(enumerate(found[1]), key=lambda pair: pair[1] - pair[0]):
        piece = [slots[slot] for _, slot in group]
        pieces.append((piece[0].isoformat(), (piece[-1] + QUARTER).isoformat()))
    return found[0], pieces


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("most_expensive", [False, True])
async def test_best_of_all(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    seed: int,
    most_expensive: bool,
) -> None:
    """No other plan costs less (or more), and none that costs as much is earlier."""
    home = simulator.add(scenarios.smart_already())
    dice = random.Random(seed)
    amounts = made_up(seed)
    for place in dice.sample(range(96), 6):
        amounts[place] = None
    simulator.set_prices(TODAY, amounts)
    await set_up()
    midnight = local("2026-11-23 00:00:00")
    for begin in range(48, 84, 3):
        window = {
            midnight + place * QUARTER: amounts[place]
            for place in range(begin, begin + 12)
        }
        count, shortest = dice.randrange(1, 8), dice.randrange(1, 5)
        data: dict[str, Any] = {
            "earliest": (midnight + begin * QUARTER).isoformat(),
            "latest": (midnight + (begin + 12) * QUARTER).isoformat(),
            "most_expensive": most_expensive,
        }
        load = [1.0] * count
        if dice.random() < 0.5:
            load = [dice.choice([0.0, 0.4, 1.5, 2.2, 11.0]) for _ in range(count)]
            data["load_profile"] = load
        else:
            data["duration"] = {"minutes": 15 * count}
        if dice.random() < 0.7:
            data["shortest_piece"] = {"minutes": 15 * shortest}
            shortest = min(shortest, count)
        else:
            shortest = count
        expected = best(window, load, shortest, most_expensive=most_expensive)
        if expected is None:
            err = await refusal(hass, home, "find_cheapest_window", **data)
            assert err.translation_key == "prices_missing"
            continue
        response = await find(hass, home, **data)
        total, pieces = expected
        assert response["total_price"] == pytest.approx(total, abs=1e-6)
        assert [
            (piece["start"], piece["end"]) for piece in response["pieces"]
        ] == pieces
        assert response["start"] == pieces[0][0]
        assert response["end"] == pieces[-1][1]


NIGHT = [30.0] * 48 + [25.0] * 32 + [10.0, 12.0, 10.0, 10.0] + [25.0] * 12
"""Of a day, with a cheap hour from 20:00 on that has a less cheap quarter."""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"duration": "01:00:00"},
            {
                "start": "2026-11-23T20:00:00+01:00",
                "end": "2026-11-23T21:00:00+01:00",
                "pieces": [
                    {
                        "start": "2026-11-23T20:00:00+01:00",
                        "end": "2026-11-23T21:00:00+01:00",
                    }
                ],
                "average_price": 0.105,
                "total_price": 0.105,
                "savings": 0.195,
            },
        ),
        (
            {"duration": {"minutes": 40}, "shortest_piece": {"minutes": 15}},
            {
                "start": "2026-11-23T20:00:00+01:00",
                "end": "2026-11-23T21:00:00+01:00",
                "pieces": [
                    {
                        "start": "2026-11-23T20:00:00+01:00",
                        "end": "2026-11-23T20:15:00+01:00",
                    },
                    {
                        "start": "2026-11-23T20:30:00+01:00",
                        "end": "2026-11-23T21:00:00+01:00",
                    },
                ],
                "average_price": 0.1,
                "total_price": 0.075,
                "savings": 0.15,
            },
        ),
        (
            {"load_profile": [4, 8]},
            {
                "start": "2026-11-23T20:30:00+01:00",
                "end": "2026-11-23T21:00:00+01:00",
                "pieces": [
                    {
                        "start": "2026-11-23T20:30:00+01:00",
                        "end": "2026-11-23T21:00:00+01:00",
                    }
                ],
                "average_price": 0.1,
                "total_price": 0.3,
                "savings": 0.6,
            },
        ),
        (
            {"duration": "00:15:00", "most_expensive": True},
            {
                "start": "2026-11-23T11:00:00+01:00",
                "end": "2026-11-23T11:15:00+01:00",
                "pieces": [
                    {
                        "start": "2026-11-23T11:00:00+01:00",
                        "end": "2026-11-23T11:15:00+01:00",
                    }
                ],
                "average_price": 0.3,
                "total_price": 0.075,
                "savings": 0.0,
            },
        ),
    ],
)
async def test_answer(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    data: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    """The answer says when, in which pieces, what it costs and what waiting saves."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, NIGHT)
    await set_up()
    assert await find(hass, home, **data) == {
        **expected,
        "unit": "EUR/kWh",
        "currency": "EUR",
    }


@pytest.mark.parametrize(
    ("now", "data", "start"),
    [
        ("11:00:00", {}, "11:00"),
        ("11:00:01", {}, "11:15"),
        ("11:14:59", {}, "11:15"),
        ("11:15:00", {}, "11:15"),
        # The start is not in the past.
        ("11:07:00", {"earliest": "2026-11-23 03:00:00"}, "11:15"),
        ("11:07:00", {"earliest": "2025-11-23 03:00:00"}, "11:15"),
        ("11:07:00", {"earliest": "2026-11-23 12:40:00"}, "12:45"),
        ("11:07:00", {"earliest": "2026-11-23T12:45:00+00:00"}, "13:45"),
        ("11:07:00", {"most_expensive": True}, "11:15"),
        (
            "11:07:00",
            {"shortest_piece": "00:15:00", "latest": "2026-11-23 12:20:00"},
            "11:15",
        ),
    ],
)
async def test_flat_day(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    now: str,
    data: dict[str, Any],
    start: str,
) -> None:
    """Where all prices are the same, the first moment is as good, and waiting saves nothing."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, [33.33] * 96)
    await set_up()
    freezer.move_to(local(f"2026-11-23 {now}"))
    found = await find(hass, home, duration="01:00:00", **data)
    assert found["start"] == f"2026-11-23T{start}:00+01:00"
    assert len(found["pieces"]) == 1
    assert found["average_price"] == found["total_price"] == 0.3333
    assert found["savings"] == 0


@pytest.mark.parametrize(
    ("latest", "start"),
    [
        (None, "20:00"),
        ("2026-11-23 20:59:59", "19:45"),
        ("2026-11-23 20:14:00", "12:00"),
        ("2026-11-23 12:14:59", "11:00"),
        ("2026-11-23 12:00:00", "11:00"),
    ],
)
async def test_latest(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    latest: str | None,
    start: str,
) -> None:
    """It is done by the latest end, also where that is within a quarter-hour."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, NIGHT)
    await set_up()
    data = {"latest": latest} if latest else {}
    found = await find(hass, home, duration="01:00:00", **data)
    assert found["start"] == f"2026-11-23T{start}:00+01:00"


async def test_across_midnight(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Neither a block nor its pieces stop at midnight."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, [30.0] * 94 + [10.0] * 2)
    simulator.set_prices(TOMORROW, [10.0] * 2 + [30.0] * 94)
    await set_up()
    await pass_time(hass, freezer, timedelta(hours=5))
    found = await find(hass, home, duration="01:00:00", latest="2026-11-24 06:00:00")
    assert found["start"] == "2026-11-23T23:30:00+01:00"
    assert found["end"] == "2026-11-24T00:30:00+01:00"
    assert found["total_price"] == 0.1
    assert found["savings"] == 0.2


@pytest.mark.parametrize(
    ("now", "evening", "morning", "hours"),
    [
        (
            "2026-10-24 20:00:00",
            "2026-10-24T23:00:00+02:00",
            "2026-10-25T05:00:00+01:00",
            7,
        ),
        (
            "2027-03-27 20:00:00",
            "2027-03-27T23:00:00+01:00",
            "2027-03-28T05:00:00+02:00",
            5,
        ),
    ],
)
@pytest.mark.parametrize("hourly", [False, True])
async def test_night_of_the_clock_change(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    now: str,
    evening: str,
    morning: str,
    hours: int,
    hourly: bool,
) -> None:
    """From 23:00 to 05:00 it is seven hours in October, and five in March."""
    freezer.move_to(local(now))
    home = simulator.add(scenarios.smart_already(hourly=hourly))
    await set_up()
    night = {
        "earliest": evening[:19].replace("T", " "),
        "latest": morning[:19].replace("T", " "),
    }
    found = await find(hass, home, duration={"hours": hours}, **night)
    assert (found["start"], found["end"]) == (evening, morning)
    assert found["savings"] == 0
    quarters = await prices(
        hass, home, start=night["earliest"], end=night["latest"], resolution="15min"
    )
    assert len(quarters) == 4 * hours
    assert found["average_price"] == pytest.approx(
        sum(each["price"] for each in quarters) / len(quarters), abs=1e-6
    )
    err = await refusal(
        hass,
        home,
        "find_cheapest_window",
        duration={"hours": hours, "minutes": 15},
        **night,
    )
    assert err.translation_key == "window_too_short"
    # A piece takes as long as it takes, also over the hour that is not there.
    found = await find(
        hass, home, duration={"hours": 4}, shortest_piece={"hours": 2}, **night
    )
    run = [
        datetime.fromisoformat(piece["end"]) - datetime.fromisoformat(piece["start"])
        for piece in found["pieces"]
    ]
    assert sum(run, timedelta(0)) == timedelta(hours=4)
    assert min(run) >= timedelta(hours=2)


@pytest.mark.parametrize(
    ("cheap", "start"),
    [(8, "2026-10-25T02:00:00+02:00"), (12, "2026-10-25T02:00:00+01:00")],
)
async def test_hour_that_comes_twice(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    cheap: int,
    start: str,
) -> None:
    """Of the two hours from 02:00 to 03:00 it is clear which one is meant."""
    freezer.move_to(local("2026-10-24 20:00:00"))
    home = simulator.add(scenarios.smart_already())
    amounts = [30.0] * 100
    amounts[cheap : cheap + 4] = [5.0] * 4
    simulator.set_prices(date(2026, 10, 25), amounts)
    await set_up()
    found = await find(hass, home, duration="01:00:00")
    assert found["start"] == start
    assert found["total_price"] == 0.05


async def test_hourly_contract_runs_for_less_than_an_hour(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Windows of hourly contracts may be shorter than an hour."""
    home = simulator.add(scenarios.smart_already(hourly=True))
    simulator.set_prices(TODAY, [30.0] * 13 + [20.0, 10.0, 15.0] + [30.0] * 8)
    await set_up()
    found = await find(hass, home, duration="01:30:00")
    assert found["start"] == "2026-11-23T14:00:00+01:00"
    assert found["end"] == "2026-11-23T15:30:00+01:00"
    assert found["total_price"] == 0.175


async def test_negative_prices(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Where taking electricity pays, the total says so."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, [5.0] * 60 + [-20.0] * 8 + [5.0] * 28)
    await set_up()
    found = await find(hass, home, duration="02:00:00", load_profile=[11] * 8)
    assert found["start"] == "2026-11-23T15:00:00+01:00"
    assert found["average_price"] == -0.2
    assert found["total_price"] == -4.4
    assert found["savings"] == 5.5


async def test_most_expensive(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Solar panels feed in when that pays most; what it brings more is below zero."""
    roof = simulator.add(scenarios.feed_in())
    simulator.set_prices(TODAY, [5.0] * 70 + [9.0] * 4 + [5.0] * 22)
    await set_up()
    found = await find(hass, roof, duration="01:00:00", most_expensive=True)
    assert found["start"] == "2026-11-23T17:30:00+01:00"
    assert found["total_price"] == 0.09
    assert found["savings"] == -0.04


async def test_prices_that_are_missing(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Windows need known prices; savings need a current price."""
    home = simulator.add(scenarios.smart_already())
    amounts: list[float | None] = [30.0] * 96
    amounts[44] = amounts[52] = None
    amounts[50:52] = amounts[53:55] = [1.0, 1.0]
    simulator.set_prices(TODAY, amounts)
    await set_up()
    window = {"earliest": "2026-11-23 12:30:00", "latest": "2026-11-23 13:45:00"}
    err = await refusal(
        hass, home, "find_cheapest_window", duration="01:00:00", **window
    )
    assert (type(err), err.translation_key) == (INVALID, "prices_missing")
    found = await find(
        hass, home, duration="01:00:00", shortest_piece="00:30:00", **window
    )
    assert [piece["start"][11:16] for piece in found["pieces"]] == ["12:30", "13:15"]
    assert found["savings"] is None
    found = await find(hass, home, duration="00:30:00")
    assert found["start"] == "2026-11-23T12:30:00+01:00"
    assert found["savings"] is None


async def test_tomorrow_without_prices(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Tomorrow is not known while all its prices are null, and asked for again."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, [40.0] * 96)
    simulator.set_prices(TOMORROW, [None] * 96)
    await set_up()
    freezer.move_to(local("2026-11-23T18:00"))
    night = {"duration": "02:00:00", "latest": "2026-11-24 06:00:00"}
    err = await refusal(hass, home, "find_cheapest_window", **night)
    assert (type(err), err.translation_key) == (INVALID, "prices_not_known")
    assert "2026-11-24, 00:00" in str(err)
    err = await refusal(hass, home, "get_prices", start="2026-11-24 00:00:00")
    assert (type(err), err.translation_key) == (INVALID, "prices_not_known")
    assert len(await prices(hass, home)) == 96
    found = await find(hass, home, duration="02:00:00")
    assert found["end"] == "2026-11-23T20:00:00+01:00"
    simulator.set_prices(TOMORROW, [10.0] * 16 + [40.0] * 80)
    freezer.tick(timedelta(minutes=10))
    found = await find(hass, home, **night)
    assert found["start"] == "2026-11-24T00:00:00+01:00"
    assert len(await prices(hass, home)) == 192


async def test_past_without_prices(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A past day whose prices are all null has none."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(date(2026, 11, 20), [None] * 96)
    await set_up()
    past = {"start": "2026-11-20 00:00:00", "end": "2026-11-21 00:00:00"}
    err = await refusal(hass, home, "get_prices", **past)
    assert (type(err), err.translation_key) == (INVALID, "no_prices")


async def test_idle_load(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What takes nothing costs nothing, and has no average."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    found = await find(hass, home, load_profile=[0, 0])
    assert found["start"] == "2026-11-23T11:00:00+01:00"
    assert (found["total_price"], found["average_price"]) == (0, None)


NO_WINDOWS: list[tuple[Any, ...]] = [
    ({}, "duration_missing"),
    ({"duration": "00:00:00"}, "duration_missing"),
    ({"duration": 0, "load_profile": [1]}, "duration_missing"),
    ({"duration": "01:00:00", "load_profile": [1, 2, 3]}, "load_profile_length"),
    ({"duration": "01:00:00", "load_profile": [1] * 5}, "load_profile_length"),
    (
        {"duration": "01:00:00", "latest": "2026-11-23 11:59:59"},
        "window_too_short",
    ),
    (
        {"duration": "00:15:00", "latest": "2026-11-23 10:00:00"},
        "window_too_short",
    ),
    (
        {
            "duration": "00:15:00",
            "earliest": "2026-11-23 13:00:00",
            "latest": "2026-11-23 12:00:00",
        },
        "window_too_short",
    ),
    ({"duration": "13:15:00"}, "prices_not_known"),
    ({"duration": {"days": 7}}, "prices_not_known"),
    ({"load_profile": [1] * 53}, "prices_not_known"),
    ({"duration": "00:15:00", "latest": "2026-11-24 00:00:01"}, "prices_not_known"),
    (
        {"duration": "00:15:00", "latest": "8999-12-31 00:00:00"},
        "prices_not_known",
    ),
    (
        {"duration": "00:15:00", "earliest": "2026-11-24 00:00:00"},
        "prices_not_known",
    ),
    (
        {"duration": "00:15:00", "earliest": "2026-12-24 00:00:00"},
        "prices_not_known",
    ),
    ({"duration": "00:15:00", "earliest": "9999-12-31 23:59:59"}, "no_prices"),
]
"""What can't be planned, and why."""


async def test_window_that_is_none(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What can't be planned is refused with the reason."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    for data, key in NO_WINDOWS:
        err = await refusal(hass, home, "find_cheapest_window", **data)
        assert (type(err), err.translation_key, data) == (INVALID, key, data)
        assert not requests_since(simulator)
        if key == "load_profile_length":
            for text in await translations_of(hass, err):
                assert "4" in text
                assert str(len(data["load_profile"])) in text


BAD_PROFILES: list[tuple[Any, ...]] = [
    ([1, "much"], "2", "much"),
    ([1, 2, -1], "3", "-1"),
    (["nan"], "1", "nan"),
    ([float("nan")], "1", "nan"),
    (["inf"], "1", "inf"),
    ([1001], "1", "1001"),
    ([10**400], "1", "…"),
    ([1, None], "2", "None"),
    ([True], "1", "True"),
    (["2,5"], "1", "2,5"),
    ("1, 2, 3", "1", "1, 2, 3"),
    ([[1, 2]], "1", "[1, 2]"),
    ({"power": 2}, "1", "power"),
    (["a long story " * 99], "1", "a long story …"),
]
"""Load profiles with an invalid value, its place and how it is named."""


@pytest.mark.parametrize(("profile", "place", "value"), BAD_PROFILES)
async def test_invalid_load_profile(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    profile: Any,
    place: str,
    value: str,
) -> None:
    """An invalid value of a load profile is named in words."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    err = await refusal(hass, home, "find_cheapest_window", load_profile=profile)
    assert (type(err), err.translation_key) == (INVALID, "load_profile_value")
    for text in await translations_of(hass, err):
        assert f" {place} " in text
        assert value in text
        assert "1000" in text
        assert len(text) < 160


@pytest.mark.parametrize(
    ("profile", "key", "words"),
    [
        ([], "load_profile_empty", ()),
        (None, "load_profile_empty", ()),
        ([1] * 673, "load_profile_too_long", ("673", "672")),
    ],
)
async def test_length_of_the_load_profile(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    profile: Any,
    key: str,
    words: tuple[str, ...],
) -> None:
    """A load profile has a value for each quarter-hour of at most a week."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    err = await refusal(hass, home, "find_cheapest_window", load_profile=profile)
    assert (type(err), err.translation_key) == (INVALID, key)
    for text in await translations_of(hass, err):
        assert all(word in text for word in words)


async def test_load_profile_of_a_template(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Numbers may be text, and a single one needs no list."""
    home = simulator.add(scenarios.smart_already())
    simulator.set_prices(TODAY, [40.0] * 96)
    await set_up()
    for profile, cost in ((["2.0", "1e0"], 0.3), (2, 0.2), ("0", 0)):
        found = await find(hass, home, load_profile=profile)
        assert found["total_price"] == pytest.approx(cost)


async def test_all_that_is_known(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A run may take all the time there is."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    found = await find(hass, home, duration="13:00:00")
    assert found["start"] == "2026-11-23T11:00:00+01:00"
    assert found["end"] == "2026-11-24T00:00:00+01:00"
    assert found["savings"] == 0


NONSENSE: list[tuple[Any, ...]] = [
    ("get_prices", {"resolution": "30min"}),
    ("get_prices", {"start": "soon"}),
    ("get_prices", {"until": "2026-11-23 12:00:00"}),
    ("find_cheapest_window", {"duration": "-01:00:00"}),
    ("find_cheapest_window", {"duration": "long"}),
    ("find_cheapest_window", {"duration": {"days": 8}}),
    ("find_cheapest_window", {"duration": {"hours": 100_000_000}}),
    ("find_cheapest_window", {"duration": 3600, "shortest_piece": -1}),
    ("find_cheapest_window", {"duration": 3600, "earliest": "soon"}),
    ("find_cheapest_window", {"duration": 3600, "most_expensive": "maybe"}),
]
"""What the form does not let through."""


async def test_what_makes_no_sense(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """What is not what the form asks for is refused before anything happens."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    requests_since(simulator)
    for action, data in NONSENSE:
        with pytest.raises(vol.Invalid, match=next(reversed(data))):
            await call(hass, action, device_id(hass, home), **data)
    assert not requests_since(simulator)
