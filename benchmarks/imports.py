"""Time that importing the integration takes."""

from importlib import import_module
from pkgutil import walk_packages
from statistics import median
import sys
from time import process_time

from .isolation import fresh
from .table import Row, Section

INTEGRATION = "custom_components.nomos_energy"

NOTE = (
    "CPU time of all the integration's modules, compiled before, in a process that"
    " already has\n   those of Home Assistant that it uses; median."
)


def section(quick: bool) -> Section:
    """Measure in several processes, after one that compiles."""
    modules, needed = fresh(prepare)
    took = median(
        fresh(milliseconds, modules, needed) for _ in range(1 if quick else 3)
    )
    return Section(
        "Import",
        (Row(f"the integration, {len(modules)} modules", f"{took:.1f} ms"),),
        NOTE,
    )


def prepare() -> tuple[list[str], list[str]]:
    """Return the integration's modules, and Home Assistant's that they use."""
    package = import_module(INTEGRATION)
    modules = [INTEGRATION]
    modules += [
        module.name for module in walk_packages(package.__path__, f"{INTEGRATION}.")
    ]
    for name in ("homeassistant.bootstrap", *modules):
        import_module(name)
    return modules, [name for name in sys.modules if name.startswith("homeassistant")]


def milliseconds(modules: list[str], needed: list[str]) -> float:
    """Return how long importing modules takes once others are there."""
    for name in needed:
        import_module(name)
    start = process_time()
    for name in modules:
        import_module(name)
    return (process_time() - start) * 1000
