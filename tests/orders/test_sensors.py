"""Sensors of the meter order."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import BlockedReason, CancelledReason
from custom_components.nomos_energy.prices.sensors import PAYOUT, PAYOUT_SENSORS
from custom_components.nomos_energy.usage.sensors import METER_READING
from simulator import Fault, Household, Simulator, Step, scenarios
from tests import (
    DAY,
    entity_id,
    local,
    next_start,
    pass_time,
    refresh,
    requests_since,
    state,
)
from tests.actions import call, device_id
from tests.conftest import SetUp


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize("status", ["created", "scheduled", "installed", "activated"])
async def test_sensors(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
) -> None:
    """Every sensor, at four moments of an order's life."""
    monkeypatch.setattr("custom_components.nomos_energy.PLATFORMS", [Platform.SENSOR])
    simulator.add(scenarios.happy_path()).advance_to(status)
    entry = await set_up()
    await snapshot_platform(hass, er.async_get(hass), snapshot, entry.entry_id)


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        (
            scenarios.no_order,
            {
                "order_status": "not_ordered",
                "appointment": STATE_UNKNOWN,
                "installed": STATE_UNKNOWN,
                "activated": STATE_UNKNOWN,
                "progress": "0",
                "expected_activation": STATE_UNKNOWN,
                "blocked_reason": "none",
                "cancelled_reason": "none",
                "provider": STATE_UNKNOWN,
                "order_blocked": "off",
                "smart_meter_active": "off",
            },
        ),
        (
            scenarios.smart_already,
            {
                "order_status": "not_ordered",
                "progress": "100",
                "expected_activation": STATE_UNKNOWN,
                "smart_meter_active": "on",
            },
        ),
        (
            scenarios.happy_path,
            {
                "order_status": "created",
                "progress": "14",
                "expected_activation": "2027-01-18",
                "provider": "energy-metering",
                "smart_meter_active": "off",
            },
        ),
    ],
)
async def test_states(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    scenario: Any,
    expected: dict[str, str],
) -> None:
    """What is shown where there is no order, or only just one."""
    home = simulator.add(scenario())
    await set_up()
    assert {key: state(hass, home, key) for key in expected} == expected


