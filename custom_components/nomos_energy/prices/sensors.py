"""Sensors of the prices, or payouts, of a contract."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfRatio
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..const import PRICE_UNIT
from ..nomos import Price, PriceDay
from .coordinator import PriceCoordinator
from .entity import PriceEntity
from .moment import PriceMoment
from .price_list import price_list

PRICE_LEVELS = ["very_cheap", "cheap", "normal", "expensive", "very_expensive"]
PAYOUT_LEVELS = ["very_low", "low", "normal", "high", "very_high"]
"""A low payout is not called cheap."""


@dataclass(frozen=True, kw_only=True)
class PriceSensorDescription(SensorEntityDescription):
    """Description of a sensor of the prices."""

    value_fn: Callable[[PriceMoment], StateType]
    start_fn: Callable[[PriceMoment], Price | None] | None = None
    """Interval whose start belongs to the value."""


def _amount(price: Price | None) -> float | None:
    return price.amount if price else None


def _rank(moment: PriceMoment) -> float | None:
    amount = _amount(moment.current)
    return None if amount is None else round(moment.today.rank(amount), 1)


def _level(levels: list[str]) -> Callable[[PriceMoment], StateType]:
    def level(moment: PriceMoment) -> str | None:
        amount = _amount(moment.current)
        return None if amount is None else levels[moment.today.level(amount)]

    return level


def _price(
    key: str,
    value_fn: Callable[[PriceMoment], StateType],
    start_fn: Callable[[PriceMoment], Price | None] | None = None,
    **details: Any,
) -> PriceSensorDescription:
    """Return the description of a sensor in EUR/kWh."""
    return PriceSensorDescription(
        key=key,
        translation_key=key,
        native_unit_of_measurement=PRICE_UNIT,
        suggested_display_precision=4,
        value_fn=value_fn,
        start_fn=start_fn,
        **details,
    )


def _current(key: str) -> PriceSensorDescription:
    return _price(
        key,
        lambda moment: _amount(moment.current),
        state_class=SensorStateClass.MEASUREMENT,
    )


def _compared(key: str, levels: list[str]) -> tuple[PriceSensorDescription, ...]:
    """Return the descriptions of what the current price is compared with."""
    return (
        _price(
            f"next_{key}",
            lambda moment: _amount(moment.next),
            lambda moment: moment.next,
            # The current price lists all later ones.
            entity_registry_enabled_default=False,
        ),
        _price(f"average_{key}_today", lambda moment: moment.today.average),
        _price(
            f"lowest_{key}_today",
            lambda moment: _amount(moment.today.lowest),
            lambda moment: moment.today.lowest,
        ),
        _price(
            f"highest_{key}_today",
            lambda moment: _amount(moment.today.highest),
            lambda moment: moment.today.highest,
        ),
        PriceSensorDescription(
            key=f"{key}_rank",
            translation_key=f"{key}_rank",
            native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
            suggested_display_precision=0,
            # The level tells most people enough.
            entity_registry_enabled_default=False,
            value_fn=_rank,
        ),
        PriceSensorDescription(
            key=f"{key}_level",
            translation_key=f"{key}_level",
            device_class=SensorDeviceClass.ENUM,
            options=levels,
            value_fn=_level(levels),
        ),
    )


def _component(
    key: str, read: Callable[[Price], float | None]
) -> PriceSensorDescription:
    return _price(
        key,
        lambda moment: read(moment.interval) if moment.interval else None,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
    )


PRICE = _current("price")
PRICE_SENSORS = (
    *_compared("price", PRICE_LEVELS),
    _component("energy_price", lambda price: price.energy),
    _component("grid_fee", lambda price: price.grid),
    _component("levies", lambda price: price.levies),
)
PAYOUT = _current("payout")
PAYOUT_SENSORS = _compared("payout", PAYOUT_LEVELS)


def price_sensors(prices: PriceCoordinator) -> Iterable[SensorEntity]:
    """Return the sensors of a contract's prices, or payouts."""
    feeds_in = prices.contract.feeds_in
    yield CurrentPriceSensor(prices, PAYOUT if feeds_in else PRICE)
    for description in PAYOUT_SENSORS if feeds_in else PRICE_SENSORS:
        yield PriceSensor(prices, description)


class PriceSensor(PriceEntity, SensorEntity):
    """Sensor of the prices of a contract."""

    entity_description: PriceSensorDescription

    @property
    @override
    def native_value(self) -> StateType:
        """Value of the sensor."""
        return self.entity_description.value_fn(self.coordinator.moment)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Start of the interval that the value is of."""
        start_fn = self.entity_description.start_fn
        if start_fn is None:
            return None
        price = start_fn(self.coordinator.moment)
        return {"start": dt_util.as_local(price.start) if price else None}


class CurrentPriceSensor(PriceSensor):
    """Sensor of the current price, with all known prices of today and tomorrow."""

    _unrecorded_attributes = frozenset({"prices", "payouts"})
    _listed: tuple[PriceDay, PriceDay] | None = None
    _list: Mapping[str, Any]

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Prices of today and tomorrow."""
        # The list is the same all day, and too long to be built for each interval.
        days = (self.coordinator.moment.today, self.coordinator.moment.tomorrow)
        if days != self._listed:
            self._listed = days
            key = self.entity_description.key
            prices = [each for day in days for each in day.prices]
            self._list = {f"{key}s": price_list(prices, key)}
        return self._list
