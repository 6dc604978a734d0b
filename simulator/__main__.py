"""Serve the simulated Nomos API until SIGINT or SIGTERM."""

import argparse
import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
import signal

from . import scenarios
from .households import Household
from .server import Simulator


def main() -> None:
    """Run the command line."""
    arguments = _parser().parse_args()
    households = _households(arguments.scenario or ["happy_path"])
    pace = _pace(households, arguments.duration)
    simulator = Simulator(households, pace=pace)
    asyncio.run(_serve(simulator, arguments.host, arguments.port))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--port", type=int, default=0, help="port to listen on (default: any free port)"
    )
    parser.add_argument(
        "--scenario",
        action="append",
        metavar="NAME_OR_FILE",
        help=f"one of {', '.join(scenarios.ALL)}, or a JSON file (repeatable)",
    )
    parser.add_argument(
        "--duration",
        type=float,
        metavar="SECONDS",
        help="duration of the longest timeline (default: weeks, as in real life)",
    )
    return parser


def _households(names: list[str]) -> list[Household]:
    seen: Counter[str] = Counter()
    households: list[Household] = []
    for name in names:
        if scenario := scenarios.ALL.get(name):
            seen[name] += 1
            households.append(scenario(seen[name]))
        elif Path(name).is_file():
            households += scenarios.load(name)
        else:
            raise SystemExit(f"{name} is neither a scenario nor a file")
    return households


def _pace(households: list[Household], duration: float | None) -> float:
    length = scenarios.longest_duration(households)
    if duration is None or not length:
        return 1.0
    return timedelta(seconds=duration) / length


async def _serve(simulator: Simulator, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with simulator.serve(host, port) as url:
        print(f"Nomos API simulator on {url}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    main()
