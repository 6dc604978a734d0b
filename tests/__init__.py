"""Tests of the integration, file by file, and of the simulator."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
import logging
import os
from typing import Any

from aiohttp import encode_basic_auth
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_STATE_CHANGED,
    EVENT_STATE_REPORTED,
)
from homeassistant.core import CoreState, Event, HomeAssistant, State, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_test_home_assistant,
)

from custom_components.nomos_energy.const import DOMAIN
from simulator import APP, ORGANISATION, Client, Household, Simulator

DAY = timedelta(days=1)


def organisation_entry(**kwargs: Any) -> MockConfigEntry:
    """Return the config entry of an organisation's key."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="Nomos Energy",
        unique_id=ORGANISATION.client_id,
        data={
            CONF_CLIENT_ID: ORGANISATION.client_id,
            CONF_CLIENT_SECRET: ORGANISATION.client_secret,
        },
        **kwargs,
    )


def key_entry(client: Client, **kwargs: Any) -> MockConfigEntry:
    """Return the config entry of an API key."""
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id=client.client_id,
        data={
            CONF_CLIENT_ID: client.client_id,
            CONF_CLIENT_SECRET: client.client_secret,
        },
        **kwargs,
    )


async def customer_entry(
    hass: HomeAssistant, home: Household, **kwargs: Any
) -> MockConfigEntry:
    """Return the config entry of a customer after the login."""
    simulator = home.world
    assert isinstance(simulator, Simulator)
    redirect = APP.redirect_uris[0]
    code = simulator.authorize(APP.client_id, redirect, customer_id=home.customer_id)
    response = await async_get_clientsession(hass).post(
        f"{os.environ['NOMOS_API_URL'].rstrip('/')}/oauth/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
        },
        headers={"Authorization": encode_basic_auth(APP.client_id, APP.client_secret)},
    )
    token = await response.json()
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id=home.customer_id,
        data={
            "auth_implementation": DOMAIN,
            "token": {**token, "expires_at": dt_util.utcnow().timestamp() + 3600},
        },
        **kwargs,
    )


def devices(hass: HomeAssistant) -> list[dr.DeviceEntry]:
    """Return the devices of all accounts."""
    return [
        device
        for entry in hass.config_entries.async_entries(DOMAIN)
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
    ]


def included(hass: HomeAssistant) -> set[str]:
    """Return the IDs of the subscriptions that have a device."""
    return {
        key
        for device in devices(hass)
        for domain, key in device.identifiers
        if domain == DOMAIN
    }


async def pass_time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    duration: timedelta,
    step: timedelta = timedelta(hours=1),
) -> None:
    """Let time pass step by step, and fire the timers that are due."""
    end = dt_util.utcnow() + duration
    while (now := dt_util.utcnow()) < end:
        freezer.tick(min(step, end - now))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)


async def refresh(hass: HomeAssistant, household: Household) -> None:
    """Refresh the contracts by the action homeassistant.update_entity."""
    await async_setup_component(hass, "homeassistant", {})
    await hass.services.async_call(
        "homeassistant",
        "update_entity",
        {"entity_id": entity_id(hass, household, "smart_meter_active")},
        blocking=True,
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    # Home Assistant lets some seconds pass before it does so again.
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=15))
    await hass.async_block_till_done(wait_background_tasks=True)


def entity_id(hass: HomeAssistant, household: Household, key: str) -> str:
    """Return the entity ID of a contract's sensor or binary sensor."""
    platform = (
        "binary_sensor" if key in ("smart_meter_active", "order_blocked") else "sensor"
    )
    found = er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, f"{household.subscription_id}_{key}"
    )
    assert found
    return found


def state(hass: HomeAssistant, household: Household, key: str) -> str:
    """Return the state of a contract's sensor or binary sensor."""
    return shown(hass, household, key).state


def shown(hass: HomeAssistant, household: Household, key: str) -> State:
    """Return all that a contract's sensor or binary sensor shows."""
    found = hass.states.get(entity_id(hass, household, key))
    assert found
    return found


def local(moment: datetime | str) -> str:
    """Return a moment as actions return it: in Home Assistant's time zone."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return dt_util.as_local(moment).isoformat()


def requests_since(simulator: Simulator) -> list[str]:
    """Return the operations requested since the last call, in order."""
    operations = [request.operation for request in simulator.requests]
    simulator.requests.clear()
    return operations


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return the messages that the integration logged."""
    return "\n".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.")
    )


def writes(hass: HomeAssistant) -> list[str]:
    """Return the entities whose state is written from now on, changed or not."""
    written: list[str] = []

    @callback
    def write(event: Event[Any]) -> None:
        written.append(event.data["entity_id"])

    @callback
    def every(_data: Any) -> bool:
        return True

    hass.bus.async_listen(EVENT_STATE_CHANGED, write)
    hass.bus.async_listen(EVENT_STATE_REPORTED, write, event_filter=every)
    return written


@asynccontextmanager
async def next_start(
    hass: HomeAssistant, entry: MockConfigEntry
) -> AsyncGenerator[tuple[HomeAssistant, MockConfigEntry]]:
    """Start another Home Assistant with the stores of this one.

    The account is set up; Home Assistant has not started yet.
    """
    await stop(hass, entry)
    config_dir = hass.config.config_dir
    async with async_test_home_assistant(
        config_dir=config_dir, initial_state=CoreState.not_running
    ) as new:
        # As the fixture enable_custom_integrations does it.
        new.data.pop(DATA_CUSTOM_COMPONENTS)
        again = MockConfigEntry(
            domain=DOMAIN,
            entry_id=entry.entry_id,
            unique_id=entry.unique_id,
            title=entry.title,
            data=dict(entry.data),
            options=dict(entry.options),
            subentries_data=[each.as_dict() for each in entry.subentries.values()],
        )
        again.add_to_hass(new)
        await new.config.async_set_time_zone(hass.config.time_zone)
        await start_again(new, again)
        try:
            yield new, again
        finally:
            if again.state is ConfigEntryState.LOADED:
                await new.config_entries.async_unload(again.entry_id)
            await new.async_stop(force=True)


async def stop(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Write all stores and unload the account, as a stop of Home Assistant does."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)


async def start_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up the account, as a start of Home Assistant does."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings and errors that the integration logged."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.")
        and record.levelno >= logging.WARNING
    ]


def reauths(hass: HomeAssistant) -> int:
    """Return the number of reauthentication flows."""
    return [
        flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()
    ].count(SOURCE_REAUTH)
