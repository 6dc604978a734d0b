"""Actions of the integration and their errors."""

from ast import literal_eval
import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations

from custom_components.nomos_energy.const import DOMAIN
from simulator import Fault, Household
from tests import devices

INVALID = ServiceValidationError
FAILED = HomeAssistantError
UNCERTAIN = [
    Fault.SERVER_ERROR,
    Fault.HTML,
    Fault.BAD_GATEWAY,
    Fault.CONNECTION_RESET,
]


def device_id(hass: HomeAssistant, home: Household) -> str:
    """Return the device of a household's contract."""
    return next(
        device.id
        for device in devices(hass)
        if (DOMAIN, home.subscription_id) in device.identifiers
    )


async def call(
    hass: HomeAssistant, action: str, device: str, **data: Any
) -> Mapping[str, Any]:
    """Call an action and return its response, if it has one."""
    has_response = hass.services.supports_response(DOMAIN, action)
    response = await hass.services.async_call(
        DOMAIN,
        action,
        {"device_id": device, **data},
        blocking=True,
        return_response=has_response is not SupportsResponse.NONE,
    )
    await hass.async_block_till_done()
    # Otherwise templates pass it on as text.
    assert literal_eval(repr(response)) == response
    return response or {}


async def together(*calls: Coroutine[Any, Any, Any]) -> list[str | None]:
    """Return "ordered" or the error's key of calls at the same moment."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    return [
        each.translation_key if isinstance(each, HomeAssistantError) else "ordered"
        for each in answers
    ]


async def check_translations(hass: HomeAssistant, err: HomeAssistantError) -> None:
    """Check that an error is translated into English and German."""
    assert err.translation_domain == DOMAIN
    english, german = await translations_of(hass, err)
    # Home Assistant leaves out a full stop, unless a placeholder may follow it.
    assert str(err).rstrip(".") == english.rstrip(".") != german


async def translations_of(hass: HomeAssistant, err: HomeAssistantError) -> list[str]:
    """Return the message of an error in English and German."""
    key = f"component.{DOMAIN}.exceptions.{err.translation_key}.message"
    said = []
    for language in ("en", "de"):
        texts = await async_get_translations(hass, language, "exceptions", {DOMAIN})
        said.append(texts[key].format(**err.translation_placeholders or {}))
    return said
