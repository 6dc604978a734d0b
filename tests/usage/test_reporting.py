"""Reporting meter readings."""

from contextlib import suppress
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.nomos_energy.nomos import requester, transport
from simulator import READ_ONLY, Fault, Household, Simulator, scenarios
from simulator.clock import berlin_day, midnight
from simulator.contracts import Report
from tests import key_entry, requests_since, state
from tests.actions import (
    FAILED,
    INVALID,
    UNCERTAIN,
    call,
    check_translations,
    device_id,
    together,
)
from tests.conftest import SetUp

REPORT = "report_meter_reading"


@pytest.fixture
def home(simulator: Simulator) -> Household:
    """Return a household that waits for its smart meter."""
    return simulator.add(scenarios.happy_path())


async def test_report(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """The reading of now is reported in UTC, returned, and shown at once."""
    await set_up()
    requests_since(simulator)
    device = device_id(hass, home)
    response = await call(hass, REPORT, device, value=98765.4)
    assert response == {
        "value": 98765.4,
        "date": "2026-11-23",
        "kind": "customer_report",
    }
    assert requests_since(simulator)[:2] == [
        "create_meter_reading",
        "list_meter_orders",
    ]
    assert state(hass, home, "meter_reading") == "98765.4"


@pytest.mark.parametrize(
    ("now", "day", "timestamp"),
    [
        ("2026-11-23T10:00:00.5+00:00", None, "2026-11-23T10:00:00Z"),
        ("2026-11-23T23:30:00+00:00", None, "2026-11-23T23:30:00Z"),
        # It is the 24th already in Germany.
        ("2026-11-23T23:30:00+00:00", "2026-11-24", "2026-11-23T23:30:00Z"),
        ("2026-11-23T23:30:00+00:00", "2026-11-23", "2026-11-23T11:00:00Z"),
        ("2026-11-23T10:00:00+00:00", "2026-10-24", "2026-10-24T10:00:00Z"),
    ],
)
async def test_timestamp(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    home: Household,
    monkeypatch: pytest.MonkeyPatch,
    now: str,
    day: str | None,
    timestamp: str,
) -> None:
    """Timestamps are in UTC with a Z; of an earlier day it is noon in Germany."""
    await set_up()
    freezer.move_to(now)
    sent: list[dict[str, Any]] = []

    async def record(session: Any, method: str, url: str, **details: Any) -> Any:
        if method == "POST":
            sent.append(details["payload"])
        return await transport.send(session, method, url, **details)

    monkeypatch.setattr(requester, "send", record)
    data: dict[str, Any] = {"date": day} if day else {}
    # A later reading may be lower than this one.
    with suppress(HomeAssistantError):
        await call(hass, REPORT, device_id(hass, home), value=98765, **data)
    assert sent == [
        {
            "subscription": home.subscription_id,
            "value": 98765.0,
            "timestamp": timestamp,
        }
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"value": 1}, "reading_implausible"),
        ({"value": 98765, "date": "2025-11-23"}, "reading_out_of_period"),
        ({"value": 98765, "date": "2026-11-24"}, "reading_in_future"),
    ],
)
async def test_refused(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    home: Household,
    data: dict[str, Any],
    error: str,
) -> None:
    """The reason of a refusal is said, and nothing is sent again."""
    await set_up()
    with pytest.raises(INVALID) as raised:
        await call(hass, REPORT, device_id(hass, home), **data)
    assert raised.value.translation_key == error
    await check_translations(hass, raised.value)
    assert not home.reports
    requests = requests_since(simulator)
    assert requests.count("create_meter_reading") == (error != "reading_in_future")


async def test_second_reading_of_a_day(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """A day has one reading."""
    await set_up()
    device = device_id(hass, home)
    await call(hass, REPORT, device, value=98765)
    with pytest.raises(INVALID) as raised:
        await call(hass, REPORT, device, value=98766)
    assert raised.value.translation_key == "reading_already_reported"


async def test_active_meter(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A meter that is read remotely needs no reading, and none is sent."""
    home = simulator.add(scenarios.smart_already())
    await set_up()
    with pytest.raises(INVALID) as raised:
        await call(hass, REPORT, device_id(hass, home), value=98765)
    assert raised.value.translation_key == "reading_not_needed"
    await check_translations(hass, raised.value)
    assert "create_meter_reading" not in requests_since(simulator)


async def test_login_that_only_reads(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """Without write access the portal is named."""
    await set_up(entry=key_entry(READ_ONLY))
    with pytest.raises(INVALID) as raised:
        await call(hass, REPORT, device_id(hass, home), value=98765)
    assert raised.value.translation_key == "read_only"


@pytest.mark.parametrize("fault", UNCERTAIN)
@pytest.mark.parametrize("has_arrived", [True, False])
async def test_answer_is_missing(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    home: Household,
    fault: Fault,
    has_arrived: bool,
) -> None:
    """Without an answer the reading is searched for, and never sent again."""
    await set_up()
    device = device_id(hass, home)
    requests_since(simulator)
    if has_arrived:
        await _arrive(simulator, home, 98765.0)
    simulator.fail(fault, times=1, path="/meter-readings")
    if has_arrived:
        response = await call(hass, REPORT, device, value=98765)
        assert response["value"] == 98765
    else:
        with pytest.raises(FAILED) as raised:
            await call(hass, REPORT, device, value=98765)
        assert raised.value.translation_key == "reading_failed"
        await check_translations(hass, raised.value)
    requests = requests_since(simulator)
    assert requests.count("create_meter_reading") == 1
    assert "list_meter_readings" in requests


async def _arrive(simulator: Simulator, home: Household, value: float) -> None:
    """Let a reading be there already, as after a request without an answer."""
    now = simulator.now()
    home.reports.append(
        Report("mr_1", home.meter_id, value, midnight(berlin_day(now)), now)
    )


async def test_unknown_refusal(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """A refusal whose reason is unknown is no unclear outcome."""
    home.status = "ended"
    await set_up()
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, REPORT, device_id(hass, home), value=98765)
    assert raised.value.translation_key == "reading_out_of_period"
    await check_translations(hass, raised.value)


async def test_two_at_once(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, home: Household
) -> None:
    """Of two calls at the same moment one reports."""
    await set_up()
    device = device_id(hass, home)
    answers = await together(
        *(call(hass, REPORT, device, value=98765) for _ in range(2))
    )
    assert sorted(map(str, answers)) == ["ordered", "reading_already_reported"]
    assert len(home.reports) == 1


@pytest.mark.parametrize("value", [0, -5, "x", 1e10, float("nan")])
async def test_impossible_value(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    home: Household,
    value: Any,
) -> None:
    """What is no reading is not sent."""
    await set_up()
    with pytest.raises(Exception, match="value"):
        await call(hass, REPORT, device_id(hass, home), value=value)
    assert "create_meter_reading" not in requests_since(simulator)
