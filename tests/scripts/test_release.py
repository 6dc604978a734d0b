"""Tests of the build of a release, with copies of the repository."""

import json
import os
from pathlib import Path
import subprocess
import sys
from types import ModuleType
from zipfile import ZipFile

from homeassistant.core import HomeAssistant
from homeassistant.loader import Integration
import pytest

from custom_components.nomos_energy.const import DOMAIN
from scripts import ROOT, release

from .common import copy_repository, replace_in

TAG = "7.1.0"
CHANGELOG = """# Changelog

Introduction.

## {unreleased}

## 7.1.0 - 2027-01-31

### Added

- {change}

## 7.0.0 - 2026-12-24

- Older
"""
CHANGES = {"CHANGELOG.md": "Everything", "CHANGELOG.de.md": "Alles"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the repository that is ready for a release."""
    root = copy_repository(tmp_path / "copy")
    for file, unreleased in release.UNRELEASED.items():
        text = CHANGELOG.format(unreleased=unreleased, change=CHANGES[file])
        (root / file).write_text(text, encoding="utf-8")
    return root


async def test_home_assistant_reads_the_zip(
    hass: HomeAssistant, copy: Path, tmp_path: Path
) -> None:
    """Unpacked as HACS does, it is the integration in the version of the tag."""
    cache = copy / release.INTEGRATION / "__pycache__"
    cache.mkdir()
    (cache / "const.pyc").touch()
    target = tmp_path / "config" / "custom_components" / DOMAIN
    with ZipFile(release.build_release(TAG, copy)) as archive:
        archive.extractall(target)

    package = ModuleType("custom_components")
    package.__path__ = [str(target.parent)]
    integration = Integration.resolve_from_root(hass, package, DOMAIN)
    assert integration is not None
    assert integration.version == TAG
    built = {str(path.relative_to(target)) for path in target.rglob("*.*")}
    source = copy / release.INTEGRATION
    assert built == {
        str(path.relative_to(source))
        for path in source.rglob("*.*")
        if path.suffix != ".pyc"
    }
    stamped = (copy / "build" / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{TAG}"\n' in stamped


def test_zip_is_reproducible(copy: Path) -> None:
    """Equal content makes an equal file, also when files are newer."""
    first = release.build_release(TAG, copy).read_bytes()
    (copy / release.INTEGRATION / "manifest.json").touch()
    (copy / release.INTEGRATION / "const.py").chmod(0o600)
    assert release.build_release(TAG, copy).read_bytes() == first


def test_source_is_left_as_it_is(copy: Path) -> None:
    """The version is written into the built files only."""
    before = (copy / release.INTEGRATION / "manifest.json").read_bytes()
    release.build_release(TAG, copy)
    assert (copy / release.INTEGRATION / "manifest.json").read_bytes() == before


def test_text_in_both_languages(copy: Path) -> None:
    """The text of the release is that of its version, in both languages."""
    release.build_release(TAG, copy)
    assert (copy / "build" / "notes.md").read_text(encoding="utf-8") == (
        "### Added\n\n- Everything\n\n---\n\n## Auf Deutsch\n\n### Added\n\n- Alles\n"
    )


@pytest.mark.parametrize("tag", ["7.2.0b1", "7.2.0rc1"])
def test_version_to_try_has_the_unreleased_changes(copy: Path, tag: str) -> None:
    """A beta version or release candidate needs no section of its own."""
    for file, unreleased in release.UNRELEASED.items():
        replace_in(copy / file, f"## {unreleased}\n", f"## {unreleased}\n\n- New\n")
    release.build_release(tag, copy)
    assert (copy / "build" / "notes.md").read_text(encoding="utf-8") == (
        "- New\n\n---\n\n## Auf Deutsch\n\n- New\n"
    )


@pytest.mark.parametrize(
    ("tag", "file", "old", "new", "reason"),
    [
        (f"v{TAG}", None, "", "", "v7.1.0 is no version such as 0.2.0 or 0.2.0b1"),
        ("7.1", None, "", "", "7.1 is no version"),
        ("0.0.9", None, "", "", "0.0.9 is older than"),
        ("7.0.0", None, "", "", "CHANGELOG.md: the newest version is not “7.0.0 - ”"),
        ("7.2.0b1", None, "", "", "CHANGELOG.md: nothing under “Unreleased”"),
        (TAG, "CHANGELOG.de.md", " - 2027-01-31", "", "CHANGELOG.de.md: the newest"),
        (
            TAG,
            "CHANGELOG.md",
            "### Added\n\n- Everything\n",
            "",
            "nothing under “7.1.0",
        ),
        (
            TAG,
            "CHANGELOG.de.md",
            "## Unveröffentlicht\n",
            "## Unveröffentlicht\n- Mehr\n",
            "CHANGELOG.de.md: move what is under “Unveröffentlicht” to 7.1.0",
        ),
        (
            TAG,
            "pyproject.toml",
            '\nversion = "',
            '\nversion = "6',
            "manifest.json says",
        ),
    ],
)
def test_what_does_not_fit(
    copy: Path, tag: str, file: str | None, old: str, new: str, reason: str
) -> None:
    """Nothing is built, and the reason is said in a sentence."""
    if file is not None:
        replace_in(copy / file, old, new)
    with pytest.raises(release.Unfit, match=reason):
        release.build_release(tag, copy)
    assert not (copy / "build").exists()


def test_changelogs_list_the_same_versions() -> None:
    """Both changelogs have the same versions, and as many changes in each."""
    english, german = (
        release.read_sections(ROOT / file) for file in release.UNRELEASED
    )
    assert list(english)[1:] == list(german)[1:]
    assert [text.count("\n- ") for text in english.values()] == [
        text.count("\n- ") for text in german.values()
    ]


def test_command_says_what_does_not_fit() -> None:
    """The command fails with a sentence, without a traceback."""
    process = subprocess.run(
        [sys.executable, "-m", "scripts.release", "first"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert process.stderr == (
        "No release: first is no version such as 0.2.0 or 0.2.0b1 (without “v”)\n"
    )


def test_manifest_is_valid_json(copy: Path) -> None:
    """The stamped manifest differs from the source in its version only."""
    release.build_release(TAG, copy)
    built, source = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (copy / "build" / DOMAIN, copy / release.INTEGRATION)
    )
    assert built == source | {"version": TAG}


@pytest.mark.parametrize(
    ("tag", "kind"),
    [(TAG, []), ("7.2.0b1", ["--prerelease"]), ("7.2.0rc1", ["--prerelease"])],
)
def test_publish(copy: Path, tmp_path: Path, tag: str, kind: list[str]) -> None:
    """The release of the tag gets zip and text; a beta version is a pre-release."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (programs / "gh").chmod(0o755)
    process = subprocess.run(
        [copy / "scripts" / "publish-release", tag],
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    command = f"release create {tag} build/nomos_energy.zip --title {tag}"
    command += " --notes-file build/notes.md --verify-tag"
    assert process.stdout.split() == [*command.split(), *kind]
