"""Helpers for tests of the scripts that work on the repository."""

from pathlib import Path
import shutil

from scripts import ROOT

NOT_COPIED = {"__pycache__", "build", "images", "node_modules"}
COPIED = {".ci", ".github"}
"""Hidden folders that belong to the repository."""


def copy_repository(target: Path) -> Path:
    """Copy the repository, without environments, caches and screenshots."""

    def ignore(folder: str, names: list[str]) -> set[str]:
        return NOT_COPIED.intersection(names) | {
            name
            for name in names
            if name.startswith(".")
            and name not in COPIED
            and Path(folder, name).is_dir()
        }

    shutil.copytree(ROOT, target, ignore=ignore)
    return target


def replace_in(path: Path, old: str, new: str) -> None:
    """Replace a text that a file contains."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
