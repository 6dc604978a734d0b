"""Tests of the brand images against the requirements of Home Assistant."""

from pathlib import Path

from PIL import Image
import pytest

BRAND = Path("custom_components/nomos_energy/brand")


@pytest.mark.parametrize("prefix", ["", "dark_"])
@pytest.mark.parametrize(("suffix", "side"), [("", 256), ("@2x", 512)])
def test_images(
    request: pytest.FixtureRequest, prefix: str, suffix: str, side: int
) -> None:
    """The images have the required sizes and no margin."""
    folder = request.config.rootpath / BRAND
    with Image.open(folder / f"{prefix}icon{suffix}.png") as icon:
        assert icon.size == (side, side)
        assert icon.getchannel("A").getbbox() == (0, 0, *icon.size)
    with Image.open(folder / f"{prefix}logo{suffix}.png") as logo:
        assert logo.height == side < logo.width
        assert logo.getchannel("A").getbbox() == (0, 0, *logo.size)
