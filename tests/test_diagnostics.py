"""What a household may publish to get help."""

import json

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion

from simulator import ORGANISATION, Simulator, scenarios

from .conftest import SetUp


async def test_diagnostics(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    set_up: SetUp,
    snapshot: SnapshotAssertion,
) -> None:
    """They tell how the order stands, and nothing about who ordered."""
    home = simulator.add(scenarios.happy_path())
    home.advance_to("scheduled")
    simulator.add(scenarios.feed_in())
    entry = await set_up()
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert diagnostics == snapshot

    published = json.dumps(diagnostics, ensure_ascii=False)
    for secret in (
        ORGANISATION.client_id,
        ORGANISATION.client_secret,
        home.customer_id,
        home.number,
        home.first_name,
        home.last_name,
        home.street,
        home.zip,
        home.city,
        home.meter_number,
        home.malo,
        home.melo,
    ):
        assert secret
        assert secret not in published
