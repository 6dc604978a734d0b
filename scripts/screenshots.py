"""Screenshots for the pages, taken of a demo in each language.

It is four in the afternoon in the demo, when the prices for tomorrow are known.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
import sys
from zoneinfo import ZoneInfo

from playwright import sync_api  # type: ignore[import-not-found,unused-ignore]

from . import ROOT
from .browser import BROWSERS, OPTIONS, find_program
from .moved_clock import MovedClock
from .screenshot_camera import SCREEN, SETTLE_TIME, Camera, Options
from .screenshot_demo import run_demo
from .screenshot_load import take_planned_load
from .screenshot_queries import (
    ADD_METER,
    DISMISS_NOTIFICATIONS,
    FIND_DEVICE,
    FIND_PRICE,
)

DIALOG: sync_api.ViewportSize = {"width": 1280, "height": 1400}
"""High enough to show a dialog without scrolling."""
LOCALES = {"de": "de-DE", "en": "en-GB"}
TEXTS = {
    "de": {
        "add": "Netzanschluss hinzufügen",
        "dialog": "Netzanschluss konfigurieren",
        "meter": "Stromzähler",
        "month": "Letzte 30 Tage",
        "select": "Auswählen",
        "price": "Eine Entität mit dem aktuellen Preis verwenden",
    },
    "en": {
        "add": "Add grid connection",
        "dialog": "Configure grid connection",
        "meter": "Electricity meter",
        "month": "Last 30 days",
        "select": "Select",
        "price": "Use an entity with current price",
    },
}
"""Texts of Home Assistant and the integration, and values to enter."""

GRID_FEE_WINDOWS = ["low", "standard", "high"]

PAGE_TIMEOUT = 30_000
"""Milliseconds."""

AFTERNOON = 16
"""Hour in Germany in which the pictures are taken."""


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument(
        "--language",
        choices=tuple(LOCALES),
        action="append",
        help="only in this language",
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument(
        "--all",
        action="store_true",
        help="also take pictures that the pages don't show, such as on a phone",
    )
    return parser.parse_args()


def take_all(camera: Camera) -> None:
    """Take the pictures of the order, then those of the prices."""
    camera.log_in()
    camera.page.evaluate(DISMISS_NOTIFICATIONS)
    device = camera.page.evaluate(FIND_DEVICE)
    camera = replace(camera, device=device)
    camera.open("/config/integrations/dashboard/add?domain=nomos_energy")
    # Home Assistant shows a confirmation first.
    camera.page.get_by_role("button", name="OK").click()
    camera.page.wait_for_selector("step-flow-menu")
    camera.page.mouse.move(0, 0)
    camera.take("add", clip={"x": 320, "y": 252, "width": 640, "height": 340})
    camera.open("/")
    camera.wait_for_order("scheduled")
    camera.open_dashboard()
    camera.take("dashboard", height=1000)
    if camera.options.all:
        camera.take("phone", 412, 900)
    camera.open(f"/config/devices/device/{device}")
    # Wide enough for the longest entity name.
    camera.take("device", 860, 1200)
    camera.page.set_viewport_size(SCREEN)
    if camera.options.all:
        camera.open("/calendar")
        camera.take("calendar")
    camera.open("/")
    camera.wait_for_order("activated")
    if camera.options.all:
        camera.open_dashboard()
        camera.take("dashboard-active")
    print("Waiting for the grid fee windows …")
    camera.wait_for_state("grid_fee_window", GRID_FEE_WINDOWS)
    take_prices(camera, device)


def take_prices(camera: Camera, device: str) -> None:
    """Take the pictures that need an active smart meter."""
    camera.open_dashboard()
    camera.take("prices", height=1000)
    if camera.options.all:
        camera.take("prices-phone", 412, 1900)
        camera.page.emulate_media(color_scheme="dark")
        camera.take("prices-dark", height=1000)
        camera.page.emulate_media(color_scheme="light")
        camera.open(f"/config/devices/device/{device}")
        camera.take("device-active", 860, 1800)
        camera.page.set_viewport_size(SCREEN)
    take_planned_load(camera)
    take_usage_settings(camera)
    take_energy_settings(camera)
    take_energy_dashboard(camera)


def take_energy_dashboard(camera: Camera) -> None:
    """Take a month of usage and cost of the other contract."""
    page, texts = camera.page, TEXTS[camera.options.language]
    page.set_viewport_size(SCREEN)
    camera.open("/energy/electricity")
    page.wait_for_timeout(SETTLE_TIME)
    page.locator("hui-energy-period-selector button, .date").first.click()
    page.get_by_text(texts["month"], exact=True).first.click()
    # Only some languages have a button to confirm the choice.
    page.wait_for_timeout(SETTLE_TIME)
    if (select := page.get_by_text(texts["select"], exact=True)).count():
        select.first.click()
    clip: sync_api.FloatRect = {"x": 256, "y": 56, "width": 1024, "height": 600}
    camera.take("energy-usage", clip=clip)


def take_usage_settings(camera: Camera) -> None:
    """Take the statistics in the settings of the Energy dashboard."""
    page = camera.page
    page.set_viewport_size(DIALOG)
    camera.open("/config/energy/electricity")
    page.locator("ha-energy-grid-settings .row ha-icon-button").first.click()
    costs = page.locator("ha-statistic-picker").nth(2)
    take_dialog(camera, "energy-usage-settings", costs)


def take_dialog(camera: Camera, name: str, last: sync_api.Locator) -> None:
    """Take the grid dialog, from its title to an element in it."""
    page, title = camera.page, TEXTS[camera.options.language]["dialog"]
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE_TIME)
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
    """Take the price entity in the settings of the Energy dashboard."""
    page, texts = camera.page, TEXTS[camera.options.language]
    page.evaluate(ADD_METER, texts["meter"])
    price = page.evaluate(FIND_PRICE, camera.device)
    page.set_viewport_size(DIALOG)
    camera.open("/config/energy/electricity")
    page.get_by_role("button", name=texts["add"]).first.click()
    page.locator("ha-statistic-picker").first.click()
    page.get_by_text(texts["meter"]).first.click()
    page.get_by_text(texts["price"]).click()
    page.locator("ha-entity-picker").first.click()
    page.wait_for_timeout(SETTLE_TIME)
    page.keyboard.type(price)
    page.wait_for_timeout(SETTLE_TIME)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    take_dialog(camera, "energy", page.locator("ha-entity-picker").first)


def start_clock() -> MovedClock:
    """Return a clock on which it is afternoon in Germany."""
    clock = MovedClock(ROOT / ".screenshots")
    now = clock.now().astimezone(ZoneInfo("Europe/Berlin"))
    afternoon = now.replace(hour=AFTERNOON, minute=0)
    clock.advance(max(afternoon - now, timedelta()))
    return clock


@contextmanager
def open_page(language: str, clock: MovedClock) -> Iterator[sync_api.Page]:
    """Open a page of Chromium."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program(*BROWSERS), args=list(OPTIONS)
        )
        try:
            context = browser.new_context(
                locale=LOCALES[language],
                timezone_id="Europe/Berlin",
                viewport=SCREEN,
                device_scale_factor=2,
            )
            context.clock.install(time=clock.now())
            page = context.new_page()
            page.set_default_timeout(PAGE_TIMEOUT)
            yield page
        finally:
            browser.close()


def main() -> int:
    """Run the command line."""
    options = parse_options()
    clock = start_clock()
    for language in options.language or LOCALES:
        with run_demo(language, clock) as (address, password):
            login = Options(address, password, language, options.folder, options.all)
            try:
                with open_page(language, clock) as page:
                    take_all(Camera(page, login))
            except sync_api.Error as err:
                print(f"Screenshots failed: {err.message}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
