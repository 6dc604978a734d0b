"""Entities of the contract that the demo watches."""

import json

from homeassistant.util import slugify

from . import ROOT
from .demo_home import DOMAIN

GATE = "smart_meter_active"
GATED_ENTITIES = {
    "price": "sensor",
    "price_level": "sensor",
    "lowest_price_today": "sensor",
    "highest_price_today": "sensor",
    "average_price_today": "sensor",
    "tomorrow_prices": "binary_sensor",
    "module_1": "sensor",
    "module_3": "sensor",
    "grid_fee_reduction": "binary_sensor",
    "grid_fee_window": "sensor",
}
"""Entities that are added when the gate opens, with their platform."""


def predict_entity_ids(gate: str, language: str) -> dict[str, str]:
    """Return the IDs that the gated entities will get, by key.

    An ID consists of the names of the contract and the entity.
    """
    translations = ROOT / "custom_components" / DOMAIN / "translations"
    texts = json.loads((translations / f"{language}.json").read_text())["entity"]

    def name_slug(platform: str, key: str) -> str:
        return slugify(texts[platform][key]["name"])

    contract = gate.partition(".")[2].removesuffix(name_slug("binary_sensor", GATE))
    return {
        key: f"{platform}.{contract}{name_slug(platform, key)}"
        for key, platform in GATED_ENTITIES.items()
    }
