"""Tests of signing in with Nomos: set-up, reauthentication, signing in again."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.nomos_energy.const import DOMAIN
from simulator import APP, Client, Fault, Household, Simulator, scenarios
from tests import DAY, customer_entry, included, pass_time, requests_since, state
from tests.conftest import SetUp
from tests.flows import come_back, consent, decide, reauth, reconfigure, start, submit


def app(client_id: str = APP.client_id, secret: str = APP.client_secret) -> Client:
    """Return a client of customers, with the addresses of the simulator's own."""
    return Client(
        client_id,
        client_secret=secret,
        scopes=APP.scopes,
        redirect_uris=APP.redirect_uris,
        customer_scoped=True,
    )


async def again(
    hass: HomeAssistant, entry: MockConfigEntry, way: str
) -> ConfigFlowResult:
    """Start a sign-in for an entry; return what opens the page of Nomos."""
    if way == "reauth_confirm":
        form = await reauth(hass, entry)
        assert form["step_id"] == "reauth_confirm"
        return await submit(hass, form)
    menu = await reconfigure(hass, entry)
    assert menu["menu_options"] == ["choose_subscriptions", "sign_in_again"]
    return await submit(hass, menu, next_step_id="sign_in_again")


WAYS = pytest.mark.parametrize(
    ("way", "done"),
    [
        ("reauth_confirm", "reauth_successful"),
        ("sign_in_again", "reconfigure_successful"),
    ],
)


# Set-up


