"""Login of a customer: refresh tokens rotate, and are always stored."""

import asyncio
from datetime import timedelta
import os
from typing import Any

from aiohttp import encode_basic_auth
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util
import orjson
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import NomosResponseError
from simulator import APP, Fault, Household, Simulator, scenarios
from tests import DAY, pass_time, reauths, refresh, requests_since, state
from tests.conftest import SetUp


@pytest.fixture
def home(simulator: Simulator) -> Household:
    """Return the household whose customer signs in."""
    return simulator.add(scenarios.happy_path())


@pytest.fixture
async def entry(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    credentials: None,
    set_up: SetUp,
) -> MockConfigEntry:
    """Return the entry of a customer who has just signed in."""
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
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id=home.customer_id,
        data={
            "auth_implementation": DOMAIN,
            "token": {**token, "expires_at": dt_util.utcnow().timestamp() + 3600},
        },
    )
    await set_up(entry=entry)
    assert entry.state is ConfigEntryState.LOADED
    return entry


async def test_rotation(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    """Every day spends a refresh token; the new one is on disk for the restart."""
    seen = {entry.data["token"]["refresh_token"]}
    for _ in range(3):
        await pass_time(hass, freezer, DAY)
        seen.add(entry.data["token"]["refresh_token"])
    assert len(seen) == 4

    (stored,) = hass_storage["core.config_entries"]["data"]["entries"]
    assert stored["data"]["token"] == entry.data["token"]
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(DAY)
    home.advance_to("installed")
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, home, "order_status") == "installed"
    assert entry.data["token"]["refresh_token"] not in seen


async def test_callers_share_a_refresh(
    hass: HomeAssistant, simulator: Simulator, entry: MockConfigEntry
) -> None:
    """A refresh token is spent once, however many find the access token refused."""
    simulator.expire_tokens()
    requests_since(simulator)
    client = entry.runtime_data.client
    await asyncio.gather(*(client.meter_orders() for _ in range(10)))
    operations = requests_since(simulator)
    assert operations.count("create_token") == 1
    assert operations.count("list_meter_orders") == 20


async def test_refresh_outlives_its_caller(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    """A new token is stored also if its request was cancelled."""
    old = entry.data["token"]["refresh_token"]
    freezer.tick(timedelta(hours=2))
    simulator.fail(Fault.LATENCY, path="/oauth/token", seconds=20)
    caller = hass.async_create_task(entry.runtime_data.client.meter_orders())
    while "create_token" not in requests_since(simulator):
        await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert entry.data["token"]["refresh_token"] == old

    simulator.recover()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=21))
    await hass.async_block_till_done()
    assert entry.data["token"]["refresh_token"] != old
    await entry.runtime_data.client.meter_orders()


@pytest.mark.parametrize(
    "fault", [Fault.SERVER_ERROR, Fault.RATE_LIMIT, Fault.CONNECTION_RESET, Fault.HTML]
)
async def test_trouble_is_no_refusal(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    entry: MockConfigEntry,
    fault: Fault,
) -> None:
    """An outage of the token endpoint starts no reauthentication."""
    simulator.fail(fault, path="/oauth/token")
    await pass_time(hass, freezer, DAY)
    assert not hass.config_entries.flow.async_progress()
    assert state(hass, home, "order_status") == "created"
    simulator.recover()
    home.advance_to("installed")
    await pass_time(hass, freezer, timedelta(hours=7))
    assert state(hass, home, "order_status") == "installed"


@pytest.mark.parametrize("value", [None, 7, True, "", "to\nken", "t\ud800", ["t"]])
@pytest.mark.parametrize("field", ["access_token", "refresh_token", "scope"])
async def test_spoilt_token(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    entry: MockConfigEntry,
    field: str,
    value: Any,
) -> None:
    """The valid parts of a token are kept, above all a new refresh token."""
    old = dict(entry.data["token"])
    freezer.tick(timedelta(hours=2))
    simulator.fail(
        Fault.REPLACED, path="/oauth/token", field=field, value=value, times=1
    )
    client = entry.runtime_data.client
    requests_since(simulator)
    # As many requests as there are in parallel lead to one token.
    answers = await asyncio.gather(
        *(client.meter_orders() for _ in range(5)), return_exceptions=True
    )
    assert requests_since(simulator).count("create_token") == 1
    if field == "access_token":
        assert {type(each) for each in answers} == {NomosResponseError}
    new = entry.data["token"]
    assert (new["refresh_token"] == old["refresh_token"]) is (field == "refresh_token")
    assert new["scope"] == old["scope"]
    assert orjson.dumps(dict(new))
    assert not reauths(hass)
    if field == "refresh_token":
        # The simulator has spent the old one, as a server does.
        return
    home.advance_to("installed")
    await pass_time(hass, freezer, DAY)
    assert state(hass, home, "order_status") == "installed"
    assert not reauths(hass)


