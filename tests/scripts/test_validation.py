"""Tests of the offline checks of manifest, HACS and workflows, with spoiled copies."""

from pathlib import Path
import shutil

import pytest

from scripts import ROOT, validation

from .common import copy_repository, replace_in

MANIFEST = "custom_components/nomos_energy/manifest.json"
TEXTS = "custom_components/nomos_energy/translations/en.json"
ICONS = "custom_components/nomos_energy/icons.json"
BRAND = Path("custom_components/nomos_energy/brand")
TESTS = ".github/workflows/test.yml"
REMINDER = "blueprints/automation/nomos_energy/appointment_reminder.yaml"

REPLACEMENTS = {
    "required key": (
        MANIFEST,
        '"issue_tracker"',
        '"issues"',
        "manifest.json: issue_tracker is missing",
    ),
    "unknown key": (
        MANIFEST,
        '"loggers"',
        '"logger"',
        "manifest.json: logger is unknown",
    ),
    "order": (
        MANIFEST,
        '"config_flow": true,',
        '"iot_class": "cloud_polling", "config_flow": true,',
        "manifest.json: after domain and name, keys are in alphabetical order",
    ),
    "domain": (
        MANIFEST,
        '"nomos_energy",',
        '"nomos",',
        "manifest.json: domain differs from the name of the folder",
    ),
    "address": (
        MANIFEST,
        '"documentation": "https://',
        '"documentation": "http://',
        "manifest.json: documentation is no https address",
    ),
    "version": (
        MANIFEST,
        '"version": "',
        '"version": "first.',
        "manifest.json: version is no version",
    ),
    "version of the project": (
        "pyproject.toml",
        '\nversion = "',
        '\nversion = "9',
        "pyproject.toml: version differs from manifest.json",
    ),
    "owner": (
        ".github/CODEOWNERS",
        "* @",
        "* @not-",
        ".github/CODEOWNERS: owners differ from manifest.json",
    ),
    "key of HACS": (
        "hacs.json",
        '"hide_default_branch"',
        '"render_readme"',
        "hacs.json: render_readme is unknown or of the wrong type",
    ),
    "type in hacs.json": (
        "hacs.json",
        '["DE"]',
        '"DE"',
        "hacs.json: country is unknown or of the wrong type",
    ),
    "country": (
        "hacs.json",
        '["DE"]',
        '["Germany"]',
        "hacs.json: country lists codes of two capital letters",
    ),
    "minimum": (
        "hacs.json",
        '"homeassistant"',
        '"hacs"',
        "hacs.json: homeassistant is missing",
    ),
    "zip": (
        "hacs.json",
        "nomos_energy.zip",
        "nomos_energy",
        "hacs.json: zip_release needs the filename of a zip",
    ),
    "blueprint": (
        REMINDER,
        "min_version: 20",
        "min_version: 19",
        "appointment_reminder.yaml: min_version differs from homeassistant in hacs.json",
    ),
    "description of a field": (
        TEXTS,
        '"client_id": "The ',
        '"client_ids": "The ',
        "translations/en.json: config.step.api_credentials.data_description.client_id is missing",
    ),
    "icon of an entity": (
        ICONS,
        '"smart_meter_active"',
        '"smart_meter"',
        "icons.json: entity.binary_sensor.smart_meter_active is missing",
    ),
    "icon of an action": (
        ICONS,
        '"get_order"',
        '"order"',
        "icons.json: services.get_order is missing, or is not in services.yaml",
    ),
    "action by tag": (
        ".github/workflows/release.yml",
        "run: .ci/run",
        "uses: actions/attest@v4",
        (
            "release.yml: no pinned action or script of the project:"
            " uses: actions/attest@v4"
        ),
    ),
    "logic in a workflow": (
        TESTS,
        "run: scripts/lint",
        "run: pip install ruff",
        "test.yml: no pinned action or script of the project: run: pip install ruff",
    ),
    "script that is not there": (
        TESTS,
        "run: scripts/lint",
        "run: scripts/check",
        "test.yml: no pinned action or script of the project: run: scripts/check",
    ),
    "oldest version": (
        "hacs.json",
        '"homeassistant": "20',
        '"homeassistant": "19',
        "test.yml: the first version is not the one in hacs.json",
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the repository to spoil."""
    return copy_repository(tmp_path / "copy")


def test_repository_is_valid() -> None:
    """There is nothing to find in the repository as it is."""
    assert not validation.findings(ROOT)


@pytest.mark.parametrize("case", REPLACEMENTS)
def test_spoiled_text(copy: Path, case: str) -> None:
    """Each fault in a file is found, and said in a sentence."""
    file, old, new, finding = REPLACEMENTS[case]
    replace_in(copy / file, old, new)
    assert any(each.startswith(finding) for each in validation.findings(copy))


def test_spoiled_images(copy: Path) -> None:
    """An image that is missing, of a wrong size, no PNG or no square is found."""
    brand = copy / BRAND
    (brand / "icon.png").unlink()
    shutil.copy(brand / "icon@2x.png", brand / "dark_icon.png")
    (brand / "logo.png").write_text("<svg/>")
    image = (brand / "icon@2x.png").read_bytes()
    (brand / "icon@2x.png").write_bytes(
        image[:16] + (640).to_bytes(4) + (512).to_bytes(4) + image[24:]
    )
    assert validation.findings(copy) == [
        "icon.png: no PNG of 256 to 256 pixels",
        "dark_icon.png: no PNG of 256 to 256 pixels",
        "icon@2x.png: an icon is square",
        "logo.png: no PNG of 128 to 256 pixels",
    ]
