"""What differs between the supported versions of Home Assistant.

Each function names the version from which on it is not needed any more.
"""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady
from homeassistant.helpers import llm
from homeassistant.helpers.config_entry_oauth2_flow import (
    AbstractOAuth2Implementation,
    ImplementationUnavailableError,
    async_get_config_entry_implementation,
)
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed


async def async_oauth_implementation(
    hass: HomeAssistant, entry: ConfigEntry
) -> AbstractOAuth2Implementation:
    """Return the OAuth implementation of an entry.

    Raises ConfigEntryAuthFailed if there is none any more, and ConfigEntryNotReady if
    it may come back. From 2026.10 on, Home Assistant does so itself.
    """
    try:
        return await async_get_config_entry_implementation(hass, entry)
    except ImplementationUnavailableError as err:
        raise ConfigEntryNotReady from err
    except ValueError as err:
        raise ConfigEntryAuthFailed from err


async def async_first_refresh(coordinator: DataUpdateCoordinator[Any]) -> None:
    """Refresh during the set-up; raises ConfigEntryNotReady with the translated reason.

    From 2026.9 on, Home Assistant hands on the reason itself.
    """
    try:
        await coordinator.async_config_entry_first_refresh()
    except ConfigEntryNotReady as err:
        reason = coordinator.last_exception
        if err.translation_key or not isinstance(reason, UpdateFailed):
            raise
        raise ConfigEntryNotReady(
            translation_domain=reason.translation_domain,
            translation_key=reason.translation_key,
            translation_placeholders=reason.translation_placeholders,
        ) from err


READ_ONLY_TOOL: Any = (
    llm.ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=True
    )
    if hasattr(llm, "ToolAnnotations")
    else None
)
"""Annotations of a tool that changes nothing, from 2026.10 on; it may ask Nomos."""


def tool_result(data: dict[str, Any], *, error: bool = False) -> Any:
    """Return the result of a tool: before 2026.10, it is the data alone."""
    if hasattr(llm, "ToolResult"):
        return llm.ToolResult(data=data, error=error)
    return data
