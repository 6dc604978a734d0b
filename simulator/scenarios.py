"""Scenarios: households with the timeline of their order.

Each function returns one; keyword arguments override its attributes.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
import json
from pathlib import Path
from typing import Any

from .households import Household
from .orders import Step
from .reductions import MODULE_1, MODULE_3, GridFeeReduction

_STEP_DURATIONS = {"after_days": "after", "appointment_in_days": "appointment_in"}
_DURATIONS = {"age_days": "age", "elapsed_days": "elapsed"}
_TIMESTAMPS = ("created_at", "start_at", "end_at", "smart_since")


def _step(day: float, status: str | None = None, **details: Any) -> Step:
    if (ahead := details.pop("appointment_in", None)) is not None:
        details["appointment_in"] = timedelta(days=ahead)
    return Step(after=timedelta(days=day), status=status, **details)


def _order_steps() -> list[Step]:
    """Return the steps of an order without delays, over eight weeks."""
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
    name: str, index: int, overrides: dict[str, Any], **attributes: Any
) -> Household:
    return Household.numbered(index, name, **attributes | overrides)


def happy_path(index: int = 1, **overrides: Any) -> Household:
    """Return a household whose order is activated after eight weeks."""
    return _household("happy_path", index, overrides, timeline=_order_steps())


def _tariff_steps() -> list[Step]:
    """Return the steps of an order, followed by modules 1 and 3 of §14a EnWG."""
    return [
        *_order_steps()[:-1],
        _step(56, "activated", module=MODULE_1, module_status="activated"),
        _step(57, module=MODULE_3),
        _step(60, module=MODULE_3, module_status="activated"),
    ]


def from_order_to_tariff(index: int = 1, **overrides: Any) -> Household:
    """Return a household that gets modules 1 and 3 after the activation."""
    timeline = _tariff_steps()
    return _household("from_order_to_tariff", index, overrides, timeline=timeline)


def dynamic_tariff(index: int = 1, **overrides: Any) -> Household:
    """Return a household activated three months ago, with modules 1 and 3."""
    return _household(
        "dynamic_tariff",
        index,
        overrides,
        timeline=_tariff_steps(),
        elapsed=timedelta(days=150),
        billed=True,
        age=timedelta(days=200, minutes=index),
    )


def blocked_then_unblocked(index: int = 1, **overrides: Any) -> Household:
    """Return a household whose order is blocked twice, once for each reason."""
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
    """Return a household whose appointment is postponed, then brought forward."""
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
    """Return a household whose order is cancelled by the customer."""
    timeline = [
        _step(0, "created"),
        _step(2, "placed"),
        _step(9, "check_submitted"),
        _step(13, "cancelled", cancelled_reason="customer_request"),
    ]
    return _household("cancelled_by_request", index, overrides, timeline=timeline)


def _pre_existing_steps() -> list[Step]:
    return [
        _step(12, "cancelled", cancelled_reason="pre_existing"),
        _step(33, "activated"),
    ]


def pre_existing_then_activated(index: int = 1, **overrides: Any) -> Household:
    """Return a household whose existing smart meter is taken over."""
    timeline = [_step(0, "created"), _step(3, "placed"), *_pre_existing_steps()]
    return _household(
        "pre_existing_then_activated", index, overrides, timeline=timeline
    )


def skipped_steps(index: int = 1, **overrides: Any) -> Household:
    """Return a household whose order skips some milestones."""
    timeline = [
        _step(0, "created"),
        _step(10, "check_reviewed"),
        _step(24, "scheduled", appointment_in=16),
        _step(48, "activated"),
    ]
    return _household("skipped_steps", index, overrides, timeline=timeline)


def no_order(index: int = 1, **overrides: Any) -> Household:
    """Return a household without an order; it can be placed through the API."""
    return _household("no_order", index, overrides, after_ordering=_order_steps()[1:])


def smart_already(index: int = 1, **overrides: Any) -> Household:
    """Return a household with a smart meter and no order."""
    return _household(
        "smart_already",
        index,
        overrides,
        meter_type="smart",
        age=timedelta(days=100, minutes=index),
        after_ordering=_pre_existing_steps(),
    )


def feed_in(index: int = 1, **overrides: Any) -> Household:
    """Return a feed-in contract, which has a smart meter from the start."""
    return _household(
        "feed_in",
        index,
        overrides,
        type="feed_in",
        meter_type="smart",
        age=timedelta(days=100, minutes=index),
        estimated_usage=7200.0,
        first_reading=120.0,
    )


def unsupported_plan(index: int = 1, **overrides: Any) -> Household:
    """Return a household whose plan has no smart meter."""
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
    """Read households from a JSON file of scenarios and overrides."""
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
    for name, field in _DURATIONS.items():
        if name in overrides:
            overrides[field] = timedelta(days=overrides.pop(name))
    for name in _TIMESTAMPS:
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


def longest_duration(households: Iterable[Household]) -> timedelta:
    """Return the duration of the longest timeline, before the pace is applied."""
    return max(
        (
            steps[-1].after
            for household in households
            for steps in (household.timeline, household.after_ordering)
            if steps
        ),
        default=timedelta(0),
    )
