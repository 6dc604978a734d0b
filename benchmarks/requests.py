"""Requests per day and household, tokens included."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from custom_components.nomos_energy.nomos import DAY, QUARTER
from simulator import Household, scenarios

from .frozen import Stage, run_frozen
from .home import add_entry, set_up
from .isolation import fresh
from .table import Row, Section

MONTH, WEEK = 30, 7
"""Days; a week includes one weekly list of subscriptions."""

MAX_ORDER = 2
"""Requests per day for the order."""

MAX_OPEN = MAX_ORDER + 1 + 1 + 4
"""The same with an open gate: grid fee reductions, meter readings and prices as well."""

NOTE = (
    "all requests of one household, set-up excluded. There is no recorder, so\n"
    "   that usage is not imported. “Chosen”: the subscription is named in the options;\n"
    "   otherwise all subscriptions of the account are included. Subscriptions and meter\n"
    "   readings are listed once a week with the gate shut."
)


def activated() -> Household:
    """Return a household whose order was just activated."""
    household = scenarios.happy_path()
    household.advance_to("activated")
    return household


@dataclass(frozen=True)
class Case:
    """Household, and how its account is set up."""

    create: Callable[[], Household]
    limit: int
    is_chosen: bool = False
    delay: timedelta = timedelta(0)
    """Delay of each price publication."""


CASES = {
    "gate shut, order in progress": Case(scenarios.happy_path, MAX_ORDER),
    "gate shut, order in progress, chosen": Case(
        scenarios.happy_path, MAX_ORDER, is_chosen=True
    ),
    "gate shut, no order": Case(scenarios.no_order, MAX_ORDER),
    "gate shut, no order, chosen": Case(scenarios.no_order, MAX_ORDER, is_chosen=True),
    "gate open": Case(activated, MAX_OPEN),
    "gate open, prices six hours late": Case(
        activated, MAX_OPEN, delay=timedelta(hours=6)
    ),
}


def section(quick: bool) -> Section:
    """Count the requests of each day for each case."""
    days = WEEK if quick else MONTH
    rows = (
        _row(title, case.limit, fresh(count_requests, title, days))
        for title, case in CASES.items()
    )
    return Section(f"Requests, {days} days", tuple(rows), NOTE)


def _row(title: str, limit: int, counts: list[int]) -> Row:
    return Row(
        title,
        f"{max(counts)} a day at most, {sum(counts) / len(counts):.2f} on average",
        f"≤ {limit} a day",
        max(counts) <= limit,
    )


def count_requests(title: str, days: int) -> list[int]:
    """Return the number of requests of each day."""
    case = CASES[title]

    async def measure(stage: Stage) -> list[int]:
        stage.simulator.publication_delay = case.delay
        household = stage.simulator.add(case.create())
        chosen = [household.subscription_id] if case.is_chosen else []
        await set_up(stage.hass, add_entry(stage.hass, *chosen))
        stage.take_operations()
        counts = []
        for _ in range(days):
            await stage.advance(DAY, QUARTER)
            counts.append(len(stage.take_operations()))
        return counts

    return run_frozen(measure)
