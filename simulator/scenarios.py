"""Households with a story: each function tells one."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
import json
from pathlib import Path
from typing import Any

from .households import Household
from .orders import Step
from .reductions import MODULE_1, MODULE_3, GridFeeReduction

_STEP_DURATIONS = {"after_days": "after", "appointment_in_days": "appointment_in"}
_MOMENTS = ("created_at", "start_at", "end_at", "smart_since")


def _step(day: float, status: str | None = None, **details: Any) -> Step:
    if (ahead := details.pop("appointment_in", None)) is not None:
        details["appointment_in"] = timedelta(days=ahead)
    return Step(after=timedelta(days=day), status=status, **details)


def _straight() -> list[Step]:
    """Return eight weeks without a hitch."""
    return [
        _step(0, "created"),
        _step(2, "placed"),
        _step(9, "check_submitted"),
        _step(16, "check_reviewed"),
        _step(23, "scheduled", appointment_in=19),
        _step(42, "installed"),
        _step(56, "activated"),
    ]


def _household(
    name: str, index: int, overrides: dict[str, Any], **story: Any
) -> Household:
    return Household.numbered(index, name, **story | overrides)


def happy_path(index: int = 1, **overrides: Any) -> Household:
    """Return the ordinary story: eight weeks from the order to the live meter."""
    return _household("happy_path", index, overrides, timeline=_straight())


def _to_the_tariff() -> list[Step]:
    """Return eight weeks without a hitch, and what the smart meter is good for."""
    return [
        *_straight()[:-1],
        _step(56, "activated", module=MODULE_1, module_status="activated"),
        _step(57, module=MODULE_3),
        _step(60, module=MODULE_3, module_status="activated"),
    ]


def from_order_to_tariff(index: int = 1, **overrides: Any) -> Household:
    """Return the ordinary story, at the end of which the grid fee varies over the day."""
    timeline = _to_the_tariff()
    return _household("from_order_to_tariff", index, overrides, timeline=timeline)


def dynamic_tariff(index: int = 1, **overrides: Any) -> Household:
    """Return a home that has had its smart meter and its modules for three months."""
    return _household(
        "dynamic_tariff",
        index,
        overrides,
        timeline=_to_the_tariff(),
        elapsed=timedelta(days=150),
        age=timedelta(days=200, minutes=index),
    )


def blocked_then_unblocked(index: int = 1, **overrides: Any) -> Household:
    """Return an order that is held up twice, once for each reason there is."""
    timeline = [
        _step(0, "created"),
        _step(2, "placed"),
        _step(5, blocked="check_missing"),
        _step(12, blocked=False),
        _step(14, "check_submitted"),
        _step(20, "check_reviewed"),
        _step(24, blocked="grid_operator_registration"),
        _step(31, blocked=False),
        _step(33, "scheduled", appointment_in=14),
        _step(47, "installed"),
        _step(60, "activated"),
    ]
    return _household("blocked_then_unblocked", index, overrides, timeline=timeline)


def appointment_moved(index: int = 1, **overrides: Any) -> Household:
    """Return a technician who comes later than announced, then sooner than that."""
    timeline = [
        _step(0, "created"),
        _step(2, "placed"),
        _step(9, "check_submitted"),
        _step(16, "check_reviewed"),
        _step(23, "scheduled", appointment_in=12),
        _step(32, appointment_in=25),
        _step(40, appointment_in=10),
        _step(50, "installed"),
        _step(61, "activated"),
    ]
    return _household("appointment_moved", index, overrides, timeline=timeline)


def cancelled_by_request(index: int = 1, **overrides: Any) -> Household:
    """Return a customer who changes their mind; that is the end of it."""
    timeline = [
        _step(0, "created"),
        _step(2, "placed"),
        _step(9, "check_submitted"),
        _step(13, "cancelled", cancelled_reason="customer_request"),
    ]
    return _household("cancelled_by_request", index, overrides, timeline=timeline)


def _known_meter() -> list[Step]:
    return [
        _step(12, "cancelled", cancelled_reason="pre_existing"),
        _step(33, "activated"),
    ]


def pre_existing_then_activated(index: int = 1, **overrides: Any) -> Household:
    """Return a smart meter that turns out to be there, and is then taken over."""
    timeline = [_step(0, "created"), _step(3, "placed"), *_known_meter()]
    return _household(
        "pre_existing_then_activated", index, overrides, timeline=timeline
    )


def skipped_steps(index: int = 1, **overrides: Any) -> Household:
    """Return an order of which some milestones never become known."""
    timeline = [
        _step(0, "created"),
        _step(10, "check_reviewed"),
        _step(24, "scheduled", appointment_in=16),
        _step(48, "activated"),
    ]
    return _household("skipped_steps", index, overrides, timeline=timeline)


def no_order(index: int = 1, **overrides: Any) -> Household:
    """Return a home without an order; one placed through the API goes straight on."""
    return _household("no_order", index, overrides, after_ordering=_straight()[1:])


def smart_already(index: int = 1, **overrides: Any) -> Household:
    """Return a home whose meter was smart before Nomos came."""
    return _household(
        "smart_already",
        index,
        overrides,
        meter_type="smart",
        age=timedelta(days=400, minutes=index),
        after_ordering=_known_meter(),
    )


def feed_in(index: int = 1, **overrides: Any) -> Household:
    """Return solar panels; such a contract begins with a smart meter."""
    return _household(
        "feed_in",
        index,
        overrides,
        type="feed_in",
        meter_type="smart",
        age=timedelta(days=400, minutes=index),
        estimated_usage=7200.0,
        first_reading=120.0,
    )


def unsupported_plan(index: int = 1, **overrides: Any) -> Household:
    """Return a home whose plan comes without a smart meter."""
    return _household("unsupported_plan", index, overrides, product_available=False)


ALL: dict[str, Callable[..., Household]] = {
    scenario.__name__: scenario
    for scenario in (
        happy_path,
        blocked_then_unblocked,
        appointment_moved,
        cancelled_by_request,
        pre_existing_then_activated,
        skipped_steps,
        no_order,
        smart_already,
        feed_in,
        unsupported_plan,
        from_order_to_tariff,
        dynamic_tariff,
    )
}


def load(path: str | Path) -> list[Household]:
    """Read a scenario file: a list of scenarios, each with what is different about it."""
    text = Path(path).read_text(encoding="utf-8")
    return [_read_household(entry) for entry in json.loads(text)["households"]]


def _read_household(entry: dict[str, Any]) -> Household:
    overrides = dict(entry)
    scenario = ALL[overrides.pop("scenario")]
    for name in ("timeline", "after_ordering"):
        if name in overrides:
            overrides[name] = [_read_step(step) for step in overrides[name]]
    if "modules" in overrides:
        overrides["modules"] = [
            GridFeeReduction(**module) for module in overrides["modules"]
        ]
    for name in _MOMENTS:
        if name in overrides:
            overrides[name] = datetime.fromisoformat(overrides[name])
    return scenario(overrides.pop("index", 1), **overrides)


def _read_step(entry: dict[str, Any]) -> Step:
    details: dict[str, Any] = {}
    for name, value in entry.items():
        if field := _STEP_DURATIONS.get(name):
            details[field] = timedelta(days=value)
        else:
            details[name] = value
    return Step(**details)


def longest(households: Iterable[Household]) -> timedelta:
    """Return how long the longest walk takes at the ordinary pace."""
    return max(
        (
            steps[-1].after
            for household in households
            for steps in (household.timeline, household.after_ordering)
            if steps
        ),
        default=timedelta(0),
    )
