"""Diagnostics, without personal data."""

import json
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion

from simulator import ORGANISATION, Simulator, scenarios
from tests.conftest import SetUp


async def test_diagnostics(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    set_up: SetUp,
    snapshot: SnapshotAssertion,
) -> None:
    """Diagnostics have the state of the order, and no personal data."""
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


@pytest.mark.usefixtures("recorder_mock")
async def test_usage(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    set_up: SetUp,
) -> None:
    """They tell how far usage is imported, and not how much it was."""
    home = simulator.add(scenarios.dynamic_tariff())
    entry = await set_up()
    for domain in ("application_credentials", "webhook"):
        assert await async_setup_component(hass, domain, {})
    diagnostics: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    usage = diagnostics["usage"][home.subscription_id]
    assert usage["imported_until"] == "2026-11-22"
    assert usage["measured_until"] == "2026-11-21T23:00:00+00:00"
    assert usage["may_change"][-1] == "2026-11-21"
    assert usage["last_update_success"]
    reading = diagnostics["contracts"][home.subscription_id]["reading"]
    assert reading["timestamp"]
    assert reading["value"] == REDACTED
