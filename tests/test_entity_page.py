"""The pages that list all entities, made from what Home Assistant registers.

`scripts/test tests/test_entity_page.py --snapshot-update` writes them anew.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.nomos_energy.const import DOMAIN, SUBENTRY_COMPARISON
from custom_components.nomos_energy.nomos import QUARTER
from simulator import Simulator, scenarios
from tests import pass_time
from tests.conftest import SetUp
from tests.loads.common import a_car, a_wallbox, add_load

FOLDER = Path(__file__).parent.parent
END = datetime(2028, 12, 31, 23, tzinfo=UTC)
MARK = "<!-- entities -->\n"

MANY_STATES = 6
PAGES = {
    "order_update": "events.md",
    "order_status": "order.md",
    "plan_state": "planned-loads.md",
}
"""Pages that explain the states of entities with many of them."""


class Words(NamedTuple):
    """Words of a page."""

    kinds: tuple[str, ...]
    head: tuple[str, str, str, str]
    late: str
    diagnostic: str
    disabled: str
    see: str


WORDS = {
    "en": Words(
        (
            "Entities of a contract",
            "Other entities of a feed-in contract",
            "Entities of a planned load",
            "Other entities of a load by energy",
            "Other entities of a load by charge level",
            "Entities of a comparison tariff",
        ),
        ("Name", "Entity ID and key", "States or unit", "Remarks"),
        "with active meter",
        "diagnostic",
        "disabled by default",
        "see here",
    ),
    "de": Words(
        (
            "Entitäten eines Vertrags",
            "Andere Entitäten eines Einspeisevertrags",
            "Entitäten eines geplanten Verbrauchers",
            "Andere Entitäten eines Verbrauchers nach Energiemenge",
            "Andere Entitäten eines Verbrauchers nach Ladestand",
            "Entitäten eines Vergleichstarifs",
        ),
        ("Name", "Entitäts-ID und Schlüssel", "Zustände oder Einheit", "Anmerkungen"),
        "nach Freischaltung",
        "Diagnose",
        "ab Werk deaktiviert",
        "siehe hier",
    ),
}


def _translations(language: str) -> dict[str, Any]:
    path = FOLDER / "custom_components" / DOMAIN / "translations" / f"{language}.json"
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def _row(
    entry: er.RegistryEntry, key: str, texts: dict[str, Any], words: Words, late: bool
) -> str:
    """Return the row of an entity."""
    text = texts["entity"][entry.domain][entry.translation_key]
    states = text.get("state") or text.get("state_attributes", {}).get(
        "event_type", {}
    ).get("state", {})
    values = ", ".join(f"`{state}` {name}" for state, name in states.items())
    if len(states) > MANY_STATES:
        values = f"[{words.see}]({PAGES[key]})"
    remarks = (
        (late, words.late),
        (entry.entity_category is EntityCategory.DIAGNOSTIC, words.diagnostic),
        (entry.disabled, words.disabled),
    )
    noted = ", ".join(remark for applies, remark in remarks if applies)
    cells = (
        entry.original_name,
        f"`{entry.domain}` `{key}`",
        values or entry.unit_of_measurement or "",
        noted,
    )
    return f"| {' | '.join(map(str, cells))} |"


def _table(
    entries: Iterable[er.RegistryEntry],
    prefix: str,
    early: set[str],
    listed: set[tuple[str, str | None]],
    texts: dict[str, Any],
    words: Words,
) -> list[str]:
    """Return the rows of entities that no earlier table has."""
    found = {each.unique_id.removeprefix(prefix): each for each in entries}
    # Numbers of loads share a key, so that a load keeps its number if its need changes.
    found = {
        key: each
        for key, each in found.items()
        if (key, each.translation_key) not in listed
    }
    listed |= {(key, each.translation_key) for key, each in found.items()}
    return [
        f"| {' | '.join(words.head)} |",
        "| --- | --- | --- | --- |",
        *(
            _row(each, key, texts, words, late=bool(early) and key not in early)
            for key, each in sorted(
                found.items(), key=lambda item: (item[1].domain, item[0])
            )
        ),
    ]


@pytest.mark.parametrize("language", ["en", "de"])
async def test_all_entities_are_listed(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    simulator: Simulator,
    set_up: SetUp,
    freezer: FrozenDateTimeFactory,
    request: pytest.FixtureRequest,
    language: str,
) -> None:
    """The page has a row for each entity, as Home Assistant registers it."""
    hass.config.language = language
    await hass.config.async_set_time_zone("Europe/Berlin")
    active = simulator.add(
        scenarios.dynamic_tariff(end_at=END, elapsed=timedelta(days=62))
    )
    ordered = simulator.add(scenarios.happy_path(2, end_at=END))
    # Invoices come before the meter is active, too.
    ordered.issue("prepayment", date(2026, 10, 1), date(2026, 11, 1), 60.0)
    feed_in = simulator.add(scenarios.feed_in(3, end_at=END, age=timedelta(days=30)))
    entry = await set_up()
    await pass_time(hass, freezer, QUARTER, QUARTER)
    loads = [
        await add_load(hass, entry, entered)
        for entered in (
            a_wallbox(active, power="11"),
            a_wallbox(active, need="energy", run_time=None, energy="8", power="11"),
            a_car(active),
        )
    ]
    tariff = ConfigSubentry(
        data=MappingProxyType(
            {"subscription": active.subscription_id, "prices": [{"price": 0.3}]}
        ),
        subentry_type=SUBENTRY_COMPARISON,
        title="Stadtwerke",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(entry, tariff)
    await hass.async_block_till_done(wait_background_tasks=True)
    registry = er.async_get(hass)
    texts, words = _translations(language), WORDS[language]

    def entities(prefix: str) -> list[er.RegistryEntry]:
        return [
            each
            for each in er.async_entries_for_config_entry(registry, entry.entry_id)
            if each.unique_id.startswith(prefix)
        ]

    prefixes = [f"{each.subscription_id}_" for each in (active, feed_in)]
    early = {
        each.unique_id.removeprefix(f"{ordered.subscription_id}_")
        for each in entities(f"{ordered.subscription_id}_")
    }
    lines: list[str] = []
    listed_keys: set[tuple[str, str | None]] = set()
    all_prefixes = [
        *prefixes,
        *(f"{key}_" for key in (*loads, tariff.subentry_id)),
    ]
    for kind, prefix in zip(words.kinds, all_prefixes, strict=True):
        of_contract = early if prefix in prefixes else set()
        rows = _table(entities(prefix), prefix, of_contract, listed_keys, texts, words)
        lines += [f"## {kind}", "", *rows, ""]
    path = FOLDER / "docs" / language / "entities.md"
    intro, _, listed = path.read_text("utf-8").partition(MARK)
    wanted = "\n".join(lines)
    if request.config.option.update_snapshots:
        path.write_text(f"{intro}{MARK}{wanted}", "utf-8")
        return
    assert listed == wanted
