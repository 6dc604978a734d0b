"""The quality scale is complete, and the manifest claims no more than it says."""

import json
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

import custom_components.nomos_energy as integration

FOLDER = Path(integration.__file__).parent

# The tiers of Home Assistant's developer documentation, as of August 2026.
TIERS = {
    "bronze": {
        "action-setup",
        "appropriate-polling",
        "brands",
        "common-modules",
        "config-flow",
        "config-flow-test-coverage",
        "dependency-transparency",
        "docs-actions",
        "docs-conditions",
        "docs-high-level-description",
        "docs-installation-instructions",
        "docs-removal-instructions",
        "docs-triggers",
        "entity-event-setup",
        "entity-unique-id",
        "has-entity-name",
        "runtime-data",
        "test-before-configure",
        "test-before-setup",
        "unique-config-entry",
    },
    "silver": {
        "action-exceptions",
        "config-entry-unloading",
        "docs-configuration-parameters",
        "docs-installation-parameters",
        "entity-unavailable",
        "integration-owner",
        "log-when-unavailable",
        "parallel-updates",
        "reauthentication-flow",
        "test-coverage",
    },
    "gold": {
        "devices",
        "diagnostics",
        "discovery",
        "discovery-update-info",
        "docs-data-update",
        "docs-examples",
        "docs-known-limitations",
        "docs-supported-devices",
        "docs-supported-functions",
        "docs-troubleshooting",
        "docs-use-cases",
        "dynamic-devices",
        "entity-category",
        "entity-device-class",
        "entity-disabled-by-default",
        "entity-translations",
        "exception-translations",
        "icon-translations",
        "reconfiguration-flow",
        "repair-issues",
        "stale-devices",
    },
    "platinum": {"async-dependency", "inject-websession", "strict-typing"},
}
RULES = [rule for rules in TIERS.values() for rule in sorted(rules)]


def read_rules() -> dict[str, Any]:
    """Read what the integration says of itself."""
    text = (FOLDER / "quality_scale.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    assert set(content) == {"rules"}
    rules: dict[str, Any] = content["rules"]
    return rules


def status(rule: str) -> str:
    """Return where the integration stands with a rule."""
    value = read_rules()[rule]
    return str(value["status"] if isinstance(value, dict) else value)


def test_every_rule_once() -> None:
    """All rules are there, in the order of their tiers, and no others."""
    assert len(RULES) == 54
    rules = list(read_rules())
    assert sorted(rules) == sorted(RULES)
    order = {rule: tier for tier, names in enumerate(TIERS.values()) for rule in names}
    assert [order[rule] for rule in rules] == sorted(order.values())


def test_what_is_not_done_is_explained() -> None:
    """A rule is done, or a comment gives the reason why it is not."""
    findings = [
        rule
        for rule, value in read_rules().items()
        if value != "done"
        and not (
            isinstance(value, dict)
            and set(value) == {"status", "comment"}
            and value["status"] in ("done", "exempt", "todo")
            and value["comment"].strip()
        )
    ]
    assert not findings


def test_no_exemption_from_what_exists() -> None:
    """A rule about something that the integration has is not exempt."""
    for file, rules in (
        ("services.yaml", ("action-setup", "action-exceptions", "docs-actions")),
        ("issues.py", ("repair-issues",)),
        ("diagnostics.py", ("diagnostics",)),
        ("trigger.py", ("docs-triggers",)),
        ("condition.py", ("docs-conditions",)),
    ):
        assert (FOLDER / file).exists()
        assert [status(rule) for rule in rules] == ["done"] * len(rules)


def test_manifest_claims_what_is_true() -> None:
    """The manifest claims the highest tier whose rules are all kept, or none."""
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    kept: list[str] = []
    for tier, rules in TIERS.items():
        if any(status(rule) not in ("done", "exempt") for rule in rules):
            break
        kept.append(tier)
    assert manifest.get("quality_scale") == (kept[-1] if kept else None)
