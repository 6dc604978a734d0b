"""Records of the API, a fake server and strategies for the tests of the client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
import json
import logging
from typing import Any

from aiohttp import web
from hypothesis import strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    HOUR,
    QUARTER,
    MeterOrder,
    PriceSeries,
    Subscription,
    midnight,
)

NEW_VALUE = "quality_review"
"""Enum value that this version does not know."""

WINTER_DAY = date(2026, 11, 24)
LONG_DAY, SHORT_DAY = date(2026, 10, 25), date(2027, 3, 28)
"""Days of 25 and 23 hours, on which daylight saving time ends and starts."""

ORDER: Mapping[str, Any] = {
    "object": "meter_order",
    "id": "prdo_1",
    "subscription": "sub_1",
    "customer": "cus_1",
    "provider": "metrify",
    "status": "created",
    "created_at": "2026-11-23T10:00:00.000Z",
    "appointment_at": None,
    "installed_at": None,
    "activated_at": None,
    "cancelled_at": None,
    "cancelled_reason": None,
    "blocked_at": None,
    "blocked_reason": None,
}

SUBSCRIPTION: Mapping[str, Any] = {
    "object": "subscription",
    "id": "sub_1",
    "customer": {"object": "customer", "id": "cus_1"},
    "plan": "pln_1",
    "address": {
        "object": "address",
        "id": "adr_1",
        "street": "Lindenallee",
        "house_number": "7a",
        "zip": "10969",
        "city": "Berlin",
    },
    "meter": {"object": "meter", "id": "mtr_1", "number": "1APA1", "type": "analog"},
    "number": "4X44EMKX",
    "status": "active",
    "type": "consumption",
}

PLAN: Mapping[str, Any] = {
    "object": "plan",
    "id": "pln_1",
    "name": "Lichtblume Dynamik",
    "slug": "lichtblume",
}

READING: Mapping[str, Any] = {
    "object": "meter_reading",
    "id": "mr_1",
    "subscription": "sub_1",
    "meter": "mtr_1",
    "value": 12345.6,
    "timestamp": "2026-11-22T23:00:00.000Z",
    "type": "grid_reading",
    "created_at": "2026-11-23T05:30:00.000Z",
}

EMPTY_LIST: Mapping[str, Any] = {"object": "list", "items": [], "next_page": None}


def an_order(**changes: Any) -> MeterOrder:
    """Return a meter order with some fields of the answer changed."""
    return MeterOrder.from_json({**ORDER, **changes})


def a_subscription(**changes: Any) -> Subscription:
    """Return a subscription with some fields of the answer changed."""
    return Subscription.from_json({**SUBSCRIPTION, **changes})


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings and errors that the integration logged.

    asyncio logs warnings of its own on a slow machine.
    """
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and record.name.startswith("custom_components")
    ]


def a_reduction(**changes: Any) -> dict[str, Any]:
    """Return a grid fee reduction as the API sends it, with some fields changed."""
    return {
        "object": "grid_fee_reduction",
        "id": "gfr_1",
        "subscription": "sub_1",
        "type": "enwg-14a-module-1",
        "status": "activated",
        "valid_from": "2026-11-01T00:00:00Z",
        "valid_until": None,
        "created_at": "2026-10-01T00:00:00Z",
        "updated_at": "2026-10-01T00:00:00Z",
        "customer": "cus_1",
        **changes,
    }


def a_price_item(start: datetime, amount: Any, grid: Any = 9.47) -> dict[str, Any]:
    """Return an interval as the API sends it; amounts in ct/kWh."""
    return {
        "timestamp": start.isoformat().replace("+00:00", "Z"),
        "amount": amount,
        "components": [
            {"type": "electricity", "amount": 8.77},
            {"type": "grid", "amount": grid},
            {"type": "levies", "amount": 6.2},
        ],
    }


def a_price_answer(
    items: Any, resolution: str = "15min", **changes: Any
) -> dict[str, Any]:
    """Return an answer of the prices endpoint with some fields changed."""
    return {
        "object": "price",
        "unit": "ct/kWh",
        "currency": "EUR",
        "resolution": resolution,
        "reference": "EPEX Day-Ahead",
        "items": items,
        **changes,
    }


def price_series(
    amounts: list[Any],
    day: date = WINTER_DAY,
    resolution: str = "15min",
    grid: list[Any] | None = None,
) -> PriceSeries:
    """Return consecutive prices from the start of a day on; amounts in ct/kWh."""
    length = QUARTER if resolution == "15min" else HOUR
    grid = grid or [9.47] * len(amounts)
    return PriceSeries.from_json(
        a_price_answer(
            [
                a_price_item(midnight(day) + index * length, amount, fee)
                for index, (amount, fee) in enumerate(zip(amounts, grid, strict=True))
            ],
            resolution,
        )
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def records(good: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return records with invalid, missing and unknown fields."""
    invalid = st.dictionaries(st.sampled_from(sorted(good)), JSON).map(
        lambda changes: {**good, **changes}
    )
    incomplete = st.sets(st.sampled_from(sorted(good))).map(
        lambda missing: {field: good[field] for field in good.keys() - missing}
    )
    return invalid | incomplete | st.dictionaries(st.text(), JSON)


@dataclass(frozen=True)
class Answer:
    """Answer of the fake server; anything but text is sent as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """Request that the fake server received."""

    method: str
    raw_path: str
    headers: Mapping[str, str]
    body: str


class FakeNomos:
    """Server with the answers that a test sets."""

    def __init__(self) -> None:
        """Initialize the server with an empty list as its answer."""
        self.url = ""
        self.received: list[Received] = []
        self._answers = [Answer(EMPTY_LIST)]

    def respond_with(self, *answers: Answer) -> None:
        """Set the answers to the next requests; the last one is repeated."""
        self._answers = list(answers)

    async def handle(self, request: web.Request) -> web.Response:
        """Record the request and send the next answer."""
        self.received.append(
            Received(
                request.method, request.raw_path, request.headers, await request.text()
            )
        )
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        return web.Response(
            text=text, status=answer.status, headers=dict(answer.headers)
        )


def page(*items: Any, **changes: Any) -> Answer:
    """Return a page of a list with some fields changed."""
    return Answer({"object": "list", "items": items, "next_page": None, **changes})
