"""A Nomos in another process, whose CPU time is not ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import json
import os
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory


@contextmanager
def nomos_with(scenario: str, households: int, **details: str) -> Iterator[None]:
    """Serve an account with many subscriptions, and point the integration at it.

    Details are those in which they differ from the scenario.
    """
    with TemporaryDirectory() as folder:
        story = Path(folder) / "scenario.json"
        story.write_text(_tell(scenario, households, details), encoding="utf-8")
        command = [sys.executable, "-m", "simulator", "--scenario", str(story)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                _, _, url = process.stdout.readline().strip().rpartition(" ")
                if not url:
                    raise RuntimeError("The simulator did not start")
                os.environ["NOMOS_API_URL"] = url
                yield
            finally:
                process.terminate()


def _tell(scenario: str, households: int, details: Mapping[str, str]) -> str:
    """Write a story in which, as in life, nearly everybody has their own address."""
    everybody = [
        {"scenario": scenario, "index": index, "street": f"Straße {index}", **details}
        for index in range(1, households + 1)
    ]
    return json.dumps({"households": everybody})
