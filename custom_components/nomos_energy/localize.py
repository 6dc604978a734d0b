"""Translated texts that belong to no entity, action or error."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN


async def async_get_texts(hass: HomeAssistant) -> dict[str, str]:
    """Return the texts of the section `common` in Home Assistant's language, by key."""
    texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    prefix = f"component.{DOMAIN}.common."
    return {key.removeprefix(prefix): text for key, text in texts.items()}
