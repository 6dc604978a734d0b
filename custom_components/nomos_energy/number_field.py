"""Numbers that people type into forms.

Text fields, because a number selector takes the decimal separator of the browser alone:
in an English one, "0,25" becomes 25. Its limits are refused by Home Assistant, in
English.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig


class InvalidNumberError(ValueError):
    """An entered number can't be used."""

    def __init__(self, key: str) -> None:
        """Initialize the error with the translation key of the reason."""
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField:
    """Field for a number; limits are in the unit in which it is entered."""

    unit: str
    lowest: float
    highest: float
    out_of_range: str
    """Translation key of the error."""
    scale: int = 1
    """Entered number by the stored one."""

    @property
    def selector(self) -> TextSelector:
        """Selector of the form."""
        if not self.unit:
            return TextSelector()
        return TextSelector(TextSelectorConfig(suffix=self.unit))

    def parse(self, entered: str) -> float:
        """Return the number to store; raises InvalidNumberError."""
        try:
            number = float(entered.replace(",", ".").replace("−", "-"))
        except ValueError as err:
            raise InvalidNumberError("not_a_number") from err
        if not isfinite(number):
            raise InvalidNumberError("not_a_number")
        if not self.lowest <= number <= self.highest:
            raise InvalidNumberError(self.out_of_range)
        # Division leaves digits that nobody entered.
        return round(number / self.scale, 10)

    def show(self, hass: HomeAssistant, stored: Any) -> str | None:
        """Return a stored number as it is entered; None if it would be refused."""
        if isinstance(stored, bool) or not isinstance(stored, int | float):
            return None
        number = stored * self.scale
        if not self.lowest <= number <= self.highest:
            return None
        return show_number(number, with_comma=hass.config.language.startswith("de"))


def show_number(number: float, *, with_comma: bool) -> str:
    """Return a number without superfluous digits."""
    text = f"{number:.10g}"
    return text.replace(".", ",") if with_comma else text


def price_field(limit: float) -> NumberField:
    """Return a field for a price in ct/kWh, stored in EUR/kWh, from -limit to limit."""
    return NumberField(
        unit="ct/kWh",
        lowest=-limit,
        highest=limit,
        out_of_range="price_out_of_range",
        scale=100,
    )


def price_in_euros(entered: str, price: float) -> dict[str, str] | None:
    """Return what to ask back about a price (EUR/kWh) that was entered in EUR.

    Placeholders: the price as it was entered, and what was probably meant. None if the
    price is plausible: electricity for less than 1 ct/kWh is rare.
    """
    if not 0 < price < 0.01:
        return None
    meant = show_number(price * 10_000, with_comma="," in entered)
    return {"price": entered.strip(), "meant": meant}
