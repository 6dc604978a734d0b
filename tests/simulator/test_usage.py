"""Tests of the usage."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulator import Household, Simulator, scenarios, usage as usage_data

from .common import Api, Clock, find_household


async def _usage(api: Api, household: Household, **query: str) -> Any:
    path = f"/subscriptions/{household.subscription_id}/usage"
    answer = await api.get(path, **query)
    assert answer.status == 200, answer.text
    assert answer.json["object"] == "usage"
    return answer.json


def _sum(usage: dict[str, Any]) -> float:
    return float(sum(entry["usage"] for entry in usage["data"]))


async def test_end_is_exclusive(api: Api, smart_household: Household) -> None:
    """The end of a period is exclusive."""
    usage = await _usage(
        api, smart_household, resolution="15min", start="2026-03-10", end="2026-03-11"
    )
    assert (usage["meter_type"], usage["resolution"]) == ("smart", "15min")
    assert len(usage["data"]) == 96
    assert usage["data"][0]["start"] == "2026-03-09T23:00:00.000Z"
    assert usage["data"][-1]["start"] == "2026-03-10T22:45:00.000Z"
    assert all(entry["usage"] > 0 for entry in usage["data"])
    assert 3 < _sum(usage) < 25
    empty = await _usage(api, smart_household, start="2026-03-10", end="2026-03-10")
    assert empty["data"] == []


@pytest.mark.parametrize(
    ("day", "after", "count"),
    [("2025-10-26", "2025-10-27", 100), ("2025-03-30", "2025-03-31", 92)],
)
async def test_clock_changes(
    api: Api, smart_household: Household, day: str, after: str, count: int
) -> None:
    """Days of a clock change have 23 or 25 hours."""
    smart_household.start_at = datetime(2025, 1, 1, tzinfo=UTC)
    query = {"start": day, "end": after}
    quarters = await _usage(api, smart_household, resolution="15min", **query)
    hours = await _usage(api, smart_household, resolution="hour", **query)
    whole = await _usage(api, smart_household, resolution="day", **query)
    assert len(quarters["data"]) == count
    assert len(hours["data"]) == count / 4
    assert len(whole["data"]) == 1


async def test_resolutions_agree(api: Api, smart_household: Household) -> None:
    """All resolutions have the same total."""
    period = {"start": "2025-12-01", "end": "2026-02-01"}
    counts = {}
    totals = []
    for resolution in usage_data.RESOLUTIONS:
        usage = await _usage(api, smart_household, resolution=resolution, **period)
        counts[resolution] = len(usage["data"])
        totals.append(_sum(usage))
    assert counts == {"15min": 5952, "hour": 1488, "day": 62, "week": 9, "month": 2}
    assert totals == pytest.approx([totals[0]] * 5, abs=0.01)


async def test_weeks_begin_on_monday(api: Api, smart_household: Household) -> None:
    """A week starts on Monday."""
    usage = await _usage(
        api, smart_household, resolution="week", start="2026-03-04", end="2026-03-12"
    )
    assert [entry["start"] for entry in usage["data"]] == [
        "2026-03-01T23:00:00.000Z",
        "2026-03-08T23:00:00.000Z",
    ]


@pytest.mark.parametrize(
    ("end", "resolution"),
    [
        ("2025-06-02", "15min"),
        ("2025-06-10", "hour"),
        ("2025-08-01", "day"),
        ("2025-12-01", "week"),
        ("2026-12-01", "month"),
    ],
)
async def test_auto(
    api: Api, smart_household: Household, end: str, resolution: str
) -> None:
    """The default resolution depends on the length of the period."""
    usage = await _usage(api, smart_household, start="2025-06-01", end=end)
    assert usage["resolution"] == resolution


@pytest.mark.parametrize(
    ("hour", "count"),
    [(14, 0), (15, 96)],  # UTC; an hour more in Berlin
)
async def test_yesterday_comes_at_four(
    sim: Simulator,
    api: Api,
    smart_household: Household,
    clock: Clock,
    hour: int,
    count: int,
) -> None:
    """Yesterday's usage is available from 16:00, and is the default period."""
    clock.moment = datetime(2026, 3, 16, hour, tzinfo=UTC)
    api = await api.log_in()
    usage = await _usage(api, smart_household, resolution="15min")
    assert len(usage["data"]) == count
    later = await _usage(
        api, smart_household, resolution="day", start="2026-03-13", end="2026-03-20"
    )
    assert len(later["data"]) == (3 if count else 2)


async def test_preliminary(api: Api, smart_household: Household, clock: Clock) -> None:
    """Values become final on the eighth working day of the next month."""
    # 2 March 2026 is a Monday, so the eighth working day is the 11th.
    period = {"resolution": "day", "start": "2026-02-27", "end": "2026-03-02"}
    clock.moment = datetime(2026, 3, 11, 12, tzinfo=UTC)
    api = await api.log_in()
    usage = await _usage(api, smart_household, **period)
    assert [entry["type"] for entry in usage["data"]] == ["preliminary"] * 3
    clock.moment = datetime(2026, 3, 12, 12, tzinfo=UTC)
    api = await api.log_in()
    usage = await _usage(api, smart_household, **period)
    assert [entry["type"] for entry in usage["data"]] == [
        "final",
        "final",
        "preliminary",
    ]
    week = await _usage(api, smart_household, **period | {"resolution": "week"})
    assert [entry["type"] for entry in week["data"]] == ["preliminary"]
    assert usage_data.final_from(date(2026, 12, 31)) == datetime(
        2027, 1, 12, 23, tzinfo=UTC
    )


