"""Chromium for the brand images and the screenshots."""

import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_program(*names: str) -> str:
    """Return the path of a program that has one of these names.

    Raises SystemExit if it is not installed.
    """
    for name in names:
        if path := shutil.which(name):
            return path
    raise SystemExit(f"{names[0]} is missing: apt-get install {names[0]}")
