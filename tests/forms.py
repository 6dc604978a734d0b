"""Forms over Home Assistant's HTTP API, as its frontend fills them in."""

from dataclasses import dataclass
from http import HTTPStatus
import json
from pathlib import Path
import re
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

import custom_components.nomos_energy as integration
from custom_components.nomos_energy.const import (
    SUBENTRY_COMPARISON,
    SUBENTRY_PLANNED_LOAD,
)

API = "/api/config/config_entries"


@dataclass
class Form:
    """Flow in the frontend: what it shows, and how it is filled in."""

    hass: HomeAssistant
    client: TestClient[Any, Any]
    path: str
    section: str
    """Section of the translations."""
    shown: dict[str, Any]

    async def send(self, **data: Any) -> dict[str, Any]:
        """Send the form, and return what is shown next."""
        flow_id = self.shown["flow_id"]
        response = await self.client.post(f"{self.path}/{flow_id}", json=data)
        answer = await response.json()
        # Home Assistant's own validation answers in English, whatever the language.
        assert response.status == HTTPStatus.OK, answer
        self.shown = answer
        await self.hass.async_block_till_done(wait_background_tasks=True)
        self.texts("en")
        self.texts("de")
        return self.shown

    async def choose(self, option: str) -> dict[str, Any]:
        """Choose an option of a menu."""
        assert option in self.shown["menu_options"]
        return await self.send(next_step_id=option)

    def texts(self, language: str) -> list[str]:
        """Return all texts that are shown, in a language; each one has to exist."""
        folder = Path(integration.__file__).parent / "translations"
        tree = json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))
        for part in self.section.split("."):
            tree = tree[part]
        return [self._fill(_find(tree, path)) for path in self._paths()]

    def _paths(self) -> list[str]:
        shown = self.shown
        if "translation_domain" in shown:
            # Home Assistant has the text itself.
            return []
        if shown["type"] == "abort":
            return [f"abort.{shown['reason']}"]
        if shown["type"] == "create_entry":
            return []
        step = f"step.{shown['step_id']}"
        if shown["type"] == "menu":
            options = shown["menu_options"]
            return [
                f"{step}.{kind}.{option}"
                for kind in ("menu_options", "menu_option_descriptions")
                for option in options
            ]
        return [
            f"{step}.title",
            *_field_paths(step, shown["data_schema"]),
            *(f"error.{key}" for key in (shown["errors"] or {}).values()),
        ]

    def _fill(self, text: str) -> str:
        placeholders = self.shown.get("description_placeholders") or {}
        return re.sub(r"{(\w+)}", lambda found: str(placeholders[found[1]]), text)

    def suggested(self) -> dict[str, Any]:
        """Return the values that are filled in."""
        return _suggested(self.shown["data_schema"])

    def choices(self, field: str) -> dict[str, str]:
        """Return the labels of a selector by value."""
        (schema,) = (
            each for each in self.shown["data_schema"] if each["name"] == field
        )
        options = schema["selector"]["select"]["options"]
        return {each["value"]: each["label"] for each in options}


def _field_paths(step: str, schema: list[dict[str, Any]]) -> list[str]:
    """Return the paths of the texts of fields, also of those in sections."""
    paths = []
    for each in schema:
        if each.get("type") == "expandable":
            section = f"{step}.sections.{each['name']}"
            paths += [f"{section}.name", f"{section}.description"]
            paths += _field_paths(section, each["schema"])
        else:
            paths += [
                f"{step}.{kind}.{each['name']}" for kind in ("data", "data_description")
            ]
    return paths


def _suggested(schema: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the values that are filled in, those of a section in a dict."""
    values = {
        each["name"]: _suggested(each["schema"])
        if each.get("type") == "expandable"
        else _as_frontend(each)
        for each in schema
        if each.get("type") == "expandable"
        or "suggested_value" in each.get("description", {})
    }
    return {name: each for name, each in values.items() if each != {}}


def _as_frontend(field: dict[str, Any]) -> Any:
    """Return a suggested value as the frontend fills it in, and sends it again.

    It takes the value of a field with choices for one of the first choice.
    """
    value = field["description"]["suggested_value"]
    if choices := field.get("selector", {}).get("choose", {}).get("choices"):
        first = next(iter(choices))
        return {"active_choice": first, first: value}
    return value


def _find(tree: Any, path: str) -> str:
    for part in path.split("."):
        tree = tree[part]
    return str(tree)


async def open_options(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> Form:
    """Choose Configure."""
    return await _open(
        hass, hass_client, f"{API}/options/flow", "options", entry.entry_id
    )


async def open_load(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    subentry_id: str | None = None,
) -> Form:
    """Open the form of a new planned load, or that of an existing one."""
    return await _open_subentry(
        hass, hass_client, entry, SUBENTRY_PLANNED_LOAD, subentry_id
    )


async def open_comparison(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    subentry_id: str | None = None,
) -> Form:
    """Open the form of a new comparison tariff, or that of an existing one."""
    return await _open_subentry(
        hass, hass_client, entry, SUBENTRY_COMPARISON, subentry_id
    )


async def _open_subentry(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    kind: str,
    subentry_id: str | None,
) -> Form:
    more = {"subentry_id": subentry_id} if subentry_id else {}
    path = f"{API}/subentries/flow"
    section = f"config_subentries.{kind}"
    return await _open(hass, hass_client, path, section, [entry.entry_id, kind], **more)


async def _open(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    path: str,
    section: str,
    handler: Any,
    **more: Any,
) -> Form:
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    response = await client.post(path, json={"handler": handler, **more})
    assert response.status == HTTPStatus.OK
    form = Form(hass, client, path, section, await response.json())
    form.texts("en")
    form.texts("de")
    return form