async def test_since_activation(sim: Simulator, api: Api, clock: Clock) -> None:
    """Usage starts with the activation of the meter."""
    household = sim.households[0]
    household.advance_to("activated")
    clock.move(days=3, hours=8)
    api = await api.log_in()
    usage = await _usage(
        api, household, resolution="hour", start="2026-03-01", end="2026-04-01"
    )
    assert usage["data"][0]["start"] == "2026-03-16T09:00:00.000Z"
    assert len(usage["data"]) == 14 + 2 * 24


async def test_history_can_be_given(api: Api, sim: Simulator) -> None:
    """A test can set the start of the measurements."""
    since = datetime(2026, 3, 9, 23, tzinfo=UTC)
    household = sim.add(scenarios.happy_path(3, smart_since=since))
    household.advance_to("activated")
    usage = await _usage(
        api, household, resolution="day", start="2026-03-01", end="2026-03-14"
    )
    assert len(usage["data"]) == 4


async def test_analog(api: Api, sim: Simulator, clock: Clock) -> None:
    """An analog meter has monthly usage only."""
    household = sim.households[0]
    clock.moment = datetime(2026, 5, 12, 12, tzinfo=UTC)
    sim.tick()
    household.meter_type = "analog"
    api = await api.log_in()
    usage = await _usage(api, household, resolution="15min")
    assert (usage["meter_type"], usage["resolution"]) == ("analog", "month")
    assert [entry["start"] for entry in usage["data"]] == [
        "2026-02-01T23:00:00.000Z",
        "2026-02-28T23:00:00.000Z",
        "2026-03-31T22:00:00.000Z",
    ]
    assert [entry["type"] for entry in usage["data"]] == [
        "final",
        "final",
        "preliminary",
    ]
    part = await _usage(api, household, start="2026-03-01", end="2026-04-01")
    assert part["data"] == usage["data"][1:2]


async def test_pending_and_ended(api: Api, sim: Simulator, clock: Clock) -> None:
    """There is no usage before and after the contract."""
    for household in (
        scenarios.no_order(4, status="pending"),
        scenarios.smart_already(4, status="pending"),
    ):
        sim.add(household)
        assert (await _usage(api, household))["data"] == []
    end = clock() - timedelta(days=5)
    ended = sim.add(scenarios.smart_already(5, status="ended", end_at=end))
    usage = await _usage(
        api, ended, resolution="15min", start="2026-03-10", end="2026-03-15"
    )
    assert usage["data"][-1]["start"] == "2026-03-11T08:45:00.000Z"


async def test_feed_in(api: Api, sim: Simulator) -> None:
    """Feed-in is positive, by day only, and higher in summer."""
    household = find_household(sim, "feed_in")
    quarters = await _usage(
        api, household, resolution="15min", start="2026-03-10", end="2026-03-11"
    )
    assert all(entry["usage"] >= 0 for entry in quarters["data"])
    assert quarters["data"][8]["usage"] == quarters["data"][88]["usage"] == 0
    assert max(entry["usage"] for entry in quarters["data"][40:60]) > 0.1
    months = await _usage(
        api, household, resolution="month", start="2025-06-01", end="2026-01-01"
    )
    values = [entry["usage"] for entry in months["data"]]
    assert values[0] > 3 * values[-1] > 0


async def test_a_year_is_what_was_estimated(smart_household: Household) -> None:
    """The usage of a year is close to the estimate."""
    year = usage_data.sum_usage(smart_household, date(2025, 3, 1), date(2026, 3, 1))
    assert year == pytest.approx(smart_household.estimated_usage, rel=0.1)


@pytest.mark.parametrize(
    "query",
    [
        {"resolution": "minute"},
        {"start": "yesterday"},
        {"start": "2026-03-10", "end": "2026-03-09"},
    ],
)
async def test_invalid_queries(
    api: Api, smart_household: Household, query: dict[str, str]
) -> None:
    """Invalid parameters are refused."""
    path = f"/subscriptions/{smart_household.subscription_id}/usage"
    assert (await api.get(path, **query)).status == 400


async def test_set_usage(api: Api, smart_household: Household) -> None:
    """Set usage replaces the generated one; missing values are left out."""
    day = date(2026, 3, 10)
    smart_household.set_usage(day, [0.25, None, *([0.5] * 94)])
    query = {"start": "2026-03-10", "end": "2026-03-11"}
    quarters = await _usage(api, smart_household, resolution="15min", **query)
    assert len(quarters["data"]) == 95
    assert [entry["start"][11:16] for entry in quarters["data"][:2]] == [
        "23:00",
        "23:30",
    ]
    assert [entry["usage"] for entry in quarters["data"][:2]] == [0.25, 0.5]
    after = await _usage(
        api, smart_household, resolution="15min", start="2026-03-11", end="2026-03-12"
    )
    assert len(after["data"]) == 96


@pytest.mark.parametrize(
    ("day", "count"), [(date(2026, 3, 10), 95), (date(2026, 3, 29), 96)]
)
def test_set_usage_that_does_not_fit(
    smart_household: Household, day: date, count: int
) -> None:
    """A wrong number of values is refused."""
    with pytest.raises(ValueError, match="quarters"):
        smart_household.set_usage(day, [0.25] * count)
