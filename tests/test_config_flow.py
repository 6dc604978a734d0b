"""Configuration flow: login, choice of contracts, reauthentication."""

import re
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.config_entry_oauth2_flow import (
    ImplementationUnavailableError,
    async_add_implementation_provider,
)
from homeassistant.helpers.translation import async_get_translations
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import NomosClient
from simulator import ORGANISATION, READ_ONLY, Client, Fault, Simulator, scenarios
from tests import included, organisation_entry
from tests.conftest import SetUp
from tests.flows import KEY, consent, labels, reauth, reconfigure, shown, start, submit

# With API credentials


async def test_api_credentials(hass: HomeAssistant, simulator: Simulator) -> None:
    """One contract needs no question; nothing personal gets into the title."""
    household = simulator.add(scenarios.happy_path())
    form = await start(hass, "api_credentials")
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "api_credentials"

    result = await submit(
        hass, form, client_id=" demo-organisation ", client_secret="demo-secret\n"
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Nomos Energy"
    assert result["data"] == KEY
    assert result["options"] == {}
    assert result["result"].unique_id == ORGANISATION.client_id
    assert result["result"].state is ConfigEntryState.LOADED
    gate = f"binary_sensor.{household.street.lower()}_{household.house_number}"
    assert hass.states.get(f"{gate.replace('ß', 'ss')}_smart_meter_active")


@pytest.mark.parametrize(
    ("fault", "details", "error"),
    [
        (Fault.CONNECTION_RESET, {}, "cannot_connect"),
        (Fault.SERVER_ERROR, {}, "cannot_connect"),
        (Fault.BAD_GATEWAY, {}, "cannot_connect"),
        (Fault.HTML, {}, "cannot_connect"),
        (Fault.TRUNCATED_JSON, {}, "cannot_connect"),
        (Fault.RATE_LIMIT, {"seconds": 77}, "rate_limited"),
    ],
)
@pytest.mark.parametrize("path", ["/oauth/token", "/subscriptions", "/meter-orders"])
async def test_api_credentials_survive_trouble(
    hass: HomeAssistant,
    simulator: Simulator,
    path: str,
    fault: Fault,
    details: dict[str, Any],
    error: str,
) -> None:
    """Each trouble has its text; what was typed stays, except for the secret."""
    simulator.add(scenarios.happy_path())
    simulator.fail(fault, path=path, **details)
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)

    assert form["type"] is FlowResultType.FORM
    assert form["errors"] == {"base": error}
    assert shown(form) == {"client_id": ORGANISATION.client_id}
    placeholders = form["description_placeholders"]
    assert placeholders
    if error == "rate_limited":
        assert placeholders["wait"] == "77"
    assert not hass.config_entries.async_entries(DOMAIN)

    simulator.recover()
    result = await submit(hass, form, **KEY)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("client_id", "client_secret", "error"),
    [
        (ORGANISATION.client_id, "wrong", "invalid_auth"),
        ("nobody", "demo-secret", "invalid_auth"),
        ("no:body", "demo-secret", "invalid_auth"),
        ("write-only", "demo-secret", "no_permission"),
    ],
)
async def test_api_credentials_are_tried(
    hass: HomeAssistant,
    simulator: Simulator,
    client_id: str,
    client_secret: str,
    error: str,
) -> None:
    """Credentials that don't work are not kept, and can be corrected."""
    simulator.add(scenarios.happy_path())
    simulator.tokens.clients["write-only"] = Client("write-only", scopes=("write:*",))
    form = await submit(
        hass,
        await start(hass, "api_credentials"),
        client_id=client_id,
        client_secret=client_secret,
    )
    assert form["errors"] == {"base": error}
    placeholders = form["description_placeholders"]
    assert placeholders
    request = r" \(Request ID: [0-9a-f-]{36}\)" if client_id != "no:body" else ""
    assert re.fullmatch(request, placeholders["request"])

    result = await submit(hass, form, **KEY)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("language", "fault", "end"),
    [
        ("de", Fault.SERVER_ERROR, r"noch einmal\. \(Anfrage-ID: [0-9a-f-]{36}\)"),
        ("de", Fault.CONNECTION_RESET, r"noch einmal\."),
        ("en", Fault.SERVER_ERROR, r"later\. \(Request ID: [0-9a-f-]{36}\)"),
        ("en", Fault.CONNECTION_RESET, r"later\."),
    ],
)
async def test_request_id(
    hass: HomeAssistant, simulator: Simulator, language: str, fault: Fault, end: str
) -> None:
    """A text ends with the request ID in the person's language, if there is one."""
    hass.config.language = language
    simulator.add(scenarios.happy_path())
    simulator.fail(fault, path="/subscriptions")
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)
    assert form["errors"] == {"base": "cannot_connect"}
    texts = await async_get_translations(hass, language, "config", {DOMAIN})
    text = texts["component.nomos_energy.config.error.cannot_connect"]
    shown_text = text.format(**form["description_placeholders"] or {})
    assert re.search(rf"{end}$", shown_text), shown_text


