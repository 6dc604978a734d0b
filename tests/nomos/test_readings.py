"""Tests of meter readings."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.nomos_energy.nomos import (
    MeterReading,
    NomosClient,
    NomosResponseError,
    ReadingKind,
)
from custom_components.nomos_energy.nomos.readings import latest_reading
from simulator import Simulator, scenarios
from tests import requests_since
from tests.nomos.common import NEW_VALUE, READING


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("customer_report", ReadingKind.CUSTOMER_REPORT),
        ("grid_reading", ReadingKind.GRID_READING),
        ("grid_estimation", ReadingKind.GRID_ESTIMATION),
        (NEW_VALUE, ReadingKind.UNKNOWN),
    ],
)
def test_kinds(value: str, kind: ReadingKind) -> None:
    """The kind of a reading is parsed, also if it is unknown."""
    reading = MeterReading.from_json({**READING, "type": value})
    assert (reading.kind, reading.value) == (kind, 12345.6)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": None},
        {"value": "12345"},
        {"value": True},
        {"value": -1},
        {"value": float("nan")},
        {"value": float("inf")},
        {"value": 10**400},
        {"value": 1e9},
        {"subscription": None},
        {"meter": 5},
        {"timestamp": "today"},
        {"created_at": None},
        {"type": None},
    ],
)
def test_invalid_reading(changes: dict[str, Any]) -> None:
    """A reading with a missing or invalid field raises an error."""
    with pytest.raises(NomosResponseError):
        MeterReading.from_json({**READING, **changes})


def test_latest_reading() -> None:
    """The latest timestamp counts, then the latest creation."""
    reading = MeterReading.from_json(READING)
    new_meter = replace(
        reading,
        meter_id="mtr_2",
        value=0.3,
        created_at=reading.created_at + timedelta(milliseconds=1),
    )
    created_late = replace(
        reading,
        value=12000.0,
        timestamp=reading.timestamp - timedelta(days=9),
        created_at=reading.created_at + timedelta(days=2),
    )
    assert latest_reading([new_meter, created_late, reading]) == new_meter
    assert latest_reading([]) is None


async def test_pages_up_to_known_readings(
    client: NomosClient, simulator: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    """Pages are fetched up to the known readings only."""
    homes = [
        simulator.add(scenarios.smart_already(index, age=timedelta(days=1500)))
        for index in (1, 2)
    ]
    ids = [home.subscription_id for home in homes]
    first = await client.meter_readings(ids, None)
    assert {each.subscription_id for each in first} == set(ids)
    assert requests_since(simulator) == ["create_token", "list_meter_readings"]
    freezer.tick(timedelta(days=15))
    newer = await client.meter_readings(ids, max(each.created_at for each in first))
    assert requests_since(simulator) == ["create_token", "list_meter_readings"]
    assert {each.timestamp for each in newer} > {
        max(each.timestamp for each in first) + timedelta(days=7)
    }
