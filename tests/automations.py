"""Automations with the triggers and conditions of the integration."""

from typing import Any

from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component

from custom_components.nomos_energy.const import DOMAIN
from tests import devices

ASK = "test_ask"
"""Event that asks an automation for its condition."""


def device_of(hass: HomeAssistant, key: str) -> str:
    """Return the device of a contract or planned load."""
    return next(
        device.id for device in devices(hass) if (DOMAIN, key) in device.identifiers
    )


async def _automate(hass: HomeAssistant, **automation: Any) -> list[str]:
    """Set up an automation, and return what its action is told from now on."""
    told: list[str] = []

    @callback
    def note(call: ServiceCall) -> None:
        told.append(str(call.data.get("told")))

    hass.services.async_register("test", "tell", note)
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(
        hass,
        "automation",
        {"automation": {"mode": "queued", "max": 50, **automation}},
    )
    await hass.async_block_till_done()
    (found,) = hass.states.async_all("automation")
    assert found.state == STATE_ON
    return told


async def listen(
    hass: HomeAssistant, trigger: str, target: dict[str, Any], **options: Any
) -> list[str]:
    """Set up an automation with a trigger; return the states that it fired for."""
    return await _automate(
        hass,
        triggers={
            "trigger": f"{DOMAIN}.{trigger}",
            "target": target,
            **({"options": options} if options else {}),
        },
        actions={
            "action": "test.tell",
            "data": {
                "told": "{{ trigger.to_state.attributes.event_type"
                " | default(trigger.to_state.state) }}"
            },
        },
    )


class Condition:
    """Automation that has a condition."""

    def __init__(self, hass: HomeAssistant, told: list[str]) -> None:
        """Initialize the automation."""
        self._hass = hass
        self._told = told

    async def passes(self) -> bool:
        """Return if the action is executed."""
        self._told.clear()
        self._hass.bus.async_fire(ASK)
        await self._hass.async_block_till_done()
        return bool(self._told)


async def ask(
    hass: HomeAssistant, condition: str, target: dict[str, Any], **options: Any
) -> Condition:
    """Set up an automation with a condition."""
    told = await _automate(
        hass,
        triggers={"trigger": "event", "event_type": ASK},
        conditions={
            "condition": f"{DOMAIN}.{condition}",
            "target": target,
            **({"options": options} if options else {}),
        },
        actions={"action": "test.tell"},
    )
    return Condition(hass, told)


def label_device(hass: HomeAssistant, device_id: str) -> dict[str, Any]:
    """Give a device a label, and return the target of that label."""
    dr.async_get(hass).async_update_device(device_id, labels={"power"})
    return {"label_id": "power"}
