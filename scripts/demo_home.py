"""Home Assistant: the folder it starts from, and how to talk to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
import json
from pathlib import Path
import shutil
from string import Template
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from homeassistant.util import slugify
import yaml  # type: ignore[import-untyped]

from .demo_processes import DemoError, until

ROOT = Path(__file__).resolve().parent.parent
DASHBOARD = Path(__file__).with_name("demo_dashboard.yaml")

DOMAIN = "nomos_energy"
GATE = "smart_meter_active"
BEHIND_THE_GATE = {
    "price": "sensor",
    "price_level": "sensor",
    "next_price": "sensor",
    "lowest_price_today": "sensor",
    "highest_price_today": "sensor",
    "average_price_today": "sensor",
    "tomorrow_prices": "binary_sensor",
    "module_1": "sensor",
    "module_3": "sensor",
    "grid_fee_reduction": "binary_sensor",
    "grid_fee_window": "sensor",
}
"""What the dashboard shows though it is not there in the beginning."""
WALLBOX = {
    "name": "Wallbox",
    "run_time": {"hours": 3, "minutes": 0, "seconds": 0},
    "earliest": "00:00:00",
    "latest": "00:00:00",
    "shortest_piece": {"hours": 1, "minutes": 0, "seconds": 0},
    "power": 11,
    "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
}
"""A car that is always there, so that there is a plan at any time of the day."""
USER = "demo"
CREDENTIALS = {"client_id": "demo-organisation", "client_secret": "demo-secret"}
EXTERNAL_URL = "https://demo.example"
"""Leads nowhere (RFC 2606), but without one there are no webhooks."""

# All in seconds.
START_LIMIT = 600  # a first start installs what Home Assistant asks for
STEP_LIMIT = 60


def prepare_config(folder: Path, language: str, port: int) -> None:
    """Write the folder that Home Assistant starts from.

    It is a fresh one each time, so that the order starts from the beginning;
    what takes long, the installed packages, lives in .venv.
    """
    if folder.exists():
        shutil.rmtree(folder)
    storage = folder / ".storage"
    storage.mkdir(parents=True)
    (folder / "custom_components").symlink_to(ROOT / "custom_components")
    settings = {
        "homeassistant": {
            "name": "Demo",
            "language": language,
            "country": "DE",
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
            "unit_system": "metric",
            "external_url": EXTERNAL_URL,
            "latitude": 52.52,
            "longitude": 13.405,
            "elevation": 34,
        },
        # Instead of default_config, which looks for devices in the house.
        **dict.fromkeys(
            (
                "application_credentials",
                "automation",
                "calendar",
                "config",
                "energy",
                "frontend",
                "history",
                "logbook",
                "my",
                "webhook",
            )
        ),
        "logger": {
            "default": "warning",
            "logs": {
                "homeassistant.util.package": "info",
                # They miss programs that the demo has no use for.
                "haffmpeg": "fatal",
                "homeassistant.components.camera.img_util": "fatal",
            },
        },
    }
    (folder / "configuration.yaml").write_text(yaml.safe_dump(settings))
    # In YAML the address would be on trial for five minutes, and a repair
    # would ask to remove it from there.
    store(storage, "http", 1, {"server_host": ["127.0.0.1"], "server_port": port})
    # These steps ask questions that are answered above, and add integrations
    # that fetch weather and radio stations.
    store(
        storage, "onboarding", 4, {"done": ["core_config", "analytics", "integration"]}
    )


def store(folder: Path, key: str, version: int, data: dict[str, Any]) -> None:
    """Write what Home Assistant keeps about one of its parts."""
    (folder / key).write_text(
        json.dumps({"version": version, "minor_version": 1, "key": key, "data": data})
    )


@dataclass(frozen=True, slots=True)
class Home:
    """Home Assistant, as seen from outside."""

    session: aiohttp.ClientSession
    address: str
    token: str = ""

    async def ask(
        self,
        method: str,
        path: str,
        payload: dict[str, Any] | None = None,
        limit: float = STEP_LIMIT,
    ) -> Any:
        """Ask over REST."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.session.request(
            method,
            f"{self.address}{path}",
            json=payload,
            headers=headers,
            timeout=aiohttp.ClientTimeout(limit),
        ) as response:
            if response.status >= 400:
                raise DemoError(
                    f"Home Assistant answered {path} with {response.status}:"
                    f" {await response.text()}"
                )
            return await response.json()

    async def state(self, entity_id: str) -> str:
        """Return the state of an entity."""
        return str((await self.ask("GET", f"/api/states/{entity_id}"))["state"])

    async def wait_for_api(self) -> None:
        """Wait for Home Assistant to answer at all."""

        async def answer() -> bool | None:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, DemoError):
                await self.ask("GET", "/api/onboarding")
                return True
            return None

        await until(answer, "Home Assistant answers", START_LIMIT)

    async def create_user(self, password: str, language: str) -> Home:
        """Create the owner, as onboarding does, and log in."""
        client_id = f"{self.address}/"
        answer = await self.ask(
            "POST",
            "/api/onboarding/users",
            {
                "client_id": client_id,
                "name": "Demo",
                "username": USER,
                "password": password,
                "language": language,
            },
        )
        async with self.session.post(
            f"{self.address}/auth/token",
            data={
                "client_id": client_id,
                "grant_type": "authorization_code",
                "code": answer["auth_code"],
            },
        ) as response:
            response.raise_for_status()
            return replace(self, token=(await response.json())["access_token"])

    async def add_integration(self) -> str:
        """Go through the integration's own config flow; return the entry's id."""
        flow = "/api/config/config_entries/flow"
        # The first time, this installs what the integration may need.
        step = await self.ask("POST", flow, {"handler": DOMAIN}, START_LIMIT)
        flow += f"/{step['flow_id']}"
        step = await self.ask("POST", flow, {"next_step_id": "api_credentials"})
        await self.ask("POST", flow, CREDENTIALS)
        step = await self.ask("POST", flow, {"follow_all": True})
        if step["type"] != "create_entry":
            raise DemoError(f"The config flow ended in {json.dumps(step)}")
        return str(step["result"]["entry_id"])

    async def plan_load(self, entry_id: str, subscription_id: str) -> None:
        """Add a planned load, as somebody does who clicks."""
        flow = "/api/config/config_entries/subentries/flow"
        step = await self.ask("POST", flow, {"handler": [entry_id, "planned_load"]})
        step = await self.ask(
            "POST",
            f"{flow}/{step['flow_id']}",
            WALLBOX | {"subscription": subscription_id},
        )
        if step["type"] != "create_entry":
            raise DemoError(f"The planned load ended in {json.dumps(step)}")

    async def switch_webhooks_on(
        self, entry_id: str, register: Callable[[str], Awaitable[str]]
    ) -> str:
        """Go through the options of the entry; return the path of the webhook.

        What is registered is the webhook's address on this machine, in exchange
        for the secret: nobody reaches it from outside.
        """
        flow = "/api/config/config_entries/options/flow"
        step = await self.ask("POST", flow, {"handler": entry_id})
        if step["type"] != "form":
            raise DemoError(f"The options flow ended in {json.dumps(step)}")
        address = str(step["description_placeholders"]["address"])
        path = urlsplit(address).path
        step = await self.ask(
            "POST",
            f"{flow}/{step['flow_id']}",
            {
                "webhooks": True,
                "webhook_secret": await register(f"{self.address}{path}"),
            },
        )
        if step["type"] != "create_entry":
            raise DemoError(f"The options flow ended in {json.dumps(step)}")
        return path


