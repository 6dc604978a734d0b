"""Actions of the usage."""

from datetime import date

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import ContractCoordinator
from ..entity import state_of
from ..errors import invalid
from ..nomos import berlin_day
from ..nomos.readings import MAX_READING
from .coordinator import UsageCoordinator
from .reporting import async_report_reading

REPORT_METER_READING_FIELDS = {
    vol.Required("value"): vol.All(
        vol.Coerce(float), vol.Range(min=0, max=MAX_READING, min_included=False)
    ),
    vol.Optional("date"): cv.date,
}

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


async def async_report_meter_reading(
    call: ServiceCall, contracts: ContractCoordinator, key: str
) -> ServiceResponse:
    """Report a meter reading and return it."""
    reading = await async_report_reading(
        contracts, key, call.data["value"], call.data.get("date")
    )
    return {
        "value": reading.value,
        "date": berlin_day(reading.timestamp).isoformat(),
        "kind": state_of(reading.kind),
    }
