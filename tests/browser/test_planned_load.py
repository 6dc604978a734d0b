"""Planned load, added by clicking: a menu and three steps."""

from datetime import datetime
import re

from playwright.sync_api import Page, expect
import pytest

from .conftest import Open
from .house import House

PAGE = "/config/integrations/integration/nomos_energy"
PUMP = "Poolpumpe"
CONTRACT = "Hafenstraße 40"


@pytest.fixture
def pump(house: House) -> str:
    """Return an entity that can be switched."""
    made = house.command("input_boolean/create", name=PUMP)
    return f"input_boolean.{made['id']}"


def choose_need(page: Page) -> None:
    """Start with the button of the integration's page, and choose from the menu."""
    page.get_by_role("button", name="Geplanten Verbraucher hinzufügen").click()
    page.get_by_text("Laufzeit pro Tag", exact=True).click()


def next_step(page: Page, button: str = "Weiter") -> None:
    """Send a step."""
    page.get_by_role("button", name=button, exact=True).click()


def enter_need(page: Page, contract: str, hours: int) -> None:
    """Fill in the first step."""
    form = page.locator("step-flow-form")
    form.locator("input[name=name]").fill(PUMP)
    form.locator("ha-selector-select").click()
    listed = page.locator("ha-dropdown-item, [role=option]")
    listed.filter(has_text=contract).last.click()
    form.locator("input[name=hours]").fill(str(hours))
    form.locator("input[name=minutes]").fill("0")
    next_step(page)


def enter_hours(page: Page, hour: int) -> None:
    """Fill in the second step: a whole day, from an hour on."""
    times = page.locator("step-flow-form ha-selector-time")
    for place in range(2):
        for name, value in (("hours", hour), ("minutes", 0), ("seconds", 0)):
            times.nth(place).locator(f"input[name={name}]").fill(str(value))
    next_step(page)


def enter_target(page: Page) -> None:
    """Fill in the third step."""
    page.locator("step-flow-form ha-entities-picker ha-picker-field").click()
    # Keys typed before the field has the focus would open the quick search.
    page.locator("ha-picker-combo-box input").first.fill(PUMP)
    found = page.locator("ha-picker-combo-box ha-combo-box-item")
    found.filter(has_text=PUMP).first.click()
    next_step(page, "OK")


@pytest.mark.usefixtures("pump")
def test_pump_is_planned(open_page: Open, house: House) -> None:
    """A menu and three steps, and the last page tells when the pump runs."""
    dashboard = open_page("de")
    page = dashboard.page
    dashboard.go(PAGE)
    choose_need(page)
    enter_need(page, CONTRACT, 24)
    enter_hours(page, 0)
    enter_target(page)
    done = page.locator("step-flow-create-entry")
    told = re.compile(rf"Als Nächstes: (heute|morgen) .*Schaltet: {PUMP}\.")
    expect(done).to_contain_text(told)
    page.get_by_role("button", name="Fertigstellen").click()
    states = {each["entity_id"]: each for each in house.command("get_states")}
    plan = states["binary_sensor.poolpumpe_should_run"]["attributes"]["plan"]
    start, end = (datetime.fromisoformat(plan[0][key]) for key in ("start", "end"))
    assert end > start


def test_suggestions_are_taken(open_page: Open) -> None:
    """The hours of a night are filled in, and can be sent as they are."""
    dashboard = open_page("de")
    page = dashboard.page
    dashboard.go(PAGE)
    choose_need(page)
    enter_need(page, CONTRACT, 2)
    times = page.locator("step-flow-form ha-selector-time input[name=hours]")
    for place, hour in enumerate((18, 7)):
        expect(times.nth(place)).to_have_value(re.compile(f"^0?{hour}$"))
    next_step(page)
    expect(page.locator("step-flow-form ha-entities-picker")).to_be_visible()
