"""Every text is there in both languages, and means the same."""

import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
import pytest

import custom_components.nomos_energy as integration
from custom_components.nomos_energy import (
    binary_sensor,
    button,
    calendar,
    event,
    number,
    switch,
)
from custom_components.nomos_energy.grid_fees import sensors as grid_fee_sensors
from custom_components.nomos_energy.loads import sensors as load_sensors
from custom_components.nomos_energy.orders import sensors as order_sensors
from custom_components.nomos_energy.prices import sensors as price_sensors
from custom_components.nomos_energy.usage import sensors as usage_sensors

FOLDER = Path(integration.__file__).parent


def texts(tree: dict[str, Any], path: str = "") -> dict[str, str]:
    """Return all texts below a place by the way that leads to them."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= texts(value, f"{path}{key}.")
        else:
            found[f"{path}{key}"] = value
    return found


def read(name: str) -> dict[str, Any]:
    """Read a JSON file of the integration."""
    content: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


ENGLISH = texts(read("translations/en.json"))
GERMAN = texts(read("translations/de.json"))


SENSORS = (
    *order_sensors.ORDER_SENSORS,
    price_sensors.PRICE,
    *price_sensors.AROUND_PRICE,
    price_sensors.PAYOUT,
    *price_sensors.AROUND_PAYOUT,
    *grid_fee_sensors.MODULES,
    grid_fee_sensors.WINDOW,
    *usage_sensors.CONSUMPTION,
    *usage_sensors.FEED_IN,
    usage_sensors.USAGE_UNTIL,
    usage_sensors.METER_READING,
    *load_sensors.LOAD_SENSORS,
)


def test_same_texts() -> None:
    """Neither language has a text that the other one lacks."""
    assert ENGLISH.keys() == GERMAN.keys()
    assert all(text.strip() for text in (*ENGLISH.values(), *GERMAN.values()))


@pytest.mark.parametrize("key", ENGLISH)
def test_same_placeholders(key: str) -> None:
    """Both languages name the same things."""
    placeholders = re.compile(r"{(\w+)}")
    assert set(placeholders.findall(ENGLISH[key])) == set(
        placeholders.findall(GERMAN[key])
    )


def test_german_is_polite() -> None:
    """People are addressed with Sie."""
    familiar = re.compile(r"\b(du|dein\w*|dir|dich|euch|euer)\b", re.IGNORECASE)
    assert not [text for text in GERMAN.values() if familiar.search(text)]


def test_every_entity_has_texts_and_icons() -> None:
    """Names, states and icons of all entities are there, and no others."""
    icons = read("icons.json")["entity"]
    entity_texts = read("translations/de.json")["entity"]
    described = {
        "button": (button.ORDER_SMART_METER,),
        "calendar": (calendar.INSTALLATION,),
        "number": (number.RUN_TIME_TODAY,),
        "switch": (switch.ENABLED,),
        "event": (event.ORDER_UPDATE,),
        "sensor": (*SENSORS, order_sensors.LAST_ANSWER),
        "binary_sensor": (
            binary_sensor.GATE,
            binary_sensor.BLOCKED,
            binary_sensor.TOMORROW_PRICES,
            binary_sensor.TOMORROW_PAYOUTS,
            binary_sensor.GRID_FEE_REDUCTION,
            binary_sensor.RUN_NOW,
        ),
    }
    for platform, descriptions in described.items():
        keys = {description.translation_key for description in descriptions}
        assert set(entity_texts[platform]) == keys
        assert set(icons[platform]) == keys
    for description in SENSORS:
        states = entity_texts["sensor"][description.key].get("state", {})
        assert set(states) == set(description.options or ())


def test_every_change_has_a_text() -> None:
    """All that can happen to an order can be said."""
    texts_of_event = read("translations/de.json")["entity"]["event"]["order_update"]
    said = texts_of_event["state_attributes"]["event_type"]["state"]
    assert set(said) == set(event.ORDER_UPDATE.event_types or ())


async def test_home_assistant_finds_them(hass: HomeAssistant) -> None:
    """Home Assistant itself shows the German texts."""
    found = await async_get_translations(hass, "de", "entity", {"nomos_energy"})
    prefix = "component.nomos_energy."
    assert (
        found[f"{prefix}entity.binary_sensor.smart_meter_active.name"]
        == "Intelligentes Messsystem aktiv"
    )
