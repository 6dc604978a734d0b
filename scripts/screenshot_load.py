"""Screenshot of the form of a planned load: its menu and three steps in one picture."""

from io import BytesIO

from PIL import Image, ImageDraw
from playwright import sync_api  # type: ignore[import-not-found,unused-ignore]

from .screenshot_camera import SCREEN, SETTLE_TIME, Camera

PAGE = "/config/integrations/integration/nomos_energy"
FORM: sync_api.ViewportSize = {"width": 1280, "height": 1400}
"""High enough to show each step without scrolling."""
GAP = 48
CORNER = 56
"""Radius of a dialog's corners, in pixels of the picture."""
BACKGROUND = (232, 234, 237)
TEXTS = {
    "de": ("Geplanten Verbraucher hinzufügen", "Laufzeit pro Tag", "Weiter"),
    "en": ("Add planned load", "Run time per day", "Next"),
}


def take_planned_load(camera: Camera) -> None:
    """Take the form of a planned load, without adding one."""
    page = camera.page
    add, need, submit = TEXTS[camera.options.language]
    page.set_viewport_size(FORM)
    camera.open(PAGE)
    page.get_by_text(add).first.click()
    steps = [_take_step(page)]
    page.get_by_text(need, exact=True).click()
    page.locator("step-flow-form input[name=name]").fill("Boiler")
    steps.append(_take_step(page))
    page.get_by_role("button", name=submit, exact=True).click()
    _enter_deadline(page)
    steps.append(_take_step(page))
    page.get_by_role("button", name=submit, exact=True).click()
    page.locator("step-flow-form ha-entities-picker").wait_for()
    steps.append(_take_step(page))
    page.keyboard.press("Escape")
    camera.save("load", _arrange(steps))
    page.set_viewport_size(SCREEN)


def _enter_deadline(page: sync_api.Page) -> None:
    """Enter when the load has to be done: at six, minutes and seconds follow."""
    deadline = page.locator("step-flow-form ha-selector-time").nth(1)
    deadline.locator("input[name=hours]").fill("6")
    page.keyboard.press("Tab")


def _take_step(page: sync_api.Page) -> Image.Image:
    """Take the open dialog."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE_TIME)
    # The dialog itself; the element that Home Assistant calls so has no size.
    area = page.locator("dialog[open]").first.bounding_box()
    assert area
    return Image.open(BytesIO(page.screenshot(clip=area))).convert("RGB")


def _arrange(steps: list[Image.Image]) -> Image.Image:
    """Put the menu above the first step, and the others beside them."""
    menu, need, hours, switching = steps
    columns = ((menu, need), (hours,), (switching,))
    width = max(each.width for each in steps)
    height = max(sum(each.height + GAP for each in column) for column in columns)
    whole = Image.new(
        "RGB", ((width + GAP) * len(columns) + GAP, height + GAP), BACKGROUND
    )
    for place, column in enumerate(columns):
        top = GAP
        for each in column:
            # Behind the corners is the darkened page.
            mask = Image.new("L", each.size)
            ImageDraw.Draw(mask).rounded_rectangle(
                (0, 0, each.width - 1, each.height - 1), CORNER, 255
            )
            whole.paste(each, (GAP + place * (width + GAP), top), mask)
            top += each.height + GAP
    return whole
