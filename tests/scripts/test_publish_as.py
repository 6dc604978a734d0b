"""Tests of the change of address and owner, with copies of the repository."""

from pathlib import Path
import re
import subprocess
import sys

import pytest

from scripts import ROOT, validation
from scripts.publish_as import INTEGRATION, current_address, publish_as, text_files

from .common import copy_repository


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the repository."""
    return copy_repository(tmp_path / "copy")


def test_nothing_is_left(copy: Path) -> None:
    """No file names the old address or owner, and the repository is valid."""
    owner, repo = current_address(copy)
    changed = publish_as("erika-muster", "ha-nomos", copy)
    named = re.compile(
        rf"{owner}/{repo}|(@|=|%2F|github\.com/){owner}\b|(=|%2F){repo}\b"
    )
    assert not [path for path, text in text_files(copy) if named.search(text)]
    assert current_address(copy) == ("erika-muster", "ha-nomos")
    assert {
        *(copy / "README.md", copy / "README.de.md"),
        *(copy / "SECURITY.md", copy / ".github" / "CODEOWNERS"),
        *(
            copy / INTEGRATION / "manifest.json",
            copy / INTEGRATION / "quality_scale.yaml",
        ),
        *(copy / "blueprints").rglob("*.yaml"),
    } <= set(changed)
    assert not validation.findings(copy)


def test_all_forms(copy: Path) -> None:
    """Links, badges, buttons and owners are replaced, similar words are not."""
    owner, repo = current_address(copy)
    page = copy / "docs" / "page.md"
    form = (
        "[![Tests](https://github.com/{o}/{r}/actions/workflows/test.yml/badge.svg)](x)\n"
        "https://my.home-assistant.io/redirect/hacs_repository/?owner={o}&repository={r}\n"
        "redirect/blueprint_import/?blueprint_url=https%3A%2F%2Fgithub.com%2F{o}%2F{r}%2F\n"
        "git clone https://github.com/{o}/{r}.git for @{o}, and {o}/{r}.\n"
    )
    others = f"{owner}-x/{repo} {owner}/{repo}-card x-{owner}/{repo} @{owner}2\n"
    page.write_text(form.format(o=owner, r=repo) + others, encoding="utf-8")
    publish_as("anna", "haus", copy)
    assert page.read_text("utf-8") == form.format(o="anna", r="haus") + others


def test_address_can_change_again(copy: Path) -> None:
    """A repository that moves is renamed once more, from what the manifest says."""
    owner, repo = current_address(copy)
    before = dict(text_files(copy))
    publish_as("anna", "haus", copy)
    publish_as(owner, repo, copy)
    after = dict(text_files(copy))
    changed = {path.name for path, text in after.items() if before[path] != text}
    assert changed <= {"quality_scale.yaml", Path(__file__).name}


def test_owner_is_decided(copy: Path) -> None:
    """The quality scale no longer says that the owner stands in."""
    path = copy / INTEGRATION / "quality_scale.yaml"
    lines = path.read_text("utf-8").splitlines()
    publish_as("anna", "haus", copy)
    left = path.read_text("utf-8").splitlines()
    assert "  integration-owner: done" in left
    assert [line for line in left if line not in lines] in (
        ["  integration-owner: done"],
        [],
    )


@pytest.mark.parametrize("address", ["anna", "anna/haus/x", "an na/haus", "-a/haus"])
def test_no_address(address: str) -> None:
    """What is no OWNER/REPO is refused, and nothing changes."""
    process = subprocess.run(
        [sys.executable, "-m", "scripts.publish_as", "--", address],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert process.stderr == f"{address} is no OWNER/REPO\n"
