"""Diagnostics, without personal data."""

import json
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion

from simulator import ORGANISATION, Fault, Simulator, scenarios
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


@pytest.mark.usefixtures("recorder_mock")
async def test_nothing_imported_yet(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    set_up: SetUp,
) -> None:
    """What is not known is null, and no text."""
    home = simulator.add(scenarios.dynamic_tariff())
    simulator.fail(
        Fault.SERVER_ERROR, path=f"/subscriptions/{home.subscription_id}/usage"
    )
    entry = await set_up()
    for domain in ("application_credentials", "webhook"):
        assert await async_setup_component(hass, domain, {})
    diagnostics: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert diagnostics["usage"][home.subscription_id] == {
        "imported_until": None,
        "measured_until": None,
        "may_change": [],
        "last_update_success": False,
    }
    assert "None" not in json.dumps(diagnostics)


def check_not_loaded(diagnostics: Any, state: str, **expected: Any) -> None:
    """Check the diagnostics of an account that is not loaded."""
    assert diagnostics == {
        "state": state,
        "reason": None,
        "disabled_by": None,
        "login": {
            "client_id": REDACTED,
            "client_secret": REDACTED,
            "webhook_id": REDACTED,
        },
        "follows": "all",
        **expected,
    }


async def test_setup_retry(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    set_up: SetUp,
) -> None:
    """An account that could not be set up yet says why."""
    simulator.add(scenarios.happy_path())
    simulator.fail(Fault.SERVER_ERROR)
    entry = await set_up()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    check_not_loaded(found, "setup_retry", reason="unexpected_answer")


async def test_login_that_is_refused(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    set_up: SetUp,
) -> None:
    """So does one whose login is refused."""
    simulator.add(scenarios.happy_path())
    simulator.fail(Fault.UNAUTHORIZED)
    entry = await set_up()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    check_not_loaded(found, "setup_error", reason="invalid_auth")


async def test_disabled(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client: ClientSessionGenerator,
    set_up: SetUp,
) -> None:
    """An account that is unloaded or disabled has diagnostics."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up(home.subscription_id)
    follows = [home.subscription_id]
    await hass.config_entries.async_unload(entry.entry_id)
    found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    check_not_loaded(found, "not_loaded", follows=follows)
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    check_not_loaded(found, "not_loaded", follows=follows, disabled_by="user")
