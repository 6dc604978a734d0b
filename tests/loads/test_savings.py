"""What planned loads saved against a start at once."""

from datetime import UTC, date, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.loads.planner import Span
from custom_components.nomos_energy.loads.savings import NO_SAVINGS, saved
from custom_components.nomos_energy.nomos import Price, PriceSeries
from simulator import Household, Simulator
from tests import DAY
from tests.loads.common import (
    a_wallbox,
    add_load,
    change_load,
    load_state,
    pass_time_until,
)

START = datetime(2026, 11, 23, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = Span(START, START + 13 * HOUR)
PRICES = PriceSeries(
    HOUR,
    tuple(
        Price(START + place * HOUR, START + (place + 1) * HOUR, amount)
        for place, amount in enumerate([0.3, 0.4, 0.1, 0.2])
    ),
)


def run(start: float, end: float) -> Span:
    """Return a run by hours after the beginning."""
    return Span(START + start * HOUR, START + end * HOUR)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([run(2, 3)], 2 * (0.3 - 0.1)),
        ([run(2, 4)], 2 * (0.3 + 0.4 - 0.1 - 0.2)),
        ([run(2, 2.5), run(3, 3.5)], 2 * (0.3 - 0.05 - 0.1)),
        # A start at once saves nothing, and a later one may cost more.
        ([run(0, 1)], 0),
        ([run(1, 2)], 2 * (0.3 - 0.4)),
        ([], 0),
        # Only what is within the hours counts.
        ([run(-2, -1), run(2, 3)], 2 * (0.3 - 0.1)),
        ([run(-1, 1)], 0),
        # An unknown price leaves the rest open.
        ([run(4, 5)], None),
    ],
)
def test_saved(runs: list[Span], expected: float | None) -> None:
    """The same energy at the beginning of the hours, less what was paid."""
    assert saved(HOURS, runs, 2.0, PRICES) == (
        None if expected is None else pytest.approx(expected)
    )


def test_months() -> None:
    """Amounts add up within a month in Berlin."""
    october = datetime(2026, 10, 31, 22, 59, tzinfo=UTC)
    november = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    savings = NO_SAVINGS.plus(october, 1.5).plus(october, -0.25)
    assert (savings.month, savings.amount) == (date(2026, 10, 1), 1.25)
    assert savings.in_month_of(october) == 1.25
    assert savings.in_month_of(november) == 0
    assert savings.plus(november, 2.0).amount == 2.0


async def test_sensor(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """The savings of each night appear when its hours are over, and outlast changes."""
    wallbox = a_wallbox(home, power="10")
    key = await add_load(hass, account, wallbox)
    assert load_state(hass, key, "savings_this_month") == "0.0"
    await pass_time_until(hass, freezer, "2026-11-24T06:59+01:00")
    assert load_state(hass, key, "savings_this_month") == "0.0"
    await pass_time_until(hass, freezer, "2026-11-24T07:01+01:00")
    # 3 hours at 10 kW, at 30 instead of 10, 5 and 12 ct/kWh.
    assert load_state(hass, key, "savings_this_month") == "6.3"
    await change_load(hass, account, key, wallbox | {"earliest": "19:00:00"})
    await hass.config_entries.async_reload(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time_until(hass, freezer, "2026-11-25T07:01+01:00")
    assert load_state(hass, key, "savings_this_month") == "12.6"


async def test_next_month(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    account: MockConfigEntry,
    home: Household,
) -> None:
    """A new month begins at zero."""
    freezer.move_to("2026-11-29T12:00+01:00")
    for number in range(3):
        day = date(2026, 11, 29) + number * DAY
        simulator.set_prices(day, [5.0 if hour == 3 else 30.0 for hour in range(24)])
    await hass.config_entries.async_reload(account.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    wallbox = a_wallbox(home, power="10", run_time={"hours": 1, "minutes": 0})
    key = await add_load(hass, account, wallbox)
    await pass_time_until(hass, freezer, "2026-11-30T23:59+01:00")
    assert load_state(hass, key, "savings_this_month") == "2.5"
    await pass_time_until(hass, freezer, "2026-12-01T00:01+01:00")
    assert load_state(hass, key, "savings_this_month") == "0.0"


async def test_power_unknown(
    hass: HomeAssistant, account: MockConfigEntry, home: Household
) -> None:
    """Without the power there is no amount, and no sensor for it."""
    key = await add_load(hass, account, a_wallbox(home))
    with pytest.raises(AssertionError):
        load_state(hass, key, "savings_this_month")
