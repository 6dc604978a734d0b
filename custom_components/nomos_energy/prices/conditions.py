"""Conditions of the prices."""

from typing import cast, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers.condition import (
    ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL,
    Condition,
    ConditionConfig,
    EntityNumericalConditionWithUnitBase,
    EntityStateConditionBase,
)
from homeassistant.helpers.selector import NumericThresholdType
from homeassistant.helpers.typing import ConfigType

from ..const import PRICE_UNIT
from ..target import SENSORS, OwnEntities
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

PRICE_CONDITION_SCHEMA = ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(THRESHOLD_OPTIONS)


class PriceLevelCondition(OwnEntities, EntityStateConditionBase):
    """Condition of the price level."""

    _domain_specs = SENSORS
    translation_keys = LEVEL_KEYS
    _levels: dict[str, set[str]]

    @override
    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Initialize the condition."""
        assert config.options is not None
        self._states = {*self._levels[config.options[CONF_LEVEL]]}
        super().__init__(hass, config)


class IsCheapCondition(PriceLevelCondition):
    """Condition that electricity is cheap."""

    _levels = CHEAP_LEVELS
    _schema = ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(level_options(CHEAP_LEVELS))


class IsExpensiveCondition(PriceLevelCondition):
    """Condition that electricity is expensive."""

    _levels = EXPENSIVE_LEVELS
    _schema = ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(
        level_options(EXPENSIVE_LEVELS)
    )


class PriceCondition(OwnEntities, EntityNumericalConditionWithUnitBase):
    """Condition of the price beside a threshold."""

    _domain_specs = SENSORS
    translation_keys = PRICE_KEYS
    _base_unit = PRICE_UNIT
    _unit_converter = PriceConverter
    _kind: NumericThresholdType

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Validate the configuration; the base sets a schema of its own."""
        return cast("ConfigType", PRICE_CONDITION_SCHEMA(config))

    @override
    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Initialize the condition."""
        options = threshold_options(config.options or {}, self._kind)
        super().__init__(hass, ConditionConfig(options, config.target))


class IsBelowCondition(PriceCondition):
    """Condition that the price is below a threshold."""

    _kind = NumericThresholdType.BELOW


class IsAboveCondition(PriceCondition):
    """Condition that the price is above a threshold."""

    _kind = NumericThresholdType.ABOVE


PRICE_CONDITIONS: dict[str, type[Condition]] = {
    "price_is_above": IsAboveCondition,
    "price_is_below": IsBelowCondition,
    "price_is_cheap": IsCheapCondition,
    "price_is_expensive": IsExpensiveCondition,
}
