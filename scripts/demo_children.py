"""Processes of the demo: Home Assistant and the simulator."""

from pathlib import Path
import re
import sys
import sysconfig

from . import ROOT
from .demo_processes import Child, log_tail
from .demo_stories import Story, write_households

STATE = ROOT / ".demo"
CONFIG = STATE / "config"
HOME_ASSISTANT_LOG = STATE / "home-assistant.log"
SIMULATOR_LOG = STATE / "simulator.log"

HOUSEHOLDS = STATE / "households.json"


def compiler_environment() -> dict[str, str]:
    """Return the variables with which Home Assistant compiles its requirements."""
    headers = ROOT / ".python" / "usr" / "include"
    if not headers.exists():
        return {}
    # Compilers do not search an unpacked Python for headers.
    platform = sysconfig.get_config_var("MULTIARCH")
    return {"CPATH": f"{headers}:{headers / platform}"}


def home_assistant(nomos: str) -> Child:
    """Return the process of Home Assistant."""
    environment = {"NOMOS_API_URL": nomos, **compiler_environment()}
    return Child(
        "Home Assistant",
        [
            str(Path(sys.executable).with_name("hass")),
            "-c",
            str(CONFIG),
            "--log-no-color",
        ],
        HOME_ASSISTANT_LOG,
        CONFIG,
        environment,
    )


def simulator(port: int, duration: float, story: Story) -> Child:
    """Return the process of the simulator; its orders stand still but in time lapse."""
    write_households(story.households, HOUSEHOLDS)
    pace = ("--duration", str(duration)) if story.is_moving else ()
    return Child(
        "The simulator",
        [
            *(sys.executable, "-m", "simulator"),
            *("--port", str(port)),
            *("--scenario", str(HOUSEHOLDS)),
            *pace,
        ],
        SIMULATOR_LOG,
        ROOT,
    )


def installing(log: Path) -> str:
    """Return the package that Home Assistant is installing, as text."""
    match = re.search(r"Attempting install of (\S+)$", log_tail(log, 1))
    return f"installing {match[1]}" if match else ""
