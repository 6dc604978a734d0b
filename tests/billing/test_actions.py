"""Check of an invoice against what was measured."""

from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from sqlalchemy.exc import SQLAlchemyError

from custom_components.nomos_energy.billing import actions
from simulator import Household, Simulator, scenarios
from tests.actions import FAILED, INVALID, call, check_translations, device_id
from tests.conftest import SetUp

OCTOBER = date(2026, 10, 1), date(2026, 11, 1)
CHECK = "check_invoice"

pytestmark = pytest.mark.usefixtures("recorder_mock")


@pytest.fixture
def home(simulator: Simulator) -> Household:
    """Return a household with monthly invoices, active for three months."""
    return simulator.add(scenarios.dynamic_tariff())


async def check(hass: HomeAssistant, home: Household, **data: Any) -> Any:
    """Call the action."""
    return await call(hass, CHECK, device_id(hass, home), **data)


async def test_correct_invoice(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """An invoice that bills what was measured differs by nothing but cents."""
    await set_up()
    found = await check(hass, home)
    assert found["invoice"]["first_day"] == "2026-10-01"
    assert found["invoice"]["last_day"] == "2026-10-31"
    measured = found["measured"]
    assert measured["total"] == pytest.approx(
        measured["energy_cost"] + measured["base_fee"], abs=0.011
    )
    assert measured["base_fee"] == pytest.approx(13.96 - 11.21)
    assert measured["base_fee_source"] == "quote"
    assert (measured["share_of_hours"], measured["preliminary"]) == (100.0, False)
    assert found["invoice"]["energy"] == pytest.approx(measured["energy"], abs=0.002)
    assert found["difference"] == {
        "energy": pytest.approx(0, abs=0.002),
        "total": pytest.approx(0, abs=0.011),
        "by_energy": pytest.approx(0, abs=0.011),
        "by_other": pytest.approx(0, abs=0.011),
    }
    assert found["prepayments"] == 0


async def test_what_the_difference_is_made_of(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
) -> None:
    """More energy counts at the average price; the rest is another matter."""
    home.billed = False
    for day in range(31):
        home.set_usage(
            OCTOBER[0] + timedelta(days=day), [0.1] * (100 if day == 24 else 96)
        )
        simulator.set_prices(
            OCTOBER[0] + timedelta(days=day), [30.0] * (100 if day == 24 else 96)
        )
    energy = 0.1 * (31 * 96 + 4)
    fee = 13.96 - 11.21
    invoice = home.issue(
        "usage", *OCTOBER, energy * 0.3 + fee + 12.0, usage=energy + 30
    )
    home.issue("prepayment", *OCTOBER, 60.0, status="paid")
    home.issue("prepayment", *OCTOBER, 61.0, status="uncollectible")
    home.issue("prepayment", date(2026, 11, 1), date(2026, 12, 1), 62.0)
    await set_up()
    found = await check(hass, home, number=f" {invoice.number} ")
    assert found["measured"]["energy"] == pytest.approx(energy)
    assert found["measured"]["total"] == pytest.approx(energy * 0.3 + fee, abs=0.01)
    assert found["difference"] == {
        "energy": pytest.approx(30),
        "total": pytest.approx(12, abs=0.01),
        "by_energy": pytest.approx(9, abs=0.01),
        "by_other": pytest.approx(3, abs=0.01),
    }
    assert found["prepayments"] == 60.0
    # It is the last one for usage, too.
    assert await check(hass, home) == found


async def test_month_of_the_activation(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """A period that is measured in part says how much of it is."""
    await set_up()
    numbers = {
        each["invoice"]["first_day"]: each["measured"]["share_of_hours"]
        for each in [
            await check(hass, home, number=f"{home.number}-{month}")
            for month in ("2608", "2609", "2610")
        ]
    }
    assert numbers["2026-09-01"] == numbers["2026-10-01"] == 100.0
    assert 0 < numbers["2026-08-01"] < 100


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("{number}-2606", "invoice_not_measured"),
        ("X", "no_such_invoice"),
        ("{prepayment}", "invoice_without_usage"),
    ],
)
async def test_errors(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    home: Household,
    number: str,
    error: str,
) -> None:
    """What can't be compared has a reason."""
    prepayment = home.issue("prepayment", *OCTOBER, 60.0)
    await set_up()
    number = number.format(number=home.number, prepayment=prepayment.number)
    with pytest.raises(INVALID) as raised:
        await check(hass, home, number=number)
    assert raised.value.translation_key == error
    await check_translations(hass, raised.value)


async def test_no_invoice(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """Without an invoice for usage there is nothing to check."""
    home.billed = False
    home.issue("prepayment", *OCTOBER, 60.0)
    await set_up()
    with pytest.raises(INVALID) as raised:
        await check(hass, home)
    assert raised.value.translation_key == "no_invoice"
    await check_translations(hass, raised.value)


async def test_not_active_yet(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Before the activation nothing is measured."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    with pytest.raises(INVALID) as raised:
        await check(hass, home)
    assert raised.value.translation_key == "no_usage_yet"


async def test_recorder_fails(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """An error of the recorder is said, too."""
    await set_up()
    with (
        patch.object(actions, "async_hours", side_effect=SQLAlchemyError),
        pytest.raises(FAILED) as raised,
    ):
        await check(hass, home)
    assert raised.value.translation_key == "recorder_failed"
    await check_translations(hass, raised.value)
