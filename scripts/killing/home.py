"""Home Assistant of the kill tests: set-up with an OAuth login, events, statistics."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
import json
from pathlib import Path
import sqlite3
import sys
from typing import Any

import aiohttp
from yarl import URL

from scripts import ROOT
from scripts.demo_config import prepare_config
from scripts.demo_home import DOMAIN, STEP_LIMIT, Home
from scripts.demo_processes import Child, find_free_port, wait_until
from scripts.demo_socket import Socket
from simulator import APP

from .nomos import CUSTOMER, Nomos

STATE = ROOT / ".kills"

QUIET = 8
"""Seconds without a request after which all imports are done."""


@dataclass
class House:
    """Home Assistant process with its configuration folder."""

    name: str
    nomos: Nomos
    child: Child
    home: Home
    events: dict[tuple[str, str], str] = field(default_factory=dict)
    """Events by the time of their state and the event type; their new value."""
    device_id: str = ""
    gate: str = ""

    @classmethod
    def create(cls, name: str, nomos: Nomos, session: aiohttp.ClientSession) -> House:
        """Return a new Home Assistant that was never started."""
        folder, port = STATE / name, find_free_port()
        STATE.mkdir(exist_ok=True)
        prepare_config(folder, "en", port)
        log = STATE / f"{name}.log"
        log.unlink(missing_ok=True)
        hass = str(Path(sys.executable).with_name("hass"))
        child = Child(
            f"Home Assistant ({name})",
            [hass, "-c", str(folder), "--log-no-color"],
            log,
            folder,
            {"NOMOS_API_URL": str(nomos.url)},
        )
        home = Home(session, f"http://127.0.0.1:{port}")
        return cls(name, nomos, child, home)

    async def set_up(self) -> None:
        """Start Home Assistant for the first time and log in."""
        self.child.start()
        await self.home.wait_for_api()
        self.home = await self.home.create_user("kills", "en")
        async with Socket.connect(self.home) as socket:
            await socket.wait_for_start()
            self.home = replace(self.home, token=await socket.create_token())
            await socket.command(
                "application_credentials/create",
                domain=DOMAIN,
                client_id=APP.client_id,
                client_secret=APP.client_secret,
            )
        entry_id = await self._log_in()
        key = self.nomos.priced.subscription_id
        await self.home.plan_load(entry_id, key)
        async with Socket.connect(self.home) as socket:
            entries = await socket.command("config/entity_registry/list")
        gates = {each["unique_id"]: each for each in entries}
        self.device_id = gates[f"{key}_smart_meter_active"]["device_id"]
        ordered = self.nomos.ordered.subscription_id
        self.gate = gates[f"{ordered}_smart_meter_active"]["entity_id"]

    async def _log_in(self) -> str:
        flow = "/api/config/config_entries/flow"
        step = await self.home.request("POST", flow, {"handler": DOMAIN})
        flow += f"/{step['flow_id']}"
        step = await self.home.request(
            "POST", flow, {"next_step_id": "pick_implementation"}
        )
        query = URL(step["url"]).query
        code = self.nomos.authorize(
            query["client_id"],
            query["redirect_uri"],
            customer_id=CUSTOMER,
            code_challenge=query["code_challenge"],
            state=query["state"],
        )
        callback = URL(f"{self.home.address}/auth/external/callback").with_query(
            code=code, state=query["state"]
        )
        async with self.home.session.get(callback) as response:
            response.raise_for_status()
        step = await self.home.request("POST", flow, {})
        if step["type"] == "form":
            step = await self.home.request("POST", flow, {"follow_all": True})
        if step["type"] != "create_entry":
            raise RuntimeError(f"The config flow ended in {json.dumps(step)}")
        return str(step["result"]["entry_id"])

    async def wait_until_loaded(self) -> None:
        """Wait until the entities of the account have states again."""

        async def loaded() -> bool | None:
            with contextlib.suppress(Exception):
                return await self.home.state(self.gate) in ("on", "off") or None
            return None

        await wait_until(loaded, "The account is loaded", STEP_LIMIT)

    async def call(self, action: str, **data: Any) -> None:
        """Call an action; a Home Assistant that is killed meanwhile does not answer."""
        with contextlib.suppress(Exception):
            path = f"/api/services/{action.replace('.', '/')}"
            await self.home.request("POST", path, data)

    async def listen(self) -> None:
        """Note the events of the account until Home Assistant is killed."""
        with contextlib.suppress(aiohttp.ClientError, TypeError, TimeoutError):
            async with Socket.connect(self.home) as socket:
                for state in await socket.command("get_states"):
                    self.note(state)
                await socket.command("subscribe_events", event_type="state_changed")
                while True:
                    message = await socket.connection.receive_json()
                    if state := message["event"]["data"]["new_state"]:
                        self.note(state)

    def note(self, state: dict[str, Any]) -> None:
        """Note an event; a restored state has the time of the first one."""
        attributes = state["attributes"]
        if state["entity_id"].startswith("event.") and attributes.get("event_type"):
            key = state["state"], str(attributes["event_type"])
            self.events[key] = str(attributes.get("new"))

    async def wait_until_quiet(self) -> None:
        """Wait until Home Assistant sends no requests any more."""
        loop = asyncio.get_running_loop()
        while loop.time() - self.nomos.last_request < QUIET:
            await asyncio.sleep(0.5)

    # Files

    def statistics(self) -> dict[tuple[str, float], tuple[float, float]]:
        """Return the imported statistics by ID and start: state and sum."""
        rows = self._query(
            "SELECT m.statistic_id, s.start_ts, s.state, s.sum FROM statistics s"
            " JOIN statistics_meta m ON m.id = s.metadata_id WHERE m.source = ?",
            DOMAIN,
        )
        return {(key, start): (state, total) for key, start, state, total in rows}

    def read_recorded_events(self) -> None:
        """Note the events in the recorder's database."""
        rows = self._query(
            "SELECT m.entity_id, s.state, a.shared_attrs FROM states s"
            " JOIN states_meta m ON m.metadata_id = s.metadata_id"
            " JOIN state_attributes a ON a.attributes_id = s.attributes_id"
            " WHERE m.entity_id LIKE ?",
            "event.%",
        )
        for entity_id, state, attributes in rows:
            self.note(
                {
                    "entity_id": entity_id,
                    "state": state,
                    "attributes": json.loads(attributes),
                }
            )

    def _query(self, statement: str, value: str) -> list[Any]:
        file = self.child.folder / "home-assistant_v2.db"
        with contextlib.closing(sqlite3.connect(file)) as database:
            return database.execute(statement, (value,)).fetchall()

    def load_pieces(self) -> list[dict[str, str]]:
        """Return the stored runs of the planned load."""
        files = [*(self.child.folder / ".storage").glob(f"{DOMAIN}.*.loads")]
        if not files:
            return []
        records = json.loads(files[0].read_text())["data"]
        return [
            piece
            for record in _values(records)
            for piece in record.get("pieces", [])
            if isinstance(record, dict)
        ]


def _values(records: Any) -> list[Any]:
    records = records.get("records", records) if isinstance(records, dict) else records
    return [*(records.values() if isinstance(records, dict) else records)]
