"""Tests of quotes."""

from copy import deepcopy
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    GridFeeModule,
    MeterType,
    NomosClient,
    NomosResponseError,
    Quote,
)
from simulator import Simulator, scenarios

QUOTE: dict[str, Any] = {
    "object": "quote",
    "amount": 71.9,
    "currency": "EUR",
    "components": [
        {
            "group": "variable",
            "amount": 56.34,
            "quantity": 208,
            "quantity_unit": "kWh",
            "unit_amount": 0.27042,
            "subcomponents": [],
        },
        {
            "group": "base",
            "amount": 4.35,
            "quantity": 1,
            "quantity_unit": "month",
            "unit_amount": 4.35,
            "subcomponents": [],
        },
    ],
    "quoted_at": "2026-11-23T16:04:06.122Z",
}


def test_quote() -> None:
    """The base fee is that of the group for a month, wherever it stands."""
    assert Quote.from_json(QUOTE) == Quote(base_fee=4.35, energy_price=0.27042)
    only_base = {**QUOTE, "components": QUOTE["components"][1:]}
    assert Quote.from_json(only_base) == Quote(base_fee=4.35)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "CHF"),
        ("components", None),
        ("components", {}),
        ("components", [None, "base"]),
        ("components", []),
    ],
)
def test_invalid_quote(field: str, value: Any) -> None:
    """A quote without a base fee raises an error."""
    with pytest.raises(NomosResponseError):
        Quote.from_json({**QUOTE, field: value})


@given(
    st.none()
    | st.booleans()
    | st.text()
    | st.floats(min_value=10_000)
    | st.integers(max_value=-10_000)
    | st.sampled_from([float("nan"), float("inf")])
)
def test_invalid_base_fee(value: Any) -> None:
    """A base fee that is no amount raises an error."""
    quote = deepcopy(QUOTE)
    quote["components"][1]["unit_amount"] = value
    with pytest.raises(NomosResponseError):
        Quote.from_json(quote)


@pytest.mark.parametrize(
    ("usage", "sent"), [(2500.4, "2500"), (0.0, "100"), (1e9, "50000")]
)
async def test_request(
    client: NomosClient, simulator: Simulator, usage: float, sent: str
) -> None:
    """The usage is within what the API takes; module 3 is not a part of quotes."""
    home = simulator.add(scenarios.happy_path())
    quote = await client.quote(
        home.plan_id, home.zip, usage, MeterType.SMART, list(GridFeeModule)
    )
    assert quote.base_fee == pytest.approx(5.99 + 6.3 + 1.67 - 11.21)
    assert simulator.requests[-1].query == {
        "zip_code": home.zip,
        "usage": sent,
        "meter_type": "smart",
        "14a_module_1": "true",
        "14a_module_2": "true",
    }
