#!/usr/bin/env python3
"""Take the pictures for the READMEs from a demo that has just been started.

It starts nothing itself: scripts/demo prints the address and the password.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
import shutil
import sys
import time

from PIL import Image
from playwright import sync_api  # type: ignore[import-not-found,unused-ignore]

ROOT = Path(__file__).resolve().parent.parent

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREEN: sync_api.ViewportSize = {"width": 1280, "height": 840}
DIALOG: sync_api.ViewportSize = {"width": 1280, "height": 1400}
"""So high that nothing in a dialog has to be scrolled."""
LOAD_FORM: sync_api.ViewportSize = {"width": 1280, "height": 1720}
LOCALES = {"de": "de-DE", "en": "en-GB"}
TEXTS = {
    "de": {
        "add": "Netzanschluss hinzufügen",
        "dialog": "Netzanschluss konfigurieren",
        "meter": "Stromzähler",
        "month": "Letzte 30 Tage",
        "plan": "Geplanten Verbraucher hinzufügen",
        "load": "Boiler",
        "finish": "Fertigstellen",
        "select": "Auswählen",
        "price": "Eine Entität mit dem aktuellen Preis verwenden",
    },
    "en": {
        "add": "Add grid connection",
        "dialog": "Configure grid connection",
        "meter": "Electricity meter",
        "month": "Last 30 days",
        "plan": "Add planned load",
        "load": "Boiler",
        "finish": "Finish",
        "select": "Select",
        "price": "Use an entity with current price",
    },
}
"""What Home Assistant and the integration say, and what somebody enters."""

# All in milliseconds.
STEP_LIMIT = 30_000
WALK_LIMIT = 300_000
QUARTER_LIMIT = 930_000
SETTLE = 3_000
"""For what appears after the page itself: graphs, icons, animations."""

SAYS = """([key, words, device]) => {
  const hass = document.querySelector("home-assistant")?.hass;
  return Object.values(hass?.entities ?? {}).some(
    entity =>
      entity.device_id === device &&
      entity.translation_key === key &&
      words.includes(hass.states[entity.entity_id]?.state));
}"""
RUNNING = """name => {
  const hass = document.querySelector("home-assistant")?.hass;
  return Object.values(hass?.entities ?? {}).find(
    entity =>
      entity.platform === "nomos_energy" &&
      entity.translation_key === "run_now" &&
      hass.devices[entity.device_id].name === name &&
      hass.states[entity.entity_id]?.state === "on")?.device_id;
}"""
RUNS = f"name => ({RUNNING})(name) !== undefined"
WINDOWS = ["low", "standard", "high"]
PRICE = """device => {
  const { hass } = document.querySelector("home-assistant");
  return Object.values(hass.entities).find(
    entity =>
      entity.device_id === device &&
      entity.translation_key === "price").entity_id;
}"""
COUNT = """name => {
  const { hass } = document.querySelector("home-assistant");
  return hass.callApi("POST", "states/sensor.demo_meter", {
    state: "1",
    attributes: {
      friendly_name: name,
      device_class: "energy",
      state_class: "total_increasing",
      unit_of_measurement: "kWh",
    },
  });
}"""
"""The demo has no meter that counts, but the dialog asks for one."""
DISMISS = """() => document.querySelector("home-assistant").hass.callService(
  "persistent_notification", "dismiss_all", {})"""
DEVICE = """() => {
  const { hass } = document.querySelector("home-assistant");
  return Object.values(hass.entities).find(
    entity =>
      entity.platform === "nomos_energy" &&
      entity.translation_key === "order_status" &&
      hass.states[entity.entity_id]?.state !== "activated").device_id;
}"""
"""The contract whose order is followed; the other one has its tariff already."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was chosen on the command line."""

    address: str
    user: str
    password: str
    language: str
    folder: Path
    all: bool


def parse_options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8123")
    parser.add_argument("--user", default="demo")
    parser.add_argument("--password", required=True)
    parser.add_argument("--language", choices=tuple(LOCALES), default="en")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument(
        "--all",
        action="store_true",
        help="also take what the READMEs don't show: a phone, the end of the order",
    )
    return Options(**vars(parser.parse_args()))


