"""Command line: measure all sections, or one, and print one table."""

import argparse
from collections.abc import Callable, Iterable, Iterator
import sys
from time import monotonic

from . import frontend, loads, polls, quiet, requests, switching, usage
from .table import Section, render

SECTIONS: dict[str, Callable[[bool], Section]] = {
    "requests": requests.section,
    "quiet": quiet.section,
    "polls": polls.section,
    "loads": loads.section,
    "switching": switching.section,
    "usage": usage.section,
    "frontend": frontend.section,
}


def main() -> None:
    """Run the command line; the exit code is 0 even if a goal is missed."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure less often")
    parser.add_argument("--only", choices=SECTIONS, help="measure one section")
    arguments = parser.parse_args()
    names = [arguments.only] if arguments.only else [*SECTIONS]
    print(render(_measure(names, arguments.quick)))


def _measure(names: Iterable[str], quick: bool) -> Iterator[Section]:
    for name in names:
        start = monotonic()
        print(f"Measuring {name} …", end=" ", file=sys.stderr, flush=True)
        yield SECTIONS[name](quick)
        print(f"{monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
