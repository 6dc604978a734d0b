"""Requests that a household costs Nomos, tokens included."""

from collections.abc import Callable

from simulator import Household, scenarios
from tests import DAY, asked, pass_time

from .frozen import MONTH, Stage, play
from .isolation import fresh
from .table import Row, Section

ENOUGH = 2
"""Requests a day for the order."""

BEHIND_THE_GATE = 1 + 4
"""Requests a day for the grid fee reductions and for the prices."""

NOTE = (
    f"every request of {MONTH} simulated days with one subscription, tokens included;"
    " set-up is not among them."
)


def activated() -> Household:
    """Return a household whose order has come to its end."""
    household = scenarios.happy_path()
    household.advance_to("activated")
    return household


STORIES: tuple[tuple[str, Callable[[], Household], bool, int], ...] = (
    ("chosen, order in progress", scenarios.happy_path, True, ENOUGH),
    ("follows all, order in progress", scenarios.happy_path, False, ENOUGH),
    ("follows all, order activated", activated, False, ENOUGH + BEHIND_THE_GATE),
    ("chosen, not ordered", scenarios.no_order, True, ENOUGH),
    ("follows all, not ordered", scenarios.no_order, False, ENOUGH),
)


def section() -> Section:
    """Count the requests of a month for each kind of household."""
    months = fresh(all_months)
    rows = (
        _row(title, days, enough)
        for (title, _, _, enough), days in zip(STORIES, months, strict=True)
    )
    return Section("Requests", tuple(rows), NOTE)


def _row(title: str, days: list[int], enough: int) -> Row:
    month = sum(days)
    return Row(
        title,
        f"{max(days)} at most, {month / len(days):.2f} a day, {month} a month",
        f"≤ {enough} a day",
        max(days) <= enough,
    )


def all_months() -> list[list[int]]:
    """Return the months of all stories."""
    return [month(create, chosen) for _, create, chosen, _ in STORIES]


def month(create: Callable[[], Household], chosen: bool) -> list[int]:
    """Return how many requests each day of a month takes."""

    async def story(stage: Stage) -> list[int]:
        household = stage.simulator.add(create())
        await stage.follow(*[household.subscription_id] if chosen else [])
        asked(stage.simulator)
        days = []
        for _ in range(MONTH):
            await pass_time(stage.hass, stage.freezer, DAY)
            days.append(len(asked(stage.simulator)))
        return days

    return play(story)
