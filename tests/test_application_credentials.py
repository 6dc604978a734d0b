"""Texts of the application credentials."""

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.typing import WebSocketGenerator


async def test_placeholders(
    hass: HomeAssistant,
    credentials: None,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """The dialog tells where to ask for credentials, and for which address."""
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "application_credentials/config"})
    answer = await client.receive_json()
    assert answer["result"]["integrations"]["nomos_energy"] == {
        "description_placeholders": {
            "support_address": "support@nomos.energy",
            "redirect_url": "https://my.home-assistant.io/redirect/oauth",
        }
    }
