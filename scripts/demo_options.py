"""Command line options of the demo."""

import argparse
from dataclasses import dataclass
import os

from .demo_stories import ORDER, STORIES


@dataclass(frozen=True, slots=True)
class Options:
    """Command line options of the demo."""

    headless: bool
    story: str
    poll: bool
    language: str
    duration: float
    port: int | None
    time_limit: float


def parse_options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Start a simulated Nomos and a Home Assistant that shows a"
        " smart meter order there.",
    )
    parser.add_argument(
        "--headless",
        action="store_true",
        help="end as soon as Home Assistant shows prices and the grid fee level",
    )
    parser.add_argument(
        "--story",
        choices=tuple(STORIES),
        default=ORDER,
        help="; ".join(f"{name}: {each.text}" for name, each in STORIES.items()),
    )
    parser.add_argument(
        "--poll",
        action="store_true",
        help="update Home Assistant by polling instead of webhooks",
    )
    german = os.environ.get("LANG", "").startswith("de")
    parser.add_argument(
        "--language",
        choices=("de", "en"),
        default="de" if german else "en",
        help="language of Home Assistant (default: from $LANG, else English)",
    )
    parser.add_argument(
        "--duration",
        type=float,
        metavar="SECONDS",
        help="time from the order to module 3 (default: 120, headless: 60)",
    )
    parser.add_argument(
        "--port",
        type=int,
        help="port of Home Assistant (default: 8123 or the next free)",
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        default=300,
        metavar="SECONDS",
        help="headless: longest duration (default: %(default)s)",
    )
    chosen = parser.parse_args()
    if chosen.headless and not STORIES[chosen.story].is_moving:
        parser.error("--headless waits for an activation: leave --story out.")
    return Options(
        headless=chosen.headless,
        story=chosen.story,
        poll=chosen.poll,
        language=chosen.language,
        duration=chosen.duration or (60 if chosen.headless else 120),
        port=chosen.port,
        time_limit=chosen.time_limit,
    )
