"""What is remembered over a restart."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER
from .loads.planner import Span
from .nomos import Contract, MeterOrder, NomosError, PriceSeries, UsageDay

STORAGE_VERSION = 1
SAVE_DELAY = 1

STORES: HassKey[dict[str, Store[dict[str, Any]]]] = HassKey(f"{DOMAIN}_stores")


@dataclass(kw_only=True)
class UsageMemory:
    """How far the import of a contract's usage has come."""

    imported_until: date | None = None
    """The first day (Berlin) that is not imported yet; None: none is."""
    measured_until: datetime | None = None
    """The end of the last quarter-hour that is known."""
    days: dict[date, UsageDay] = field(default_factory=dict)
    """The last days, and those before that may still change."""

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        until, measured = self.imported_until, self.measured_until
        return {
            "imported_until": until.isoformat() if until else None,
            "measured_until": measured.isoformat() if measured else None,
            "days": {
                day.isoformat(): each.to_store() for day, each in self.days.items()
            },
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> UsageMemory:
        """Read it; raises any error where it is none."""
        until, measured = data["imported_until"], data["measured_until"]
        days = (UsageDay.from_store(day, each) for day, each in data["days"].items())
        return cls(
            imported_until=date.fromisoformat(until) if until else None,
            measured_until=_moment(measured) if measured else None,
            days={each.day: each for each in days},
        )


@dataclass(kw_only=True)
class LoadMemory:
    """What a planned load did, and what was asked of it."""

    is_enabled: bool = True
    run_time: timedelta | None = None
    """For how long it is to run instead, until `run_time_until`."""
    run_time_until: datetime | None = None
    pieces: list[Span] = field(default_factory=list)
    """When it ran of late; the last one may go on."""

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        run_time, until = self.run_time, self.run_time_until
        return {
            "is_enabled": self.is_enabled,
            "run_time": None if run_time is None else run_time.total_seconds(),
            "run_time_until": until.isoformat() if until else None,
            "pieces": [[edge.isoformat() for edge in each] for each in self.pieces],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> LoadMemory:
        """Read it; raises any error where it is none."""
        run_time, until = data["run_time"], data["run_time_until"]
        return cls(
            is_enabled=data["is_enabled"],
            run_time=None if run_time is None else timedelta(seconds=run_time),
            run_time_until=_moment(until) if until else None,
            pieces=[Span(*map(_moment, each)) for each in data["pieces"]],
        )


@dataclass(kw_only=True)
class Memory:
    """The last good answer, and what was made of it."""

    contracts: dict[str, Contract] = field(default_factory=dict)
    answered_at: datetime | None = None
    announced: dict[str, MeterOrder | None] = field(default_factory=dict)
    """Orders as they were last announced, by subscription id."""
    appointments: dict[str, list[datetime]] = field(default_factory=dict)
    """Appointments that are known and those that took place, in their order."""
    delivered: dict[str, datetime] = field(default_factory=dict)
    """Ids of the events that Nomos has delivered, and when it did."""
    prices: dict[str, PriceSeries] = field(default_factory=dict)
    """Today's prices and those of the days beside it, by subscription id."""
    usage: dict[str, UsageMemory] = field(default_factory=dict)
    """What is known of the meters' usage, by subscription id."""
    loads: dict[str, LoadMemory] = field(default_factory=dict)
    """What the planned loads did, by subentry id."""

    def to_json(self) -> dict[str, Any]:
        """Return what from_json reads."""
        return {
            "contracts": {
                key: contract.to_json() for key, contract in self.contracts.items()
            },
            "answered_at": self.answered_at.isoformat() if self.answered_at else None,
            "announced": {
                key: order.to_json() if order else None
                for key, order in self.announced.items()
            },
            "appointments": {
                key: [moment.isoformat() for moment in moments]
                for key, moments in self.appointments.items()
            },
            "delivered": {
                key: moment.isoformat() for key, moment in self.delivered.items()
            },
            "prices": {key: prices.to_store for key, prices in self.prices.items()},
            "usage": {key: usage.to_json() for key, usage in self.usage.items()},
            "loads": {key: load.to_json() for key, load in self.loads.items()},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Memory:
        """Read a memory; raises any error where it is none."""
        answered_at = data["answered_at"]
        return cls(
            contracts={
                key: Contract.from_json(contract)
                for key, contract in data["contracts"].items()
            },
            answered_at=_moment(answered_at) if answered_at else None,
            announced={
                key: MeterOrder.from_json(order) if order else None
                for key, order in data["announced"].items()
            },
            appointments={
                key: [_moment(moment) for moment in moments]
                for key, moments in data["appointments"].items()
            },
            delivered={
                key: _moment(moment) for key, moment in data["delivered"].items()
            },
            # What was written before there were prices is as good.
            prices={
                key: PriceSeries.from_store(prices)
                for key, prices in data.get("prices", {}).items()
            },
            usage={
                key: UsageMemory.from_json(usage)
                for key, usage in data.get("usage", {}).items()
            },
            loads={
                key: LoadMemory.from_json(load)
                for key, load in data.get("loads", {}).items()
            },
        )


def _moment(text: str) -> datetime:
    return dt_util.as_utc(dt_util.parse_datetime(text, raise_on_error=True))


class MemoryStore:
    """Keeps the memory of one account in Home Assistant's storage."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the store."""
        self._hass = hass
        self._entry_id = entry_id
        # An account that is loaded again has to know what is not written yet.
        self._store = hass.data.setdefault(STORES, {}).setdefault(
            entry_id,
            Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}", private=True),
        )

    async def async_load(self) -> Memory:
        """Return what is remembered: nothing, where that can't be read."""
        try:
            data = await self._store.async_load()
            return Memory() if data is None else Memory.from_json(data)
        except UnsupportedStorageVersionError:
            reason = "it is from a newer version"
        except (
            ArithmeticError,
            AttributeError,
            HomeAssistantError,
            KeyError,
            NomosError,
            RuntimeError,
            TypeError,
            ValueError,
        ):
            reason = "it is not readable"
        LOGGER.warning("What was known before is set aside, because %s", reason)
        await self._hass.async_add_executor_job(_set_aside, Path(self._store.path))
        return Memory()

    def async_save_soon(self, memory: Memory) -> None:
        """Save the memory as it will be in a moment."""
        self._store.async_delay_save(memory.to_json, SAVE_DELAY)

    async def async_remove(self) -> None:
        """Forget everything, also what was set aside."""
        self._hass.data[STORES].pop(self._entry_id)
        await self._store.async_remove()
        await self._hass.async_add_executor_job(
            _remove_set_aside, Path(self._store.path)
        )


def _set_aside(path: Path) -> None:
    # What can't be moved is written over, which is better than no account.
    with suppress(OSError):
        path.replace(path.with_name(f"{path.name}.set_aside"))


def _remove_set_aside(path: Path) -> None:
    """Remove what stands beside a file: Home Assistant sets some aside as well."""
    for file in path.parent.glob(f"{path.name}.*"):
        file.unlink()
