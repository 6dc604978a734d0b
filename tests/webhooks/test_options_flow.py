"""Step of the options flow for the webhook."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from freezegun.api import FrozenDateTimeFactory
from hass_nabucasa import CloudError
from homeassistant.components.cloud import (
    SIGNAL_CLOUD_CONNECTION_STATE,
    CloudConnectionState,
)
from homeassistant.components.cloud.const import DATA_CLOUD
from homeassistant.components.webhook import async_handle_webhook
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.aiohttp import MockRequest, serialize_response
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from simulator import ORGANISATION, Simulator, scenarios
from simulator.webhooks import SIGNATURE, sign
from tests import organisation_entry, pass_time, state
from tests.conftest import SetUp

SECRET = "whsec_0123456789abcdef"
EXTERNAL = "https://home.example.com"
SETTLED = timedelta(seconds=15)
"""Long enough for a new address to have been noticed."""


async def open_options(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the options for the webhook of an account."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    return await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": "webhooks"}
    )


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, **data: Any
) -> ConfigFlowResult:
    """Fill in a form, and let come of it what does."""
    assert form["type"] is FlowResultType.FORM
    result = await hass.config_entries.options.async_configure(form["flow_id"], data)
    await hass.async_block_till_done()
    return result


async def change(
    hass: HomeAssistant, entry: MockConfigEntry, **data: Any
) -> ConfigFlowResult:
    """Change the options of an account."""
    result = await submit(hass, await open_options(hass, entry), **data)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    return result


def address(form: ConfigFlowResult) -> str:
    """Return the address that a form shows."""
    assert form["type"] is FlowResultType.FORM
    placeholders = form["description_placeholders"]
    assert placeholders
    return placeholders["address"]


def shows_on(form: ConfigFlowResult) -> bool:
    """Whether a form shows webhooks as switched on."""
    schema = form["data_schema"]
    assert schema
    marks = {str(key): key.description for key in schema.schema}
    assert marks["webhook_secret"] is None, "a secret must not be shown"
    return cast("bool", marks["webhooks"]["suggested_value"])


def moved(hass: HomeAssistant, entry: MockConfigEntry) -> str | None:
    """Return the address that the household is asked to register, if it is."""
    issue_id = f"webhook_moved_{entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    if issue is None:
        return None
    assert issue.translation_placeholders
    return issue.translation_placeholders["address"]


@pytest.fixture
async def entry(
    hass: HomeAssistant, simulator: Simulator, set_up: SetUp
) -> MockConfigEntry:
    """Set up an account without webhooks."""
    simulator.add(scenarios.happy_path())
    return await set_up()


@pytest.fixture
async def external(hass: HomeAssistant) -> None:
    """Let Home Assistant be reached over the internet."""
    await hass.config.async_update(external_url=EXTERNAL)


def external_address(entry: MockConfigEntry) -> str:
    """Return the address that leads to Home Assistant without Nabu Casa."""
    return f"{EXTERNAL}/api/webhook/{entry.data[CONF_WEBHOOK_ID]}"


# Nabu Casa


@dataclass
class NabuCasa:
    """What Home Assistant Cloud is to others, without anything behind it.

    It sits where the real one does, so that Home Assistant's own functions are used.
    """

    hass: HomeAssistant
    is_logged_in: bool = True
    subscription_expired: bool = False
    connected: bool = True
    error: Exception | None = None
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    created: int = 0

    @property
    def iot(self) -> NabuCasa:
        """Say whether there is a connection."""
        return self

    @property
    def client(self) -> NabuCasa:
        """Know the cloudhooks."""
        return self

    @property
    def cloudhooks(self) -> Any:
        """Be both what knows the cloudhooks and what makes them."""
        return Hooks(self)

    @property
    def addresses(self) -> list[str]:
        """All addresses there are."""
        return [hook["cloudhook_url"] for hook in self.hooks.values()]

    def connect(self, connected: bool) -> None:
        """Come, or go."""
        self.connected = connected
        async_dispatcher_send(
            self.hass,
            SIGNAL_CLOUD_CONNECTION_STATE,
            CloudConnectionState.CLOUD_CONNECTED
            if connected
            else CloudConnectionState.CLOUD_DISCONNECTED,
        )


class Hooks(dict[str, dict[str, Any]]):
    """The cloudhooks of a household."""

    def __init__(self, cloud: NabuCasa) -> None:
        """Know those that are there."""
        super().__init__(cloud.hooks)
        self._cloud = cloud

    async def async_create(self, webhook_id: str, managed: bool) -> dict[str, Any]:
        """Make a cloudhook, each with an address that never was."""
        assert managed
        if self._cloud.error:
            raise self._cloud.error
        self._cloud.created += 1
        self[webhook_id] = {
            "webhook_id": webhook_id,
            "cloudhook_url": f"https://hooks.nabu.casa/{self._cloud.created}",
        }
        self._publish()
        return self[webhook_id]

    async def async_delete(self, webhook_id: str) -> None:
        """Delete a cloudhook."""
        if webhook_id not in self:
            raise ValueError("Hook is not enabled for the cloud.")
        del self[webhook_id]
        self._publish()

    def _publish(self) -> None:
        self._cloud.hooks = dict(self)
        async_dispatcher_send(self._cloud.hass, "CLOUDHOOKS_UPDATED", self._cloud.hooks)


@pytest.fixture
def cloud(hass: HomeAssistant) -> NabuCasa:
    """Let the household have Home Assistant Cloud."""
    nabu_casa = NabuCasa(hass)
    hass.data[DATA_CLOUD] = cast("Any", nabu_casa)
    return nabu_casa


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


async def test_address_of_nabu_casa(
    hass: HomeAssistant, entry: MockConfigEntry, external: None, cloud: NabuCasa
) -> None:
    """Nabu Casa's address goes before the household's own, and stays the same."""
    form = await open_options(hass, entry)
    assert address(form) == "https://hooks.nabu.casa/1"
    await submit(hass, form, webhooks=True, webhook_secret=SECRET)
    assert entry.options["webhook_url"] == "https://hooks.nabu.casa/1"
    assert address(await open_options(hass, entry)) == "https://hooks.nabu.casa/1"
    assert cloud.created == 1


async def test_nabu_casa_without_subscription(
    hass: HomeAssistant, entry: MockConfigEntry, external: None, cloud: NabuCasa
) -> None:
    """Without a subscription to Nabu Casa the own address is shown."""
    cloud.subscription_expired = True
    assert address(await open_options(hass, entry)) == external_address(entry)


@pytest.mark.parametrize("error", [CloudError(), TimeoutError(), ValueError(), None])
async def test_nabu_casa_is_away(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    external: None,
    cloud: NabuCasa,
    error: Exception | None,
) -> None:
    """Another address is not offered while Nabu Casa is away for a moment."""
    cloud.error = error
    cloud.connected = error is not None
    result = await open_options(hass, entry)
    assert result["reason"] == "no_address"


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


async def arrives(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    secret: str,
    subscription_id: str = "sub_1",
) -> bool:
    """Whether a delivery that is signed with a secret is taken."""
    body = (
        '{"id": "evt_1", "topic": "meter_order.placed", "context":'
        f' {{"subscription": "{subscription_id}"}}}}'
    ).encode()
    request = MockRequest(
        body,
        "cloud",
        "POST",
        headers={SIGNATURE: sign(secret, body, int(dt_util.utcnow().timestamp()))},
    )
    response = await async_handle_webhook(hass, entry.data[CONF_WEBHOOK_ID], request)
    # As homeassistant.components.cloud answers.
    return bool(serialize_response(response)["status"] == 200)


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


async def test_cloudhook_goes_when_switched_off(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    cloud: NabuCasa,
) -> None:
    """Nabu Casa's address is given back, and no other is made."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    assert cloud.addresses
    await change(hass, entry, webhooks=False)
    await pass_time(hass, freezer, SETTLED)
    assert not cloud.addresses
    assert cloud.created == 1


