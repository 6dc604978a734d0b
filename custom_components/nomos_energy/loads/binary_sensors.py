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
            "plan": [
                {
                    "start": dt_util.as_local(piece.start).isoformat(),
                    "end": dt_util.as_local(piece.end).isoformat(),
                    "price": None if price is None else round(price, 6),
                }
                for piece, price in zip(self.load.pieces, self.load.prices, strict=True)
            ],
            "fallback": self.load.is_fallback,
        }
