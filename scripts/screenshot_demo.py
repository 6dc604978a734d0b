"""Demo that the screenshots are taken of."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
import re
import signal
import subprocess
import sys
from threading import Thread

from . import ROOT
from .moved_clock import MovedClock


@contextmanager
def run_demo(language: str, clock: MovedClock) -> Iterator[tuple[str, str]]:
    """Run the demo; yield its address and the password.

    Raises SystemExit if it does not start.
    """
    print(f"Starting the demo in {language} …")
    demo = subprocess.Popen(
        [sys.executable, "-m", "scripts.run_demo", "--language", language],
        cwd=ROOT,
        env=os.environ | clock.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _read_login(demo)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait()


def _read_login(demo: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait until the demo prints the login; what it prints later is left out."""
    assert demo.stdout
    printed = ""
    for line in demo.stdout:
        printed += line
        found = re.search(r"at (http\S+)\n.*\n +password +(\S+)", printed)
        if found:
            Thread(target=demo.stdout.read, daemon=True).start()
            return found[1], found[2]
    raise SystemExit(f"The demo did not start:\n{printed}")
