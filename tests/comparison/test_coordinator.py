"""What the same consumption would have cost, and what was saved."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
import itertools
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import get_metadata
from homeassistant.config_entries import ConfigSubentry, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from sqlalchemy.exc import SQLAlchemyError

from custom_components.nomos_energy.comparison import coordinator
from custom_components.nomos_energy.const import DOMAIN, SUBENTRY_COMPARISON
from custom_components.nomos_energy.nomos import HourUsage
from custom_components.nomos_energy.usage.sums import async_hours
from simulator import Fault, Household, Simulator
from simulator.clock import midnight
from tests import DAY, entity_id, organisation_entry, pass_time, requests_since
from tests.actions import call, device_id
from tests.conftest import SetUp
from tests.forms import open_comparison, open_options
from tests.usage.common import Truth, activate, ids, live, restart, rows

from .common import Compare, add_tariff, savings, statistic_id

pytestmark = pytest.mark.usefixtures("recorder_mock")

FIRST, LAST = date(2026, 10, 26), date(2026, 11, 21)
MORNING = "2026-11-23T10:00:00+00:00"
ALWAYS = date.min

type Prices = list[tuple[date, float]]


def from_scratch(truth: Truth, prices: Prices, first: date) -> tuple[float, float, int]:
    """Return energy, savings and number of hours from a day on."""
    energy = saved = 0.0
    hours = 0
    for day in sorted(each for each in truth.usage if each >= first):
        price = [each for begin, each in sorted(prices) if begin <= day]
        pairs = list(zip(truth.usage[day], truth.prices[day], strict=True))
        for place in range(0, len(pairs), 4):
            known = [pair for pair in pairs[place : place + 4] if pair[0] is not None]
            if not known or not price or any(each[1] is None for each in known):
                continue
            hours += 1
            for used, cents in known:
                energy += used or 0
                saved += (used or 0) * (price[-1] - (cents or 0)) / 100
    return energy, saved, hours


@pytest.fixture
def home(simulator: Simulator, freezer: FrozenDateTimeFactory) -> Household:
    """Return a household whose meter was activated four weeks ago."""
    home = activate(simulator, freezer, str(midnight(FIRST)))
    freezer.move_to(MORNING)
    return home


@pytest.fixture
def truth(home: Household, simulator: Simulator) -> Truth:
    """Return what it used since."""
    return live(home, simulator, FIRST, LAST)


async def test_fixed_price(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    home: Household,
    truth: Truth,
) -> None:
    """All that was used is compared at once, without a request, and each new day too."""
    entry = await set_up()
    requests_since(simulator)
    key = await add_tariff(hass, hass_client, entry, home, price="32,5")
    assert requests_since(simulator) == []
    stored = await rows(hass, statistic_id(home, key))
    energy = await rows(hass, ids(home)[0])
    assert [(start, state) for start, state, _ in stored] == [
        (start, pytest.approx(0.325 * used)) for start, used, _ in energy
    ]
    assert stored[-1][2] == pytest.approx(sum(state for _, state, _ in stored))

    for what, first in (
        ("saved_this_month", date(2026, 11, 1)),
        ("saved_total", FIRST),
    ):
        used, saved, _ = from_scratch(truth, [(ALWAYS, 32.5)], first)
        state, attributes = savings(hass, key, what)
        assert float(state) == pytest.approx(saved, abs=0.0001)
        assert attributes["energy"] == pytest.approx(used, abs=0.001)
        assert attributes["since"] == str(first)
        assert attributes["share"] == 100
        assert attributes["base_fees"] is False
        assert attributes["unit_of_measurement"] == "EUR"
        assert "state_class" not in attributes

    today = live(home, simulator, date(2026, 11, 22), date(2026, 11, 23))
    truth.usage |= today.usage
    truth.prices |= today.prices
    await pass_time(hass, freezer, DAY + timedelta(hours=8), timedelta(hours=8))
    _, saved, _ = from_scratch(truth, [(ALWAYS, 32.5)], FIRST)
    state, _ = savings(hass, key, "saved_total")
    assert float(state) == pytest.approx(saved, abs=0.0001)


@dataclass
class Readings:
    """Hours that comparisons have read."""

    hours: list[datetime] = field(default_factory=list)

    async def read(self, *arguments: Any) -> dict[datetime, HourUsage]:
        """Read hours, and note which."""
        found = await async_hours(*arguments)
        self.hours += found
        return found

    def since(self) -> tuple[datetime, int]:
        """Return the first hour read since the last call, and how many."""
        hours, self.hours = self.hours, []
        return min(hours), len(hours)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Readings:
    """Return what is read from now on."""
    readings = Readings()
    monkeypatch.setattr(coordinator, "async_hours", readings.read)
    return readings


async def test_only_what_has_changed_is_read(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    compare: Compare,
    truth: Truth,
    readings: Readings,
) -> None:
    """An import is followed by a reading from the day on that it has changed."""
    _, key = await compare(price="32,5")
    assert readings.since() == (midnight(FIRST), 27 * 24)

    async def compare_after_import(*, until: date, first: date) -> None:
        await pass_time(hass, freezer, timedelta(hours=8), timedelta(hours=8))
        days = (until - first).days
        assert readings.since() == (midnight(first), days * 24)
        known = Truth(home, simulator, dict(truth.usage), dict(truth.prices))
        for day in [day for day in known.usage if day >= until]:
            del known.usage[day]
        _, saved, _ = from_scratch(known, [(ALWAYS, 32.5)], FIRST)
        state, _ = savings(hass, key, "saved_total")
        assert float(state) == pytest.approx(saved, abs=0.0001)
        stored = await rows(hass, statistic_id(home, key))
        energy = await rows(hass, ids(home)[0])
        assert [(start, state) for start, state, _ in stored] == [
            (start, pytest.approx(0.325 * used)) for start, used, _ in energy
        ]
        assert stored[-1][2] == pytest.approx(sum(state for _, state, _ in stored))

    sunday = date(2026, 11, 22)
    later = live(home, simulator, sunday, sunday + 3 * DAY)
    truth.usage |= later.usage
    truth.prices |= later.prices
    # Sunday itself, which comes in the afternoon.
    await compare_after_import(until=sunday + DAY, first=sunday)
    # A correction of the 12th, and Monday.
    corrected = date(2026, 11, 12)
    truth.usage[corrected][40:60] = [0.5] * 20
    truth.tell(corrected)
    await pass_time(hass, freezer, timedelta(hours=16), timedelta(hours=8))
    readings.hours.clear()
    await compare_after_import(until=sunday + 2 * DAY, first=corrected)
    # No hour is read at midnight, nor by an update of the contracts.
    await pass_time(hass, freezer, timedelta(hours=16), timedelta(hours=8))
    assert not readings.hours


async def test_late_price_of_zero(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    compare: Compare,
    truth: Truth,
) -> None:
    """A price that comes late is compared, also where it changes no cost."""
    day = date(2026, 11, 19)
    truth.prices[day][40] = None
    truth.tell(day)
    _, key = await compare()
    assert savings(hass, key, "saved_total")[1]["share"] < 100
    truth.prices[day][40] = 0.0
    truth.tell(day)
    later = live(home, simulator, LAST + DAY, LAST + DAY)
    truth.usage |= later.usage
    truth.prices |= later.prices
    await pass_time(hass, freezer, timedelta(hours=8), timedelta(hours=8))
    _, saved, _ = from_scratch(truth, [(ALWAYS, 32.5)], FIRST)
    state, attributes = savings(hass, key, "saved_total")
    assert attributes["share"] == 100
    assert float(state) == pytest.approx(saved, abs=0.0001)


async def test_lost_statistic(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    compare: Compare,
    truth: Truth,
) -> None:
    """A statistic that a person has deleted is complete again after the next import."""
    _, key = await compare()
    await coordinator.async_clear(hass, [statistic_id(home, key)])
    assert await rows(hass, statistic_id(home, key)) == []
    live(home, simulator, LAST + DAY, LAST + DAY)
    await pass_time(hass, freezer, timedelta(hours=8), timedelta(hours=8))
    assert len(await rows(hass, statistic_id(home, key))) == 28 * 24


async def test_renamed_tariff(
    hass: HomeAssistant,
    home: Household,
    compare: Compare,
    hass_client: ClientSessionGenerator,
    truth: Truth,
) -> None:
    """The statistic of a tariff is named like it."""
    entry, key = await compare()
    form = await open_comparison(hass, hass_client, entry, key)
    await form.send(**{**form.suggested(), "name": "Grünstrom"})
    await hass.async_block_till_done(wait_background_tasks=True)
    await get_instance(hass).async_block_till_done()
    found = await get_instance(hass).async_add_executor_job(
        partial(get_metadata, hass, statistic_ids={statistic_id(home, key)})
    )
    (_, metadata) = found[statistic_id(home, key)]
    assert "Grünstrom" in (metadata["name"] or "")


async def test_recorder_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    compare: Compare,
    truth: Truth,
    readings: Readings,
) -> None:
    """What could not be read is read with what changes next."""
    _, key = await compare()
    before = savings(hass, key, "saved_total")[0]
    later = live(home, simulator, LAST + DAY, LAST + 3 * DAY)
    truth.usage |= later.usage
    truth.prices |= later.prices
    with patch.object(coordinator, "async_hours", side_effect=SQLAlchemyError):
        await pass_time(hass, freezer, timedelta(hours=8), timedelta(hours=8))
    assert savings(hass, key, "saved_total")[0] == before
    readings.hours.clear()
    await pass_time(hass, freezer, DAY, timedelta(hours=8))
    assert readings.since() == (midnight(LAST + DAY), 2 * 24)
    for day in [day for day in truth.usage if day > LAST + 2 * DAY]:
        del truth.usage[day]
    _, saved, _ = from_scratch(truth, [(ALWAYS, 32.5)], FIRST)
    assert float(savings(hass, key, "saved_total")[0]) == pytest.approx(saved, abs=1e-4)


async def test_prices_that_change(
    hass: HomeAssistant,
    home: Household,
    compare: Compare,
    hass_client: ClientSessionGenerator,
    truth: Truth,
) -> None:
    """Each price holds from its day on, and a changed tariff is computed anew."""
    change = {"valid_from": "2026-11-10", "price": "28"}
    entry, key = await compare(change, price="40")
    prices = [(ALWAYS, 40.0), (date(2026, 11, 10), 28.0)]
    _, saved, _ = from_scratch(truth, prices, FIRST)
    state, _ = savings(hass, key, "saved_total")
    assert float(state) == pytest.approx(saved, abs=0.0001)

    form = await open_comparison(hass, hass_client, entry, key)
    known = form.suggested()
    assert known["price"] == "40"
    assert known["changes"]["prices"] == [change]
    done = await form.send(**{**known, "price": "35", "changes": {}})
    assert (done["type"], done["reason"]) == ("abort", "reconfigure_successful")
    await hass.async_block_till_done(wait_background_tasks=True)
    stored = await rows(hass, statistic_id(home, key))
    energy = await rows(hass, ids(home)[0])
    assert [state for _, state, _ in stored] == [
        pytest.approx(0.35 * used) for _, used, _ in energy
    ]


async def test_base_fees(
    hass: HomeAssistant,
    home: Household,
    compare: Compare,
    truth: Truth,
) -> None:
    """Base fees count by day where both are known."""
    _, key = await compare(base_fee="15,50")
    cost = hass.states.get(entity_id(hass, home, "cost_this_month"))
    assert cost
    assert cost.attributes["base_fee_source"] == "quote"
    monthly = cost.attributes["base_fee_per_month"]
    _, saved, _ = from_scratch(truth, [(ALWAYS, 32.5)], date(2026, 11, 1))
    state, attributes = savings(hass, key, "saved_this_month")
    assert attributes["base_fees"] is True
    # 21 of the 30 days are measured.
    difference = (15.5 - monthly) * 21 / 30
    assert float(state) == pytest.approx(saved + difference, abs=0.01)


async def test_base_fee_without_a_quote(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    compare: Compare,
    hass_client: ClientSessionGenerator,
    truth: Truth,
) -> None:
    """A login without quotes compares base fees once the household has entered its own.

    The fee of the plan is the supplier's part only, and no match for a whole one.
    """
    simulator.fail(Fault.FORBIDDEN, path=f"/plans/{home.plan_id}/quote")
    entry, key = await compare(base_fee="15,50")
    state, attributes = savings(hass, key, "saved_this_month")
    assert attributes["base_fees"] is False
    energy_only = float(state)
    form = await open_options(hass, hass_client, entry)
    await form.choose("contract_settings")
    await form.send(base_fee="18,50")
    await hass.async_block_till_done(wait_background_tasks=True)
    state, attributes = savings(hass, key, "saved_this_month")
    assert attributes["base_fees"] is True
    # 21 of the 30 days are measured.
    assert float(state) == pytest.approx(energy_only - 3 * 21 / 30, abs=0.001)


async def test_too_little_is_known(
    hass: HomeAssistant,
    home: Household,
    compare: Compare,
    truth: Truth,
) -> None:
    """Savings are unknown where more than 5 % of the hours lack energy or a price."""
    for day in (date(2026, 11, 2), date(2026, 11, 3)):
        truth.prices[day] = [None, *truth.prices[day][1:4]] * 24
        truth.tell(day)
    _, key = await compare()
    state, attributes = savings(hass, key, "saved_this_month")
    assert state == "unknown"
    assert attributes["share"] == pytest.approx(100 * 19 / 21, abs=0.1)


async def test_removed_tariff(
    hass: HomeAssistant,
    home: Household,
    compare: Compare,
    hass_client: ClientSessionGenerator,
    truth: Truth,
) -> None:
    """Its statistic and entities go with a tariff; those of another one stay."""
    entry, key = await compare()
    other = await add_tariff(hass, hass_client, entry, home, name="Angebot")
    assert await rows(hass, statistic_id(home, key))
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not await rows(hass, statistic_id(home, key))
    assert await rows(hass, statistic_id(home, other))
    registry = er.async_get(hass)
    assert not registry.async_get_entity_id("sensor", DOMAIN, f"{key}_saved_total")
    assert float(savings(hass, other, "saved_total")[0])


async def test_removed_while_not_loaded(
    hass: HomeAssistant,
    home: Household,
    compare: Compare,
    truth: Truth,
) -> None:
    """What is left of a tariff is cleared at the next start."""
    entry, key = await compare()
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not await rows(hass, statistic_id(home, key))
    assert await rows(hass, ids(home)[0])


@pytest.mark.parametrize(
    "prices",
    [
        [],
        [{"price": "32"}],
        [{"price": True}],
        [{"price": float("nan")}],
        [{"price": 0.3, "valid_from": "soon"}],
        [{"price": 0.3}, {"price": 0.4}],
        ["0.3"],
    ],
)
async def test_damaged_tariff(
    hass: HomeAssistant,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    home: Household,
    caplog: pytest.LogCaptureFixture,
    prices: list[Any],
) -> None:
    """A tariff that can't be read is left out, and can be repaired by the form."""
    damaged = ConfigSubentryData(
        data={"subscription": home.subscription_id, "prices": prices},
        subentry_type=SUBENTRY_COMPARISON,
        title="Stadtwerke",
        unique_id=None,
    )
    entry = await set_up(entry=organisation_entry(subentries_data=[damaged]))
    (key,) = entry.subentries
    assert f"The comparison tariff {key} is skipped" in caplog.text
    form = await open_comparison(hass, hass_client, entry, key)
    done = await form.send(**form.suggested(), price="30", changes={})
    assert done["type"] == "abort"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert savings(hass, key, "saved_total")


