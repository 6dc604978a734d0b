"""The gate, what blocks the way to it, and what is there behind it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .coordinator import NomosConfigEntry, NomosCoordinator
from .entity import (
    NomosEntity,
    NomosOrderEntity,
    NomosPriceEntity,
    async_add_for_each_contract,
)
from .loads.entity import LoadEntity, async_add_for_each_load

PARALLEL_UPDATES = 0

GATE = BinarySensorEntityDescription(
    key="smart_meter_active",
    translation_key="smart_meter_active",
)

BLOCKED = BinarySensorEntityDescription(
    key="order_blocked",
    translation_key="order_blocked",
    device_class=BinarySensorDeviceClass.PROBLEM,
)


TOMORROW_PRICES = BinarySensorEntityDescription(
    key="tomorrow_prices",
    translation_key="tomorrow_prices",
)

TOMORROW_PAYOUTS = BinarySensorEntityDescription(
    key="tomorrow_payouts",
    translation_key="tomorrow_payouts",
)

GRID_FEE_REDUCTION = BinarySensorEntityDescription(
    key="grid_fee_reduction",
    translation_key="grid_fee_reduction",
)

RUN_NOW = BinarySensorEntityDescription(
    key="run_now",
    translation_key="run_now",
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NomosConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of an account."""
    async_add_for_each_contract(
        entry,
        async_add_entities,
        lambda coordinator, key: (
            NomosGate(coordinator, key, GATE),
            NomosOrderBlocked(coordinator, key, BLOCKED),
        ),
    )
    async_add_for_each_contract(
        entry,
        async_add_entities,
        lambda coordinator, key: [_tomorrow_prices(coordinator, key)],
        condition=lambda contract: contract.smart_meter_active,
    )
    async_add_for_each_contract(
        entry,
        async_add_entities,
        lambda coordinator, key: [
            NomosGridFeeReduced(coordinator, key, GRID_FEE_REDUCTION)
        ],
        condition=lambda contract: contract.has_modules,
    )
    async_add_for_each_load(
        hass, entry, async_add_entities, lambda load: [LoadRunNow(load, RUN_NOW)]
    )


class NomosGate(NomosEntity, BinarySensorEntity):
    """Whether the smart meter is active, so that all that needs it may start."""

    @property
    @override
    def available(self) -> bool:
        """Whether there was an answer once.

        A meter does not leave the wall because the internet is down.
        """
        return self._subscription_id in self.coordinator.data

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the gate is open."""
        return self.contract.smart_meter_active


class NomosOrderBlocked(NomosOrderEntity, BinarySensorEntity):
    """Whether the order waits for somebody."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the order is blocked."""
        return self.contract.is_blocked

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return since when the order has been blocked."""
        order = self.contract.order
        return {"blocked_since": order.blocked_at if order else None}


def _tomorrow_prices(coordinator: NomosCoordinator, key: str) -> NomosTomorrowPrices:
    feeds_in = coordinator.data[key].feeds_in
    description = TOMORROW_PAYOUTS if feeds_in else TOMORROW_PRICES
    return NomosTomorrowPrices(coordinator, key, description)


class NomosTomorrowPrices(NomosPriceEntity, BinarySensorEntity):
    """Whether tomorrow has been published, so that a night can be planned."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether every interval of tomorrow is there."""
        return self.source.moment.tomorrow.is_published

    @override
    def _to_show(self) -> tuple[object, ...]:
        return self.available, self.is_on


class NomosGridFeeReduced(NomosEntity, BinarySensorEntity):
    """Whether a module of §14a EnWG reduces the grid fee at this moment."""

    _cancel: CALLBACK_TYPE | None = None

    @property
    @override
    def is_on(self) -> bool:
        """Return whether a module is activated and valid."""
        return bool(self.contract.in_force(dt_util.utcnow()))

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return which modules these are, by their numbers."""
        in_force = self.contract.in_force(dt_util.utcnow())
        numbers = (module.number for module in in_force)
        return {"modules": sorted(number for number in numbers if number)}

    @override
    async def async_added_to_hass(self) -> None:
        """Wait for the moment at which a module begins or ends."""
        await super().async_added_to_hass()
        self._wait()

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Wait no longer."""
        self._stop_waiting()
        await super().async_will_remove_from_hass()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        super()._handle_coordinator_update()
        self._wait()

    @callback
    def _wait(self) -> None:
        self._stop_waiting()
        contract = self.coordinator.data.get(self._subscription_id)
        if contract and (change := contract.next_reduction_change(dt_util.utcnow())):
            self._cancel = async_track_point_in_utc_time(
                self.hass, self._change, change
            )

    @callback
    def _change(self, _now: datetime) -> None:
        self._cancel = None
        self.async_write_ha_state()
        self._wait()

    @callback
    def _stop_waiting(self) -> None:
        if self._cancel:
            self._cancel()
            self._cancel = None


class LoadRunNow(LoadEntity, BinarySensorEntity):
    """Whether a planned load is to run now."""

    _unrecorded_attributes = frozenset({"plan"})

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it is to run."""
        return self.load.running is not None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return when it is to run, and whether prices were missing for that."""
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
