"""Actions of Home Assistant that switch the targets of planned loads."""

from asyncio import timeout
from collections.abc import Iterable, Mapping

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
from .history import Switched, load_store
from .numbers import NUMBER_DOMAINS, SERVICE_SET_VALUE, off_values
from .target_states import SCENE, state_of

LONGEST_CALL = 60
"""Seconds after which a call is given up."""

CALL_ERRORS = (HomeAssistantError, vol.Invalid, ClientError, OSError)


async def async_switch(
    hass: HomeAssistant,
    service: str,
    entity: str,
    context: Context,
    value: float | None = None,
) -> None:
    """Switch an entity, or set the value of a number; raises one of CALL_ERRORS."""
    domain = entity.partition(".")[0]
    if domain == SCENE and service == SERVICE_TURN_OFF:
        return
    data: dict[str, str | float] = {ATTR_ENTITY_ID: entity}
    action_domain = HOMEASSISTANT_DOMAIN
    if domain in NUMBER_DOMAINS:
        if value is None:
            return
        data |= {"value": value}
        action_domain, service = domain, SERVICE_SET_VALUE
    # Home Assistant's own action would leave such an entity out.
    if not hass.services.has_service(domain, service):
        raise ServiceNotFound(domain, service)
    async with timeout(LONGEST_CALL):
        await hass.services.async_call(
            action_domain, service, data, blocking=True, context=context
        )


@callback
def async_switch_off(
    hass: HomeAssistant, entities: Iterable[str], values: Mapping[str, float]
) -> None:
    """Switch entities off once, each for itself; numbers get one of the values."""

    async def async_call(entity: str) -> None:
        try:
            await async_switch(
                hass, SERVICE_TURN_OFF, entity, Context(), values.get(entity)
            )
        except CALL_ERRORS as err:
            LOGGER.warning(
                "A target of a planned load could not be switched off: %s",
                type(err).__name__,
            )

    for entity in entities:
        hass.async_create_task(async_call(entity), "planned load turn_off")


@callback
def async_switch_off_known(
    hass: HomeAssistant, switched: Switched, *, only_available: bool = False
) -> tuple[str, ...]:
    """Switch off what a load had switched on; return what was left out."""
    chosen = [
        each for each in switched.on if not only_available or state_of(hass, each)
    ]
    async_switch_off(hass, chosen, off_values(switched.numbers))
    return tuple(each for each in switched.on if each not in chosen)


async def async_switch_off_stored(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Switch off what the loads of an entry that is removed had switched on."""
    store = load_store(hass, entry)
    await store.async_load()
    for history in store.records.values():
        async_switch_off_known(hass, history.switched)
