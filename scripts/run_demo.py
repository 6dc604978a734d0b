"""Demo: a simulated Nomos, and a Home Assistant with the integration.

scripts/demo installs Python and the packages, then runs this module.
"""

import asyncio
from collections.abc import Iterator
import contextlib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
import fcntl
import os
from pathlib import Path
import secrets
import signal
import sys

import aiohttp

from . import ROOT
from .demo_children import (
    CONFIG,
    HOME_ASSISTANT_LOG,
    STATE,
    home_assistant,
    installing,
    simulator,
)
from .demo_config import prepare_config
from .demo_entities import GATE, predict_entity_ids
from .demo_home import STEP_LIMIT, USER, Home
from .demo_options import Options, parse_options
from .demo_processes import (
    Child,
    DemoError,
    choose_port,
    find_free_port,
    log_tail,
    phase,
    report,
    run_while_alive,
    wait_until,
)
from .demo_socket import Socket
from .demo_stories import STORIES
from .demo_watch import REFRESH_INTERVAL, Watch, find_cheapest_hour


@dataclass(slots=True)
class Demo:
    """One run of the demo."""

    options: Options
    children: list[Child] = field(default_factory=list)
    is_ready: bool = False
    """True once everything is set up and the demo only shows changes."""

    async def run(self) -> None:
        """Start the processes, set them up and show changes."""
        options = self.options
        story = STORIES[options.story]
        port = choose_port(options.port)
        nomos_port = find_free_port()
        nomos_address = f"http://127.0.0.1:{nomos_port}"
        hass = home_assistant(nomos_address)
        nomos = simulator(nomos_port, options.duration, story)
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
            async with phase("Starting Home Assistant", lambda: installing(hass.log)):
                home = await run_while_alive(self.set_up_home(home, password), hass)
            # The order starts with the simulator, so Home Assistant comes first.
            nomos.start()
            async with phase("Adding Nomos Energy", lambda: installing(hass.log)):
                entry_id, entities = await run_while_alive(
                    self.add_integration(home, nomos_address), hass, nomos
                )
            if not options.poll:
                async with phase("Enabling webhooks"):
                    confirmation = await run_while_alive(
                        self.enable_webhooks(home, nomos_address, entry_id), hass, nomos
                    )
                print(f"Home Assistant confirms the test event: “{confirmation}”")

            changes = (
                f"Home Assistant updates every {REFRESH_INTERVAL} seconds."
                if options.poll
                else "Each change arrives by webhook, after about 3 seconds. Nomos sends"
                " none for modules:\nonce the smart meter is active, Home Assistant"
                f" updates every {REFRESH_INTERVAL} seconds until both are active."
            )
            print(
                f"\nHome Assistant is at {home.address}\n"
                f"  user      {USER}\n"
                f"  password  {password}\n\n"
                + (
                    f"From the order to module 3 it takes {options.duration:g} seconds."
                    f"\n{changes}"
                    if story.is_moving
                    else f"The story: {story.text}. It stands still."
                ),
                flush=True,
            )
            watch = Watch(home, entities, options.poll)
            if options.headless:
                await run_while_alive(
                    watch.wait_for_tariff(options.time_limit), hass, nomos
                )
                hour = await run_while_alive(
                    self.find_cheapest_hour(home, entities[GATE]), hass, nomos
                )
                print(
                    f"The smart meter is active, and prices are known. Cheapest: {hour}."
                )
            else:
                print("Ctrl-C ends the demo.\n", flush=True)
                self.is_ready = True
                await run_while_alive(watch.run(), hass, nomos)

    async def set_up_home(self, home: Home, password: str) -> Home:
        """Create the user of a new Home Assistant; return it with an access token."""
        await home.wait_for_api()
        home = await home.create_user(password, self.options.language)
        async with Socket.connect(home) as connection:
            await connection.wait_for_start()
            await connection.save_language(self.options.language)
            return replace(home, token=await connection.create_token())

    async def add_integration(
        self, home: Home, nomos: str
    ) -> tuple[str, dict[str, str]]:
        """Add the integration and a dashboard; return the entry ID and entity IDs."""

        async def nomos_answers() -> bool | None:
            with contextlib.suppress(aiohttp.ClientError):
                async with home.session.get(nomos):
                    return True
            return None

        await wait_until(nomos_answers, "The simulator responds", STEP_LIMIT)
        entry_id = await home.add_integration()
        async with Socket.connect(home) as connection:
            entities = await connection.wait_for_entities()
            entities |= predict_entity_ids(entities[GATE], self.options.language)
            await connection.save_dashboard()
            if priced := await connection.find_priced_subscription():
                await home.add_to_energy_dashboard(entry_id, priced)
                await home.plan_load(entry_id, priced)
            return entry_id, entities

    async def enable_webhooks(self, home: Home, nomos: str, entry_id: str) -> str:
        """Enable webhooks; return how Home Assistant confirms the test event.

        The simulator's control endpoints stand for the dashboard of Nomos.
        """

        async def post(endpoint: str, **body: str) -> None:
            async with home.session.post(
                f"{nomos}/_simulator/{endpoint}", json=body
            ) as response:
                response.raise_for_status()

        async def register(address: str) -> str:
            secret = secrets.token_hex(16)
            await post("webhooks", url=address, secret=secret)
            return secret

        path = await home.enable_webhooks(entry_id, register)
        async with Socket.connect(home) as connection:
            await connection.wait_for_webhook(path)
            await post("webhooks/test")
            return await connection.wait_for_notification(entry_id)

    async def find_cheapest_hour(self, home: Home, entity_id: str) -> str:
        """Return the cheapest hour for the contract of an entity."""
        async with Socket.connect(home) as connection:
            device_id = await connection.get_device_id(entity_id)
        return await find_cheapest_hour(home, device_id)

    async def stop(self) -> None:
        """Stop all processes."""
        if self.children:
            async with phase("Stopping"):
                await asyncio.gather(*(child.stop() for child in self.children))


async def run(options: Options) -> int:
    """Run the demo to its end, or until a signal; return the exit code."""
    demo = Demo(options)
    task = asyncio.create_task(demo.run())
    received: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        if number is signal.SIGHUP:
            # Without the terminal, output would raise an error.
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
            f"Home Assistant did not respond: {err!r}", HOME_ASSISTANT_LOG
        ) from err
    except DemoError as err:
        if demo.children:
            err.log = err.log or HOME_ASSISTANT_LOG
        raise
    finally:
        # Signals cancel the task above, not this.
        await demo.stop()
    return 0


@contextmanager
def lock_state_folder() -> Iterator[None]:
    """Lock the state folder for one demo at a time.

    Raises DemoError if another one is running.
    """
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
        with lock_state_folder():
            return asyncio.run(run(options))
    except DemoError as err:
        report(str(err))
        if err.log and (tail := log_tail(err.log)):
            report(f"\nThe end of {err.log.relative_to(ROOT)}:\n{tail}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
