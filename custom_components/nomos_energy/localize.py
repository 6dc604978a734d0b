"""Translated texts that belong to no entity, action or error."""

from homeassistant.core import HomeAssistant, async_get_hass, callback
from homeassistant.helpers.translation import (
    async_get_cached_translations,
    async_get_translations,
)

from .const import DOMAIN

_PREFIX = f"component.{DOMAIN}.common."


async def async_get_texts(hass: HomeAssistant) -> dict[str, str]:
    """Return the texts of the section `common` in Home Assistant's language, by key."""
    texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    return {key.removeprefix(_PREFIX): text for key, text in texts.items()}


@callback
def cached_text(key: str) -> str:
    """Return a text of the section `common` in Home Assistant's language.

    Empty before the texts are loaded; Home Assistant loads them with the integration.
    """
    hass = async_get_hass()
    texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    return texts.get(f"{_PREFIX}{key}", "")
