"""Screenshots for the pages, taken of a demo that has just been started.

Start scripts/demo first: it prints the address and the password.
"""

import argparse
from dataclasses import replace
from pathlib import Path
import sys

from playwright import sync_api  # type: ignore[import-not-found,unused-ignore]

from . import ROOT
from .browser import BROWSERS, OPTIONS, find_program
from .screenshot_camera import SCREEN, SETTLE_TIME, Camera, Options
from .screenshot_queries import (
    ADD_METER,
    DISMISS_NOTIFICATIONS,
    FIND_DEVICE,
    FIND_PRICE,
    FIND_RUNNING_LOAD,
    LOAD_RUNS,
)

DIALOG: sync_api.ViewportSize = {"width": 1280, "height": 1400}
"""High enough to show a dialog without scrolling."""
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
        "need": "Laufzeit pro Tag",
        "next": "Weiter",
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
        "need": "Run time per day",
        "next": "Next",
        "finish": "Finish",
        "select": "Select",
        "price": "Use an entity with current price",
    },
}
"""Texts of Home Assistant and the integration, and values to enter."""

GRID_FEE_WINDOWS = ["low", "standard", "high"]

# All in milliseconds.
PAGE_TIMEOUT = 30_000
QUARTER_TIMEOUT = 930_000
"""A quarter-hour, and half a minute for Home Assistant to follow."""


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
        help="also take pictures that the pages don't show, such as on a phone",
    )
    return Options(**vars(parser.parse_args()))


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


def take_planned_load(camera: Camera) -> None:
    """Take the form of a planned load; with --all and in German, also the running load.

    The load is planned for 23 hours a day, so that it runs from the next quarter-hour.
    """
    page, texts = camera.page, TEXTS[camera.options.language]
    page.set_viewport_size(LOAD_FORM)
    camera.open("/config/integrations/integration/nomos_energy")
    page.get_by_text(texts["plan"]).first.click()
    page.get_by_text(texts["need"], exact=True).click()
    page.locator("ha-form input").first.fill(texts["load"])
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE_TIME)
    form = page.locator("ha-form").first.bounding_box()
    assert form
    clip: sync_api.FloatRect = {
        "x": form["x"] - 24,
        "y": form["y"] - 84,
        "width": form["width"] + 48,
        "height": form["height"] + 96,
    }
    camera.take("load", **LOAD_FORM, clip=clip)
    # The English form has AM and PM fields, which this does not fill in.
    if not camera.options.all or camera.options.language != "de":
        page.keyboard.press("Escape")
        return
    times = page.locator("ha-form ha-base-time-input")
    times.first.locator("input").first.fill("23")
    page.get_by_role("button", name=texts["next"]).click()
    page.wait_for_timeout(SETTLE_TIME)
    for place in range(2):
        times.nth(place).locator("input").first.fill("0")
    page.get_by_role("button", name=texts["next"]).click()
    page.wait_for_timeout(SETTLE_TIME)
    page.get_by_role("button", name="OK").last.click()
    page.get_by_role("button", name=texts["finish"]).click()
    print("Waiting for the next quarter-hour …")
    page.wait_for_function(LOAD_RUNS, arg=texts["load"], timeout=QUARTER_TIMEOUT)
    device = page.evaluate(FIND_RUNNING_LOAD, texts["load"])
    camera.open(f"/config/devices/device/{device}")
    camera.take("load-running", 860, 900)
    page.set_viewport_size(SCREEN)


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


def main() -> int:
    """Run the command line."""
    options = parse_options()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program(*BROWSERS), args=list(OPTIONS)
        )
        try:
            page = browser.new_context(
                locale=LOCALES[options.language],
                timezone_id="Europe/Berlin",
                viewport=SCREEN,
                device_scale_factor=2,
            ).new_page()
            page.set_default_timeout(PAGE_TIMEOUT)
            take_all(Camera(page, options))
        except sync_api.Error as err:
            print(
                f"Screenshots of {options.address} failed: {err.message}",
                file=sys.stderr,
            )
            return 1
        finally:
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
