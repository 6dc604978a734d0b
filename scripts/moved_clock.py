"""Clock of child processes that can be moved; needs a C compiler (`cc`)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
import shutil
import struct
import subprocess

SOURCE = Path(__file__).with_name("moved_clock.c")


@dataclass
class MovedClock:
    """Clock that is ahead of the system's by a difference that can be changed.

    Timers follow: the monotonic clock is moved, too.
    """

    folder: Path
    ahead: timedelta = field(default=timedelta(), init=False)

    def __post_init__(self) -> None:
        """Build the library, and start with the system's clock.

        Raises SystemExit without a compiler.
        """
        compiler = shutil.which("cc")
        if compiler is None:
            raise SystemExit("cc is missing: apt-get install gcc libc6-dev")
        self.folder.mkdir(parents=True, exist_ok=True)
        options = ("-O2", "-shared", "-fPIC", "-o", str(self._library), str(SOURCE))
        subprocess.run([compiler, *options, "-ldl"], check=True)
        self._file.write_bytes(struct.pack("=q", 0))

    @property
    def _library(self) -> Path:
        return self.folder / "moved_clock.so"

    @property
    def _file(self) -> Path:
        return self.folder / "clock"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of a process that has this clock."""
        return {"LD_PRELOAD": str(self._library), "NOMOS_CLOCK": str(self._file)}

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return datetime.now(UTC) + self.ahead

    def advance(self, duration: timedelta) -> None:
        """Move the clock ahead."""
        self.ahead += duration
        microseconds = self.ahead // timedelta(microseconds=1)
        # In place: the processes have the file mapped.
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", microseconds * 1000))
