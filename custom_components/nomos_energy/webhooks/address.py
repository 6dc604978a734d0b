"""Address of the webhook, and the issue when it has changed."""

from functools import partial
from typing import Any

from homeassistant.components import webhook
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_WEBHOOK_ID, EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.network import NoURLAvailableError, get_url

from ..const import LOGGER
from ..issues import async_create_issue, async_delete_issue
from ..options import webhook_url

WEBHOOK_MOVED = "webhook_moved"

CHECK_DELAY = 10
"""Seconds between a change and the check of the address."""


class CloudAwayError(Exception):
    """Home Assistant Cloud makes no address at the moment."""


async def async_webhook_url(hass: HomeAssistant, webhook_id: str) -> str | None:
    """Return the public HTTPS address of a webhook, or None without one.

    The one of Home Assistant Cloud if there is a subscription, else the external
    address of Home Assistant. Raises CloudAwayError if the cloud does not answer.
    """
    if address := await _async_cloudhook(hass, webhook_id):
        return address
    try:
        address = get_url(
            hass,
            allow_internal=False,
            allow_cloud=False,
            allow_ip=False,
            require_ssl=True,
        )
    except NoURLAvailableError:
        return None
    return f"{address}{webhook.async_generate_path(webhook_id)}"


async def _async_cloudhook(hass: HomeAssistant, webhook_id: str) -> str | None:
    """Return the address at Home Assistant Cloud, or None without a subscription."""
    if not _has_cloud(hass):
        return None
    # What the cloud needs is installed only where it is used.
    from hass_nabucasa import CloudError
    from homeassistant.components import cloud

    if not cloud.async_active_subscription(hass):
        return None
    try:
        return await cloud.async_get_or_create_cloudhook(hass, webhook_id)
    # Home Assistant hands on the errors of its library as they are.
    except (CloudError, cloud.CloudNotAvailable, TimeoutError, ValueError) as err:
        raise CloudAwayError from err


async def async_delete_cloudhook(hass: HomeAssistant, webhook_id: str) -> None:
    """Delete the address that Home Assistant Cloud made, if any."""
    if not _has_cloud(hass):
        return
    from homeassistant.components import cloud

    try:
        await cloud.async_delete_cloudhook(hass, webhook_id)
    except cloud.CloudNotAvailable, ValueError:
        LOGGER.debug("There is no cloudhook to delete")


def _has_cloud(hass: HomeAssistant) -> bool:
    return "cloud" in hass.config.components


@callback
def async_watch_address(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Create an issue when the registered address no longer leads here."""
    check_address = partial(_async_check, hass, entry)
    # The options flow deletes the cloudhook before it unloads the entry. A check at
    # once would create another one.
    check = Debouncer(
        hass, LOGGER, cooldown=CHECK_DELAY, immediate=False, function=check_address
    )

    @callback
    def check_later(_: Any) -> None:
        check.async_schedule_call()

    entry.async_on_unload(check.async_shutdown)
    entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, check_later))
    if _has_cloud(hass):
        from homeassistant.components import cloud

        for remove_listener in (
            cloud.async_listen_connection_change(hass, check_later),
            cloud.async_listen_cloudhook_change(
                hass, entry.data[CONF_WEBHOOK_ID], check_later
            ),
        ):
            entry.async_on_unload(remove_listener)
    entry.async_create_task(hass, check_address())


async def _async_check(hass: HomeAssistant, entry: ConfigEntry) -> None:
    registered = webhook_url(entry)
    try:
        current = await async_webhook_url(hass, entry.data[CONF_WEBHOOK_ID])
    except CloudAwayError:
        return
    # An address that is missing now may come back unchanged.
    if current is None or current == registered:
        async_delete_issue(hass, WEBHOOK_MOVED, entry.entry_id)
    else:
        async_create_issue(
            hass,
            entry,
            WEBHOOK_MOVED,
            entry.entry_id,
            {},
            links={"address": current},
        )
