"""Stores of the capabilities: records by key, kept in Home Assistant's storage."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store

from .const import DOMAIN, LOGGER
from .disk import UNREADABLE, Damage

STORAGE_VERSION = 1

SAVE_SOON = 1.0
"""Seconds until what changes rarely is saved."""

SAVE_LATER = 60.0
"""Seconds until what changes with each poll is saved, so that polls share a write."""


class RecordStore[RecordT]:
    """Records of one capability by key: immutable, saved when one has changed.

    The write happens in a thread. It takes the mapping as it is then: a change
    replaces the mapping and leaves the old one as it was.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        capability: str,
        read: Callable[[Any, Damage], RecordT],
        write: Callable[[RecordT], Any],
        delay: float,
        whole: Collection[type] = (),
        *,
        is_durable: bool = False,
    ) -> None:
        """Initialize the store; it is flushed when the entry is unloaded.

        `read` raises one of UNREADABLE, or counts parts that it leaves out. A durable
        store survives a power cut as soon as a flush returns.
        """
        self._hass = hass
        self._name = f"{entry.title} {capability}"
        self._store = _store(hass, entry.entry_id, capability, is_durable)
        self._read = read
        self._write = write
        self._delay = delay
        self._whole = whole
        self._records: Mapping[str, RecordT] = {}
        self._is_dirty = False
        self._has_written = False
        self._is_closed = False
        # Called when the set-up failed, too.
        entry.async_on_unload(self._async_close)

    @property
    def records(self) -> Mapping[str, RecordT]:
        """All records by key."""
        return self._records

    async def async_load(self) -> None:
        """Load the records; what is unreadable is set aside and logged."""
        try:
            items = (await self._store.async_load() or {}).items()
        except UnsupportedStorageVersionError:
            await self._async_set_aside("it was written by a newer version")
            return
        except (HomeAssistantError, *UNREADABLE):
            await self._async_set_aside("it is unreadable")
            return
        records: dict[str, RecordT] = {}
        damage = Damage(self._whole)
        unreadable = 0
        for key, value in items:
            try:
                records[key] = self._read(value, damage)
            except UNREADABLE:
                unreadable += 1
        self._records = records
        if unreadable or damage.parts:
            await self._async_set_aside(
                f"{unreadable} of its records and {damage.parts} parts of others are "
                "unreadable"
            )

    @callback
    def async_set(self, key: str, record: RecordT) -> None:
        """Set a record; one that is equal to the stored one causes no write."""
        if key in self._records and self._records[key] == record:
            return
        self._records = {**self._records, key: record}
        self._async_save()

    @callback
    def async_update(self, records: Mapping[str, RecordT]) -> None:
        """Replace all records."""
        if records != self._records:
            self._records = dict(records)
            self._async_save()

    @callback
    def async_retain(self, keys: Collection[str]) -> None:
        """Remove the records of all other keys."""
        self.async_update(
            {key: record for key, record in self._records.items() if key in keys}
        )

    @callback
    def _async_save(self) -> None:
        # A call while a write is planned would put that off once more.
        if not self._is_dirty and not self._is_closed:
            self._is_dirty = True
            self._store.async_delay_save(self._data, self._delay)

    def _data(self) -> dict[str, Any]:
        self._is_dirty = False
        self._has_written = True
        return {key: self._write(record) for key, record in self._records.items()}

    async def _async_close(self) -> None:
        """Write what is not saved yet; nothing is written afterwards."""
        self._is_closed = True
        # A write in progress must end before the file is read again or removed: this one
        # waits for it.
        if self._is_dirty or self._has_written:
            await self.async_flush()

    async def async_flush(self) -> None:
        """Write all records at once, and return when that is done."""
        await self._store.async_save(
            await self._hass.async_add_executor_job(self._data)
        )
        if self._is_dirty:
            # A record was set meanwhile, and its planned write replaced by this one.
            self._is_dirty = False
            self._async_save()

    async def _async_set_aside(self, reason: str) -> None:
        """Copy the file, and replace it with the next write.

        The file itself stays until then: it may be the only place of the good records.
        """
        LOGGER.warning("The store %s is set aside, because %s", self._name, reason)
        path = Path(self._store.path)
        await self._hass.async_add_executor_job(_set_aside, path)
        self._async_save()


async def async_remove_store(
    hass: HomeAssistant, entry_id: str, capability: str
) -> None:
    """Remove the store of a capability and all copies of it."""
    store = _store(hass, entry_id, capability)
    await store.async_remove()
    await hass.async_add_executor_job(_remove_copies, Path(store.path))


def _store(
    hass: HomeAssistant, entry_id: str, capability: str, is_durable: bool = False
) -> Store[dict[str, Any]]:
    return Store(
        hass,
        STORAGE_VERSION,
        f"{DOMAIN}.{entry_id}.{capability}",
        private=True,
        # This brings fsync.
        atomic_writes=is_durable,
        serialize_in_event_loop=False,
    )


def _set_aside(path: Path) -> None:
    # A file that can't be copied is overwritten, which is better than no account.
    with suppress(OSError):
        copy = path.with_name(f"{path.name}.set_aside")
        if path.is_dir():
            path.replace(copy)
            return
        content = path.read_bytes()
        copy.touch(mode=0o600)
        copy.write_bytes(content)


def _remove_copies(path: Path) -> None:
    # Home Assistant keeps copies of corrupt files, too.
    for file in path.parent.glob(f"{path.name}.*"):
        file.unlink(missing_ok=True)
