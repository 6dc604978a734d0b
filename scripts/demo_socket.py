"""Client for the WebSocket API of the demo's Home Assistant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from .demo_entities import GATE
from .demo_home import DOMAIN, START_LIMIT, STEP_LIMIT, Home
from .demo_processes import DemoError, wait_until


@dataclass(slots=True)
class Socket:
    """WebSocket connection to Home Assistant."""

    connection: aiohttp.ClientWebSocketResponse
    last_id: int = 0

    @classmethod
    @asynccontextmanager
    async def connect(cls, home: Home) -> AsyncIterator[Self]:
        """Connect and authenticate."""
        async with home.session.ws_connect(f"{home.address}/api/websocket") as ws:
            await ws.receive_json(timeout=STEP_LIMIT)
            await ws.send_json({"type": "auth", "access_token": home.token})
            await ws.receive_json(timeout=STEP_LIMIT)
            yield cls(ws)

    async def command(self, kind: str, **data: Any) -> Any:
        """Send a command and return its result.

        Raises DemoError if it fails.
        """
        self.last_id += 1
        await self.connection.send_json({"id": self.last_id, "type": kind, **data})
        answer = await self.connection.receive_json(timeout=STEP_LIMIT)
        if not answer["success"]:
            raise DemoError(f"Home Assistant refused {kind}: {answer['error']}")
        return answer["result"]

    async def wait_for_start(self) -> None:
        """Wait until Home Assistant has started."""

        async def running() -> bool | None:
            config = await self.command("get_config")
            return True if config["state"] == "RUNNING" else None

        await wait_until(running, "Home Assistant starts", START_LIMIT)

    async def wait_for_entities(self) -> dict[str, str]:
        """Wait for the entities of the watched contract; return their IDs by key."""

        async def entities() -> dict[str, str] | None:
            ids = {
                entry["unique_id"]: entry["entity_id"]
                for entry in await self.command("config/entity_registry/list")
                if entry["platform"] == DOMAIN and not entry["disabled_by"]
            }
            states = {state["entity_id"] for state in await self.command("get_states")}
            # Contracts whose order is in progress have no price: they come first.
            gates = sorted(
                (
                    each
                    for each in ids
                    if each.endswith(f"_{GATE}")
                    and f"{each.removesuffix(GATE)}order_status" in ids
                ),
                key=lambda each: f"{each.removesuffix(GATE)}price" in ids,
            )
            if not gates or not states.issuperset(ids.values()):
                return None
            prefix = gates[0].removesuffix(GATE)
            return {
                unique_id.removeprefix(prefix): entity_id
                for unique_id, entity_id in ids.items()
                if unique_id.startswith(prefix)
            }

        return await wait_until(
            entities, "The integration adds its entities", STEP_LIMIT
        )

    async def find_priced_subscription(self) -> str | None:
        """Return the subscription ID of a contract that has prices, if there is one."""
        for entry in await self.command("config/entity_registry/list"):
            if entry["platform"] == DOMAIN and entry["translation_key"] == "price":
                return str(entry["unique_id"]).removesuffix("_price")
        return None

    async def get_device_id(self, entity_id: str) -> str:
        """Return the device ID of an entity."""
        entry = await self.command("config/entity_registry/get", entity_id=entity_id)
        return str(entry["device_id"])

    async def wait_for_webhook(self, path: str) -> None:
        """Wait until a webhook is registered. Home Assistant answers others with 200, too."""

        async def listening() -> bool | None:
            hooks = await self.command("webhook/list")
            return (
                any(path.endswith(f"/{hook['webhook_id']}") for hook in hooks) or None
            )

        await wait_until(listening, "The integration listens", STEP_LIMIT)

    async def wait_for_notification(self, entry_id: str) -> str:
        """Wait for the notification that confirms a test event; return its title."""
        wanted = f"{DOMAIN}_{entry_id}_webhook"

        async def confirmation() -> str | None:
            for notification in await self.command("persistent_notification/get"):
                if notification["notification_id"] == wanted:
                    return str(notification["title"])
            return None

        return await wait_until(confirmation, "The test event arrives", STEP_LIMIT)

    async def save_dashboard(self) -> None:
        """Add the dashboard of the integration, as the default one."""
        path = "nomos-energy"
        await self.command(
            "lovelace/dashboards/create",
            url_path=path,
            title="Nomos Energy",
            icon="mdi:meter-electric",
        )
        dashboard = {"strategy": {"type": "custom:nomos-energy"}}
        await self.command("lovelace/config/save", url_path=path, config=dashboard)
        await self.command(
            "frontend/set_system_data", key="core", value={"default_panel": path}
        )

    async def save_language(self, language: str) -> None:
        """Set the user's language."""
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
        """Create an access token for a day; ordinary ones expire after half an hour."""
        return str(
            await self.command(
                "auth/long_lived_access_token", client_name="scripts/demo", lifespan=1
            )
        )
