"""Address of the webhook at Home Assistant Cloud."""

from dataclasses import dataclass, field
from typing import Any, cast

from freezegun.api import FrozenDateTimeFactory
from hass_nabucasa import CloudError
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests import pass_time
from tests.webhooks.common import (
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
        from homeassistant.components.cloud import (
            SIGNAL_CLOUD_CONNECTION_STATE,
            CloudConnectionState,
        )

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
    pytest.importorskip(
        "homeassistant.components.cloud",
        reason="Home Assistant Cloud needs packages that have to be compiled",
        exc_type=ImportError,
    )
    from homeassistant.components.cloud.const import DATA_CLOUD

    nabu_casa = NabuCasa(hass)
    hass.data[DATA_CLOUD] = cast("Any", nabu_casa)
    hass.config.components.add("cloud")
    return nabu_casa


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
