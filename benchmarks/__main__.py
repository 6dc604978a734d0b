"""Measure everything and print one table."""

import argparse
from collections.abc import Callable, Iterator
import sys
from time import monotonic

from . import (
    cpu,
    deliveries,
    imports,
    loads,
    memory,
    prices,
    requests,
    state_writes,
    usage,
)
from .table import Section, render


def main() -> None:
    """Run the command line; a goal that is missed is no failure."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="repeat less often")
    quick = parser.parse_args().quick
    topics: dict[str, Callable[[], Section]] = {
        "requests": requests.section,
        "CPU time": lambda: cpu.section(quick),
        "memory": memory.section,
        "import time": lambda: imports.section(quick),
        "state writes": state_writes.section,
        "prices": lambda: prices.section(quick),
        "planned loads": lambda: loads.section(quick),
        "back-fill of usage": lambda: usage.section(quick),
        "deliveries": lambda: deliveries.section(quick),
    }
    print(render(_measured(topics)))


def _measured(topics: dict[str, Callable[[], Section]]) -> Iterator[Section]:
    for title, measure in topics.items():
        start = monotonic()
        print(f"Measuring {title} …", end=" ", file=sys.stderr, flush=True)
        yield measure()
        print(f"{monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