async def test_cloudhook_goes_with_the_account(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    cloud: NabuCasa,
) -> None:
    """An account that is removed gives Nabu Casa's address back."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    assert await hass.config_entries.async_remove(entry.entry_id)
    await pass_time(hass, freezer, SETTLED)
    assert not cloud.addresses
    assert cloud.created == 1


async def test_look_at_the_address(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: NabuCasa
) -> None:
    """An address that was shown stays until the secret is there, or it is declined."""
    shown = address(await open_options(hass, entry))
    assert await hass.config_entries.async_reload(entry.entry_id)
    form = await open_options(hass, entry)
    assert address(form) == shown
    await submit(hass, form, webhooks=False)
    assert not cloud.addresses


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


async def test_nabu_casa_comes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    external: None,
    cloud: NabuCasa,
) -> None:
    """A later cloud address is an issue, as the old address may end."""
    cloud.is_logged_in = False
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    assert entry.options["webhook_url"] == external_address(entry)
    cloud.is_logged_in = True
    cloud.connect(True)
    await pass_time(hass, freezer, SETTLED)
    assert moved(hass, entry) == "https://hooks.nabu.casa/1"


async def test_nabu_casa_goes(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    external: None,
    cloud: NabuCasa,
) -> None:
    """After leaving Nabu Casa the own address is shown."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    cloud.is_logged_in = False
    cloud.connect(False)
    await pass_time(hass, freezer, SETTLED)
    assert moved(hass, entry) == external_address(entry)


async def test_start_before_nabu_casa(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    external: None,
    cloud: NabuCasa,
) -> None:
    """That Nabu Casa connects later than Home Assistant starts is no move."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    cloud.connect(False)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, freezer, SETTLED)
    assert moved(hass, entry) is None
    cloud.connect(True)
    await pass_time(hass, freezer, SETTLED)
    assert moved(hass, entry) is None
    assert cloud.created == 1


async def test_cloudhook_is_deleted_by_hand(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    cloud: NabuCasa,
) -> None:
    """A cloudhook that was deleted is an issue until another one is registered."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    await cloud.cloudhooks.async_delete(entry.data[CONF_WEBHOOK_ID])
    await pass_time(hass, freezer, SETTLED)
    assert moved(hass, entry) == "https://hooks.nabu.casa/2"


async def test_nabu_casa_fails(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    cloud: NabuCasa,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """That no new address can be had right now breaks nothing."""
    await change(hass, entry, webhooks=True, webhook_secret=SECRET)
    cloud.error = CloudError()
    await cloud.cloudhooks.async_delete(entry.data[CONF_WEBHOOK_ID])
    await pass_time(hass, freezer, SETTLED)
    assert moved(hass, entry) is None
    assert "CloudError" not in caplog.text
    assert await arrives(hass, entry, SECRET)

    cloud.error = None
    cloud.connect(True)
    await pass_time(hass, freezer, SETTLED)
    assert moved(hass, entry) == "https://hooks.nabu.casa/2"
