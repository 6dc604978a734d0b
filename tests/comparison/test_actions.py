"""Actions that return usage, compare tariffs and report the grid fee."""

import csv
from datetime import date
from io import StringIO

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import Fault, Household, Simulator, scenarios
from simulator.clock import midnight
from tests import DAY
from tests.actions import FAILED, INVALID, call, check_translations, device_id
from tests.conftest import SetUp
from tests.usage.common import Truth, activate, live

from .common import add_tariff

pytestmark = pytest.mark.usefixtures("recorder_mock")

FIRST, LAST = date(2026, 10, 20), date(2026, 11, 21)


@pytest.fixture
def home(simulator: Simulator, freezer: FrozenDateTimeFactory) -> Household:
    """Return a household whose meter was activated five weeks ago."""
    home = activate(simulator, freezer, str(midnight(FIRST)))
    freezer.move_to("2026-11-23T10:00:00+00:00")
    return home


@pytest.fixture
def truth(home: Household, simulator: Simulator) -> Truth:
    """Return what it used since."""
    return live(home, simulator, FIRST, LAST)


def used(truth: Truth, first: date, last: date) -> tuple[float, float]:
    """Return energy and cost of some days."""
    days = [day for day in truth.usage if first <= day <= last]
    pairs = [
        pair
        for day in days
        for pair in zip(truth.usage[day], truth.prices[day], strict=True)
    ]
    energy = sum(kwh or 0 for kwh, _ in pairs)
    return energy, sum((kwh or 0) * (cents or 0) / 100 for kwh, cents in pairs)


@pytest.mark.parametrize(
    ("resolution", "count"),
    [("15min", 33 * 96 + 4), ("hour", 793), ("day", 33), ("month", 2)],
)
async def test_usage(
    hass: HomeAssistant,
    set_up: SetUp,
    home: Household,
    truth: Truth,
    resolution: str,
    count: int,
) -> None:
    """All resolutions have the same energy and cost, also over a change of the clock."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    await set_up()
    answer = await call(
        hass,
        "get_usage",
        device_id(hass, home),
        start="2026-10-20T00:00:00",
        end="2026-11-22T00:00:00",
        resolution=resolution,
    )
    rows = answer["usage"]
    assert len(rows) == count
    energy, cost = used(truth, FIRST, LAST)
    assert sum(each["energy"] for each in rows) == pytest.approx(energy)
    assert sum(each["cost"] for each in rows) == pytest.approx(cost, abs=0.01)
    assert rows[0]["start"] == "2026-10-20T00:00:00+02:00"
    assert rows[-1]["end"] == "2026-11-22T00:00:00+01:00"
    first = rows[0]
    assert first["price"] * first["energy"] == pytest.approx(first["cost"], abs=0.001)


async def test_usage_as_table(
    hass: HomeAssistant, set_up: SetUp, home: Household, truth: Truth
) -> None:
    """The table has a row for each interval; what is unknown is empty."""
    truth.prices[LAST][5] = None
    truth.usage[LAST][40] = None
    truth.tell(LAST)
    await set_up()
    answer = await call(
        hass,
        "get_usage",
        device_id(hass, home),
        start=midnight(LAST).isoformat(),
        end=midnight(LAST + DAY).isoformat(),
        resolution="15min",
        format="csv",
    )
    rows = list(csv.DictReader(StringIO(answer["csv"])))
    assert len(rows) == 95
    assert [number for number, row in enumerate(rows) if not row["cost"]] == [5]
    assert float(rows[0]["energy"]) == truth.usage[LAST][0]
    assert rows[0]["preliminary"] in ("True", "False")


async def test_tariffs_by_month(
    hass: HomeAssistant,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    home: Household,
    truth: Truth,
) -> None:
    """Each month has what was paid, and what the fixed price would have cost."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    entry = await set_up()
    await add_tariff(hass, hass_client, entry, home, price="31")
    answer = await call(
        hass, "compare_tariffs", device_id(hass, home), start="2026-10-20T00:00:00"
    )
    (tariff,) = answer["tariffs"]
    assert tariff["name"] == "Stadtwerke"
    october, november = tariff["months"]
    for month, first, last in (
        (october, FIRST, date(2026, 10, 31)),
        (november, date(2026, 11, 1), LAST),
    ):
        energy, cost = used(truth, first, last)
        assert month["month"] == f"{first:%Y-%m}"
        assert month["energy"] == pytest.approx(energy, abs=0.001)
        assert month["dynamic"] == pytest.approx(cost, abs=0.01)
        assert month["fixed"] == pytest.approx(0.31 * energy, abs=0.01)
        assert month["saved"] == pytest.approx(0.31 * energy - cost, abs=0.02)
        assert month["average_price_paid"] == pytest.approx(cost / energy, abs=1e-5)
        amounts = [
            each or 0
            for day, prices in truth.prices.items()
            if first <= day <= last
            for each in prices
        ]
        average = sum(amounts) / len(amounts) / 100
        assert month["unweighted_average_price"] == pytest.approx(average, abs=1e-5)
        assert month["share"] == 100


