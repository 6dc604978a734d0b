"""Conditions of all capabilities."""

from homeassistant.core import HomeAssistant

from .const import LOGGER

try:
    from homeassistant.helpers.condition import Condition

    from .grid_fees.conditions import GRID_FEE_CONDITIONS
    from .loads.conditions import LOAD_CONDITIONS
    from .orders.conditions import ORDER_CONDITIONS
    from .prices.conditions import PRICE_CONDITIONS
except ImportError as err:
    # As with the triggers.
    LOGGER.warning("This version of Home Assistant has no such conditions: %s", err)
    CONDITIONS: dict[str, type[Condition]] = {}
else:
    CONDITIONS = {
        **ORDER_CONDITIONS,
        **PRICE_CONDITIONS,
        **GRID_FEE_CONDITIONS,
        **LOAD_CONDITIONS,
    }


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by key."""
    return CONDITIONS
