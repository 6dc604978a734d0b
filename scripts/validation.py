"""Offline checks of what HACS and hassfest ask of a custom integration.

Workflows may run scripts of the project only, so that all they do can be tried here.
Placeholders of translations, texts of entities and margins of the images are checked
by the tests.
"""

from collections.abc import Iterator
import json
import os
from pathlib import Path
import re
import tomllib
from typing import Any

from awesomeversion import AwesomeVersion
from homeassistant.loader import Manifest
from homeassistant.util.yaml import parse_yaml

from . import ROOT

INTEGRATION = Path("custom_components") / "nomos_energy"
BLUEPRINTS = Path("blueprints") / "automation" / "nomos_energy"

REQUIRED_IN_MANIFEST = {
    "domain",
    "name",
    "codeowners",
    "documentation",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "version",
}
SET_BY_HOME_ASSISTANT = {"is_built_in", "overwrites_built_in"}

HACS_KEYS: dict[str, type] = {
    "name": str,
    "content_in_root": bool,
    "country": list,
    "filename": str,
    "hacs": str,
    "hide_default_branch": bool,
    "homeassistant": str,
    "persistent_directory": str,
    "zip_release": bool,
}
"""Documented keys of hacs.json, with the type of their values."""

WORKFLOW_LINE = re.compile(
    r"uses: [\w/-]+@[0-9a-f]{40} # \S+|run: (?P<script>scripts/[\w-]+|\.ci/run)( .*)?"
)
"""What a step of a workflow does: a pinned action with its version, or a script."""

SHORTEST_SIDES = {
    "icon.png": range(256, 257),
    "icon@2x.png": range(512, 513),
    "logo.png": range(128, 257),
    "logo@2x.png": range(256, 513),
}
"""Pixels of the shortest side, by name of the brand image for light themes."""


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def check_manifest(root: Path) -> Iterator[str]:
    """Check keys, their order, domain, addresses and version of the manifest."""
    manifest = read_json(root / INTEGRATION / "manifest.json")
    known = Manifest.__annotations__.keys() - SET_BY_HOME_ASSISTANT
    for key in sorted(REQUIRED_IN_MANIFEST - manifest.keys()):
        yield f"manifest.json: {key} is missing"
    for key in sorted(manifest.keys() - known):
        yield f"manifest.json: {key} is unknown"
    if list(manifest) != sorted(
        manifest, key=lambda key: (key != "domain", key != "name", key)
    ):
        yield "manifest.json: after domain and name, keys are in alphabetical order"
    if manifest.get("domain") != INTEGRATION.name:
        yield "manifest.json: domain differs from the name of the folder"
    for key in ("documentation", "issue_tracker"):
        if not str(manifest.get(key)).startswith("https://"):
            yield f"manifest.json: {key} is no https address"
    version = str(manifest.get("version"))
    if not AwesomeVersion(version).valid:
        yield "manifest.json: version is no version"
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    if version != project["project"]["version"]:
        yield "pyproject.toml: version differs from manifest.json"
    owners = (root / ".github" / "CODEOWNERS").read_text(encoding="utf-8")
    if re.findall(r"@\S+", owners) != manifest.get("codeowners"):
        yield ".github/CODEOWNERS: owners differ from manifest.json"


def check_hacs(root: Path) -> Iterator[str]:
    """Check hacs.json, and that blueprints need the same Home Assistant."""
    hacs = read_json(root / "hacs.json")
    for key, value in hacs.items():
        if not isinstance(value, HACS_KEYS.get(key, ())):
            yield f"hacs.json: {key} is unknown or of the wrong type"
    for key in sorted({"name", "homeassistant"} - hacs.keys()):
        yield f"hacs.json: {key} is missing"
    if not all(re.fullmatch("[A-Z]{2}", each) for each in hacs.get("country", [])):
        yield "hacs.json: country lists codes of two capital letters"
    if hacs.get("zip_release") and not str(hacs.get("filename")).endswith(".zip"):
        yield "hacs.json: zip_release needs the filename of a zip"
    for path in sorted((root / BLUEPRINTS).glob("*.yaml")):
        blueprint: Any = parse_yaml(path.read_text(encoding="utf-8"))
        needed = blueprint["blueprint"]["homeassistant"]["min_version"]
        if needed != hacs.get("homeassistant"):
            yield f"{path.name}: min_version differs from homeassistant in hacs.json"


def check_brand(root: Path) -> Iterator[str]:
    """Check the sizes of the brand images, for light and dark themes."""
    for name, allowed in SHORTEST_SIDES.items():
        for prefix in ("", "dark_"):
            image = root / INTEGRATION / "brand" / f"{prefix}{name}"
            header = image.read_bytes()[:24] if image.exists() else b""
            width, height = (int.from_bytes(header[i : i + 4]) for i in (16, 20))
            if not header.startswith(b"\x89PNG") or min(width, height) not in allowed:
                yield f"{image.name}: no PNG of {allowed[0]} to {allowed[-1]} pixels"
            elif name.startswith("icon") and width != height:
                yield f"{image.name}: an icon is square"


def _undescribed(tree: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield the paths of form fields that have no description."""
    if isinstance(fields := tree.get("data"), dict):
        for field in sorted(fields.keys() - tree.get("data_description", {}).keys()):
            yield f"{path}data_description.{field}"
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _undescribed(value, f"{path}{key}.")


def check_texts(root: Path) -> Iterator[str]:
    """Check descriptions of form fields, and icons of entities and actions."""
    texts = read_json(root / INTEGRATION / "translations" / "en.json")
    icons = read_json(root / INTEGRATION / "icons.json")
    for path in _undescribed(texts):
        yield f"translations/en.json: {path} is missing"
    for platform, names in texts["entity"].items():
        for key in sorted(names.keys() - icons["entity"].get(platform, {}).keys()):
            yield f"icons.json: entity.{platform}.{key} is missing"
    services: Any = parse_yaml(
        (root / INTEGRATION / "services.yaml").read_text(encoding="utf-8")
    )
    for file, found in (("icons.json", icons), ("translations/en.json", texts)):
        for key in sorted(services.keys() ^ found["services"].keys()):
            yield f"{file}: services.{key} is missing, or is not in services.yaml"


def check_workflows(root: Path) -> Iterator[str]:
    """Check that workflows pin actions by commit and run scripts of the project only."""
    for path in sorted((root / ".github" / "workflows").glob("*.yml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            step = line.strip().removeprefix("- ")
            if not step.startswith(("uses:", "run:")):
                continue
            match = WORKFLOW_LINE.fullmatch(step)
            if match is None or not os.access(root / (match["script"] or ""), os.X_OK):
                yield f"{path.name}: no pinned action or script of the project: {step}"
    tests: Any = parse_yaml((root / ".github/workflows/test.yml").read_text("utf-8"))
    oldest = tests["jobs"]["versions"]["strategy"]["matrix"]["home-assistant"][0]
    minimum = str(read_json(root / "hacs.json").get("homeassistant"))
    if oldest.split(".")[:2] != minimum.split(".")[:2]:
        yield f"test.yml: the first version is not the one in hacs.json, {minimum}"


def findings(root: Path) -> list[str]:
    """Return all findings in a folder of the project, as sentences."""
    checks = (
        check_manifest,
        check_hacs,
        check_brand,
        check_texts,
        check_workflows,
    )
    return [finding for check in checks for finding in check(root)]


def main() -> None:
    """Print the findings; fail if there are any."""
    if found := findings(ROOT):
        raise SystemExit("\n".join(found))
    print("Manifest, hacs.json, brand images, texts, icons and workflows: no findings")


if __name__ == "__main__":
    main()
