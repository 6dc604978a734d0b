"""Brand images of the integration, rendered from the SVGs in assets/brand.

Requirements of Home Assistant: https://github.com/home-assistant/brands
"""

from pathlib import Path
import re
import subprocess
from tempfile import TemporaryDirectory

from . import ROOT
from .browser import BROWSERS, OPTIONS, find_program

DRAWINGS = ROOT / "assets" / "brand"
IMAGES = ROOT / "custom_components" / "nomos_energy" / "brand"

HEIGHTS = {"": 256, "@2x": 512}


def render(browser: str, svg: str, height: int, image: Path) -> None:
    """Render an SVG on a transparent background, without a margin."""
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
                *OPTIONS,
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
    """Render icon and logo, for light and dark themes, in both sizes."""
    browser = find_program(*BROWSERS)
    optipng = find_program("optipng")
    IMAGES.mkdir(exist_ok=True)
    for name in ("icon", "logo"):
        light = (DRAWINGS / f"{name}.svg").read_text()
        dark = light.replace("<svg ", '<svg class="dark" ', 1)
        for prefix, svg in (("", light), ("dark_", dark)):
            for suffix, height in HEIGHTS.items():
                image = IMAGES / f"{prefix}{name}{suffix}.png"
                render(browser, svg, height, image)
                # Home Assistant recommends interlaced images.
                subprocess.run(
                    [optipng, "-quiet", "-o7", "-strip", "all", "-i1", image],
                    check=True,
                )
                print(f"{image.relative_to(ROOT)}  {image.stat().st_size} bytes")


if __name__ == "__main__":
    main()
