"""Binary sensor that tells if a planned load should run."""

from collections.abc import Iterable, Mapping
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.util import dt as dt_util

from .coordinator import LoadCoordinator
from .entity import LoadEntity
from .state import LoadState

RUN_NOW = BinarySensorEntityDescription(
    key="run_now",
    translation_key="run_now",
)


def load_binary_sensors(load: LoadCoordinator) -> Iterable[BinarySensorEntity]:
    """Return the binary sensor of a planned load."""
    yield LoadRunNow(load, RUN_NOW)


class LoadRunNow(LoadEntity, BinarySensorEntity):
    """Binary sensor that is on while a planned load should run."""

    _unrecorded_attributes = frozenset({"plan"})

    @property
    @override
    def is_on(self) -> bool:
        """Return if the load should run."""
        return self.load.running is not None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Scheduled pieces, and if prices were missing."""
        return {
            "plan": shown_plan(self.load),
            "fallback": self.load.is_fallback,
        }


def shown_plan(load: LoadState) -> list[dict[str, Any]]:
    """Return the piece in progress and the scheduled ones, with their prices."""
    return [
        {
            "start": dt_util.as_local(piece.start).isoformat(),
            "end": dt_util.as_local(piece.end).isoformat(),
            "price": None if price is None else round(price, 6),
        }
        for piece, price in zip(load.pieces, load.prices, strict=True)
    ]
