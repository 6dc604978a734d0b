"""Triggers of the prices."""

from typing import override

from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import NumericThresholdType
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    ENTITY_STATE_TRIGGER_SCHEMA_WITH_BEHAVIOR,
    EntityNumericalStateCrossedThresholdTriggerBase,
    EntityNumericalStateTriggerWithUnitBase,
    EntityTargetStateTriggerBase,
    Trigger,
    TriggerConfig,
)

from ..const import PRICE_UNIT
from ..target import BINARY_SENSORS, SENSORS, OwnEntities
from .binary_sensors import TOMORROW_PAYOUTS, TOMORROW_PRICES
from .threshold import (
    CHEAP_LEVELS,
    CONF_LEVEL,
    EXPENSIVE_LEVELS,
    LEVEL_KEYS,
    PRICE_KEYS,
    THRESHOLD_OPTIONS,
    PriceConverter,
    level_options,
    threshold_options,
)

ARRIVED = {STATE_ON}


class PriceLevelTrigger(OwnEntities, EntityTargetStateTriggerBase):
    """Trigger for a price level that is reached."""

    _domain_specs = SENSORS
    translation_keys = LEVEL_KEYS
    _levels: dict[str, set[str]]

    @override
    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger."""
        super().__init__(hass, config)
        self._to_states = self._levels[self._options[CONF_LEVEL]]


class BecameCheapTrigger(PriceLevelTrigger):
    """Trigger for electricity that became cheap."""

    _levels = CHEAP_LEVELS
    _schema = ENTITY_STATE_TRIGGER_SCHEMA_WITH_BEHAVIOR.extend(
        level_options(CHEAP_LEVELS)
    )


class BecameExpensiveTrigger(PriceLevelTrigger):
    """Trigger for electricity that became expensive."""

    _levels = EXPENSIVE_LEVELS
    _schema = ENTITY_STATE_TRIGGER_SCHEMA_WITH_BEHAVIOR.extend(
        level_options(EXPENSIVE_LEVELS)
    )


class PriceTrigger(
    OwnEntities,
    EntityNumericalStateCrossedThresholdTriggerBase,
    EntityNumericalStateTriggerWithUnitBase,
):
    """Trigger for a price that crosses a threshold."""

    _domain_specs = SENSORS
    translation_keys = PRICE_KEYS
    _base_unit = PRICE_UNIT
    _unit_converter = PriceConverter
    _schema = ENTITY_STATE_TRIGGER_SCHEMA_WITH_BEHAVIOR.extend(THRESHOLD_OPTIONS)
    _kind: NumericThresholdType

    @override
    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger."""
        options = threshold_options(config.options or {}, self._kind)
        super().__init__(hass, TriggerConfig(config.key, config.target, options))


class FellBelowTrigger(PriceTrigger):
    """Trigger for a price that fell below a threshold."""

    _kind = NumericThresholdType.BELOW


class RoseAboveTrigger(PriceTrigger):
    """Trigger for a price that rose above a threshold."""

    _kind = NumericThresholdType.ABOVE


class TomorrowPricesTrigger(OwnEntities, EntityTargetStateTriggerBase):
    """Trigger for the arrival of tomorrow's prices or payouts."""

    _domain_specs = BINARY_SENSORS
    translation_keys = frozenset(
        str(each.translation_key) for each in (TOMORROW_PRICES, TOMORROW_PAYOUTS)
    )
    _schema = ENTITY_STATE_TRIGGER_SCHEMA
    _to_states = ARRIVED


PRICE_TRIGGERS: dict[str, type[Trigger]] = {
    "price_became_cheap": BecameCheapTrigger,
    "price_became_expensive": BecameExpensiveTrigger,
    "price_fell_below": FellBelowTrigger,
    "price_rose_above": RoseAboveTrigger,
    "tomorrow_prices_arrived": TomorrowPricesTrigger,
}
