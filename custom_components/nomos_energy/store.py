"""Stores of the capabilities: records by key, kept in Home Assistant's storage.

What is on disk has a format of its own: dataclasses as objects, timestamps and days in
ISO 8601, durations in seconds.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, TypeAliasType, Union, cast, get_args, get_origin, get_type_hints

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store

from .const import DOMAIN, LOGGER

STORAGE_VERSION = 1

SAVE_SOON = 1.0
"""Seconds until what changes rarely is saved."""

SAVE_LATER = 60.0
"""Seconds until what changes with each poll is saved, so that polls share a write."""

UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Errors of a reader that meets anything but what was written."""


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
        read: Callable[[Any], RecordT],
        write: Callable[[RecordT], Any],
        delay: float,
        *,
        is_durable: bool = False,
    ) -> None:
        """Initialize the store; it is flushed when the entry is unloaded.

        A durable one survives a power cut as soon as a flush returns.
        """
        self._hass = hass
        self._name = f"{entry.title} {capability}"
        self._store = _store(hass, entry.entry_id, capability, is_durable)
        self._read = read
        self._write = write
        self._delay = delay
        self._records: Mapping[str, RecordT] = {}
        self._is_dirty = False
        self._is_closed = False
        # Called when the set-up failed, too.
        entry.async_on_unload(self._async_close)

    @property
    def records(self) -> Mapping[str, RecordT]:
        """All records by key."""
        return self._records

    async def async_load(self) -> None:
        """Load the records; those that are unreadable are set aside and logged."""
        try:
            items = (await self._store.async_load() or {}).items()
        except UnsupportedStorageVersionError:
            await self._async_set_aside("it was written by a newer version")
            return
        except (HomeAssistantError, *UNREADABLE):
            await self._async_set_aside("it is unreadable")
            return
        records: dict[str, RecordT] = {}
        unreadable = 0
        for key, value in items:
            try:
                records[key] = self._read(value)
            except UNREADABLE:
                unreadable += 1
        self._records = records
        if unreadable:
            await self._async_set_aside(f"{unreadable} of its records are unreadable")
            self._async_save()

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
        return {key: self._write(record) for key, record in self._records.items()}

    async def _async_close(self) -> None:
        """Write what is not saved yet; nothing is written afterwards."""
        self._is_closed = True
        if self._is_dirty:
            await self.async_flush()

    async def async_flush(self) -> None:
        """Write all records at once, and return when that is done."""
        await self._store.async_save(
            await self._hass.async_add_executor_job(self._data)
        )

    async def _async_set_aside(self, reason: str) -> None:
        """Keep a copy of the file, which the next write replaces."""
        LOGGER.warning("The store %s is set aside, because %s", self._name, reason)
        path = Path(self._store.path)
        await self._hass.async_add_executor_job(_set_aside, path)


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
    # A file that can't be moved is overwritten, which is better than no account.
    with suppress(OSError):
        path.replace(path.with_name(f"{path.name}.set_aside"))


def _remove_copies(path: Path) -> None:
    # Home Assistant keeps copies of corrupt files, too.
    for file in path.parent.glob(f"{path.name}.*"):
        file.unlink(missing_ok=True)


def to_disk(value: Any) -> Any:
    """Return a value of a dataclass, enum, collection or basic type as JSON data."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case StrEnum():
            return value.value
        case tuple() | list():
            return [to_disk(each) for each in value]
        case _ if names := _field_names(cast("Hashable", type(value))):
            return {name: to_disk(getattr(value, name)) for name in names}
        case _:
            return value


def from_disk[T](kind: type[T], data: Any) -> T:
    """Read what to_disk wrote; raises one of UNREADABLE for anything else."""
    value: T = _reader(cast("Hashable", kind))(data)
    return value


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    """Return the names of a dataclass's fields; none for other types."""
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return the reader for a type."""
    if isinstance(kind, TypeAliasType):
        return _reader(kind.__value__)
    arguments = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        (inner,) = (each for each in arguments if each is not type(None))
        return _optional(_reader(inner))
    if get_origin(kind) is tuple:
        return _items(_reader(arguments[0]))
    if is_dataclass(kind):
        return _object(kind)
    return kind if issubclass(kind, StrEnum) else _BASIC[kind]


def _optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda data: None if data is None else read(data)


def _items(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda data: tuple(read(each) for each in _typed(list, data))


def _object(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = {each.name: _reader(hints[each.name]) for each in fields(kind)}
    optional = {each.name for each in fields(kind) if each.default is not MISSING}

    def read(data: Any) -> Any:
        return kind(
            **{
                name: read_field(data[name])
                for name, read_field in readers.items()
                if name in data or name not in optional
            }
        )

    return read


def _typed[T](kind: type[T], data: Any) -> T:
    if type(data) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return data


def _number(data: Any) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise TypeError("A number expected")
    return float(data)


def read_timestamp(data: Any) -> datetime:
    """Read a timestamp as UTC, also without an offset."""
    moment = datetime.fromisoformat(data)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


_BASIC: dict[Any, Callable[[Any], Any]] = {
    str: lambda data: _typed(str, data),
    bool: lambda data: _typed(bool, data),
    int: lambda data: _typed(int, data),
    float: _number,
    datetime: read_timestamp,
    date: date.fromisoformat,
    timedelta: lambda data: timedelta(seconds=_number(data)),
}