async def test_no_subscription(hass: HomeAssistant, simulator: Simulator) -> None:
    """An account without a contract is refused until there is one."""
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)
    assert form["errors"] == {"base": "no_subscription"}

    simulator.add(scenarios.no_order())
    result = await submit(hass, form, **KEY)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_unexpected_error(
    hass: HomeAssistant, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error is logged, and does not end the flow."""
    simulator.add(scenarios.happy_path())
    form = await start(hass, "api_credentials")
    with patch.object(NomosClient, "subscriptions", side_effect=RuntimeError("oh")):
        form = await submit(hass, form, **KEY)
    assert form["errors"] == {"base": "unknown"}
    assert "RuntimeError: oh" in caplog.text
    assert ORGANISATION.client_secret not in caplog.text

    result = await submit(hass, form, **KEY)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_same_account_twice(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An account can be set up only once."""
    simulator.add(scenarios.happy_path())
    await set_up()
    result = await submit(hass, await start(hass, "api_credentials"), **KEY)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


@pytest.mark.parametrize(
    "address", ["http://api.nomos.energy", "ftp://127.0.0.1", "nonsense", "http://[::"]
)
async def test_address_without_encryption(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Tokens don't cross a network in plain text."""
    monkeypatch.setenv("NOMOS_API_URL", address)
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "insecure_url"


async def test_address_without_encryption_later(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor do they when a login is repaired or changed."""
    simulator.add(scenarios.happy_path())
    entry = await set_up()
    monkeypatch.setenv("NOMOS_API_URL", "http://192.0.2.1")
    for start_flow in (reauth, reconfigure):
        result = await start_flow(hass, entry)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "insecure_url"


# Choosing what to follow


async def test_choose_subscriptions(hass: HomeAssistant, simulator: Simulator) -> None:
    """Several contracts are offered by number and address."""
    first, second = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)
    assert form["step_id"] == "subscriptions"
    assert labels(form) == sorted(
        f"{home.number} · {home.street} {home.house_number}, {home.zip} {home.city}"
        for home in (first, second)
    )
    assert shown(form) == {"follow_all": False, "subscriptions": []}

    form = await submit(hass, form, follow_all=False)
    assert form["errors"] == {"subscriptions": "nothing_chosen"}

    result = await submit(
        hass, form, follow_all=False, subscriptions=[second.subscription_id]
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["options"] == {"subscriptions": [second.subscription_id]}
    assert included(hass) == {second.subscription_id}


async def test_follow_all(hass: HomeAssistant, simulator: Simulator) -> None:
    """A household is offered to follow everything that it has."""
    home = simulator.add(scenarios.happy_path())
    roof = simulator.add(scenarios.feed_in(customer_id=home.customer_id))
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)
    assert shown(form) == {"follow_all": True, "subscriptions": []}

    result = await submit(hass, form, follow_all=True)
    assert result["options"] == {}
    assert included(hass) == {home.subscription_id, roof.subscription_id}


async def test_label_without_number(hass: HomeAssistant, simulator: Simulator) -> None:
    """A contract without a number, or whose address can't be read, is offered too."""
    nameless = simulator.add(scenarios.happy_path(1, number=None))
    unreadable = simulator.add(scenarios.happy_path(2))
    simulator.fail(Fault.HTML, path=f"/subscriptions/{unreadable.subscription_id}")
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)
    offered = labels(form)
    assert any(label.startswith(f"{nameless.subscription_id} · ") for label in offered)
    assert unreadable.number in offered


async def test_labels_without_addresses(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """Contracts without an address are offered by number."""
    homes = [simulator.add(scenarios.happy_path(index)) for index in (1, 2)]
    simulator.fail(Fault.SERVER_ERROR, path="/subscriptions/")
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)
    assert labels(form) == sorted(str(home.number) for home in homes)


async def test_thousand_subscriptions(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """An organisation's key may see thousands, of which one is followed."""
    homes = [simulator.add(scenarios.happy_path(index)) for index in range(1, 1001)]
    form = await submit(hass, await start(hass, "api_credentials"), **KEY)
    assert len(labels(form)) == 1000
    assert shown(form)["follow_all"] is False

    chosen = homes[700].subscription_id
    await submit(hass, form, follow_all=False, subscriptions=[chosen])
    assert included(hass) == {chosen}


# Repairing a login


async def test_reauth_with_api_credentials(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A new secret repairs the login; what was chosen stays chosen."""
    first, _ = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    entry = await set_up(first.subscription_id)
    simulator.tokens.clients[ORGANISATION.client_id] = Client(
        ORGANISATION.client_id, "new-secret"
    )
    flow = await reauth(hass, entry)
    assert flow["step_id"] == "api_credentials"
    assert shown(flow) == {"client_id": ORGANISATION.client_id}

    form = await submit(hass, flow, **KEY)
    assert form["errors"] == {"base": "invalid_auth"}
    result = await submit(
        hass, form, client_id=ORGANISATION.client_id, client_secret="new-secret"
    )
    assert result["reason"] == "reauth_successful"
    assert entry.data["client_secret"] == "new-secret"
    assert entry.options == {"subscriptions": [first.subscription_id]}
    assert entry.state is ConfigEntryState.LOADED


async def test_reauth_with_a_new_key(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """An organisation may exchange its key, if the new one sees the same contracts."""
    home = simulator.add(scenarios.happy_path(1))
    entry = await set_up()
    new = {"client_id": READ_ONLY.client_id, "client_secret": READ_ONLY.client_secret}

    simulator.remove(home.subscription_id)
    simulator.add(scenarios.happy_path(2))
    form = await submit(hass, await reauth(hass, entry), **new)
    assert form["errors"] == {"base": "wrong_account"}
    assert entry.data["client_id"] == ORGANISATION.client_id

    simulator.add(home)
    result = await submit(hass, form, **new)
    assert result["reason"] == "reauth_successful"
    assert entry.data["client_id"] == READ_ONLY.client_id
    assert entry.unique_id == READ_ONLY.client_id


async def test_reauth_with_a_key_of_another_entry(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """A key that has an entry of its own can't take over another one."""
    simulator.add(scenarios.happy_path())
    MockConfigEntry(domain=DOMAIN, unique_id=READ_ONLY.client_id).add_to_hass(hass)
    entry = await set_up()
    form = await submit(
        hass,
        await reauth(hass, entry),
        client_id=READ_ONLY.client_id,
        client_secret=READ_ONLY.client_secret,
    )
    assert form["errors"] == {"base": "already_configured"}


# Changing what is set up


async def test_choose_other_subscriptions(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """Other contracts can be followed without logging in again."""
    first, second = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    gone = "sub_gone"
    entry = await set_up(first.subscription_id, gone)
    menu = await reconfigure(hass, entry)
    assert menu["menu_options"] == ["choose_subscriptions", "api_credentials"]
    form = await submit(hass, menu, next_step_id="choose_subscriptions")
    assert shown(form) == {
        "follow_all": False,
        "subscriptions": [first.subscription_id],
    }

    result = await submit(
        hass, form, follow_all=False, subscriptions=[second.subscription_id]
    )
    assert result["reason"] == "reconfigure_successful"
    assert included(hass) == {second.subscription_id}

    menu = await reconfigure(hass, entry)
    form = await submit(hass, menu, next_step_id="choose_subscriptions")
    await submit(hass, form, follow_all=True)
    assert entry.options == {}
    assert included(hass) == {first.subscription_id, second.subscription_id}


async def test_change_credentials(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> None:
    """New credentials can be entered before the old ones end."""
    first, second = (simulator.add(scenarios.happy_path(index)) for index in (1, 2))
    entry = await set_up(first.subscription_id)
    menu = await reconfigure(hass, entry)
    form = await submit(hass, menu, next_step_id="api_credentials")
    form = await submit(
        hass,
        form,
        client_id=READ_ONLY.client_id,
        client_secret=READ_ONLY.client_secret,
    )
    assert form["step_id"] == "subscriptions"
    result = await submit(
        hass, form, follow_all=False, subscriptions=[second.subscription_id]
    )
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["client_id"] == READ_ONLY.client_id
    assert included(hass) == {second.subscription_id}


async def test_choosing_keeps_a_renewed_token(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    credentials: None,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A token that is renewed during the choice of contracts is stored."""
    home = simulator.add(scenarios.happy_path())
    simulator.add(scenarios.feed_in(customer_id=home.customer_id))
    page = await start(hass, "pick_implementation")
    form = await consent(hass, hass_client_no_auth, page, home.customer_id)
    result = await submit(hass, form, follow_all=True)
    entry = result["result"]

    menu = await reconfigure(hass, entry)
    form = await submit(hass, menu, next_step_id="choose_subscriptions")
    freezer.tick(2 * 3600)
    await entry.runtime_data.contracts.async_refresh()
    renewed = entry.data["token"]["refresh_token"]
    await submit(hass, form, follow_all=False, subscriptions=[home.subscription_id])
    assert entry.data["token"]["refresh_token"] == renewed
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(Fault.SERVER_ERROR, "cannot_connect"), (Fault.RATE_LIMIT, "rate_limited")],
)
async def test_choosing_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    fault: Fault,
    reason: str,
) -> None:
    """Nothing changes when the contracts can't be listed."""
    home = simulator.add(scenarios.happy_path())
    entry = await set_up()
    simulator.fail(fault, path="/subscriptions")
    menu = await reconfigure(hass, entry)
    result = await submit(hass, menu, next_step_id="choose_subscriptions")
    assert result["reason"] == reason
    assert included(hass) == {home.subscription_id}


async def test_choosing_without_a_login(
    hass: HomeAssistant, simulator: Simulator, credentials: None
) -> None:
    """Without the application's credentials there is no login to choose with."""
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id="cus_1", data={"auth_implementation": "gone"}
    )
    entry.add_to_hass(hass)
    menu = await reconfigure(hass, entry)
    result = await submit(hass, menu, next_step_id="choose_subscriptions")
    assert result["reason"] == "invalid_auth"


async def test_choosing_without_a_provider(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """An outage of the credentials' provider aborts the flow."""

    async def away(_hass: HomeAssistant, _domain: str) -> list[Any]:
        raise ImplementationUnavailableError("away")

    async_add_implementation_provider(hass, "cloud", away)
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id="cus_1", data={"auth_implementation": "cloud"}
    )
    entry.add_to_hass(hass)
    menu = await reconfigure(hass, entry)
    result = await submit(hass, menu, next_step_id="choose_subscriptions")
    assert result["reason"] == "cannot_connect"


async def test_choosing_while_not_loaded(
    hass: HomeAssistant, simulator: Simulator
) -> None:
    """Choosing works before the entry could be loaded."""
    simulator.add(scenarios.happy_path())
    entry = organisation_entry()
    entry.add_to_hass(hass)
    menu = await reconfigure(hass, entry)
    form = await submit(hass, menu, next_step_id="choose_subscriptions")
    result = await submit(hass, form, follow_all=True)
    assert result["reason"] == "reconfigure_successful"
    assert entry.state is ConfigEntryState.LOADED
