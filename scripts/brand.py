#!/usr/bin/env python3
"""Draw the brand images of the integration from the SVGs in assets/brand.

What Home Assistant asks for: https://github.com/home-assistant/brands
"""

from pathlib import Path
import re
import shutil
import subprocess
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
DRAWINGS = ROOT / "assets" / "brand"
IMAGES = ROOT / "custom_components" / "nomos_energy" / "brand"

HEIGHTS = {"": 256, "@2x": 512}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find(*programs: str) -> str:
    """Find a program under one of its names."""
    for program in programs:
        if path := shutil.which(program):
            return path
    raise SystemExit(f"{programs[0]} is missing: apt-get install {programs[0]}")


def render(browser: str, svg: str, height: int, image: Path) -> None:
    """Render a drawing without anything behind or around it."""
    match = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    if match is None:
        raise SystemExit(f"The drawing of {image.name} has no viewBox")
    width = round(int(match[1]) * height / int(match[2]))
    with TemporaryDirectory() as folder:
        drawing = Path(folder) / "drawing.svg"
        drawing.write_text(svg)
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                "--default-background-color=00000000",
                f"--user-data-dir={folder}/profile",
                f"--window-size={width},{height}",
                f"--screenshot={image}",
                drawing.as_uri(),
            ],
            check=True,
            capture_output=True,
        )


def main() -> None:
    """Draw icon and logo, for light and dark surroundings, in both sizes."""
    browser = find(*BROWSERS)
    optipng = find("optipng")
    IMAGES.mkdir(exist_ok=True)
    for name in ("icon", "logo"):
        light = (DRAWINGS / f"{name}.svg").read_text()
        dark = light.replace("<svg ", '<svg class="dark" ', 1)
        for prefix, svg in (("", light), ("dark_", dark)):
            for suffix, height in HEIGHTS.items():
                image = IMAGES / f"{prefix}{name}{suffix}.png"
                render(browser, svg, height, image)
                # Interlaced, as Home Assistant prefers it.
                subprocess.run(
                    [optipng, "-quiet", "-o7", "-strip", "all", "-i1", image],
                    check=True,
                )
                print(f"{image.relative_to(ROOT)}  {image.stat().st_size} bytes")


if __name__ == "__main__":
    main()
