"""The pages that list all entities, made from what Home Assistant registers.

`scripts/test tests/test_entity_page.py --snapshot-update` writes them anew.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any, NamedTuple

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import QUARTER
from simulator import Simulator, scenarios
from tests import pass_time
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load

FOLDER = Path(__file__).parent.parent
MARK = "<!-- entities -->\n"
END = datetime(2028, 12, 31, 23, tzinfo=UTC)


class Words(NamedTuple):
    """Words of a page."""

    kinds: tuple[str, str, str]
    head: tuple[str, str, str, str]
    late: str
    diagnostic: str
    disabled: str


WORDS = {
    "en": Words(
        (
            "Entities of a contract",
            "Entities of a feed-in contract",
            "Entities of a planned load",
        ),
        ("Name", "Entity ID and key", "States or unit", "Remarks"),
        "with active meter",
        "diagnostic",
        "disabled by default",
    ),
    "de": Words(
        (
            "Entitäten eines Vertrags",
            "Entitäten eines Einspeisevertrags",
            "Entitäten eines geplanten Verbrauchers",
        ),
        ("Name", "Entitäts-ID und Schlüssel", "Zustände oder Einheit", "Anmerkungen"),
        "nach Freischaltung",
        "Diagnose",
        "ab Werk deaktiviert",
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
    texts: dict[str, Any],
    words: Words,
) -> list[str]:
    found = {each.unique_id.removeprefix(prefix): each for each in entries}
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
    active = simulator.add(scenarios.dynamic_tariff(end_at=END))
    ordered = simulator.add(scenarios.happy_path(2, end_at=END))
    feed_in = simulator.add(scenarios.feed_in(3, end_at=END))
    entry = await set_up()
    await pass_time(hass, freezer, QUARTER, QUARTER)
    key = await add_load(hass, entry, a_wallbox(active, power="11"))
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
    for kind, prefix in zip(words.kinds, [*prefixes, f"{key}_"], strict=True):
        is_load = prefix == f"{key}_"
        rows = _table(
            entities(prefix), prefix, set() if is_load else early, texts, words
        )
        lines += [f"## {kind}", "", *rows, ""]
    path = FOLDER / "docs" / language / "entities.md"
    intro, _, listed = path.read_text("utf-8").partition(MARK)
    wanted = "\n".join(lines)
    if request.config.option.update_snapshots:
        path.write_text(f"{intro}{MARK}{wanted}", "utf-8")
        return
    assert listed == wanted
