"""Triggers of the meter order, in automations."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from simulator import Household, Simulator, scenarios
from tests import DAY, next_start, refresh
from tests.automations import device_of, label_device, listen
from tests.conftest import SetUp
from tests.orders.common import event_id


@pytest.mark.parametrize("kind", ["entity", "device", "label"])
async def test_smart_meter_activated(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, kind: str
) -> None:
    """It fires once the meter is active, for no other change and no reload."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    device = device_of(hass, home.subscription_id)
    target: dict[str, Any] = {
        "entity": {"entity_id": event_id(hass, home)},
        "device": {"device_id": device},
        "label": label_device(hass, device),
    }[kind]
    fired = await listen(hass, "smart_meter_activated", target)
    home.advance_to("installed")
    await refresh(hass, home)
    assert not fired
    home.advance_to("activated")
    await refresh(hass, home)
    assert fired == ["activated"]
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert fired == ["activated"]


async def test_another_contract_is_not_meant(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """It fires for the contract that is its target."""
    home, other = (simulator.add(scenarios.happy_path(number)) for number in (1, 2))
    await set_up()
    fired = await listen(
        hass,
        "smart_meter_activated",
        {"device_id": device_of(hass, home.subscription_id)},
    )
    other.advance_to("activated")
    await refresh(hass, other)
    assert not fired
    home.advance_to("activated")
    await refresh(hass, home)
    assert fired == ["activated"]


async def test_activated_while_home_assistant_was_off(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
) -> None:
    """An activation that was missed fires after the start, once and for all."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    entry = await set_up()
    freezer.tick(14 * DAY)
    home.advance_to("activated")
    async with next_start(hass, entry) as (new, _):
        fired = await start_with(new, home)
        assert fired == ["activated"]


async def test_start_with_open_gate(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A meter that was active before is no news at a start."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("installed")
    entry = await set_up()
    home.advance_to("activated")
    await refresh(hass, home)
    async with next_start(hass, entry) as (new, _):
        fired = await start_with(new, home)
        await refresh(new, home)
        assert not fired


async def start_with(hass: HomeAssistant, home: Household) -> list[str]:
    """Start Home Assistant with an automation on the activation."""
    target = {"device_id": device_of(hass, home.subscription_id)}
    fired = await listen(hass, "smart_meter_activated", target)
    assert not fired
    await hass.async_start()
    await hass.async_block_till_done()
    return fired


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {},
            [
                "placed",
                "check_submitted",
                "check_reviewed",
                "scheduled",
                "appointment_set",
                "appointment_moved",
                "appointment_moved",
                "installed",
                "activated",
            ],
        ),
        ({"change": []}, None),
        ({"change": "installed"}, ["installed"]),
        (
            {"change": ["appointment_set", "appointment_moved"]},
            ["appointment_set", "appointment_moved", "appointment_moved"],
        ),
        ({"change": ["blocked", "unblocked", "cancelled"]}, []),
    ],
)
async def test_order_changed(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    options: dict[str, Any],
    expected: list[str] | None,
) -> None:
    """It fires for the chosen changes, without a choice for all of them."""
    home = simulator.add(scenarios.appointment_moved())
    await set_up()
    target = {"device_id": device_of(hass, home.subscription_id)}
    fired = await listen(hass, "order_changed", target, **options)
    for _ in home.timeline[1:]:
        home.advance()
        await refresh(hass, home)
    if expected is None:
        assert len(fired) == 9
    else:
        assert fired == expected


async def test_blocks(hass: HomeAssistant, simulator: Simulator, set_up: SetUp) -> None:
    """Blocks and their ends can be chosen."""
    home = simulator.add(scenarios.blocked_then_unblocked())
    await set_up()
    target = {"device_id": device_of(hass, home.subscription_id)}
    fired = await listen(hass, "order_changed", target, change=["blocked", "unblocked"])
    for _ in home.timeline[1:]:
        home.advance()
        await refresh(hass, home)
    assert fired == ["blocked", "unblocked"] * 2