async def test_sign_in(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A customer signs in, consents, and sees what is theirs and nothing else."""
    home = simulator.add(scenarios.happy_path(1))
    simulator.add(scenarios.happy_path(2))
    page = await start(hass, "pick_implementation")
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.unique_id == home.customer_id
    assert entry.data["token"]["refresh_token"]
    assert entry.state is ConfigEntryState.LOADED
    assert included(hass) == {home.subscription_id}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [({}, "access_denied"), ({"error": "temporarily_unavailable"}, "invalid_auth")],
)
async def test_access_is_not_given(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
    answer: dict[str, str],
    reason: str,
) -> None:
    """A customer who denies access reads that; nothing is created."""
    home = simulator.add(scenarios.happy_path())
    page = await start(hass, "pick_implementation")
    denied = await decide(page, home.customer_id, "deny")
    result = await come_back(hass, hass_client_no_auth, page, denied | answer)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason
    assert not hass.config_entries.async_entries(DOMAIN)


@pytest.mark.parametrize(
    ("path", "fault", "reason"),
    [
        ("/oauth/token", Fault.SERVER_ERROR, "cannot_connect"),
        ("/oauth/token", Fault.CONNECTION_RESET, "cannot_connect"),
        ("/oauth/token", Fault.HTML, "cannot_connect"),
        ("/oauth/token", Fault.RATE_LIMIT, "rate_limited"),
        ("/subscriptions", Fault.SERVER_ERROR, "cannot_connect"),
        ("/subscriptions", Fault.RATE_LIMIT, "rate_limited"),
        ("/subscriptions", Fault.UNAUTHORIZED, "invalid_auth"),
        ("/subscriptions", Fault.FORBIDDEN, "no_permission"),
        ("/meter-orders", Fault.TRUNCATED_JSON, "cannot_connect"),
    ],
)
async def test_sign_in_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
    path: str,
    fault: Fault,
    reason: str,
) -> None:
    """Trouble after the consent ends the flow with a reason; nothing is created."""
    home = simulator.add(scenarios.happy_path())
    simulator.fail(fault, path=path)
    page = await start(hass, "pick_implementation")
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason
    assert not hass.config_entries.async_entries(DOMAIN)
    # A code works once: it is spent even if no answer arrives.
    assert requests_since(simulator).count("create_token") == 1


async def test_too_many_requests_without_a_time(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Nobody is asked to wait for 0 seconds."""
    home = simulator.add(scenarios.happy_path())
    simulator.fail(Fault.RATE_LIMIT, path="/oauth/token", seconds=0)
    page = await start(hass, "pick_implementation")
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    placeholders = result["description_placeholders"]
    assert placeholders
    assert placeholders["wait"] == "60"


async def test_wrong_client_secret(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A mistyped client secret is named, with the page where it is corrected."""
    home = simulator.add(scenarios.happy_path())
    simulator.tokens.clients[APP.client_id] = app(secret="changed")
    page = await start(hass, "pick_implementation")
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "invalid_client"


async def test_code_is_too_old(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A code that comes late is not taken for a wrong client secret."""
    home = simulator.add(scenarios.happy_path())
    page = await start(hass, "pick_implementation")
    answer = await decide(page, home.customer_id)
    freezer.tick(11 * 60)
    result = await come_back(hass, hass_client_no_auth, page, answer)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "code_refused"


async def test_sign_in_without_application_credentials(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """Home Assistant's frontend asks for the missing credentials on this reason."""
    assert await async_setup_component(hass, "application_credentials", {})
    result = await start(hass, "pick_implementation")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "missing_credentials"


async def test_choose_between_application_credentials(
    hass: HomeAssistant, simulator: Simulator, credentials: None
) -> None:
    """Credentials are told apart by their names."""
    await async_import_client_credential(
        hass, DOMAIN, ClientCredential("other-app", "secret"), "other"
    )
    form = await start(hass, "pick_implementation")
    assert form["step_id"] == "pick_implementation"
    schema = form["data_schema"]
    assert schema is not None
    assert set(schema.schema["implementation"].container.values()) == {
        "Nomos app",
        "Import from configuration.yaml",
    }


async def test_same_customer_twice(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A customer can be set up only once."""
    home = simulator.add(scenarios.happy_path())
    for _ in range(2):
        page = await start(hass, "pick_implementation")
        result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert result["reason"] == "already_configured"


# Reauthentication, and signing in again


async def test_consent_withdrawn(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """The request to sign in stays until the right customer has given access.

    Consent is withdrawn; then the neighbour signs in, access is denied, Nomos does not
    answer, and at last all is well.
    """
    home = simulator.add(scenarios.happy_path(1))
    neighbour = simulator.add(scenarios.happy_path(2))
    page = await start(hass, "pick_implementation")
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    entry = result["result"]
    old_token = entry.data["token"]

    simulator.revoke_consent(home.customer_id)
    await pass_time(hass, freezer, DAY)
    assert state(hass, home, "order_status") == STATE_UNAVAILABLE

    async def attempt(decision: str = "allow", who: Household = home) -> Any:
        (flow,) = hass.config_entries.flow.async_progress()
        assert flow["step_id"] == "reauth_confirm"
        page = await submit(hass, flow)
        return await consent(hass, hass_client_no_auth, page, who.customer_id, decision)

    form = await attempt(who=neighbour)
    assert form["errors"] == {"base": "wrong_account"}
    form = await attempt(decision="deny")
    assert form["errors"] == {"base": "access_denied"}
    simulator.fail(Fault.SERVER_ERROR, path="/subscriptions")
    form = await attempt()
    assert form["errors"] == {"base": "cannot_connect"}
    # The notice is opened again later.
    form = await hass.config_entries.flow.async_configure(form["flow_id"])
    assert form["errors"] == {"base": "cannot_connect"}
    assert entry.data["token"] == old_token

    simulator.recover()
    result = await attempt()
    assert result["reason"] == "reauth_successful"
    assert entry.data["token"]["refresh_token"] != old_token["refresh_token"]
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, home, "order_status") != STATE_UNAVAILABLE
    assert not hass.config_entries.flow.async_progress()


@WAYS
@pytest.mark.parametrize(
    ("path", "fault", "error"),
    [
        ("/oauth/token", Fault.SERVER_ERROR, "cannot_connect"),
        ("/oauth/token", Fault.CONNECTION_RESET, "cannot_connect"),
        ("/oauth/token", Fault.RATE_LIMIT, "rate_limited"),
        ("/subscriptions", Fault.UNAUTHORIZED, "sign_in_failed"),
        ("/subscriptions", Fault.FORBIDDEN, "sign_in_no_permission"),
        ("/subscriptions", Fault.BAD_GATEWAY, "cannot_connect"),
    ],
)
async def test_trouble_shows_the_form_again(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    set_up: SetUp,
    hass_client_no_auth: ClientSessionGenerator,
    way: str,
    done: str,
    path: str,
    fault: Fault,
    error: str,
) -> None:
    """A sign-in that fails can be tried again at once."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up(entry=await customer_entry(hass, home))
    page = await again(hass, entry, way)
    simulator.fail(fault, path=path)
    form = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == way
    assert form["errors"] == {"base": error}

    simulator.recover()
    page = await submit(hass, form)
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert result["reason"] == done
    assert entry.state is ConfigEntryState.LOADED


@WAYS
async def test_wrong_customer_shows_the_form_again(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    set_up: SetUp,
    hass_client_no_auth: ClientSessionGenerator,
    way: str,
    done: str,
) -> None:
    """The login of another customer changes nothing, also if they have an entry here."""
    home, neighbour = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    entry = await set_up(entry=await customer_entry(hass, home))
    await set_up(entry=await customer_entry(hass, neighbour))
    token = entry.data["token"]
    page = await again(hass, entry, way)
    form = await consent(hass, hass_client_no_auth, page, neighbour.customer_id)
    assert form["errors"] == {"base": "wrong_account"}
    assert entry.data["token"] == token
    form = await hass.config_entries.flow.async_configure(form["flow_id"])
    assert form["step_id"] == way
    assert form["errors"] == {"base": "wrong_account"}

    page = await submit(hass, form)
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert result["reason"] == done


@WAYS
async def test_new_application_credentials(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    set_up: SetUp,
    hass_client_no_auth: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    way: str,
    done: str,
) -> None:
    """With the old client secret refused, new credentials can be chosen."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up(entry=await customer_entry(hass, home))
    simulator.tokens.clients[APP.client_id] = app(secret="new-secret")
    page = await again(hass, entry, way)
    form = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert form["errors"] == {"base": "invalid_client"}

    frontend = await hass_ws_client(hass)
    await frontend.send_json_auto_id(
        {
            "type": "application_credentials/create",
            "domain": DOMAIN,
            "client_id": APP.client_id,
            "client_secret": "new-secret",
            "name": "New",
        }
    )
    new = (await frontend.receive_json())["result"]["id"]
    form = await submit(hass, form)
    assert form["step_id"] == "pick_implementation"
    page = await submit(hass, form, implementation=new)
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert result["reason"] == done
    assert entry.data["auth_implementation"] == new
    assert entry.state is ConfigEntryState.LOADED


@WAYS
async def test_application_credentials_are_gone(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    current_request_with_host: None,
    hass_client_no_auth: ClientSessionGenerator,
    way: str,
    done: str,
) -> None:
    """Without credentials the form says so; the only ones left need no choice."""
    assert await async_setup_component(hass, "application_credentials", {})
    home = simulator.add(scenarios.happy_path())
    entry = await customer_entry(hass, home)
    entry.add_to_hass(hass)
    form = await again(hass, entry, way)
    assert form["step_id"] == way
    assert form["errors"] == {"base": "missing_credentials"}

    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(APP.client_id, APP.client_secret), "other"
    )
    page = await submit(hass, form)
    result = await consent(hass, hass_client_no_auth, page, home.customer_id)
    assert result["reason"] == done
    assert entry.data["auth_implementation"] == "other"
    assert entry.state is ConfigEntryState.LOADED


async def test_accounts_are_told_apart(
    hass: HomeAssistant,
    simulator: Simulator,
    credentials: None,
    set_up: SetUp,
) -> None:
    """The request to sign in names the contracts as people know them."""
    home = simulator.add(scenarios.happy_path())
    roof = simulator.add(scenarios.feed_in(customer_id=home.customer_id))
    entry = await set_up(entry=await customer_entry(hass, home, title="Nomos Energy"))
    registry = dr.async_get(hass)
    (device,) = (
        device
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
        if (DOMAIN, roof.subscription_id) in device.identifiers
    )
    registry.async_update_device(device.id, name_by_user="Roof *south*")

    form = await reauth(hass, entry)
    address = f"{home.street} {home.house_number}"
    (flow,) = hass.config_entries.flow.async_progress()
    names = ", ".join(sorted([address, "Roof *south*"]))
    assert flow["context"]["title_placeholders"] == {"name": names}
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["account"] == names.replace("*", r"\*")
