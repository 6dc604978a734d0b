"""Client for the REST API of the demo's Home Assistant."""

from collections.abc import Awaitable, Callable
import contextlib
from dataclasses import dataclass, replace
import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from .demo_car import LOAD
from .demo_processes import DemoError, wait_until

DOMAIN = "nomos_energy"
USER = "demo"
CREDENTIALS = {"client_id": "demo-organisation", "client_secret": "demo-secret"}

# All in seconds.
START_LIMIT = 600  # the first start installs the requirements of Home Assistant
STEP_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Home:
    """Home Assistant's address and access token."""

    session: aiohttp.ClientSession
    address: str
    token: str = ""

    async def request(
        self,
        method: str,
        path: str,
        payload: dict[str, Any] | None = None,
        limit: float = STEP_LIMIT,
    ) -> Any:
        """Send a REST request and return the JSON of the response.

        Raises DemoError for an error status.
        """
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
        return str((await self.request("GET", f"/api/states/{entity_id}"))["state"])

    async def wait_for_api(self) -> None:
        """Wait until the REST API responds."""

        async def answer() -> bool | None:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, DemoError):
                await self.request("GET", "/api/onboarding")
                return True
            return None

        await wait_until(answer, "Home Assistant answers", START_LIMIT)

    async def create_user(self, password: str, language: str) -> Home:
        """Create the owner, as onboarding does, and log in."""
        client_id = f"{self.address}/"
        answer = await self.request(
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
        """Complete the integration's config flow; return the ID of the entry."""
        flow = "/api/config/config_entries/flow"
        # The first time, this installs the requirements of the integration.
        step = await self.request("POST", flow, {"handler": DOMAIN}, START_LIMIT)
        flow += f"/{step['flow_id']}"
        step = await self.request("POST", flow, {"next_step_id": "api_credentials"})
        await self.request("POST", flow, CREDENTIALS)
        step = await self.request("POST", flow, {"follow_all": True})
        if step["type"] != "create_entry":
            raise DemoError(f"The config flow ended in {json.dumps(step)}")
        return str(step["result"]["entry_id"])

    async def plan_load(self, entry_id: str, subscription_id: str) -> None:
        """Complete the subentry flow of a planned load."""
        flow = "/api/config/config_entries/subentries/flow"
        form = await self.request("POST", flow, {"handler": [entry_id, "planned_load"]})
        for entered in LOAD:
            fields = {field["name"] for field in form.get("data_schema", ())}
            if "subscription" in fields:
                entered = entered | {"subscription": subscription_id}
            form = await self.request("POST", f"{flow}/{form['flow_id']}", entered)
        if form["type"] != "create_entry":
            raise DemoError(f"The planned load ended in {json.dumps(form)}")

    async def add_to_energy_dashboard(
        self, entry_id: str, subscription_id: str
    ) -> None:
        """Complete the options flow that adds a contract to the Energy dashboard."""
        flow = "/api/config/config_entries/options/flow"
        menu = await self.request("POST", flow, {"handler": entry_id})
        flow += f"/{menu['flow_id']}"
        step = await self.request("POST", flow, {"next_step_id": "energy_dashboard"})
        if step.get("step_id") == "energy_dashboard":
            chosen = {"subscription": subscription_id}
            step = await self.request("POST", flow, chosen)
        if step["type"] == "form":
            step = await self.request("POST", flow, {})
        if step.get("reason") != "energy_added":
            raise DemoError(f"The options flow ended in {json.dumps(step)}")

    async def enable_webhooks(
        self, entry_id: str, register: Callable[[str], Awaitable[str]]
    ) -> str:
        """Complete the options flow of the entry; return the path of the webhook.

        register gets the webhook's local address, which is not reachable from other
        machines, and returns the signing secret.
        """
        flow = "/api/config/config_entries/options/flow"
        menu = await self.request("POST", flow, {"handler": entry_id})
        step = await self.request(
            "POST", f"{flow}/{menu['flow_id']}", {"next_step_id": "webhooks"}
        )
        if step["type"] != "form":
            raise DemoError(f"The options flow ended in {json.dumps(step)}")
        address = str(step["description_placeholders"]["address"])
        path = urlsplit(address).path
        step = await self.request(
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
