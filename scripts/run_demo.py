"""Run a simulated Nomos and a real Home Assistant that follows an order there.

Called by scripts/demo, which brings Python and the packages first.
"""

import asyncio
from collections.abc import Iterator
import contextlib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
import fcntl
import os
from pathlib import Path
import re
import secrets
import signal
import sys
import sysconfig

import aiohttp

from . import ROOT
from .demo_config import prepare_config
from .demo_dashboard import GATE, ids_to_come
from .demo_home import STEP_LIMIT, USER, Home
from .demo_options import Options, parse_options
from .demo_processes import (
    Child,
    DemoError,
    any_free_port,
    choose_port,
    log_tail,
    phase,
    say,
    until,
    while_running,
)
from .demo_socket import Socket
from .demo_watch import REFRESH_EVERY, Watch, find_cheapest_hour

STATE = ROOT / ".demo"
CONFIG = STATE / "config"
HOME_ASSISTANT_LOG = STATE / "home-assistant.log"
SIMULATOR_LOG = STATE / "simulator.log"

SCENARIOS = ("from_order_to_tariff", "dynamic_tariff")
"""A contract whose order is followed, and one that has had its tariff for months."""


def home_assistant(nomos: str) -> Child:
    """Describe the process of Home Assistant."""
    environment = {"NOMOS_API_URL": nomos}
    headers = ROOT / ".python" / "usr" / "include"
    if headers.exists():
        # Compilers don't look into an unpacked Python by themselves.
        platform = sysconfig.get_config_var("MULTIARCH")
        environment["CPATH"] = f"{headers}:{headers / platform}"
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


def simulator(port: int, duration: float) -> Child:
    """Describe the process of the simulator."""
    return Child(
        "The simulator",
        [
            *(sys.executable, "-m", "simulator"),
            *("--port", str(port)),
            *(word for name in SCENARIOS for word in ("--scenario", name)),
            *("--duration", str(duration)),
        ],
        SIMULATOR_LOG,
        ROOT,
    )


def being_installed(log: Path) -> str:
    """Tell what Home Assistant is installing."""
    match = re.search(r"Attempting install of (\S+)$", log_tail(log, 1))
    return f"installing {match[1]}" if match else ""