def find_browser() -> str:
    """Find a browser on this machine."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    raise SystemExit("There is no browser here: apt-get install chromium")


@dataclass(frozen=True, slots=True)
class Camera:
    """A browser in which the demo's user has logged in."""

    page: sync_api.Page
    options: Options
    device: str = ""
    """The device of the contract whose order is followed."""

    def log_in(self) -> None:
        """Log in as a user does."""
        self.page.goto(self.options.address)
        self.page.locator("input[name=username]").fill(self.options.user)
        password = self.page.locator("input[name=password]")
        password.fill(self.options.password)
        password.press("Enter")
        self.page.wait_for_selector("hui-sections-view", state="attached")

    def wait_for_order(self, status: str) -> None:
        """Wait for the order to arrive somewhere."""
        print(f"Waiting for the order to be {status} …")
        self.wait_until("order_status", [status])

    def wait_until(self, key: str, words: list[str]) -> None:
        """Wait for an entity to say something."""
        self.page.wait_for_function(
            SAYS, arg=[key, words, self.device], timeout=WALK_LIMIT
        )

    def go(self, path: str) -> None:
        """Open another page."""
        self.page.goto(f"{self.options.address}{path}")

    def draw_graph(self) -> None:
        """Open the dashboard when the last label of its graph isn't cut off.

        The graph ends where it is drawn, and its labels are 20 seconds apart.
        """
        self.page.wait_for_timeout((14.5 - time.time()) % 20 * 1000)
        self.go("/")

    def take(
        self,
        name: str,
        width: int = SCREEN["width"],
        height: int = SCREEN["height"],
        clip: sync_api.FloatRect | None = None,
    ) -> None:
        """Take a picture of the page that is open, or of a part of it."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_timeout(SETTLE)
        file = self.options.folder / f"{name}-{self.options.language}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=file, clip=clip)
        # Screens have few colours; a palette makes a third of the size.
        with Image.open(file) as picture:
            picture.convert("RGB").quantize(256).save(file, optimize=True)
        print(f"{file}  {file.stat().st_size // 1024} KB")


def take_all(camera: Camera) -> None:
    """Follow the order with the camera, and then the prices."""
    camera.log_in()
    camera.page.evaluate(DISMISS)
    device = camera.page.evaluate(DEVICE)
    camera = replace(camera, device=device)
    camera.go("/config/integrations/dashboard/add?domain=nomos_energy")
    # Home Assistant asks first whether to begin.
    camera.page.get_by_role("button", name="OK").click()
    camera.page.wait_for_selector("step-flow-menu")
    camera.page.mouse.move(0, 0)
    camera.take("add", clip={"x": 320, "y": 252, "width": 640, "height": 340})
    camera.go("/")
    camera.wait_for_order("scheduled")
    camera.draw_graph()
    camera.take("dashboard", height=960)
    if camera.options.all:
        camera.take("phone", 412, 900)
    camera.go(f"/config/devices/device/{device}")
    # As wide as it takes for no name to be cut off.
    camera.take("device", 860, 1200)
    camera.page.set_viewport_size(SCREEN)
    if camera.options.all:
        camera.go("/calendar")
        camera.take("calendar")
    camera.go("/")
    camera.wait_for_order("activated")
    if camera.options.all:
        camera.draw_graph()
        camera.take("dashboard-active")
    print("Waiting for the grid fee to vary …")
    camera.wait_until("grid_fee_window", WINDOWS)
    take_prices(camera, device)


def take_prices(camera: Camera, device: str) -> None:
    """Take what there is once the smart meter is active."""
    camera.go("/smart-meter/prices")
    camera.take("prices", height=1080)
    if camera.options.all:
        camera.take("prices-phone", 412, 1900)
        camera.page.emulate_media(color_scheme="dark")
        camera.take("prices-dark", height=1080)
        camera.page.emulate_media(color_scheme="light")
        camera.go(f"/config/devices/device/{device}")
        camera.take("device-active", 860, 1800)
        camera.page.set_viewport_size(SCREEN)
    take_planned_load(camera)
    take_usage_settings(camera)
    take_energy_settings(camera)
    take_energy_dashboard(camera)


def take_energy_dashboard(camera: Camera) -> None:
    """Show a month of what the other contract has used and paid."""
    page, texts = camera.page, TEXTS[camera.options.language]
    page.set_viewport_size(SCREEN)
    camera.go("/energy/electricity")
    page.wait_for_timeout(SETTLE)
    page.locator("hui-energy-period-selector button, .date").first.click()
    page.get_by_text(texts["month"], exact=True).first.click()
    # In some languages the choice has to be confirmed, in others it was already.
    page.wait_for_timeout(SETTLE)
    if (select := page.get_by_text(texts["select"], exact=True)).count():
        select.first.click()
    clip: sync_api.FloatRect = {"x": 256, "y": 56, "width": 1024, "height": 600}
    camera.take("energy-usage", clip=clip)


def take_planned_load(camera: Camera) -> None:
    """Plan a load by clicking; with all pictures and in German, also see it run.

    That takes until the next quarter-hour begins: it is to run for as good as the
    whole day, so that there is no better time to wait for.
    """
    page, texts = camera.page, TEXTS[camera.options.language]
    page.set_viewport_size(LOAD_FORM)
    camera.go("/config/integrations/integration/nomos_energy")
    page.get_by_text(texts["plan"]).first.click()
    page.locator("ha-form input").first.fill(texts["load"])
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE)
    form = page.locator("ha-form").first.bounding_box()
    assert form
    clip: sync_api.FloatRect = {
        "x": form["x"] - 24,
        "y": form["y"] - 84,
        "width": form["width"] + 48,
        "height": form["height"] + 96,
    }
    camera.take("load", **LOAD_FORM, clip=clip)
    # With AM and PM, the hours are not as simply entered.
    if not camera.options.all or camera.options.language != "de":
        page.keyboard.press("Escape")
        return
    for place, hours in enumerate((23, 0, 0)):
        times = page.locator("ha-form ha-base-time-input").nth(place)
        times.locator("input").first.fill(str(hours))
    page.get_by_role("button", name="OK").last.click()
    page.get_by_role("button", name=texts["finish"]).click()
    print("Waiting for a quarter-hour to begin …")
    page.wait_for_function(RUNS, arg=texts["load"], timeout=QUARTER_LIMIT)
    device = page.evaluate(RUNNING, texts["load"])
    camera.go(f"/config/devices/device/{device}")
    camera.take("load-running", 860, 900)
    page.set_viewport_size(SCREEN)


def take_usage_settings(camera: Camera) -> None:
    """Show which statistics the demo has chosen for the Energy dashboard."""
    page = camera.page
    page.set_viewport_size(DIALOG)
    camera.go("/config/energy/electricity")
    page.locator("ha-energy-grid-settings .row ha-icon-button").first.click()
    costs = page.locator("ha-statistic-picker").nth(2)
    take_dialog(camera, "energy-usage-settings", costs)


def take_dialog(camera: Camera, name: str, last: sync_api.Locator) -> None:
    """Take the dialog about the grid, from its title to something in it."""
    page, title = camera.page, TEXTS[camera.options.language]["dialog"]
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE)
    top = page.get_by_text(title).last.bounding_box()
    bottom = last.bounding_box()
    assert top
    assert bottom
    clip: sync_api.FloatRect = {
        "x": bottom["x"] - 24,
        "y": top["y"] - 12,
        "width": bottom["width"] + 48,
        "height": bottom["y"] + bottom["height"] + 24 - top["y"],
    }
    camera.take(name, **DIALOG, clip=clip)


def take_energy_settings(camera: Camera) -> None:
    """Choose the price in the settings of the Energy dashboard."""
    page, texts = camera.page, TEXTS[camera.options.language]
    page.evaluate(COUNT, texts["meter"])
    price = page.evaluate(PRICE, camera.device)
    page.set_viewport_size(DIALOG)
    camera.go("/config/energy/electricity")
    page.get_by_role("button", name=texts["add"]).first.click()
    page.locator("ha-statistic-picker").first.click()
    page.get_by_text(texts["meter"]).first.click()
    page.get_by_text(texts["price"]).click()
    page.locator("ha-entity-picker").first.click()
    page.wait_for_timeout(SETTLE)
    page.keyboard.type(price)
    page.wait_for_timeout(SETTLE)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    take_dialog(camera, "energy", page.locator("ha-entity-picker").first)


def main() -> int:
    """Run the command line."""
    options = parse_options()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=BROWSER_OPTIONS
        )
        try:
            page = browser.new_context(
                locale=LOCALES[options.language],
                timezone_id="Europe/Berlin",
                viewport=SCREEN,
                device_scale_factor=2,
            ).new_page()
            page.set_default_timeout(STEP_LIMIT)
            take_all(Camera(page, options))
        except sync_api.Error as err:
            print(f"The demo at {options.address}: {err.message}", file=sys.stderr)
            return 1
        finally:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
