"""Texts and icons: complete in both languages, for all entities."""

import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.translation import async_get_translations

import custom_components.nomos_energy as integration
from custom_components.nomos_energy import contract_sensors
from custom_components.nomos_energy.billing import (
    events as invoice_events,
    sensors as billing_sensors,
)
from custom_components.nomos_energy.comparison import sensors as comparison_sensors
from custom_components.nomos_energy.grid_fees import (
    binary_sensors as grid_fee_binary_sensors,
    sensors as grid_fee_sensors,
)
from custom_components.nomos_energy.loads import (
    binary_sensors as load_binary_sensors,
    events as load_events,
    number,
    sensors as load_sensors,
    switch,
)
from custom_components.nomos_energy.orders import (
    binary_sensors as order_binary_sensors,
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

LIMITS = {
    r"entity\..*\.(name|state\.[\w-]+)": 25,
    r"(config|config_subentries|options)\..*\.(data|menu_options)\.\w+": 35,
    r"selector\..*": 35,
    r"services\..*\.name": 35,
    r"issues\..*\.title": 35 + len("{contract}: "),
}
"""Characters that a phone shows of a text without cutting it off, by key."""

ONE_TOO_LONG = {"de: entity.sensor.lowest_payout_today.name"}
"""There are no shorter words for it."""

WRONG_WORDS = {
    "de": {
        r"\bTor\b|(?<!De)(?<!de)[Aa]ktivier|\baktiv\b": "freigeschaltet",
        r"\b(ge)?folg(en|t)\b": "einbinden",
        r"(?<!OAuth-Client-)[Gg]eheimnis": "Client-Secret, Signatur-Secret",
        r"Schlüssel": "API-Zugangsdaten",
        r"Erlaubnis": "Zugriff",
        r"\b[Mm]it Nomos anmelden": "bei Nomos anmelden",
        r"Nachrichten": "Sofortmeldungen",
        r"Smart Meter|Smart-Meter-Prüfung": "Zähler, Angaben zum Zählerplatz",
        r"(?<!am )\bStücke?\b": "Abschnitt",
        r"(Hoch|Nieder|Standard)tarif": "Hoch (HT), Niedrig (NT), Standard (ST)",
        r"Grundgebühr": "Grundpreis",
        r"(?<!Partner-)Dashboard von Nomos": "Partner-Dashboard von Nomos",
        r"\(Anfrage:": "Anfrage-ID",
    },
    "en": {
        r"\bgate\b": "active",
        r"\bfollow(?!s the prices)": "include",
        r"\bkey\b": "API credentials",
        r"\b[Ll]og ?in\b": "sign in",
        r"\bmessages from Nomos": "instant updates",
        r"\bprovider\b": "metering operator",
        r"\bpieces?\b": "block",
        r"\bcompensation\b": "feed-in earnings",
        r"(?<!partner )dashboard of Nomos": "partner dashboard of Nomos",
        r"\(Request:": "Request ID",
    },
}
"""Patterns of words for which the texts have another term, with that term."""

OTHER_MEANING = re.compile(
    r"entity\.sensor\.module_\d\.state\.activated|options\.abort\.energy_only_feed_in"
)
"""Modules of § 14a EnWG are activated; meters are not, in German. And a text that
quotes fields of Home Assistant."""

DESCRIPTIONS: dict[str, tuple[EntityDescription, ...]] = {
    "calendar": (calendar.INSTALLATION,),
    "number": (*number.NUMBERS.values(),),
    "switch": (switch.ENABLED,),
    "event": (events.ORDER_UPDATE, invoice_events.INVOICE, load_events.RUN),
    "sensor": (
        *order_sensors.ORDER_SENSORS,
        order_sensors.EXPECTED_ACTIVATION,
        order_sensors.LAST_ANSWER,
        price_sensors.PRICE,
        *price_sensors.PRICE_SENSORS,
        price_sensors.PAYOUT,
        *price_sensors.PAYOUT_SENSORS,
        *grid_fee_sensors.MODULES,
        grid_fee_sensors.WINDOW,
        *billing_sensors.CONSUMPTION,
        *billing_sensors.FEED_IN,
        billing_sensors.LAST_INVOICE,
        *usage_sensors.CONSUMPTION,
        *usage_sensors.FEED_IN,
        usage_sensors.USAGE_UNTIL,
        usage_sensors.METER_READING,
        *load_sensors.LOAD_SENSORS,
        contract_sensors.CONTRACT_START,
        contract_sensors.CONTRACT_END,
        *comparison_sensors.SAVINGS,
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
LANGUAGES = {"de": GERMAN, "en": ENGLISH}


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


def test_request_id_can_be_left_out() -> None:
    """Texts take the request ID with its brackets, which are not always there."""
    gaps = re.compile(r"{(status|code|request_id)}")
    for texts_of_language in (ENGLISH, GERMAN):
        found = [key for key, text in texts_of_language.items() if gaps.search(text)]
        assert found == ["common.request_id"]


def test_lists_are_not_interrupted() -> None:
    """Markdown counts on in a numbered list: what stands between is indented."""
    findings = []
    for key, text in (*ENGLISH.items(), *GERMAN.items()):
        lines = text.split("\n")
        items = [i for i, line in enumerate(lines) if re.match(r"\d+\. ", line)]
        between = lines[items[0] : items[-1]] if items else []
        if [int(lines[i].split(".")[0]) for i in items] != [
            number + 1 for number in range(len(items))
        ] or any(line and not re.match(r"\d+\. |   ", line) for line in between):
            findings.append(key)
    assert not findings


def test_german_is_polite() -> None:
    """People are addressed with Sie."""
    familiar = re.compile(r"\b(du|dein\w*|dir|dich|euch|euer)\b", re.IGNORECASE)
    assert not [text for text in GERMAN.values() if familiar.search(text)]


def test_texts_are_short() -> None:
    """Names, states, labels and titles fit on a phone."""
    findings = {
        f"{language}: {key}"
        for language, found in LANGUAGES.items()
        for key, text in found.items()
        for pattern, limit in LIMITS.items()
        if re.fullmatch(pattern, key) and len(text) > limit
    }
    assert findings == ONE_TOO_LONG


def test_names_make_entity_ids() -> None:
    """Names of entities have no characters that make odd entity IDs."""
    assert not [
        f"{language}: {key}: {text}"
        for language, found in LANGUAGES.items()
        for key, text in found.items()
        if re.fullmatch(r"entity\.\w+\.\w+\.name", key) and re.search("[§'’()]", text)
    ]


def test_one_term_for_one_thing() -> None:
    """No text uses a word for which there is another term."""
    assert not [
        f"{language}: {key}: {word.group()} instead of {term}"
        for language, found in LANGUAGES.items()
        for key, text in found.items()
        if not OTHER_MEANING.fullmatch(key)
        for pattern, term in WRONG_WORDS[language].items()
        if (word := re.search(pattern, re.sub(r"{\w+}|`[^`]*`", "", text)))
    ]


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
    for description in (events.ORDER_UPDATE, invoice_events.INVOICE, load_events.RUN):
        texts_of_event = names["event"][description.key]["state_attributes"]
        announced = texts_of_event["event_type"]["state"]
        findings += set(announced) ^ set(description.event_types or ())
    assert not findings


async def test_home_assistant_finds_them(hass: HomeAssistant) -> None:
    """Home Assistant shows the German texts."""
    found = await async_get_translations(hass, "de", "entity", {"nomos_energy"})
    prefix = "component.nomos_energy."
    assert (
        found[f"{prefix}entity.binary_sensor.smart_meter_active.name"]
        == "Zähler freigeschaltet"
    )