@dataclass(slots=True)
class Socket:
    """Home Assistant's WebSocket, for what REST cannot do."""

    connection: aiohttp.ClientWebSocketResponse
    last_id: int = 0

    @classmethod
    @asynccontextmanager
    async def connect(cls, home: Home) -> AsyncIterator[Self]:
        """Log in."""
        async with home.session.ws_connect(f"{home.address}/api/websocket") as ws:
            await ws.receive_json(timeout=STEP_LIMIT)
            await ws.send_json({"type": "auth", "access_token": home.token})
            await ws.receive_json(timeout=STEP_LIMIT)
            yield cls(ws)

    async def command(self, kind: str, **data: Any) -> Any:
        """Give one command and wait for its result."""
        self.last_id += 1
        await self.connection.send_json({"id": self.last_id, "type": kind, **data})
        answer = await self.connection.receive_json(timeout=STEP_LIMIT)
        if not answer["success"]:
            raise DemoError(f"Home Assistant refused {kind}: {answer['error']}")
        return answer["result"]

    async def wait_for_start(self) -> None:
        """Wait for Home Assistant to have started everything."""

        async def running() -> bool | None:
            config = await self.command("get_config")
            return True if config["state"] == "RUNNING" else None

        await until(running, "Home Assistant starts", START_LIMIT)

    async def wait_for_entities(self) -> dict[str, str]:
        """Wait for the subscription's entities; return their ids by key."""

        async def entities() -> dict[str, str] | None:
            ids = {
                entry["unique_id"]: entry["entity_id"]
                for entry in await self.command("config/entity_registry/list")
                if entry["platform"] == DOMAIN and not entry["disabled_by"]
            }
            states = {state["entity_id"] for state in await self.command("get_states")}
            # The other contract has its tariff already.
            gates = [
                unique_id
                for unique_id in ids
                if unique_id.endswith(f"_{GATE}")
                and f"{unique_id.removesuffix(GATE)}price" not in ids
            ]
            if not gates or not states.issuperset(ids.values()):
                return None
            prefix = gates[0].removesuffix(GATE)
            return {
                unique_id.removeprefix(prefix): entity_id
                for unique_id, entity_id in ids.items()
                if unique_id.startswith(prefix)
            }

        return await until(entities, "The integration adds its entities", STEP_LIMIT)

    async def contract_with_prices(self) -> str:
        """Return the id of the contract that has its tariff already."""
        for entry in await self.command("config/entity_registry/list"):
            if entry["platform"] == DOMAIN and entry["translation_key"] == "price":
                return str(entry["unique_id"]).removesuffix("_price")
        raise DemoError("There is no contract with prices")

    async def device_of(self, entity_id: str) -> str:
        """Return the device that an entity belongs to."""
        entry = await self.command("config/entity_registry/get", entity_id=entity_id)
        return str(entry["device_id"])

    async def wait_for_webhook(self, path: str) -> None:
        """Wait for somebody to listen there: before that, all is answered with 200."""

        async def listening() -> bool | None:
            hooks = await self.command("webhook/list")
            return (
                any(path.endswith(f"/{hook['webhook_id']}") for hook in hooks) or None
            )

        await until(listening, "The integration listens", STEP_LIMIT)

    async def wait_for_notification(self, entry_id: str) -> str:
        """Wait for the integration to confirm a test event; return what it says."""
        wanted = f"{DOMAIN}_{entry_id}_webhook"

        async def confirmation() -> str | None:
            for notification in await self.command("persistent_notification/get"):
                if notification["notification_id"] == wanted:
                    return str(notification["title"])
            return None

        return await until(confirmation, "The test event arrives", STEP_LIMIT)

    async def save_dashboard(self, language: str, entities: dict[str, str]) -> None:
        """Save the dashboard and make it the first that one sees."""
        content = yaml.safe_load(DASHBOARD.read_text())
        names = entities | content["texts"][language]
        dashboard = filled(content["dashboard"], names)
        path = "smart-meter"
        await self.command(
            "lovelace/dashboards/create",
            url_path=path,
            title=names["title"],
            icon="mdi:meter-electric",
        )
        await self.command("lovelace/config/save", url_path=path, config=dashboard)
        await self.command(
            "frontend/set_system_data", key="core", value={"default_panel": path}
        )

    async def wait_for_statistics(self) -> list[str]:
        """Wait for consumption to be imported; return its statistic and its cost's."""

        async def statistics() -> list[str] | None:
            found = [
                each["statistic_id"]
                for each in await self.command("recorder/list_statistic_ids")
                if each["source"] == DOMAIN
            ]
            return found if len(found) == 2 else None

        return await until(statistics, "Consumption is imported", STEP_LIMIT)

    async def save_energy_preferences(self) -> None:
        """Let the Energy dashboard show what the other contract has used and paid."""
        cost, consumption = sorted(
            await self.wait_for_statistics(), key=lambda each: "consumption" in each
        )
        await self.command(
            "energy/save_prefs",
            energy_sources=[
                {
                    "type": "grid",
                    "stat_energy_from": consumption,
                    "stat_energy_to": None,
                    "stat_cost": cost,
                    "entity_energy_price": None,
                    "number_energy_price": None,
                    "stat_compensation": None,
                    "entity_energy_price_export": None,
                    "number_energy_price_export": None,
                    "cost_adjustment_day": 0.0,
                }
            ],
        )

    async def save_language(self, language: str) -> None:
        """Set the language in which the user sees everything."""
        await self.command(
            "frontend/set_user_data",
            key="language",
            value={
                "language": language,
                "number_format": "language",
                "time_format": "language",
                "date_format": "language",
                "time_zone": "local",
                "first_weekday": "language",
            },
        )

    async def create_token(self) -> str:
        """Create a token that outlives the half hour of an ordinary one."""
        return str(
            await self.command(
                "auth/long_lived_access_token", client_name="scripts/demo", lifespan=1
            )
        )


def ids_to_come(gate: str, language: str) -> dict[str, str]:
    """Return the ids that the entities behind the gate will have, by key.

    The names of the contract and of the entity make an id.
    """
    translations = ROOT / "custom_components" / DOMAIN / "translations"
    texts = json.loads((translations / f"{language}.json").read_text())["entity"]

    def last_part(platform: str, key: str) -> str:
        return slugify(texts[platform][key]["name"])

    contract = gate.partition(".")[2].removesuffix(last_part("binary_sensor", GATE))
    return {
        key: f"{platform}.{contract}{last_part(platform, key)}"
        for key, platform in BEHIND_THE_GATE.items()
    }


def filled(part: Any, names: dict[str, str]) -> Any:
    """Put the entities and texts into a part of the dashboard.

    Whatever names an entity that isn't there (it may be disabled by default)
    is left out of the list it stands in, so that no card complains about it.
    """
    if isinstance(part, dict):
        return {key: filled(value, names) for key, value in part.items()}
    if isinstance(part, list):
        kept = []
        for item in part:
            with contextlib.suppress(KeyError):
                kept.append(filled(item, names))
        return kept
    if isinstance(part, str):
        return Template(part).substitute(names)
    return part
