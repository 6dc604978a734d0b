"""Binary sensor of tomorrow's prices."""

from collections.abc import Iterable
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)

from .coordinator import PriceCoordinator
from .entity import PriceEntity

TOMORROW_PRICES = BinarySensorEntityDescription(
    key="tomorrow_prices",
    translation_key="tomorrow_prices",
)

TOMORROW_PAYOUTS = BinarySensorEntityDescription(
    key="tomorrow_payouts",
    translation_key="tomorrow_payouts",
)


def price_binary_sensors(prices: PriceCoordinator) -> Iterable[BinarySensorEntity]:
    """Return the binary sensors of a contract's prices, or payouts."""
    feeds_in = prices.contract.feeds_in
    yield TomorrowPrices(prices, TOMORROW_PAYOUTS if feeds_in else TOMORROW_PRICES)


class TomorrowPrices(PriceEntity, BinarySensorEntity):
    """Binary sensor that is on once all of tomorrow's prices are known."""

    @property
    @override
    def is_on(self) -> bool:
        """Return if every interval of tomorrow has a price."""
        return self.coordinator.moment.tomorrow.is_complete
