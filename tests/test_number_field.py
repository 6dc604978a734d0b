"""Numbers that people type into forms."""

from decimal import Decimal

from homeassistant.core import HomeAssistant
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.nomos_energy.number_field import (
    InvalidNumberError,
    NumberField,
    price_field,
)

PRICE = price_field(500)
POWER = NumberField(unit="kW", lowest=0, highest=1000, out_of_range="too_much")


@given(
    entered=st.decimals(min_value=-500, max_value=500, places=4),
    language=st.sampled_from(["de", "de-CH", "en", "nl"]),
    comma=st.booleans(),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip(
    hass: HomeAssistant, entered: Decimal, language: str, comma: bool
) -> None:
    """A price is stored in EUR without stray digits, and shown as it was entered."""
    hass.config.language = language
    typed = f"{entered:f}"
    stored = PRICE.parse(typed.replace(".", ",") if comma else typed)
    assert stored == float(entered / 100)
    shown = PRICE.show(hass, stored)
    assert shown is not None
    assert ("," in shown) is (language[:2] == "de" and entered != int(entered))
    assert PRICE.parse(shown) == stored


@given(entered=st.text())
def test_any_text(entered: str) -> None:
    """Whatever is typed becomes a number within the limits, or an error with a key."""
    key = price = None
    try:
        price = PRICE.parse(entered)
    except InvalidNumberError as err:
        key = err.key
    if price is None:
        assert key in ("not_a_number", "price_out_of_range")
    else:
        assert -5 <= price <= 5


@pytest.mark.parametrize(
    "stored",
    [None, True, "3", [], {}, float("nan"), float("inf"), -0.1, 1000.1, 10**400],
)
def test_damaged_numbers_are_not_shown(hass: HomeAssistant, stored: object) -> None:
    """A stored number that would be refused is not suggested."""
    assert POWER.show(hass, stored) is None