async def test_blocked(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A block shows with its reason and since when, and goes away again."""
    home = simulator.add(scenarios.blocked_then_unblocked())
    await set_up()
    for reason in (
        BlockedReason.CHECK_MISSING,
        BlockedReason.GRID_OPERATOR_REGISTRATION,
    ):
        while not (home.order and home.order.blocked_reason == reason):
            home.advance()
        await refresh(hass, home)
        assert state(hass, home, "blocked_reason") == reason
        blocked = hass.states.get(entity_id(hass, home, "order_blocked"))
        assert blocked
        assert blocked.state == "on"
        assert blocked.attributes["blocked_since"] == home.order.blocked_at
        home.advance()
        await refresh(hass, home)
        assert state(hass, home, "blocked_reason") == "none"
        assert state(hass, home, "order_blocked") == "off"


async def test_reached(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """Milestones have the day on which they were seen, or the one that Nomos gives."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("placed")
    entry = await set_up()
    assert home.order

    def reached(hass: HomeAssistant) -> dict[str, str]:
        status = hass.states.get(entity_id(hass, home, "order_status"))
        assert status
        return status.attributes["reached"]  # type: ignore[no-any-return]

    # Nomos does not tell since when it is where it is.
    created = local(home.order.created_at)
    assert reached(hass) == {"created": created}
    await pass_time(hass, freezer, DAY)
    home.advance_to("check_submitted")
    await refresh(hass, home)
    submitted = local(dt_util.utcnow())
    assert reached(hass) == {"created": created, "check_submitted": submitted}
    # An answer without news changes nothing, and a restart neither.
    await pass_time(hass, freezer, DAY)
    await refresh(hass, home)
    async with next_start(hass, entry) as (new, _):
        assert reached(new) == {"created": created, "check_submitted": submitted}
        home.advance_to("installed")
        installed = local(home.order.installed_at or "")
        await pass_time(new, freezer, DAY)
        assert reached(new) == {
            "created": created,
            "check_submitted": submitted,
            "installed": installed,
        }


async def test_reached_during_an_absence(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A milestone that was reached while Home Assistant was off has no day."""
    home = simulator.add(scenarios.happy_path())
    home.advance()
    entry = await set_up()
    assert home.order
    created = local(home.order.created_at)
    home.advance_to("check_reviewed")
    freezer.tick(5 * DAY)
    async with next_start(hass, entry) as (new, _):
        status = new.states.get(entity_id(new, home, "order_status"))
        assert status
        assert status.state == "check_reviewed"
        assert status.attributes["reached"] == {"created": created}


async def test_cancelled(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Two reasons of a cancellation lead to different states."""
    over = simulator.add(scenarios.cancelled_by_request(1))
    waiting = simulator.add(scenarios.pre_existing_then_activated(2))
    for home in (over, waiting):
        home.advance_to("cancelled")
    await set_up()
    assert state(hass, over, "order_status") == "cancelled"
    assert state(hass, waiting, "order_status") == "awaits_registration"
    assert state(hass, over, "cancelled_reason") == CancelledReason.CUSTOMER_REQUEST
    assert state(hass, over, "expected_activation") == STATE_UNKNOWN
    assert state(hass, over, "progress") == STATE_UNKNOWN
    assert state(hass, waiting, "cancelled_reason") == CancelledReason.PRE_EXISTING
    assert state(hass, waiting, "expected_activation") == "2027-01-18"
    assert state(hass, waiting, "progress") == "86"
    reason = hass.states.get(entity_id(hass, over, "cancelled_reason"))
    assert reason
    assert over.order
    assert reason.attributes["cancelled_at"] == over.order.cancelled_at

    waiting.advance_to("activated")
    await refresh(hass, waiting)
    assert state(hass, waiting, "expected_activation") == "2026-11-23"
    assert state(hass, waiting, "cancelled_reason") == "none"


async def test_appointment_moves(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The appointment follows, and the expected activation with it."""
    home = simulator.add(scenarios.appointment_moved())
    home.advance_to("scheduled")
    await set_up()
    assert state(hass, home, "appointment") == "2026-12-05T08:00:00+00:00"
    assert state(hass, home, "expected_activation") == "2027-01-18"
    assert home.order
    home.order.appointment_at = dt_util.parse_datetime("2027-02-10T09:00:00+01:00")
    await refresh(hass, home)
    assert state(hass, home, "appointment") == "2027-02-10T08:00:00+00:00"
    assert state(hass, home, "expected_activation") == "2027-02-10"


def activation(hass: HomeAssistant, home: Household) -> tuple[Any, ...]:
    """Return the expected activation, its basis, and if it is overdue."""
    shown = hass.states.get(entity_id(hass, home, "expected_activation"))
    assert shown
    return shown.state, shown.attributes["basis"], shown.attributes["overdue"]


async def test_basis_of_the_activation(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """The expected activation says which fact it follows from."""
    home = simulator.add(scenarios.happy_path())
    none = simulator.add(scenarios.no_order())
    await set_up()
    assert activation(hass, none) == (STATE_UNKNOWN, None, False)
    assert activation(hass, home) == ("2027-01-18", "order", False)
    home.advance_to("scheduled")
    assert home.order
    home.order.appointment_at = dt_util.parse_datetime("2027-02-10T09:00:00+01:00")
    await refresh(hass, home)
    assert activation(hass, home) == ("2027-02-10", "appointment", False)
    home.order.status = "installed"
    home.order.installed_at = dt_util.parse_datetime("2027-02-12T00:30:00+01:00")
    await refresh(hass, home)
    assert activation(hass, home) == ("2027-02-12", "installation", False)
    home.order.status = "activated"
    home.order.activated_at = dt_util.parse_datetime("2026-11-24T00:30:00+01:00")
    await refresh(hass, home)
    assert activation(hass, home) == ("2026-11-24", "activated", False)


async def test_activation_that_is_overdue(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """The expected activation says nothing of the past, from midnight in Berlin on."""
    await hass.config.async_set_time_zone("America/New_York")
    step = Step(after=timedelta(0), status="created")
    home = simulator.add(scenarios.happy_path(timeline=[step]))
    await set_up()
    await pass_time(hass, freezer, 56 * DAY, DAY)
    freezer.move_to("2027-01-18T22:59:58+00:00")
    await pass_time(hass, freezer, timedelta(seconds=1))
    assert activation(hass, home) == ("2027-01-18", "order", False)
    response = await call(hass, "get_order", device_id(hass, home))
    assert response["expected_activation"] == "2027-01-18"
    requests_since(simulator)
    await pass_time(hass, freezer, timedelta(seconds=1))
    assert not requests_since(simulator)
    assert activation(hass, home) == (STATE_UNKNOWN, "order", True)
    response = await call(hass, "get_order", device_id(hass, home))
    assert response["expected_activation"] is None
    assert response["activation_basis"] == "order"
    assert response["activation_overdue"] is True
    # A new appointment is a new expectation.
    assert home.order
    home.order.status = "scheduled"
    home.order.appointment_at = dt_util.parse_datetime("2027-02-01T09:00:00+01:00")
    await refresh(hass, home)
    assert activation(hass, home) == ("2027-02-01", "appointment", False)
    await pass_time(hass, freezer, 14 * DAY, DAY)
    assert activation(hass, home) == (STATE_UNKNOWN, "appointment", True)
    home.order.status, home.order.activated_at = "activated", dt_util.utcnow()
    await refresh(hass, home)
    assert activation(hass, home) == ("2027-02-02", "activated", False)


async def test_overdue_after_a_restart(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """A day that ended while Home Assistant was off is over at the start."""
    step = Step(after=timedelta(0), status="created")
    home = simulator.add(scenarios.happy_path(timeline=[step]))
    entry = await set_up()
    await pass_time(hass, freezer, 55 * DAY, DAY)
    simulator.fail(Fault.CONNECTION_RESET)
    freezer.move_to("2027-01-19T10:00:00+00:00")
    async with next_start(hass, entry) as (new, _):
        await new.async_start()
        await new.async_block_till_done(wait_background_tasks=True)
        assert activation(new, home) == (STATE_UNKNOWN, "order", True)


async def test_feed_in(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Feed-in contracts show the gate; entities of the order are disabled."""
    roof = simulator.add(scenarios.feed_in())
    entry = await set_up()
    enabled = {
        registered.unique_id
        for registered in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if not registered.disabled
    }
    assert enabled == {
        f"{roof.subscription_id}_{key}"
        for key in (
            "smart_meter_active",
            "contract_start",
            "tomorrow_payouts",
            PAYOUT.key,
            *(
                each.key
                for each in PAYOUT_SENSORS
                if each.entity_registry_enabled_default
            ),
            METER_READING.key,
        )
    }


async def test_device(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    snapshot: SnapshotAssertion,
) -> None:
    """A contract is a service with the way to its portal."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, home.subscription_id), entry.entry_id
    )
    assert device == snapshot


async def test_device_names(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Contracts are named by address, by address and number, or by number."""
    address = {"street": "Torstraße", "house_number": "119"}
    home = simulator.add(scenarios.happy_path(1, **address))
    roof = simulator.add(scenarios.feed_in(1, **address, number="ROOF1"))
    other = simulator.add(scenarios.happy_path(2, street="", house_number=""))
    entry = await set_up()
    names = {
        device.name
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
    }
    assert names == {
        f"Torstraße 119 ({home.number})",
        f"Torstraße 119 ({roof.number})",
        other.number,
    }
