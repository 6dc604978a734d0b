"""What is read from meter readings, and which one is the last."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from hypothesis import given, strategies as st
import pytest

from custom_components.nomos_energy.nomos import (
    MeterReading,
    NomosClient,
    NomosResponseError,
    ReadingKind,
)
from custom_components.nomos_energy.nomos.readings import latest_reading
from simulator import Simulator, scenarios
from tests import asked

READING: dict[str, Any] = {
    "object": "meter_reading",
    "id": "mr_1",
    "subscription": "sub_1",
    "meter": "mtr_1",
    "value": 12345.6,
    "timestamp": "2026-11-22T23:00:00.000Z",
    "type": "grid_reading",
    "created_at": "2026-11-23T05:30:00.000Z",
}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("customer_report", ReadingKind.CUSTOMER_REPORT),
        ("grid_reading", ReadingKind.GRID_READING),
        ("grid_estimation", ReadingKind.GRID_ESTIMATION),
        ("read_by_a_drone", ReadingKind.UNKNOWN),
    ],
)
def test_kinds(word: str, kind: ReadingKind) -> None:
    """Who read a meter may be somebody new."""
    reading = MeterReading.from_json(READING | {"type": word})
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
        {"subscription": None},
        {"meter": 5},
        {"timestamp": "today"},
        {"created_at": None},
        {"type": None},
    ],
)
def test_reading_that_is_none(changes: dict[str, Any]) -> None:
    """Without its value, its meter or its day, a reading says nothing."""
    with pytest.raises(NomosResponseError):
        MeterReading.from_json(READING | changes)


@given(
    st.floats(min_value=0, max_value=999_999),
    st.sampled_from(ReadingKind),
)
def test_store(value: float, kind: ReadingKind) -> None:
    """What is remembered is what was read."""
    reading = replace(MeterReading.from_json(READING), value=value, kind=kind)
    assert MeterReading.from_json(reading.to_json()) == reading


def test_last_reading() -> None:
    """The day of a reading counts, and on the same day which was made last."""
    reading = MeterReading.from_json(READING)
    new_meter = replace(
        reading,
        meter_id="mtr_2",
        value=0.3,
        created_at=reading.created_at + timedelta(milliseconds=1),
    )
    reported_late = replace(
        reading,
        value=12000.0,
        timestamp=reading.timestamp - timedelta(days=9),
        created_at=reading.created_at + timedelta(days=2),
    )
    assert latest_reading([new_meter, reported_late, reading]) == new_meter
    assert latest_reading([]) is None


async def test_no_further_than_needed(
    client: NomosClient, simulator: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    """Of years of readings, those are read that are not known yet."""
    homes = [
        simulator.add(scenarios.smart_already(index, age=timedelta(days=1500)))
        for index in (1, 2)
    ]
    keys = [home.subscription_id for home in homes]
    first = await client.meter_readings(keys, None)
    assert {each.subscription_id for each in first} == set(keys)
    assert asked(simulator) == ["create_token", "list_meter_readings"]
    freezer.tick(timedelta(days=15))
    newer = await client.meter_readings(keys, max(each.created_at for each in first))
    assert asked(simulator) == ["create_token", "list_meter_readings"]
    assert {each.timestamp for each in newer} > {
        max(each.timestamp for each in first) + timedelta(days=7)
    }
