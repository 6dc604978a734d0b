"""Dashboard of the demo: its template and the entity IDs in it."""

import contextlib
import json
from pathlib import Path
from string import Template
from typing import Any

from homeassistant.util import slugify

from . import ROOT
from .demo_home import DOMAIN

DASHBOARD = Path(__file__).with_name("demo_dashboard.yaml")

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
