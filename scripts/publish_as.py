"""Address and owner of the repository, replaced wherever they are named.

The manifest names them. All other files that do are found by what the manifest says:
the address in links and buttons, and the owner in CODEOWNERS.
"""

import argparse
from collections.abc import Iterator
import json
from pathlib import Path
import re

from . import ROOT

INTEGRATION = Path("custom_components") / "nomos_energy"

ADDRESS = re.compile(
    r"https://github\.com/(?P<owner>[A-Za-z\d][A-Za-z\d-]{0,38})/(?P<repo>[\w.-]+)"
)

HIDDEN_FOLDERS = {".ci", ".github"}
"""Hidden folders that belong to the repository."""

OWNER_STANDS_IN = re.compile(
    r"^(  integration-owner:).*\n(?:    .*\n)*", flags=re.MULTILINE
)
"""Rule of the quality scale that says that the owner is not decided."""


def current_address(root: Path) -> tuple[str, str]:
    """Return owner and repository, as the manifest names them."""
    manifest = json.loads((root / INTEGRATION / "manifest.json").read_text("utf-8"))
    match = ADDRESS.fullmatch(manifest["documentation"])
    if match is None:
        raise SystemExit("documentation in manifest.json is no address on GitHub")
    return match["owner"], match["repo"]


def text_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield all text files of the project, without environments, caches and builds."""
    for folder, folders, names in root.walk():
        folders[:] = [
            name
            for name in folders
            if name in HIDDEN_FOLDERS
            or not (name.startswith(".") or name in ("__pycache__", "build"))
        ]
        for path in (folder / name for name in names):
            try:
                yield path, path.read_bytes().decode()
            except UnicodeDecodeError:
                continue


def named_as(owner: str, repo: str) -> list[str]:
    """Return how files name the repository and its owner."""
    return [
        f"{owner}/{repo}",
        f"{owner}%2F{repo}",
        f"owner={owner}&repository={repo}",
        f"@{owner}",
    ]


def publish_as(owner: str, repo: str, root: Path = ROOT) -> list[Path]:
    """Replace address and owner; return the files that have changed."""
    old, new = named_as(*current_address(root)), named_as(owner, repo)
    names = re.compile(
        rf"(?:(?<![\w-])|(?<=%2F))(?:{'|'.join(map(re.escape, old))})(?![\w-])"
    )
    replaced = dict(zip(old, new, strict=True))
    changed = []
    for path, text in text_files(root):
        result = names.sub(lambda match: replaced[match.group()], text)
        if path.name == "quality_scale.yaml":
            result = OWNER_STANDS_IN.sub(r"\1 done\n", result)
        if result != text:
            path.write_bytes(result.encode())
            changed.append(path)
    return sorted(changed)


def main() -> None:
    """Publish the project under an address."""
    parser = argparse.ArgumentParser(prog="scripts/publish-as", description=__doc__)
    parser.add_argument("address", metavar="OWNER/REPO", help="repository on GitHub")
    address = parser.parse_args().address
    match = ADDRESS.fullmatch(f"https://github.com/{address}")
    if match is None:
        raise SystemExit(f"{address} is no OWNER/REPO")
    for path in publish_as(match["owner"], match["repo"]):
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
