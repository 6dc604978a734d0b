"""Stories that the demo tells: households, and how far their orders are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

ADDRESS = {
    "street": "Hafenstraße",
    "house_number": "40",
    "zip": "20457",
    "city": "Hamburg",
}
TARIFF = {"scenario": "dynamic_tariff", **ADDRESS}


@dataclass(frozen=True, slots=True)
class Story:
    """Households as the simulator reads them, and a line about them."""

    text: str
    households: tuple[Mapping[str, Any], ...]
    is_moving: bool = False
    """True if the order goes on in time lapse."""


def _at(scenario: str, days: float, **more: Any) -> Mapping[str, Any]:
    """Return a household, so many days after its order."""
    return {"scenario": scenario, "elapsed_days": days, **more}


ORDER = "order"

STORIES: Mapping[str, Story] = {
    ORDER: Story(
        "an order from its first day to module 3, beside a contract with prices",
        ({"scenario": "from_order_to_tariff"}, TARIFF),
        is_moving=True,
    ),
    "appointment": Story("the installation is soon", (_at("happy_path", 41.5),)),
    "blocked": Story(
        "the order waits for the household",
        (_at("blocked_then_unblocked", 8),),
    ),
    "grid-operator": Story(
        "the order waits for the grid operator",
        (_at("blocked_then_unblocked", 26),),
    ),
    "cancelled": Story(
        "the household has cancelled its order",
        (_at("cancelled_by_request", 20),),
    ),
    "pre-existing": Story(
        "there was a smart meter, which is being registered",
        (_at("pre_existing_then_activated", 20),),
    ),
    "no-order": Story("nothing is ordered yet", ({"scenario": "no_order"},)),
    "activated": Story("the meter has been active for a day", (_at("happy_path", 57),)),
    "smart-already": Story(
        "the meter was smart already", ({"scenario": "smart_already"},)
    ),
    "tariff": Story("a dynamic tariff for three months, with module 3", (TARIFF,)),
    "feed-in": Story(
        "a dynamic tariff and a feed-in contract at the same address",
        (TARIFF, {"scenario": "feed_in", "age_days": 90, **ADDRESS}),
    ),
    "several": Story(
        "three contracts: one active, one waiting, one blocked",
        (TARIFF, _at("happy_path", 30), _at("blocked_then_unblocked", 8)),
    ),
}


def write_households(households: Iterable[Mapping[str, Any]], file: Path) -> None:
    """Write households to a file for the simulator."""
    data = {"households": list(households)}
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
