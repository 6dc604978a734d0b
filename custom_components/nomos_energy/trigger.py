"""Triggers of all capabilities."""

from homeassistant.core import HomeAssistant

from .const import LOGGER

try:
    from homeassistant.helpers.trigger import Trigger

    from .grid_fees.triggers import GRID_FEE_TRIGGERS
    from .loads.triggers import LOAD_TRIGGERS
    from .orders.triggers import ORDER_TRIGGERS
    from .prices.triggers import PRICE_TRIGGERS
except ImportError as err:
    # Home Assistant may still change this interface. An error would keep it from
    # loading the diagnostics and the application credentials, too.
    LOGGER.warning("This version of Home Assistant has no such triggers: %s", err)
    TRIGGERS: dict[str, type[Trigger]] = {}
else:
    TRIGGERS = {
        **ORDER_TRIGGERS,
        **PRICE_TRIGGERS,
        **GRID_FEE_TRIGGERS,
        **LOAD_TRIGGERS,
    }


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by key."""
    return TRIGGERS
