"""What a kilowatt-hour costs, or pays, now and today."""

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

from ..coordinator import NomosCoordinator
from ..entity import NomosPriceEntity
from ..nomos import Price, PriceDay
from .coordinator import PriceMoment
from .price_list import UNIT, price_list

PRICE_LEVELS = ["very_cheap", "cheap", "normal", "expensive", "very_expensive"]
PAYOUT_LEVELS = ["very_low", "low", "normal", "high", "very_high"]
"""What feeding in pays is not cheap when it is little."""


@dataclass(frozen=True, kw_only=True)
class NomosPriceDescription(SensorEntityDescription):
    """Describe a sensor of a contract's prices."""

    value_fn: Callable[[PriceMoment], StateType]
    start_fn: Callable[[PriceMoment], Price | None] | None = None
    """The interval whose start belongs to the value."""


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
) -> NomosPriceDescription:
    """Describe a sensor that shows euros per kilowatt-hour."""
    return NomosPriceDescription(
        key=key,
        translation_key=key,
        native_unit_of_measurement=UNIT,
        suggested_display_precision=4,
        value_fn=value_fn,
        start_fn=start_fn,
        **details,
    )


def _current(word: str) -> NomosPriceDescription:
    return _price(
        word,
        lambda moment: _amount(moment.current),
        state_class=SensorStateClass.MEASUREMENT,
    )


def _around(word: str, levels: list[str]) -> tuple[NomosPriceDescription, ...]:
    """Describe what says where the current price stands."""
    return (
        _price(
            f"next_{word}",
            lambda moment: _amount(moment.next),
            lambda moment: moment.next,
        ),
        _price(f"average_{word}_today", lambda moment: moment.today.average),
        _price(
            f"lowest_{word}_today",
            lambda moment: _amount(moment.today.lowest),
            lambda moment: moment.today.lowest,
        ),
        _price(
            f"highest_{word}_today",
            lambda moment: _amount(moment.today.highest),
            lambda moment: moment.today.highest,
        ),
        NomosPriceDescription(
            key=f"{word}_rank",
            translation_key=f"{word}_rank",
            native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
            suggested_display_precision=0,
            value_fn=_rank,
        ),
        NomosPriceDescription(
            key=f"{word}_level",
            translation_key=f"{word}_level",
            device_class=SensorDeviceClass.ENUM,
            options=levels,
            value_fn=_level(levels),
        ),
    )


def _component(
    key: str, read: Callable[[Price], float | None]
) -> NomosPriceDescription:
    return _price(
        key,
        lambda moment: read(moment.current) if moment.current else None,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
    )


PRICE = _current("price")
AROUND_PRICE = (
    *_around("price", PRICE_LEVELS),
    _component("energy_price", lambda price: price.energy),
    _component("grid_fee", lambda price: price.grid),
    _component("levies", lambda price: price.levies),
)
PAYOUT = _current("payout")
AROUND_PAYOUT = _around("payout", PAYOUT_LEVELS)


def price_sensors(coordinator: NomosCoordinator, key: str) -> Iterable[SensorEntity]:
    """Return the sensors of a contract's prices, or payouts."""
    feeds_in = coordinator.data[key].feeds_in
    yield NomosCurrentPriceSensor(coordinator, key, PAYOUT if feeds_in else PRICE)
    for description in AROUND_PAYOUT if feeds_in else AROUND_PRICE:
        yield NomosPriceSensor(coordinator, key, description)


class NomosPriceSensor(NomosPriceEntity, SensorEntity):
    """A fact about the prices of a contract."""

    entity_description: NomosPriceDescription

    @property
    @override
    def native_value(self) -> StateType:
        """Return the fact."""
        return self.entity_description.value_fn(self.source.moment)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return when it begins."""
        start_fn = self.entity_description.start_fn
        if start_fn is None:
            return None
        price = start_fn(self.source.moment)
        return {"start": dt_util.as_local(price.start) if price else None}

    @override
    def _to_show(self) -> tuple[object, ...]:
        if not self.available:
            return ()
        return self.native_value, self.extra_state_attributes


class NomosCurrentPriceSensor(NomosPriceSensor):
    """What holds now, with all that is known of today and tomorrow."""

    _unrecorded_attributes = frozenset({"prices", "payouts"})
    _listed: tuple[PriceDay, PriceDay] | None = None
    _list: Mapping[str, Any]

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return the list of prices."""
        # It is the same all day, and too long to be made anew each time.
        days = (self.source.moment.today, self.source.moment.tomorrow)
        if days != self._listed:
            self._listed = days
            word = self.entity_description.key
            prices = [each for day in days for each in day.prices]
            self._list = {f"{word}s": price_list(prices, word)}
        return self._list
