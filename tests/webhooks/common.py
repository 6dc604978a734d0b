"""Options of the webhooks, and the issue when their address has changed."""

from datetime import timedelta
from typing import Any

from homeassistant.components.webhook import async_handle_webhook
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from homeassistant.util.aiohttp import MockRequest, serialize_response
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from simulator.webhooks import SIGNATURE, sign

SECRET = "whsec_0123456789abcdef"
EXTERNAL = "https://home.example.com"
SETTLED = timedelta(seconds=15)
"""Long enough for a new address to have been noticed."""


async def open_options(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the options for the webhook of an account."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    return await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": "webhooks"}
    )


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, **data: Any
) -> ConfigFlowResult:
    """Fill in a form, and let come of it what does."""
    assert form["type"] is FlowResultType.FORM
    result = await hass.config_entries.options.async_configure(form["flow_id"], data)
    await hass.async_block_till_done()
    return result


async def change(
    hass: HomeAssistant, entry: MockConfigEntry, **data: Any
) -> ConfigFlowResult:
    """Change the options of an account."""
    result = await submit(hass, await open_options(hass, entry), **data)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    return result


def address(form: ConfigFlowResult) -> str:
    """Return the address that a form shows."""
    assert form["type"] is FlowResultType.FORM
    placeholders = form["description_placeholders"]
    assert placeholders
    return placeholders["address"]


def moved(hass: HomeAssistant, entry: MockConfigEntry) -> str | None:
    """Return the address that the household is asked to register, if it is."""
    issue_id = f"webhook_moved_{entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    if issue is None:
        return None
    assert issue.translation_placeholders
    return issue.translation_placeholders["address"]


def external_address(entry: MockConfigEntry) -> str:
    """Return the address that leads to Home Assistant without Nabu Casa."""
    return f"{EXTERNAL}/api/webhook/{entry.data[CONF_WEBHOOK_ID]}"


async def arrives(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    secret: str,
    subscription_id: str = "sub_1",
) -> bool:
    """Whether a delivery that is signed with a secret is taken."""
    body = (
        '{"id": "evt_1", "topic": "meter_order.placed", "context":'
        f' {{"subscription": "{subscription_id}"}}}}'
    ).encode()
    request = MockRequest(
        body,
        "cloud",
        "POST",
        headers={SIGNATURE: sign(secret, body, int(dt_util.utcnow().timestamp()))},
    )
    response = await async_handle_webhook(hass, entry.data[CONF_WEBHOOK_ID], request)
    # As homeassistant.components.cloud answers.
    return bool(serialize_response(response)["status"] == 200)
