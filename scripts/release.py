"""Build of a release: a zip of the integration for HACS, and the text of the release.

A release is made from a tag such as 0.2.0, or 0.2.0b1 or 0.2.0rc1 for a version to try.
Its version is written into the built files only. Results are in the folder build.
"""

import argparse
import json
from pathlib import Path
import re
import shutil
import tomllib
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from packaging.version import Version

from . import ROOT

INTEGRATION = Path("custom_components") / "nomos_energy"

TAG = re.compile(r"\d+\.\d+\.\d+((b|rc)[1-9]\d*)?")
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)

UNRELEASED = {"CHANGELOG.md": "Unreleased", "CHANGELOG.de.md": "Unveröffentlicht"}
"""Heading of the changes that are in no release yet, by file."""


class Unfit(Exception):
    """Tag, changelog and version do not fit together."""


def read_sections(changelog: Path) -> dict[str, str]:
    """Return the sections of a changelog by heading, the newest first."""
    _, *parts = HEADING.split(changelog.read_text(encoding="utf-8"))
    return {
        heading.strip(): text.strip()
        for heading, text in zip(parts[::2], parts[1::2], strict=True)
    }


def check_tag(tag: str, root: Path) -> None:
    """Check the form of a tag, and that it is not older than the project.

    Raises Unfit.
    """
    if not TAG.fullmatch(tag):
        raise Unfit(f"{tag} is no version such as 0.2.0 or 0.2.0b1 (without “v”)")
    manifest = json.loads((root / INTEGRATION / "manifest.json").read_text("utf-8"))
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    if manifest["version"] != project["version"]:
        raise Unfit(
            f"manifest.json says {manifest['version']},"
            f" pyproject.toml {project['version']}"
        )
    if Version(Version(tag).base_version) < Version(manifest["version"]):
        raise Unfit(f"{tag} is older than {manifest['version']} in manifest.json")


def release_text(tag: str, changelog: Path) -> str:
    """Return the text of a release; one to try has the unreleased changes.

    Raises Unfit.
    """
    sections = read_sections(changelog)
    name, unreleased = changelog.name, UNRELEASED[changelog.name]
    if Version(tag).is_prerelease:
        text = sections.get(unreleased, "")
        if not text:
            raise Unfit(f"{name}: nothing under “{unreleased}”")
        return text
    if sections.get(unreleased):
        raise Unfit(f"{name}: move what is under “{unreleased}” to {tag}")
    newest = next((each for each in sections if each != unreleased), "")
    if not re.fullmatch(rf"{re.escape(tag)} - \d{{4}}-\d\d-\d\d", newest):
        raise Unfit(f"{name}: the newest version is not “{tag} - ” and its date")
    if not sections[newest]:
        raise Unfit(f"{name}: nothing under “{newest}”")
    return sections[newest]


def stamp(tag: str, root: Path, build: Path) -> Path:
    """Copy the integration and pyproject.toml with the version; return the former."""
    integration = build / INTEGRATION.name
    shutil.copytree(
        root / INTEGRATION, integration, ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(root / "pyproject.toml", build)
    for path, pattern in (
        (integration / "manifest.json", r'("version": ")[^"]+'),
        (build / "pyproject.toml", r'(^version = ")[^"]+'),
    ):
        stamped, count = re.subn(
            pattern, rf"\g<1>{tag}", path.read_text("utf-8"), flags=re.MULTILINE
        )
        assert count == 1, path
        path.write_text(stamped, encoding="utf-8")
    return integration


def pack(folder: Path, archive: Path) -> None:
    """Zip the content of a folder: equal content makes an equal file."""
    with ZipFile(archive, "w") as target:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = ZipInfo(path.relative_to(folder).as_posix())  # dated 1980-01-01
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            target.writestr(entry, path.read_bytes())


def build_release(tag: str, root: Path = ROOT) -> Path:
    """Build zip and text of a release; return the zip.

    Raises Unfit.
    """
    check_tag(tag, root)
    english, german = (release_text(tag, root / name) for name in UNRELEASED)
    build = root / "build"
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir()
    (build / "notes.md").write_text(
        f"{english}\n\n---\n\n## Auf Deutsch\n\n{german}\n", encoding="utf-8"
    )
    hacs = json.loads((root / "hacs.json").read_text("utf-8"))
    archive = build / str(hacs["filename"])
    pack(stamp(tag, root, build), archive)
    return archive


def main() -> None:
    """Build the release of a tag."""
    parser = argparse.ArgumentParser(prog="scripts/release", description=__doc__)
    parser.add_argument("tag", help="such as 0.2.0, or 0.2.0rc1 for a version to try")
    tag = parser.parse_args().tag
    try:
        archive = build_release(tag)
    except Unfit as err:
        raise SystemExit(f"No release: {err}") from None
    print(f"{archive.relative_to(ROOT)}  {archive.stat().st_size} bytes")
    print(archive.with_name("notes.md").relative_to(ROOT))


if __name__ == "__main__":
    main()
