"""Planned loads that switch: energy delivered by models that fail now and then."""

from .isolation import fresh
from .switched_year import LIMIT, LOWERED, Outcome, Year, simulate
from .table import Row, Section

DAYS, QUICK_DAYS = 365, 14

NOTE = (
    "a car of 60 kWh by its charge level (18 to 7), a boiler by energy (6 kWh a day)\n"
    f"   and a pump by run time (4 hours from 20 to 8), together at most {LIMIT:g} kW, now and\n"
    f"   then only {LOWERED:g} kW. What counts is what the models of the appliances draw. The\n"
    "   wallbox refuses, takes back what it confirmed, switches on late, reports late that it is\n"
    "   off, is out of reach for up to three hours, and is switched off by hand. Home Assistant\n"
    "   is restarted, also after a loss of power, and off for up to two hours; prices are late\n"
    "   on about every fifth day, which does not count as a failure here. Possible: after\n"
    "   the last failure there was enough time. In control: Home Assistant runs and reaches the\n"
    "   wallbox; else nothing can be switched off. Costs are those of the same energy in the\n"
    "   nights that were served; optimum: each night alone, without the limit."
)


def section(quick: bool) -> Section:
    """Simulate a year."""
    days = QUICK_DAYS if quick else DAYS
    return Section(f"Switched loads, {days} days", _rows(fresh(simulate, days)), NOTE)


def _rows(year: Year) -> tuple[Row, ...]:
    kinds = ", ".join(f"{name} {count}" for name, count in year.failures.items())
    return (
        Row(
            "failures",
            f"{kinds}, restart {year.restarts} (loss of power {year.losses})",
        ),
        *(_served(name, each) for name, each in year.loads.items()),
        Row(
            "most power drawn",
            f"{year.peak:.1f} kW in control",
            f"≤ {LIMIT:g} kW",
            year.peak <= LIMIT + 1e-6,
        ),
        Row(
            "above the limit of the moment",
            f"{year.excess:.2f} kWh in control, {year.excess_else:.2f} kWh else",
            "0 in control",
            year.excess < 0.01,
        ),
        *(row for name, each in year.loads.items() for row in _costs(name, each)),
    )


def _served(name: str, load: Outcome) -> Row:
    return Row(
        f"{name}: nights served",
        f"{load.served} of {load.possible} possible, {load.nights} in all "
        f"({load.disturbed} with failures); outside of the hours "
        f"{load.outside:.2f} kWh in control, {load.outside_else:.2f} kWh else",
        "all possible, 0 outside",
        load.served == load.possible and load.outside < 0.01,
    )


def _costs(name: str, load: Outcome) -> tuple[Row, ...]:
    def over(cost: float, base: float) -> str:
        return f"{cost / base - 1:+.1%}" if base else "–"

    return (
        Row(
            f"{name}: cost",
            f"{load.cost:.2f} EUR; at once {load.at_once:.2f} EUR "
            f"({over(load.cost, load.at_once)}), whole cheapest hours "
            f"{load.whole_hours:.2f} EUR ({over(load.cost, load.whole_hours)})",
        ),
        Row(
            f"{name}: cost against the optimum",
            f"{over(load.cost, load.optimum)} ({load.optimum:.2f} EUR); in nights "
            f"without failures {over(load.calm_cost, load.calm_optimum)}",
        ),
    )
