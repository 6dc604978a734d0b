"""Planned loads: cost of a year, compared to the optimum, and CPU time of planning."""

from datetime import datetime, time
from itertools import islice
import random
from statistics import median
from time import process_time

from homeassistant.util import dt as dt_util

from custom_components.nomos_energy.loads.draft import Draft
from custom_components.nomos_energy.loads.history import LoadHistory
from custom_components.nomos_energy.loads.jobs import jobs_of
from custom_components.nomos_energy.loads.known import NOTHING_KNOWN, Values
from custom_components.nomos_energy.loads.parsing import WEEKDAYS
from custom_components.nomos_energy.loads.settings import PlannedLoad
from custom_components.nomos_energy.loads.sharing import Claim, share
from custom_components.nomos_energy.nomos import QUARTER, Price, PriceSeries

from .isolation import fresh
from .load_year import LOADS, simulate
from .table import Row, Section

YEAR, QUICK_DAYS = 365, 21

MAX_PLANNING = 10.0
"""Milliseconds of CPU time."""

MAX_SHARING = 100.0
"""Milliseconds of CPU time within a limit."""

MANY = 20

LIMIT = 60.0
"""kW; with less, 20 loads could not all be done in two days."""

NOTE = (
    "a household with a car, a boiler, a dishwasher and, on weekends, a\n"
    "   pool pump; the year has both clock changes. Prices are late on about every fifth\n"
    "   day, now and then the API fails for up to 30 hours, and about twice a month Home\n"
    "   Assistant is off for up to two hours. Optimum: least possible cost, for complete runs\n"
    "   whose prices were all known at the start of their hours. Start at once: all complete\n"
    "   runs, each from the start of its hours."
)


def section(quick: bool) -> Section:
    """Simulate a year, and measure the planning."""
    days = QUICK_DAYS if quick else YEAR
    costs = fresh(simulate, days)
    planning = fresh(measure_planning, 5 if quick else 30)
    sharing = fresh(measure_sharing, 5 if quick else 15)
    excess = costs.known / costs.optimum - 1
    saved = 1 - costs.complete / costs.at_once
    return Section(
        f"Planned loads, {days} days",
        (
            Row(
                "cost, prices known",
                f"{costs.known:.2f} EUR, optimum {costs.optimum:.2f} EUR",
                "optimum",
                abs(excess) < 1e-6,
            ),
            Row(
                "cost against “start at once”",
                f"{costs.complete:.2f} EUR, {saved:.1%} less",
            ),
            Row(
                f"planning {MANY} loads for two days",
                f"{planning:.2f} ms CPU",
                f"< {MAX_PLANNING:g} ms",
                planning < MAX_PLANNING,
            ),
            Row(
                f"the same within a limit of {LIMIT:g} kW",
                f"{sharing:.1f} ms CPU",
                f"< {MAX_SHARING:g} ms",
                sharing < MAX_SHARING,
            ),
        ),
        NOTE,
    )


def measure_planning(repetitions: int) -> float:
    """Return the CPU time of planning many loads for two days, in milliseconds."""
    now, series, loads = _many()
    costs = []
    for _ in range(repetitions):
        start = process_time()
        for load in loads:
            for hours in islice(load.hours(now), 2):
                assert load.fixed_run_time
                load.plan(hours, now, load.fixed_run_time, series)
        costs.append((process_time() - start) * 1000)
    return median(costs)


def measure_sharing(repetitions: int) -> float:
    """Return the CPU time of planning them within a limit, in milliseconds."""
    now, series, loads = _many()
    costs = []
    for _ in range(repetitions):
        start = process_time()
        drafts = [_draft(load, now, series) for load in loads]
        claims = [
            Claim(
                deadline=draft.deadline,
                slots=draft.slots,
                power=draft.values.power or 0.0,
                least=draft.values.power or 0.0,
                plan=draft.plan,
            )
            for draft in drafts
        ]
        limit = {slot: LIMIT for claim in claims for slot in claim.slots}
        prices = {at: each for at, each in series.quarters.items() if each is not None}
        plans = share(claims, limit, prices)
        costs.append((process_time() - start) * 1000)
        assert all(plan.pieces for plan in plans)
    return median(costs)


def _draft(load: PlannedLoad, now: datetime, series: PriceSeries) -> Draft:
    assert isinstance(load.power, float)
    assert isinstance(load.latest, time)
    values = Values(
        known=NOTHING_KNOWN, power=load.power, target=None, latest=load.latest
    )
    return Draft(
        load=load,
        now=now,
        values=values,
        jobs=jobs_of(load, values, LoadHistory(), now),
        running=None,
        begin=now,
        prices=series,
        may_run=True,
        news=(),
    )


def _many() -> tuple[datetime, PriceSeries, list[PlannedLoad]]:
    """Return a moment, prices of three days and many loads."""
    dice = random.Random("plans")
    zone = dt_util.get_time_zone("Europe/Berlin")
    assert zone
    dt_util.set_default_time_zone(zone)
    now = datetime(2026, 11, 23, 23, tzinfo=dt_util.UTC)
    starts = [now + place * QUARTER for place in range(288)]
    series = PriceSeries(
        intervals=tuple(
            Price(start, start + QUARTER, round(dice.uniform(-0.05, 0.45), 4))
            for start in starts
        )
    )
    loads = [
        PlannedLoad.from_data(
            "load",
            {
                **[*LOADS.values()][place % len(LOADS)],
                "need": "run_time",
                "run_time": {"minutes": 15 * dice.randrange(4, 24)},
                "subscription": "sub_1",
                "weekdays": WEEKDAYS,
            },
        )
        for place in range(MANY)
    ]
    return now, series, loads
