"""Configuration flows, driven as a person does it."""

from http import HTTPStatus
from typing import Any

from aiohttp import ClientSession
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.nomos_energy.const import DOMAIN
from simulator import ORGANISATION

KEY = {
    "client_id": ORGANISATION.client_id,
    "client_secret": ORGANISATION.client_secret,
}
REDIRECT = "https://example.com/auth/external/callback"


async def start(hass: HomeAssistant, way: str) -> ConfigFlowResult:
    """Start the set-up and choose a way to log in."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["api_credentials", "pick_implementation"]
    return await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": way}
    )


async def reauth(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Start the repair of a login."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_REAUTH, "entry_id": entry.entry_id},
        data=entry.data,
    )


async def reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Start to change what is set up."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


async def submit(
    hass: HomeAssistant, result: ConfigFlowResult, **user_input: Any
) -> ConfigFlowResult:
    """Fill in the form that is shown and send it."""
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], user_input
    )
    await hass.async_block_till_done()
    return result


def shown(result: ConfigFlowResult) -> dict[str, Any]:
    """Return what the form has filled in already."""
    schema = result["data_schema"]
    assert schema is not None
    return {
        str(field): field.description["suggested_value"]
        for field in schema.schema
        if field.description and field.description.get("suggested_value") is not None
    }


def labels(result: ConfigFlowResult) -> list[str]:
    """Return the contracts that the form offers."""
    schema = result["data_schema"]
    assert schema is not None
    options = schema.schema["subscriptions"].config["options"]
    return [option["label"] for option in options]


async def consent(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    result: ConfigFlowResult,
    customer_id: str,
    decision: str = "allow",
) -> ConfigFlowResult:
    """Answer on the page of Nomos, and come back to Home Assistant."""
    answer = await decide(result, customer_id, decision)
    return await come_back(hass, hass_client_no_auth, result, answer)


async def decide(
    result: ConfigFlowResult, customer_id: str, decision: str = "allow"
) -> dict[str, str]:
    """Answer on the page of Nomos; return what the browser brings back."""
    assert result["type"] is FlowResultType.EXTERNAL_STEP
    page = URL(result["url"])
    assert page.query["code_challenge_method"] == "S256"
    async with ClientSession() as browser:
        async with browser.get(page) as response:
            assert response.status == HTTPStatus.OK
        async with browser.post(
            page.with_path("/_simulator/consent").with_query(None),
            data={**page.query, "customer": customer_id, "decision": decision},
            allow_redirects=False,
        ) as response:
            assert response.status == HTTPStatus.FOUND
            back = URL(response.headers["Location"])
    assert back.with_query(None) == URL(REDIRECT)
    return dict(back.query)


async def come_back(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    result: ConfigFlowResult,
    answer: dict[str, str],
) -> ConfigFlowResult:
    """Return from the page of Nomos to the flow."""
    client = await hass_client_no_auth()
    response = await client.get(URL(REDIRECT).path, params=answer)
    assert response.status == HTTPStatus.OK
    result = await hass.config_entries.flow.async_configure(result["flow_id"])
    await hass.async_block_till_done()
    return result
