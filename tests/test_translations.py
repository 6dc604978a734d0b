"""Texts and icons: complete in both languages, for all entities."""

import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.translation import async_get_translations

import custom_components.nomos_energy as integration
from custom_components.nomos_energy.grid_fees import (
    binary_sensors as grid_fee_binary_sensors,
    sensors as grid_fee_sensors,
)
from custom_components.nomos_energy.loads import (
    binary_sensors as load_binary_sensors,
    number,
    sensors as load_sensors,
    switch,
)
from custom_components.nomos_energy.orders import (
    binary_sensors as order_binary_sensors,
    button,
    calendar,
    events,
    sensors as order_sensors,
)
from custom_components.nomos_energy.prices import (
    binary_sensors as price_binary_sensors,
    sensors as price_sensors,
)
from custom_components.nomos_energy.usage import sensors as usage_sensors

FOLDER = Path(integration.__file__).parent

DESCRIPTIONS: dict[str, tuple[EntityDescription, ...]] = {
    "button": (button.ORDER_SMART_METER,),
    "calendar": (calendar.INSTALLATION,),
    "number": (number.RUN_TIME_TODAY,),
    "switch": (switch.ENABLED,),
    "event": (events.ORDER_UPDATE,),
    "sensor": (
        *order_sensors.ORDER_SENSORS,
        order_sensors.LAST_ANSWER,
        price_sensors.PRICE,
        *price_sensors.PRICE_SENSORS,
        price_sensors.PAYOUT,
        *price_sensors.PAYOUT_SENSORS,
        *grid_fee_sensors.MODULES,
        grid_fee_sensors.WINDOW,
        *usage_sensors.CONSUMPTION,
        *usage_sensors.FEED_IN,
        usage_sensors.USAGE_UNTIL,
        usage_sensors.METER_READING,
        *load_sensors.LOAD_SENSORS,
    ),
    "binary_sensor": (
        order_binary_sensors.GATE,
        order_binary_sensors.BLOCKED,
        price_binary_sensors.TOMORROW_PRICES,
        price_binary_sensors.TOMORROW_PAYOUTS,
        grid_fee_binary_sensors.GRID_FEE_REDUCTION,
        load_binary_sensors.RUN_NOW,
    ),
}


def texts(tree: dict[str, Any], path: str = "") -> dict[str, str]:
    """Return all texts of a tree by their path."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= texts(value, f"{path}{key}.")
        else:
            found[f"{path}{key}"] = value
    return found


def read(name: str) -> dict[str, Any]:
    """Return the content of a JSON file of the integration."""
    content: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


ENGLISH = texts(read("translations/en.json"))
GERMAN = texts(read("translations/de.json"))


def test_both_languages() -> None:
    """Each text exists in both languages, with the same placeholders."""
    placeholders = re.compile(r"{(\w+)}")
    findings = [
        key
        for key in sorted(ENGLISH.keys() | GERMAN.keys())
        if not ENGLISH.get(key, "").strip()
        or not GERMAN.get(key, "").strip()
        or set(placeholders.findall(ENGLISH[key]))
        != set(placeholders.findall(GERMAN[key]))
    ]
    assert not findings


def test_german_is_polite() -> None:
    """People are addressed with Sie."""
    familiar = re.compile(r"\b(du|dein\w*|dir|dich|euch|euer)\b", re.IGNORECASE)
    assert not [text for text in GERMAN.values() if familiar.search(text)]


def test_every_entity_has_texts_and_icons() -> None:
    """Names, states, events and icons exist for all entities, and for no others."""
    icons = read("icons.json")["entity"]
    names = read("translations/de.json")["entity"]
    findings: list[str] = []
    for platform, descriptions in DESCRIPTIONS.items():
        keys = {str(each.translation_key) for each in descriptions}
        findings += [
            f"{platform}.{key}"
            for known in (names[platform], icons[platform])
            for key in keys ^ set(known)
        ]
        for each in descriptions:
            states = names[platform].get(each.key, {}).get("state", {})
            if set(states) != set(getattr(each, "options", None) or states):
                findings.append(f"{platform}.{each.key}.state")
    announced = names["event"]["order_update"]["state_attributes"]["event_type"]
    findings += set(announced["state"]) ^ set(events.ORDER_UPDATE.event_types or ())
    assert not findings


async def test_home_assistant_finds_them(hass: HomeAssistant) -> None:
    """Home Assistant shows the German texts."""
    found = await async_get_translations(hass, "de", "entity", {"nomos_energy"})
    prefix = "component.nomos_energy."
    assert (
        found[f"{prefix}entity.binary_sensor.smart_meter_active.name"]
        == "Zähler freigeschaltet"
    )
