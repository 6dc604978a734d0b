"""What is on people's disks and in their automations: a change of it shows in a diff.

Keys of entities decide unique IDs, those of records what is read after an update. Before
a snapshot is updated, each changed line needs a reason, and once a version is published,
a migration.
"""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import EnumType, StrEnum
import json
from pathlib import Path
import re
from types import ModuleType
from typing import Any, cast, get_args, get_type_hints

from syrupy.assertion import SnapshotAssertion
import yaml  # type: ignore[import-untyped]

from custom_components.nomos_energy import (
    config_flow,
    const,
    contract_store,
    flow_account,
    store,
    token_store,
)
from custom_components.nomos_energy.billing import store as billing_store
from custom_components.nomos_energy.comparison import flow as comparison_flow
from custom_components.nomos_energy.loads import history, limit_option
from custom_components.nomos_energy.nomos import QUARTER, Price, PriceSeries
from custom_components.nomos_energy.prices import store as price_store
from custom_components.nomos_energy.usage import store as usage_store
from custom_components.nomos_energy.webhooks import receiver

FOLDER = Path(const.__file__).parent
START = datetime(2026, 11, 23, tzinfo=UTC)
PRICE = Price(START, START + QUARTER, 0.3, 0.1, 0.1, 0.1)
PAGES = Path(__file__).parent.parent / "docs" / "en"


def _texts() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (FOLDER / "translations" / "en.json").read_text("utf-8")
    )
    return content


def _described(file: str) -> dict[str, list[str]]:
    """Return the fields of actions, triggers or conditions."""
    content = yaml.safe_load((FOLDER / file).read_text("utf-8"))
    return {
        name: sorted((each or {}).get("fields", {}))
        for name, each in content.items()
        if not name.startswith(".")
    }


def _constants(module: ModuleType) -> list[str]:
    """Return the keys of data, options or subentries that a module names."""
    return sorted(
        value
        for name, value in vars(module).items()
        if name.startswith("CONF_") and isinstance(value, str)
    )


def _fields_of(steps: dict[str, Any]) -> list[str]:
    """Return the names of all fields of forms."""
    return sorted(
        {
            name
            for step in steps.values()
            for part in (step, *step.get("sections", {}).values())
            for name in part.get("data", {})
        }
    )


def _shape(kind: Any) -> Any:
    """Return the fields of a dataclass, also within collections and unions."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return {each.name: _shape(hints[each.name]) for each in fields(kind)}
    if isinstance(kind, EnumType):
        return sorted(each.value for each in cast("type[StrEnum]", kind))
    if inner := [each for each in get_args(kind) if each is not ...]:
        shapes = [_shape(each) for each in inner]
        return shapes[0] if len(shapes) == 1 else shapes
    return getattr(kind, "__name__", str(kind))


def test_entities(snapshot: SnapshotAssertion) -> None:
    """Unique IDs are the ID of a contract or subentry, an underscore and the key.

    Another test compares the page with what Home Assistant registers.
    """
    rows = re.findall(
        r"^\| [^|]+ \| `(\w+)` `(\w+)` \|",
        (PAGES / "entities.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert len(rows) > 50
    assert sorted(".".join(row) for row in set(rows)) == snapshot


def test_texts(snapshot: SnapshotAssertion) -> None:
    """States, events, issues, errors and statistics are named by translation keys."""
    texts = _texts()
    assert {
        "entities": {
            f"{platform}.{key}": {
                "states": sorted(entity.get("state", {})),
                "attributes": {
                    name: sorted(each.get("state", {}))
                    for name, each in entity.get("state_attributes", {}).items()
                },
            }
            for platform, entities in texts["entity"].items()
            for key, entity in entities.items()
        },
        "issues": sorted(texts["issues"]),
        "exceptions": sorted(texts["exceptions"]),
        "statistics": sorted(
            key.removeprefix("statistics_")
            for key in texts["common"]
            if key.startswith("statistics_")
        ),
    } == snapshot


def test_automations(snapshot: SnapshotAssertion) -> None:
    """Actions, triggers and conditions, with their fields."""
    assert {
        "actions": _described("services.yaml"),
        "triggers": _described("triggers.yaml"),
        "conditions": _described("conditions.yaml"),
    } == snapshot


def test_settings(snapshot: SnapshotAssertion) -> None:
    """Version of the config entry, and the keys of its settings and subentries."""
    flow = config_flow.NomosConfigFlow
    assert {
        "version": (flow.VERSION, flow.MINOR_VERSION),
        "entry": _constants(const) + _constants(flow_account),
        "contract": _constants(limit_option),
        "subentries": {
            kind: _fields_of(each["step"])
            for kind, each in _texts()["config_subentries"].items()
        },
        "prices of a comparison tariff": _constants(comparison_flow),
    } == snapshot


def test_stores(snapshot: SnapshotAssertion) -> None:
    """Files in Home Assistant's storage, by the end of their names."""
    assert {
        "version": store.STORAGE_VERSION,
        contract_store.STORE: _shape(contract_store.ContractRecord),
        price_store.STORE: vars(price_store)["_write"](PriceSeries(QUARTER, (PRICE,))),
        usage_store.STORE: _shape(usage_store.UsageProgress),
        billing_store.STORE: _shape(billing_store.BillingRecord),
        history.STORE: _shape(history.LoadHistory),
        receiver.STORE: "time by event ID",
        token_store.CAPABILITY: {"version": token_store.VERSION},
    } == snapshot