def stored(home: Household, prices: Prices) -> dict[str, Any]:
    """Return the data of a tariff's subentry; prices in ct/kWh."""
    rows = [
        {"price": cents / 100} | ({"valid_from": str(day)} if day > ALWAYS else {})
        for day, cents in prices
    ]
    return {"subscription": home.subscription_id, "prices": rows}


CONTRACTS = itertools.count(1)
DAYS = [FIRST + place * DAY for place in range(8)]
PARTS = st.tuples(st.sampled_from(DAYS), st.integers(0, 91), st.integers(1, 60))
EVENTS = st.sampled_from(["correct", "gap", "price", "reload", "tariff", "reimport"])


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=st.lists(st.tuples(EVENTS, PARTS), min_size=4, max_size=7))
async def test_any_story(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    storage: dict[str, Any],
    story: list[tuple[str, tuple[date, int, int]]],
) -> None:
    """Whatever happens on the way, the savings are those computed from scratch."""
    home = activate(simulator, freezer, str(midnight(FIRST)), index=next(CONTRACTS))
    truth = live(home, simulator, FIRST, DAYS[-1] + (len(story) + 3) * DAY)
    today = DAYS[-1] + DAY
    freezer.move_to(midnight(today) + timedelta(hours=9))
    entry = await set_up(home.subscription_id)
    prices = [(ALWAYS, 30.0)]
    # The form is not used: its login expires within half an hour.
    tariff = ConfigSubentry(
        data=MappingProxyType(stored(home, prices)),
        subentry_type=SUBENTRY_COMPARISON,
        title="Stadtwerke",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(entry, tariff)
    key = tariff.subentry_id
    for event, (day, first, count) in story:
        places = range(first, min(first + count, 92))
        match event:
            case "correct":
                for place in places:
                    if truth.usage[day][place] is not None:
                        truth.usage[day][place] = place / 50
            case "gap":
                for place in places:
                    truth.usage[today][place] = None
            case "price":
                for place in places:
                    truth.prices[today + DAY][place] = None
            case "reload":
                await restart(hass, freezer, entry, storage)
            case "tariff":
                prices = [(ALWAYS, 25.0 + count), (day, 20.0 + first)]
                hass.config_entries.async_update_subentry(
                    entry, entry.subentries[key], data=stored(home, prices)
                )
            case _:
                device = device_id(hass, home)
                await call(hass, "reimport_usage", device, start=str(FIRST))
        for each in truth.usage:
            truth.tell(each)
        await pass_time(hass, freezer, DAY, timedelta(hours=8))
        today += DAY
    await pass_time(hass, freezer, DAY, timedelta(hours=8))
    await hass.async_block_till_done(wait_background_tasks=True)
    for each in [day for day in truth.usage if day > today - DAY]:
        del truth.usage[each]
    energy, saved, hours = from_scratch(truth, prices, FIRST)
    state, attributes = savings(hass, key, "saved_total")
    assert hours
    assert attributes["energy"] == pytest.approx(energy, abs=0.001)
    difference = attributes["fixed_cost"] - attributes["cost"]
    assert difference == pytest.approx(saved, abs=0.001)
    if attributes["share"] >= 95:
        assert float(state) == pytest.approx(saved, abs=0.001)
    else:
        assert state == "unknown"
    await hass.config_entries.async_remove(entry.entry_id)
    simulator.remove(home.subscription_id)
