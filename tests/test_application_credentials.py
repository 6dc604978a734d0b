"""Texts of the application credentials."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator


@pytest.mark.parametrize(
    ("is_my_loaded", "redirect_url"),
    [
        (True, "https://my.home-assistant.io/redirect/oauth"),
        (False, "http://192.168.1.2:8123/auth/external/callback"),
    ],
)
async def test_placeholders(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    hass_access_token: str,
    is_my_loaded: bool,
    redirect_url: str,
) -> None:
    """The dialog tells where to ask for credentials, and for which address."""
    for component in ("application_credentials", "websocket_api"):
        assert await async_setup_component(hass, component, {})
    if is_my_loaded:
        hass.config.components.add("my")
    client = await hass_client_no_auth()
    # As a browser connects.
    frontend = await client.ws_connect(
        "/api/websocket", headers={"Origin": "http://192.168.1.2:8123"}
    )
    await frontend.receive_json()
    await frontend.send_json({"type": "auth", "access_token": hass_access_token})
    await frontend.receive_json()
    await frontend.send_json({"id": 1, "type": "application_credentials/config"})
    answer: dict[str, Any] = await frontend.receive_json()
    assert answer["result"]["integrations"]["nomos_energy"] == {
        "description_placeholders": {
            "support_address": "support@nomos.energy",
            "redirect_url": redirect_url,
        }
    }
