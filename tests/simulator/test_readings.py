"""Tests of the meter readings."""

from datetime import datetime
import math
from typing import Any

import pytest

from simulator import Household, Simulator, scenarios
from simulator.clock import BERLIN

from .common import Api, Clock

READINGS = "/meter-readings"


@pytest.fixture
def household(sim: Simulator) -> Household:
    """Return a household with an analog meter."""
    return sim.households[0]


async def _all(api: Api, household: Household) -> list[dict[str, Any]]:
    query: dict[str, Any] = {"filter[subscription][eq]": household.subscription_id}
    answer = await api.get(READINGS, limit=100, **query)
    items: list[dict[str, Any]] = answer.json["items"]
    return items


async def test_weekly_readings(api: Api, household: Household) -> None:
    """There is a reading a week since the start of the contract."""
    items = await _all(api, household)
    assert [item["type"] for item in items] == ["grid_reading"] * 6 + [
        "customer_report"
    ]
    values = [item["value"] for item in items]
    assert values == sorted(values, reverse=True)
    assert values[-1] == household.first_reading
    for item in items:
        local = datetime.fromisoformat(item["timestamp"]).astimezone(BERLIN)
        assert (local.hour, local.minute, local.weekday()) == (0, 0, 0)
        assert item["subscription"] == household.subscription_id
        assert item["meter"] == household.meter_id


async def test_new_meter(
    sim: Simulator, api: Api, household: Household, clock: Clock
) -> None:
    """A new meter starts near zero, after a final reading of the old one."""
    old = household.meter_id
    clock.move(days=43)
    sim.tick()
    clock.move(days=14)
    api = await api.log_in()
    items = await _all(api, household)
    meters = [item["meter"] for item in items]
    assert meters == sorted(meters, key=lambda meter: meter == old)
    first = items[meters.index(old) - 1]
    last = items[meters.index(old)]
    assert first["value"] < 1 < last["value"]
    assert first["timestamp"] == last["timestamp"]
    assert first["meter"] == household.meter_id
    assert first["created_at"] > last["created_at"]
    new = [item["value"] for item in items if item["meter"] != old]
    assert new == sorted(new, reverse=True)
    assert new[0] > 50


@pytest.mark.parametrize("weekday", range(7))
async def test_meter_exchange_on_any_weekday(
    api: Api, household: Household, clock: Clock, weekday: int
) -> None:
    """Both meters are read once on the day of the exchange."""
    clock.move(days=weekday)
    household.advance_to("installed")
    clock.move(minutes=1)
    items = await _all(await api.log_in(), household)
    new, old, *_ = items
    assert new["timestamp"] == old["timestamp"]
    assert (new["meter"], old["meter"]) == (
        household.meter_id,
        household.previous_meter_id,
    )
    assert new["value"] < old["value"]
    assert [item["meter"] for item in items].count(household.meter_id) == 1


async def test_all_pages(sim: Simulator, api: Api) -> None:
    """All pages together have each reading once."""
    sim.households[1].advance_to("activated")
    seen = await api.read_list(READINGS, limit=7)
    assert len({item["id"] for item in seen}) == len(seen) > 100
    keys = [(item["created_at"], item["id"]) for item in seen]
    assert keys == sorted(keys, reverse=True)
    assert len({item["subscription"] for item in seen}) == len(sim.households)


async def test_filter_by_type(sim: Simulator, api: Api) -> None:
    """Readings can be filtered by type."""
    query = {"filter[type][eq]": "customer_report", "limit": "100"}
    items = (await api.get(READINGS, **query)).json["items"]
    assert len(items) == len(sim.households)


async def test_report(api: Api, household: Household) -> None:
    """A customer's reading has the timestamp of the start of its day."""
    value = (await _all(api, household))[0]["value"]
    body = {
        "subscription": household.subscription_id,
        "value": value + 1,
        "timestamp": "2026-03-16T08:30:00Z",
        "message": "The cat sat in front of it.",
    }
    answer = await api.post(READINGS, body)
    assert answer.status == 200, answer.text
    assert answer.json["timestamp"] == "2026-03-15T23:00:00.000Z"
    assert answer.json["type"] == "customer_report"
    assert answer.json["value"] == value + 1
    assert (await _all(api, household))[0]["id"] == answer.json["id"]
    again = await api.post(READINGS, body)
    assert again.codes == ["duplicate_meter_reading"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": 0}, "too_small"),
        ({"value": "12"}, "invalid_type"),
        ({"value": True}, "invalid_type"),
        ({"value": math.inf}, "invalid_value"),
        ({"value": 1}, "implausible_meter_reading"),
        (
            {"value": 9e9, "timestamp": "2026-03-04T12:00:00Z"},
            "implausible_meter_reading",
        ),
        ({"timestamp": None}, "invalid_type"),
        ({"timestamp": "2026-03-16"}, "invalid_format"),
        ({"timestamp": "16T"}, "invalid_format"),
        ({"timestamp": "2025-03-16T12:00:00Z"}, "out_of_period_meter_reading"),
        ({"timestamp": "2026-03-17T12:00:00Z"}, "out_of_period_meter_reading"),
        ({"message": 5}, "invalid_type"),
        ({"message": "x" * 501}, "too_big"),
        ({"subscription": None}, "invalid_type"),
    ],
)
async def test_bad_reports(
    api: Api, household: Household, changes: dict[str, Any], code: str
) -> None:
    """Invalid readings are refused."""
    body = {
        "subscription": household.subscription_id,
        "value": 99999,
        "timestamp": "2026-03-16T08:30:00Z",
    }
    answer = await api.post(READINGS, body | changes)
    assert answer.status == (422 if code.startswith("implausible") else 400)
    assert answer.codes == [code]
    assert household.reports == []


@pytest.mark.parametrize(
    ("name", "overrides", "code"),
    [
        ("smart_already", {}, "unsupported_meter"),
        ("no_order", {"status": "pending"}, "subscription_not_started"),
        ("no_order", {"status": "ended"}, "ended_subscription"),
    ],
)
async def test_unsupported_reports(
    sim: Simulator, api: Api, name: str, overrides: dict[str, str], code: str
) -> None:
    """Reports for smart meters and inactive contracts are refused."""
    household = sim.add(scenarios.ALL[name](8, **overrides))
    body = {
        "subscription": household.subscription_id,
        "value": 99999,
        "timestamp": "2026-03-16T08:30:00+00:00",
    }
    assert (await api.post(READINGS, body)).codes == [code]
    if overrides.get("status") == "pending":
        assert await _all(api, household) == []