async def test_no_tariff(
    hass: HomeAssistant, set_up: SetUp, home: Household, truth: Truth
) -> None:
    """Without a comparison tariff, the action says how to add one."""
    await set_up()
    with pytest.raises(INVALID) as info:
        await call(
            hass, "compare_tariffs", device_id(hass, home), start="2026-11-01T00:00:00"
        )
    assert info.value.translation_key == "no_comparison_tariff"
    await check_translations(hass, info.value)


async def test_grid_fee_by_level(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
) -> None:
    """Energy and fee of each level, and what module 3 saved against the standard fee."""
    home = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    device = device_id(hass, home)
    period = {"start": "2026-11-01T00:00:00+01:00", "end": "2026-11-20T00:00:00+01:00"}
    answer = await call(hass, "get_grid_fee_report", device, **period)
    levels = {each["level"]: each for each in answer["levels"]}
    assert set(levels) == {"low", "standard", "high"}
    fees = {name: each["grid_fee"] / each["energy"] for name, each in levels.items()}
    assert fees["low"] < fees["standard"] < fees["high"]
    saved = sum(
        each["energy"] * (fees["standard"] - fees[name])
        for name, each in levels.items()
    )
    assert answer["saved_by_module_3"] == pytest.approx(saved, abs=0.02)
    assert answer["share"] == 100
    quotes = answer["quotes"]
    without = quotes["without"]["base_fee_per_month"]
    assert quotes["module_1"]["base_fee_per_month"] < without
    usage = await call(hass, "get_usage", device, **period, resolution="month")
    energy = sum(each["energy"] for each in levels.values())
    assert energy == pytest.approx(usage["usage"][0]["energy"], abs=0.01)


async def test_grid_fee_without_module_3(
    hass: HomeAssistant, set_up: SetUp, home: Household, truth: Truth
) -> None:
    """Nothing is said of levels that are not in force."""
    await set_up()
    answer = await call(
        hass, "get_grid_fee_report", device_id(hass, home), start="2026-11-01T00:00:00"
    )
    assert [each["level"] for each in answer["levels"]] == ["unknown"]
    assert answer["saved_by_module_3"] is None
    assert answer["share"] == 0


async def test_quotes_are_refused(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Without quotes, the rest of the report is there."""
    home = simulator.add(scenarios.dynamic_tariff())
    await set_up()
    simulator.fail(Fault.FORBIDDEN, "/plans/")
    answer = await call(
        hass, "get_grid_fee_report", device_id(hass, home), start="2026-11-01T00:00:00"
    )
    assert answer["levels"]
    assert answer["quotes"] is None


@pytest.mark.parametrize("action", ["get_usage", "get_grid_fee_report"])
@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"start": "2026-12-01T00:00:00"}, "end_before_start"),
        ({"start": "2025-01-01T00:00:00"}, "too_many_days"),
        ({"start": "2026-11-23T00:00:00"}, "no_usage"),
    ],
)
async def test_impossible_period(
    hass: HomeAssistant,
    set_up: SetUp,
    home: Household,
    truth: Truth,
    action: str,
    data: dict[str, str],
    error: str,
) -> None:
    """A period that can't be returned has an error that says why."""
    await set_up()
    with pytest.raises(INVALID) as info:
        await call(hass, action, device_id(hass, home), **data)
    assert info.value.translation_key == error
    await check_translations(hass, info.value)


async def test_nomos_does_not_answer(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    home: Household,
    truth: Truth,
) -> None:
    """An outage is an error that says so."""
    await set_up()
    simulator.fail(Fault.SERVER_ERROR)
    with pytest.raises(FAILED) as info:
        await call(
            hass, "get_usage", device_id(hass, home), start="2026-11-01T00:00:00"
        )
    await check_translations(hass, info.value)
