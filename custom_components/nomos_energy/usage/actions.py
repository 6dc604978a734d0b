"""Actions of the usage."""

from datetime import date

from homeassistant.core import ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..errors import invalid
from ..nomos import berlin_day
from .coordinator import UsageCoordinator

REIMPORT_USAGE_FIELDS = {vol.Required("start"): cv.date}


async def async_reimport_usage(call: ServiceCall, usage: UsageCoordinator) -> None:
    """Import the usage from a day on again."""
    start: date = call.data["start"]
    if start > berlin_day(dt_util.utcnow()):
        raise invalid("start_in_future")
    await usage.async_reimport(start)
    if not usage.last_update_success:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="reimport_goes_on"
        )
