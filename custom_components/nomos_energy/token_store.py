"""Store of the latest OAuth token of an account.

Nomos rotates refresh tokens: each use returns a new one and spends the old one. Home
Assistant writes config entries a second later and without fsync, so a power cut in
between would lose the login. What remains is the moment between the answer of Nomos and
the end of the write.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from .const import DOMAIN, LOGGER

VERSION = 1
CAPABILITY = "token"

REMEMBERED_PREDECESSORS = 20
"""Earlier refresh tokens of which the config entry may still hold one."""


class TokenStore:
    """Store of the token that replaces the one in a config entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize the store."""
        self._hass = hass
        self._entry = entry
        self._is_failure_logged = False

    async def async_restore(self) -> None:
        """Put the stored token into the entry if that still holds a predecessor.

        Clocks do not matter: another login has no predecessor here.
        """
        stored = await self._async_load()
        current = _hash(self._entry.data.get("token", {}))
        if current and current in stored.get("predecessors", ()):
            self._hass.config_entries.async_update_entry(
                self._entry, data={**self._entry.data, "token": stored["token"]}
            )

    async def async_write(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Write a token that replaces another one; return once it is on disk."""
        stored = await self._async_load()
        predecessors = [
            *(each for each in stored.get("predecessors", ()) if each != _hash(new)),
            _hash(old),
        ]
        data = {
            "predecessors": predecessors[-REMEMBERED_PREDECESSORS:],
            "token": dict(new),
        }
        await self._store().async_save(data)
        # The store reports no error, and writes later while Home Assistant stops.
        if self._hass.state is CoreState.stopping or await self._async_load() == data:
            return
        if not self._is_failure_logged:
            self._is_failure_logged = True
            LOGGER.error(
                "The new login of %s could not be written to disk", self._entry.title
            )

    async def async_remove(self) -> None:
        """Remove the stored token."""
        await self._store().async_remove()

    async def _async_load(self) -> dict[str, Any]:
        try:
            stored = await self._store().async_load()
        except HomeAssistantError, KeyError, TypeError, ValueError:
            return {}
        is_valid = (
            isinstance(stored, dict)
            and isinstance(stored.get("token"), dict)
            and isinstance(stored.get("predecessors"), list)
        )
        return stored if stored and is_valid else {}

    def _store(self) -> Store[dict[str, Any]]:
        # A new one each time: a store answers with what it was given to write.
        return Store(
            self._hass,
            VERSION,
            f"{DOMAIN}.{self._entry.entry_id}.{CAPABILITY}",
            private=True,
            # This alone brings fsync.
            atomic_writes=True,
        )


def _hash(token: Mapping[str, Any]) -> str:
    """Return a hash of a refresh token; empty without one."""
    refresh_token = token.get("refresh_token")
    if not isinstance(refresh_token, str):
        return ""
    return sha256(refresh_token.encode(errors="replace")).hexdigest()
