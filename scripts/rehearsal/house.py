"""Home Assistant of a rehearsal, the simulated Nomos beside it, and their clock."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
import re
import shutil
import sys
from typing import Self
from zipfile import ZipFile

import aiohttp

from scripts import ROOT
from scripts.demo_children import compiler_environment
from scripts.demo_config import prepare_config
from scripts.demo_home import DOMAIN, START_LIMIT, Home
from scripts.demo_processes import Child, find_free_port, wait_until
from scripts.demo_socket import Socket
from scripts.demo_stories import STORIES, write_households
from scripts.moved_clock import MovedClock

PASSWORD = "rehearsal"
LANGUAGE = "de"
TARGET = "input_boolean.wallbox"

OUR_LINES = re.compile(r"(ERROR|WARNING) .*nomos_energy|^\w*(Error|Exception)\b")
NOT_OURS = re.compile(r"We found a custom integration nomos_energy")


@dataclass
class House:
    """Home Assistant with a configuration that has the integration from a zip."""

    folder: Path
    clock: MovedClock
    hass: Child
    nomos: Child
    home: Home
    switched_on: int = field(default=0, init=False)
    """How often the target of the planned load was switched on."""
    version: str = field(default="", init=False)
    is_on: bool = field(default=False, init=False)
    """True while the target is on."""

    @classmethod
    def create(
        cls,
        folder: Path,
        python: Path,
        clock: MovedClock,
        session: aiohttp.ClientSession,
    ) -> Self:
        """Create the processes, without starting them."""
        folder.mkdir(exist_ok=True)
        config, households = folder / "config", folder / "households.json"
        ports = (find_free_port(), find_free_port())
        write_households(STORIES["several"].households, households)
        hass = Child(
            "Home Assistant",
            [str(python), "-m", "homeassistant", "-c", str(config), "--log-no-color"],
            folder / "home-assistant.log",
            folder,
            {
                **clock.environment,
                **compiler_environment(),
                "NOMOS_API_URL": f"http://127.0.0.1:{ports[1]}",
            },
        )
        nomos = Child(
            "The simulator",
            [
                *(sys.executable, "-m", "simulator", "--port", str(ports[1])),
                *("--scenario", str(households)),
            ],
            folder / "simulator.log",
            ROOT,
            clock.environment,
        )
        home = Home(session, f"http://127.0.0.1:{ports[0]}")
        return cls(folder, clock, hass, nomos, home)

    @property
    def config(self) -> Path:
        """Configuration folder."""
        return self.folder / "config"

    def prepare(self, archive: Path) -> None:
        """Write a new configuration with the integration of a zip."""
        port = int(self.home.address.rpartition(":")[2])
        prepare_config(self.config, LANGUAGE, port)
        (self.config / "custom_components").unlink()
        self.hass.log.unlink(missing_ok=True)
        self.unpack(archive)

    def unpack(self, archive: Path) -> None:
        """Replace the integration by that of a zip, as HACS does."""
        folder = self.config / "custom_components" / DOMAIN
        shutil.rmtree(folder, ignore_errors=True)
        with ZipFile(archive) as content:
            content.extractall(folder)

    async def start_nomos(self) -> None:
        """Start the simulator."""
        self.nomos.start()

    async def start(self) -> None:
        """Start Home Assistant."""

        async def answer() -> bool | None:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self.home.session.get(f"{self.home.address}/manifest.json"):
                    return True
            return None

        self.hass.start()
        await wait_until(answer, "Home Assistant answers", START_LIMIT)

    async def create_user(self) -> None:
        """Create the owner, as onboarding does, with a token that lasts for the weeks."""
        home = await self.home.create_user(PASSWORD, LANGUAGE)
        async with Socket.connect(home) as socket:
            await socket.wait_for_start()
            await socket.save_language(LANGUAGE)
            token = await socket.command(
                "auth/long_lived_access_token", client_name="rehearsal", lifespan=365
            )
        self.home = replace(home, token=str(token))
        self.version = str((await self.home.request("GET", "/api/config"))["version"])

    async def wait_until_loaded(self) -> None:
        """Wait until the entities of the integration have their states."""
        async with Socket.connect(self.home) as socket:
            await socket.wait_for_start()
            await socket.wait_for_entities()

    async def integration_version(self) -> str:
        """Return the version that Home Assistant knows."""
        async with Socket.connect(self.home) as socket:
            manifest = await socket.command("manifest/get", integration=DOMAIN)
            return str(manifest["version"])

    async def pass_time(self, duration: timedelta, step: timedelta) -> None:
        """Move the clock step by step, and count when the target is switched on."""
        for _ in range(round(duration / step)):
            self.clock.advance(step)
            # A request wakes Home Assistant, which then runs the timers that are due.
            await self.home.request("GET", "/api/config")
            await asyncio.sleep(0.4)
            is_on = await self.home.state(TARGET) == "on"
            self.switched_on += is_on and not self.is_on
            self.is_on = is_on

    def logged_errors(self) -> list[str]:
        """Return what Home Assistant has logged about the integration."""
        lines = self.hass.log.read_text("utf-8", errors="replace").splitlines()
        return [
            line
            for line in lines
            if OUR_LINES.search(line) and not NOT_OURS.search(line)
        ]

    async def stop(self) -> None:
        """Stop Home Assistant, so that it saves everything."""
        await self.hass.stop()

    async def stop_all(self) -> None:
        """Stop both processes."""
        for child in (self.hass, self.nomos):
            if child.process:
                await child.stop()
