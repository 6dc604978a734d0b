"""Actions of Home Assistant that switch the targets of planned loads."""

from asyncio import timeout
from collections.abc import Iterable

from aiohttp import ClientError
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_ENTITY_ID, SERVICE_TURN_OFF
from homeassistant.core import (
    DOMAIN as HOMEASSISTANT_DOMAIN,
    Context,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceNotFound
import voluptuous as vol

from ..const import LOGGER
from .history import load_store

LONGEST_CALL = 60
"""Seconds after which a call is given up."""

SCENE, SCRIPT = "scene", "script"

CALL_ERRORS = (HomeAssistantError, vol.Invalid, ClientError, OSError)


async def async_switch(
    hass: HomeAssistant, service: str, entity: str, context: Context
) -> None:
    """Switch an entity; raises one of CALL_ERRORS."""
    domain = entity.partition(".")[0]
    if domain == SCENE and service == SERVICE_TURN_OFF:
        return
    # Home Assistant's own action would leave such an entity out.
    if not hass.services.has_service(domain, service):
        raise ServiceNotFound(domain, service)
    data = {ATTR_ENTITY_ID: entity}
    async with timeout(LONGEST_CALL):
        await hass.services.async_call(
            HOMEASSISTANT_DOMAIN, service, data, blocking=True, context=context
        )


@callback
def async_switch_off(hass: HomeAssistant, entities: Iterable[str]) -> None:
    """Switch entities off once, each for itself."""

    async def async_call(entity: str) -> None:
        try:
            await async_switch(hass, SERVICE_TURN_OFF, entity, Context())
        except CALL_ERRORS as err:
            LOGGER.warning(
                "A target of a planned load could not be switched off: %s",
                type(err).__name__,
            )

    for entity in entities:
        hass.async_create_task(async_call(entity), "planned load turn_off")


async def async_switch_off_stored(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Switch off what the loads of an entry that is removed had switched on."""
    store = load_store(hass, entry)
    await store.async_load()
    for history in store.records.values():
        async_switch_off(hass, history.switched.on)
