"""Command line: spoil answers of Nomos, against the client and in Home Assistant."""

import argparse
import asyncio
import logging
import sys

from .findings import Findings

SEED = "nomos"


def main() -> int:
    """Run the command line; the exit code is 1 if there are findings."""
    # Home Assistant reports programs that it does not need here when it is imported.
    logging.getLogger("homeassistant.components.camera.img_util").disabled = True
    arguments = _parser().parse_args()
    seconds: float = arguments.seconds
    findings = Findings(arguments.seed)
    print(f"fuzz: seed {findings.seed}", flush=True)
    part, _, case = (arguments.only or "").partition("/")
    answers = refreshes = 0
    if part in ("", "answer"):
        from .client import run_client

        only = int(case) if case else None
        answers = asyncio.run(
            run_client(findings, seconds / 2, arguments.answers, only)
        )
    if part in ("", "life"):
        # Home Assistant takes seconds to import, which one answer does not need.
        from .home import run_home

        only = int(case) if case else None
        refreshes = run_home(findings, seconds / 2, arguments.refreshes, only)
    if findings.kinds:
        print("\n" + "\n".join(findings.summary()))
    total = sum(findings.kinds.values())
    print(f"fuzz: {answers} answers, {refreshes} refreshes, {total} findings")
    return 1 if total else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--seed", default=SEED, help=f"default: {SEED}")
    parser.add_argument(
        "--seconds", type=float, default=60, help="length of the run (default: 60)"
    )
    parser.add_argument(
        "--answers", type=int, help="answers against the client, however long it takes"
    )
    parser.add_argument(
        "--refreshes", type=int, help="refreshes in Home Assistant, likewise"
    )
    parser.add_argument(
        "--only", metavar="CASE", help="one case, as a finding names it, or one part"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
