"""Actions of the usage."""

from homeassistant.core import ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..const import DOMAIN
from .coordinator import UsageCoordinator

REIMPORT_USAGE_FIELDS = {vol.Required("start"): cv.date}


async def async_reimport_usage(call: ServiceCall, usage: UsageCoordinator) -> None:
    """Import the usage from a day on again."""
    await usage.async_reimport(call.data["start"])
    if not usage.last_update_success:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="reimport_goes_on"
        )
