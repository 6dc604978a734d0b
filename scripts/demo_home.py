"""Client for the REST API of the demo's Home Assistant."""

from collections.abc import Awaitable, Callable
import contextlib
from dataclasses import dataclass, replace
import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from .demo_processes import DemoError, until

DOMAIN = "nomos_energy"
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

# All in seconds.
START_LIMIT = 600  # the first start installs the requirements of Home Assistant
STEP_LIMIT = 60


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
