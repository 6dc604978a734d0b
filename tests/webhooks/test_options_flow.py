"""Step of the options flow for the webhook."""

from datetime import timedelta
from typing import cast

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from simulator import ORGANISATION, Simulator, scenarios
from tests import organisation_entry, pass_time, state
from tests.conftest import SetUp
from tests.webhooks.common import (
    EXTERNAL,
    SECRET,
    SETTLED,
    address,
    arrives,
    change,
    external_address,
    moved,
    open_options,
    submit,
)


def shows_on(form: ConfigFlowResult) -> bool:
    """Whether a form shows webhooks as switched on."""
    schema = form["data_schema"]
    assert schema
    marks = {str(key): key.description for key in schema.schema}
    assert marks["webhook_secret"] is None, "a secret must not be shown"
    return cast("bool", marks["webhooks"]["suggested_value"])


# The address


@pytest.mark.parametrize(
    "url", [None, "http://home.example.com", "https://203.0.113.7:8123"]
)
async def test_no_address(
    hass: HomeAssistant, entry: MockConfigEntry, url: str | None
) -> None:
    """Where Nomos can't reach Home Assistant over HTTPS, that is said."""
    await hass.config.async_update(
        external_url=url, internal_url="https://inside.local"
    )
    result = await open_options(hass, entry)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "no_address"


async def test_external_address(
    hass: HomeAssistant, entry: MockConfigEntry, external: None
) -> None:
    """The address to register is shown."""
    form = await open_options(hass, entry)
    assert address(form) == external_address(entry)
    assert not shows_on(form)


# On, other secret, off


async def test_switch_on(
    hass: HomeAssistant,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    external: None,
) -> None:
    """With the secret from the dashboard, Nomos is listened to at once."""
    result = await change(hass, entry, webhooks=True, webhook_secret=f" {SECRET} ")
    assert result["data"] == {
        "webhook_secret": SECRET,
        "webhook_url": external_address(entry),
    }
    assert shows_on(await open_options(hass, entry))
    home = simulator.households[0]
    assert await arrives(hass, entry, SECRET, home.subscription_id)
    home.advance_to("placed")
    await pass_time(hass, freezer, timedelta(seconds=5))
    assert state(hass, home, "order_status") == "placed"


@pytest.mark.parametrize("secret", [{}, {"webhook_secret": " "}])
async def test_secret_is_needed(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    external: None,
    secret: dict[str, str],
) -> None:
    """The secret is required: without it any delivery would be accepted."""
    form = await submit(hass, await open_options(hass, entry), webhooks=True, **secret)
    assert form["errors"] == {"webhook_secret": "secret_missing"}
    assert shows_on(form)
    assert address(form) == external_address(entry)
    result = await submit(hass, form, webhooks=True, webhook_secret=SECRET)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_secret_is_kept(
    hass: HomeAssistant, entry: MockConfigEntry, external: None
) -> None:
    """An empty field leaves the secret as it is."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    before = dict(entry.options)
    await change(hass, entry, webhooks=True)
    assert entry.options == before
    assert await arrives(hass, entry, SECRET)


async def test_another_secret(
    hass: HomeAssistant, entry: MockConfigEntry, external: None
) -> None:
    """Another secret holds at once, and the old one no longer."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    await change(hass, entry, webhooks=True, webhook_secret="another")
    assert not await arrives(hass, entry, SECRET)
    assert await arrives(hass, entry, "another")


async def test_refusals_end_with_another_secret(
    hass: HomeAssistant, entry: MockConfigEntry, external: None
) -> None:
    """The report of a wrong secret goes when there is another one."""
    await change(hass, entry, webhooks=True, webhook_secret="wrong")
    for _ in range(3):
        assert not await arrives(hass, entry, SECRET)
    issue_id = f"webhook_refused_{entry.entry_id}"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


async def test_switch_off(
    hass: HomeAssistant, entry: MockConfigEntry, external: None
) -> None:
    """Turning webhooks off removes the secret and the webhook."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    assert not await arrives(hass, entry, "another")
    await change(hass, entry, webhooks=False, webhook_secret=SECRET)
    assert entry.options == {}
    # Home Assistant does not tell that it knows no such webhook.
    assert await arrives(hass, entry, "another")
    form = await submit(hass, await open_options(hass, entry), webhooks=True)
    assert form["errors"] == {"webhook_secret": "secret_missing"}


async def test_switch_off_what_is_off(
    hass: HomeAssistant, entry: MockConfigEntry, external: None
) -> None:
    """Closing the form changes nothing."""
    await change(hass, entry, webhooks=False)
    assert entry.options == {}


async def test_without_address_any_more(
    hass: HomeAssistant, entry: MockConfigEntry, external: None
) -> None:
    """Without a reachable address webhooks can be changed and turned off."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    registered = entry.options["webhook_url"]
    await hass.config.async_update(external_url=None)
    assert address(await open_options(hass, entry)) == registered
    await change(hass, entry, webhooks=True, webhook_secret="another")
    assert entry.options == {"webhook_secret": "another", "webhook_url": registered}
    await change(hass, entry, webhooks=False)
    assert entry.options == {}


