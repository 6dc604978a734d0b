"""Simulated Nomos API in another process, whose CPU time is not measured."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
import os
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Any


@contextmanager
def serve_households(*households: dict[str, Any]) -> Iterator[None]:
    """Serve households (scenario and overrides each) to the integration."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scenario.json"
        file.write_text(json.dumps({"households": households}), encoding="utf-8")
        command = [sys.executable, "-m", "simulator", "--scenario", str(file)]
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
