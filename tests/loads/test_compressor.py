"""Minimum time off and most starts, for compressors and wallboxes."""

from datetime import date
from itertools import pairwise
from math import inf
from time import process_time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from hypothesis import given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.loads.pieces import cheapest_pieces
from simulator import Household, Simulator
from tests.conftest import SetUp
from tests.forms import open_load
from tests.loads.common import a_wallbox, add_load, call, pass_time_until, watch


def all_plans(
    prices: list[float | None], wanted: int, shortest: int, pause: int, starts: int
) -> list[tuple[tuple[int, int], ...]]:
    """Return every plan that keeps the rules, by trying all of them."""
    plans: list[tuple[tuple[int, int], ...]] = [()]
    if not starts:
        return plans
    for first in range(len(prices)):
        for end in range(first + shortest, min(first + wanted, len(prices)) + 1):
            if None in prices[first:end]:
                break
            begin = end + pause
            plans += [
                ((first, end), *((a + begin, b + begin) for a, b in rest))
                for rest in all_plans(
                    prices[begin:], wanted - (end - first), shortest, pause, starts - 1
                )
            ]
    return plans


def length(plan: tuple[tuple[int, int], ...]) -> int:
    """Return how long a plan runs."""
    return sum(end - first for first, end in plan)


def cost(prices: list[float | None], plan: tuple[tuple[int, int], ...]) -> float:
    """Return what a plan costs, in millionths."""
    run = [prices[slot] for piece in plan for slot in range(*piece)]
    return sum(inf if price is None else round(price * 1e6) for price in run)


PRICE = st.one_of(st.none(), st.integers(-5, 30).map(lambda cents: cents / 100))


@settings(max_examples=150, deadline=None)
@given(
    prices=st.lists(PRICE, min_size=1, max_size=9),
    wanted=st.integers(1, 7),
    shortest=st.integers(1, 3),
    pause=st.integers(1, 3),
    starts=st.one_of(st.none(), st.integers(0, 4)),
)
def test_exact(
    prices: list[float | None],
    wanted: int,
    shortest: int,
    pause: int,
    starts: int | None,
) -> None:
    """The plan is as long as possible, then the cheapest of all that keep the rules."""
    shortest = min(shortest, wanted)
    plan = cheapest_pieces(
        prices, wanted, shortest=shortest, pause=pause, starts=starts
    )
    most = 9 if starts is None else starts
    plans = all_plans(prices, wanted, shortest, pause, most)
    longest = max(map(length, plans))
    best = min(cost(prices, each) for each in plans if length(each) == longest)
    assert plan in plans
    assert length(plan) == longest
    assert cost(prices, plan) == best


def test_time() -> None:
    """The longest plan takes less than a tenth of a second."""
    prices = [0.3 + (slot * 37 % 23) / 100 for slot in range(100)]
    begin = process_time()
    plan = cheapest_pieces(prices, 60, shortest=2, pause=2, starts=10)
    assert process_time() - begin < 0.5
    assert len(plan) <= 10


def runs(seen: list[str]) -> list[str]:
    """Return when a load ran."""
    return [
        f"{start.removesuffix(' on')}-{end.split()[1]}"
        for start, end in pairwise(seen)
        if start.endswith("on")
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # The cheapest hour at 5 ct/kWh, and each evening a first quarter-hour at 1.
        ({}, ["Mon 18:00-18:15", "Mon 18:30-18:45", "Tue 03:00-04:00"]),
        (
            {"least_pause": {"hours": 0, "minutes": 30}},
            ["Mon 18:00-18:15", "Tue 02:00-02:15", "Tue 03:00-04:00"],
        ),
        (
            {"least_pause": {"hours": 1, "minutes": 0}},
            ["Mon 18:00-18:15", "Tue 02:45-04:00"],
        ),
        ({"most_starts": "2"}, ["Mon 18:00-18:15", "Tue 02:45-04:00"]),
        ({"most_starts": "1"}, ["Tue 02:30-04:00"]),
    ],
)
async def test_plan(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    changes: dict[str, Any],
    expected: list[str],
) -> None:
    """Pieces that are too close together or too many are not planned."""
    evening = {72: 1.0, 74: 1.0}
    prices = [evening.get(place, 30.0) for place in range(96)]
    simulator.set_prices(date(2026, 11, 23), prices)
    account = await set_up()
    quarter = {"hours": 0, "minutes": 15}
    wanted = {"hours": 1, "minutes": 30}
    load = a_wallbox(home, run_time=wanted, shortest_piece=quarter, **changes)
    key = await add_load(hass, account, load)
    seen = watch(hass, key)
    await pass_time_until(hass, freezer, "2026-11-24T12:00+01:00")
    assert runs([*seen, "end"]) == expected


async def test_pause_after_an_interruption(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A load that was turned off rests before it starts again, restarted or not."""
    load = a_wallbox(
        home,
        shortest_piece={"hours": 0, "minutes": 15},
        least_pause={"hours": 0, "minutes": 45},
        most_starts="2",
    )
    key = await add_load(hass, account, load)
    await pass_time_until(hass, freezer, "2026-11-24T03:00+01:00")
    seen = watch(hass, key)
    await call(hass, key, "enabled", "turn_off")
    await call(hass, key, "enabled", "turn_on")
    await hass.config_entries.async_reload(account.entry_id)
    await pass_time_until(hass, freezer, "2026-11-24T04:00+01:00")
    await call(hass, key, "enabled", "turn_off")
    await call(hass, key, "enabled", "turn_on")
    await pass_time_until(hass, freezer, "2026-11-24T12:00+01:00")
    # The first start was at 2; after a second one, there is none any more.
    switched = [each for each in seen if not each.endswith("unavailable")]
    assert list(dict.fromkeys(switched)) == [
        "Tue 03:00 off",
        "Tue 03:45 on",
        "Tue 04:00 off",
    ]


async def test_form(
    hass: HomeAssistant,
    account: MockConfigEntry,
    home: Household,
    hass_client: ClientSessionGenerator,
) -> None:
    """The form refuses what makes no sense."""
    form = await open_load(hass, hass_client, account)
    await form.choose("run_time")
    await form.send(name="Boiler", run_time={"hours": 3, "minutes": 0})
    hours = {key: each for key, each in form.suggested().items() if key != "advanced"}
    for advanced, error in (
        ({"most_starts": "0"}, "starts_out_of_range"),
        ({"most_starts": "1,5"}, "starts_out_of_range"),
        ({"least_pause": {"hours": -1, "minutes": 0}}, "negative_duration"),
        ({"least_pause": {"hours": 25, "minutes": 0}}, "pause_unusable"),
    ):
        shown = await form.send(**hours, advanced=advanced)
        assert shown["errors"] == {"advanced": error}
    right = {"most_starts": "4", "least_pause": {"hours": 0, "minutes": 20}}
    assert (await form.send(**hours, advanced=right))["step_id"] == "switching"