# Beside other settings


async def test_chosen_subscriptions_stay(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp, external: None
) -> None:
    """What is followed does not depend on webhooks."""
    home = simulator.add(scenarios.happy_path())
    chosen = {"subscriptions": [home.subscription_id]}
    entry = await set_up(home.subscription_id)
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    assert entry.options.items() > chosen.items()
    await change(hass, entry, webhooks=False)
    assert entry.options == chosen


async def test_reauth_keeps_webhooks(
    hass: HomeAssistant, entry: MockConfigEntry, external: None
) -> None:
    """A login that is repaired keeps address and secret."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    before, webhook_id = dict(entry.options), entry.data[CONF_WEBHOOK_ID]
    form = await entry.start_reauth_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"],
        {
            "client_id": ORGANISATION.client_id,
            "client_secret": ORGANISATION.client_secret,
        },
    )
    await hass.async_block_till_done()
    assert result["reason"] == "reauth_successful"
    assert entry.options == before
    assert entry.data[CONF_WEBHOOK_ID] == webhook_id
    assert not await arrives(hass, entry, "another")
    assert await arrives(hass, entry, SECRET)


@pytest.mark.parametrize("follow_all", [True, False])
async def test_reconfigure_keeps_webhooks(
    hass: HomeAssistant,
    simulator: Simulator,
    entry: MockConfigEntry,
    external: None,
    follow_all: bool,
) -> None:
    """Another choice of contracts keeps address and secret."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    before = dict(entry.options)
    other = simulator.add(scenarios.no_order()).subscription_id
    flow = await entry.start_reconfigure_flow(hass)
    for answer in (
        {"next_step_id": "choose_subscriptions"},
        {"follow_all": follow_all, "subscriptions": [other]},
    ):
        flow = await hass.config_entries.flow.async_configure(flow["flow_id"], answer)
    await hass.async_block_till_done()
    assert flow["reason"] == "reconfigure_successful"
    chosen = {} if follow_all else {"subscriptions": [other]}
    assert entry.options == before | chosen
    assert not await arrives(hass, entry, "another")


# The address comes and goes


async def test_removal_without_cloud(
    hass: HomeAssistant, entry: MockConfigEntry, external: None
) -> None:
    """An account without Nabu Casa, and one that was never set up, can be removed."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    assert await hass.config_entries.async_remove(entry.entry_id)
    other = organisation_entry()
    other.add_to_hass(hass)
    assert await hass.config_entries.async_remove(other.entry_id)
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_external_address_changes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    external: None,
) -> None:
    """A changed address is an issue until it is the registered one again."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    await pass_time(hass, freezer, SETTLED)
    assert moved(hass, entry) is None

    await hass.config.async_update(external_url="https://new.example.com")
    await pass_time(hass, freezer, SETTLED)
    new = moved(hass, entry)
    assert new == f"https://new.example.com/api/webhook/{entry.data[CONF_WEBHOOK_ID]}"

    await hass.config.async_update(external_url=EXTERNAL)
    await pass_time(hass, freezer, SETTLED)
    assert moved(hass, entry) is None


async def test_new_address_is_registered(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    external: None,
) -> None:
    """Entering the secret for the new address settles the matter."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    await hass.config.async_update(external_url="https://new.example.com")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert moved(hass, entry)
    await change(hass, entry, webhooks=True, webhook_secret="another")
    assert moved(hass, entry) is None


@pytest.mark.parametrize("way", ["off", "removal"])
async def test_moved_goes(
    hass: HomeAssistant, entry: MockConfigEntry, external: None, way: str
) -> None:
    """Without webhooks no address is wrong."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    await hass.config.async_update(external_url="https://new.example.com")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert moved(hass, entry)
    if way == "off":
        await change(hass, entry, webhooks=False)
    else:
        assert await hass.config_entries.async_remove(entry.entry_id)
    assert moved(hass, entry) is None
