"""Browser that takes pictures of Home Assistant's frontend."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright import sync_api  # type: ignore[import-not-found,unused-ignore]

from .demo_home import USER
from .screenshot_queries import HAS_STATE

SCREEN: sync_api.ViewportSize = {"width": 1280, "height": 840}

# All in milliseconds.
TIMELINE_TIMEOUT = 300_000
SETTLE_TIME = 3_000
"""Time until graphs, icons and animations are drawn."""


@dataclass(frozen=True, slots=True)
class Options:
    """Demo to take pictures of, and which ones."""

    address: str
    password: str
    language: str
    folder: Path
    all: bool


@dataclass(frozen=True, slots=True)
class Camera:
    """Browser page on which the demo's user is logged in."""

    page: sync_api.Page
    options: Options
    device: str = ""
    """Device of the contract whose order is in progress."""

    def log_in(self) -> None:
        """Log in with the form of Home Assistant."""
        self.page.goto(self.options.address)
        self.page.locator("input[name=username]").fill(USER)
        password = self.page.locator("input[name=password]")
        password.fill(self.options.password)
        password.press("Enter")
        self.page.wait_for_selector("hui-sections-view", state="attached")

    def wait_for_order(self, status: str) -> None:
        """Wait until the order has a status."""
        print(f"Waiting for the order to be {status} …")
        self.wait_for_state("order_status", [status])

    def wait_for_state(self, key: str, states: list[str]) -> None:
        """Wait until an entity has one of the states."""
        self.page.wait_for_function(
            HAS_STATE, arg=[key, states, self.device], timeout=TIMELINE_TIMEOUT
        )

    def open(self, path: str) -> None:
        """Open a page of Home Assistant."""
        self.page.goto(f"{self.options.address}{path}")

    def open_dashboard(self) -> None:
        """Open the view of the contract on the dashboard of the integration."""
        self.open(f"/nomos-energy/{self.device}")

    def take(
        self,
        name: str,
        width: int = SCREEN["width"],
        height: int = SCREEN["height"],
        clip: sync_api.FloatRect | None = None,
    ) -> None:
        """Take a picture of the open page, or of a clip of it."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_timeout(SETTLE_TIME)
        picture = self.page.screenshot(clip=clip)
        self.save(name, Image.open(BytesIO(picture)))

    def save(self, name: str, picture: Image.Image) -> None:
        """Save a picture."""
        file = self.options.folder / f"{name}-{self.options.language}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        # A palette of 256 colours reduces the file to a third of its size.
        picture.convert("RGB").quantize(256).save(file, optimize=True)
        print(f"{file}  {file.stat().st_size // 1024} KB")