@dataclass(slots=True)
class Demo:
    """One run of the demo."""

    options: Options
    children: list[Child] = field(default_factory=list)
    is_ready: bool = False
    """Whether all that remains is to be looked at."""

    async def run(self) -> None:
        """Start everything, then show it."""
        options = self.options
        port = choose_port(options.port)
        nomos_port = any_free_port()
        nomos_address = f"http://127.0.0.1:{nomos_port}"
        hass = home_assistant(nomos_address)
        nomos = simulator(nomos_port, options.duration)
        self.children += [hass, nomos]
        for child in self.children:
            child.log.unlink(missing_ok=True)
        prepare_config(CONFIG, options.language, port)
        password = secrets.token_hex(6)

        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(STEP_LIMIT)
        ) as session:
            home = Home(session, f"http://127.0.0.1:{port}")
            hass.start()
            async with phase(
                "Starting Home Assistant", lambda: being_installed(hass.log)
            ):
                home = await while_running(self.start(home, password), hass)
            # Only now, as the order begins to move with it.
            nomos.start()
            async with phase("Adding Nomos Energy", lambda: being_installed(hass.log)):
                entry_id, entities = await while_running(
                    self.add(home, nomos_address), hass, nomos
                )
            if not options.poll:
                async with phase("Switching webhooks on"):
                    confirmation = await while_running(
                        self.listen(home, nomos_address, entry_id), hass, nomos
                    )
                print(f"Home Assistant confirms the test event: “{confirmation}”")

            changes = (
                f"Home Assistant is made to look at it every {REFRESH_EVERY} seconds."
                if options.poll
                else "Each change arrives by webhook, some 3 seconds later. Nomos sends"
                " none for modules:\nonce the smart meter is active, Home Assistant is"
                f" made to look every {REFRESH_EVERY} seconds until both are."
            )
            print(
                f"\nHome Assistant is at {home.address}\n"
                f"  user      {USER}\n"
                f"  password  {password}\n\n"
                f"All takes {options.duration:g} seconds, from the order to a grid fee that"
                f" varies over the day.\n{changes}",
                flush=True,
            )
            watch = Watch(home, entities, options.poll)
            if options.headless:
                await while_running(
                    watch.wait_for_tariff(options.time_limit), hass, nomos
                )
                hour = await while_running(
                    self.find_cheapest_hour(home, entities[GATE]), hass, nomos
                )
                print(f"The gate is open, and prices are there. Cheapest: {hour}.")
            else:
                print("Ctrl-C ends everything.\n", flush=True)
                self.is_ready = True
                await while_running(watch.show(), hass, nomos)

    async def start(self, home: Home, password: str) -> Home:
        """Bring a fresh Home Assistant to where somebody can use it."""
        await home.wait_for_api()
        home = await home.create_user(password, self.options.language)
        async with Socket.connect(home) as connection:
            await connection.wait_for_start()
            await connection.save_language(self.options.language)
            return replace(home, token=await connection.create_token())

    async def add(self, home: Home, nomos: str) -> tuple[str, dict[str, str]]:
        """Add the integration and a dashboard; return its entry and entities."""

        async def nomos_answers() -> bool | None:
            with contextlib.suppress(aiohttp.ClientError):
                async with home.session.get(nomos):
                    return True
            return None

        await until(nomos_answers, "The simulator answers", STEP_LIMIT)
        entry_id = await home.add_integration()
        async with Socket.connect(home) as connection:
            entities = await connection.wait_for_entities()
            entities |= ids_to_come(entities[GATE], self.options.language)
            await connection.save_dashboard(self.options.language, entities)
            await connection.save_energy_preferences()
            await home.plan_load(entry_id, await connection.contract_with_prices())
            return entry_id, entities

    async def listen(self, home: Home, nomos: str, entry_id: str) -> str:
        """Have Nomos tell what happens; return how Home Assistant confirms it.

        In the demo, Nomos and its dashboard are the simulator's levers.
        """

        async def pull(lever: str, **body: str) -> None:
            async with home.session.post(
                f"{nomos}/_simulator/{lever}", json=body
            ) as response:
                response.raise_for_status()

        async def register(address: str) -> str:
            secret = secrets.token_hex(16)
            await pull("webhooks", url=address, secret=secret)
            return secret

        path = await home.switch_webhooks_on(entry_id, register)
        async with Socket.connect(home) as connection:
            await connection.wait_for_webhook(path)
            await pull("webhooks/test")
            return await connection.wait_for_notification(entry_id)

    async def find_cheapest_hour(self, home: Home, entity_id: str) -> str:
        """Have the integration answer the question that prices are asked for."""
        async with Socket.connect(home) as connection:
            device_id = await connection.device_of(entity_id)
        return await find_cheapest_hour(home, device_id)

    async def stop(self) -> None:
        """End every process."""
        if self.children:
            async with phase("Stopping"):
                await asyncio.gather(*(child.stop() for child in self.children))


async def run(options: Options) -> int:
    """Run the demo until it is over, or until somebody ends it."""
    demo = Demo(options)
    task = asyncio.create_task(demo.run())
    received: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        if number is signal.SIGHUP:
            # The terminal is gone, and with it the place to write to.
            sys.stdout = sys.stderr = Path(os.devnull).open("w")
        if received:
            for child in demo.children:
                child.kill()
        received.append(number)
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)
    try:
        await task
    except asyncio.CancelledError:
        return 0 if demo.is_ready else 128 + received[0]
    except (aiohttp.ClientError, TimeoutError) as err:
        raise DemoError(
            f"Home Assistant did not answer: {err!r}", HOME_ASSISTANT_LOG
        ) from err
    except DemoError as err:
        if demo.children:
            err.log = err.log or HOME_ASSISTANT_LOG
        raise
    finally:
        # Signals cancel the task above and never this.
        await demo.stop()
    return 0


@contextmanager
def only_one() -> Iterator[None]:
    """Keep a second demo out of the folder of the first."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError("The demo is running already.") from None
        yield


def main() -> int:
    """Run the command line."""
    options = parse_options()
    try:
        with only_one():
            return asyncio.run(run(options))
    except DemoError as err:
        say(str(err))
        if err.log and (tail := log_tail(err.log)):
            say(f"\nThe end of {err.log.relative_to(ROOT)}:\n{tail}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