@pytest.mark.parametrize(
    "lifetime", [None, "3600", "soon", True, 0, -1, [], 10**30, "1e999"]
)
async def test_spoilt_lifetime(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    entry: MockConfigEntry,
    lifetime: Any,
) -> None:
    """A token without a valid lifetime is used for an hour, and the login goes on."""
    simulator.fail(
        Fault.REPLACED, path="/oauth/token", field="expires_in", value=lifetime
    )
    await pass_time(hass, freezer, DAY)
    now = dt_util.utcnow().timestamp()
    assert entry.data["token"]["expires_at"] <= now + 3600
    home.advance_to("installed")
    await pass_time(hass, freezer, DAY)
    assert state(hass, home, "order_status") == "installed"
    assert not reauths(hass)


async def test_no_storm_for_a_token(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    entry: MockConfigEntry,
) -> None:
    """While access tokens are spoilt, each minute spends one refresh token at most."""
    simulator.fail(
        Fault.REPLACED, path="/oauth/token", field="access_token", value=None
    )
    freezer.tick(timedelta(hours=2))
    client = entry.runtime_data.client
    requests_since(simulator)
    for minute in range(3):
        for _ in range(5):
            with pytest.raises(NomosResponseError):
                await client.meter_orders()
        operations = requests_since(simulator)
        assert operations == ["create_token"], minute
        freezer.tick(timedelta(minutes=1))
    simulator.recover()
    assert len((await client.meter_orders()).records) == 1


async def test_stored_token_without_refresh_token(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    entry: MockConfigEntry,
) -> None:
    """An entry whose refresh token is invalid asks for a login."""
    hass.config_entries.async_update_entry(
        entry,
        data={**entry.data, "token": {**entry.data["token"], "refresh_token": None}},
    )
    await pass_time(hass, freezer, DAY)
    assert reauths(hass) == 1


async def test_consent_withdrawn(
    hass: HomeAssistant,
    simulator: Simulator,
    home: Household,
    entry: MockConfigEntry,
) -> None:
    """A withdrawn consent asks for a new login, once, and hides the order."""
    simulator.revoke_consent(home.customer_id)
    await refresh(hass, home)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert state(hass, home, "order_status") == "unavailable"
    assert state(hass, home, "smart_meter_active") == "off"


async def test_application_credentials_removed(
    hass: HomeAssistant, simulator: Simulator, entry: MockConfigEntry
) -> None:
    """An entry whose application credentials are gone asks for a login."""
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "auth_implementation": "gone"}
    )
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_secrets_are_not_logged(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    home: Household,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However much goes wrong, tokens, secrets and names stay out of the log."""
    tokens = [entry.data["token"]]
    await pass_time(hass, freezer, DAY)
    tokens.append(entry.data["token"])
    simulator.fail(Fault.SERVER_ERROR, path="/meter-orders", times=7)
    await pass_time(hass, freezer, 2 * DAY)
    simulator.fail(Fault.HTML, path="/oauth/token", times=3)
    await pass_time(hass, freezer, 2 * DAY)
    tokens.append(entry.data["token"])
    simulator.revoke_consent(home.customer_id)
    await pass_time(hass, freezer, 2 * DAY)
    ours = "\n".join(
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith(
            ("homeassistant.helpers.entity", "homeassistant.core", "pytest_")
        )
    )
    assert "contracts data" in ours
    for secret in (
        APP.client_secret,
        home.last_name,
        home.street,
        home.meter_number,
        home.number,
        *(
            token[kind]
            for token in tokens
            for kind in ("access_token", "refresh_token")
        ),
    ):
        assert secret
        assert secret not in ours
