"""Dashboard of each picture, drawn by the real frontend and told by role and text."""

from pathlib import Path

from playwright.sync_api import expect
import pytest

from .conftest import Pages
from .dashboard import read_fixture, title

ORDER = {"de": "Bestellung des Zählers", "en": "Order of the smart meter"}
APPOINTMENT = {"de": "Einbautermin", "en": "Installation appointment"}
HISTORY = {"de": "Verlauf", "en": "What happened"}
LIVE = {"de": "Ihr Zähler ist freigeschaltet", "en": "Your meter is active"}
PRICES = {"de": "Strompreise", "en": "Prices"}
PAYOUT = {"de": "Einspeisevergütung", "en": "Payout"}
LOADS = {"de": "Geplante Verbraucher", "en": "Planned loads"}
USAGE = {"de": "Verbrauch und Kosten", "en": "Usage and cost"}
COST = {"de": "Was es bringt", "en": "What it brings"}
FEED_IN = {"de": "Einspeisung und Erlös", "en": "Feed-in and earnings"}

TARIFF = [PRICES, LOADS, USAGE, COST]
HEADINGS = {
    "ordered": [ORDER],
    "placed": [ORDER],
    "details_submitted": [ORDER],
    "approved": [ORDER],
    "scheduled": [ORDER, APPOINTMENT],
    "installation_tomorrow": [ORDER, APPOINTMENT],
    "installed": [ORDER],
    "blocked_check_missing": [ORDER],
    "blocked_grid_operator": [ORDER],
    "cancelled": [ORDER],
    "pre_existing": [ORDER],
    "no_order": [ORDER],
    "unknown_status": [ORDER],
    "activated_today": [LIVE, *TARIFF[:-1], ORDER],
    "activated": [LIVE, *TARIFF, ORDER],
    "smart_already": TARIFF,
    "feed_in": [PAYOUT, FEED_IN, COST],
    "two_contracts": [ORDER, APPOINTMENT],
    "unavailable": [*TARIFF, ORDER],
    "tariff_with_load": [*TARIFF, ORDER],
    "load_by_hand": [*TARIFF, ORDER],
    "savings": [*TARIFF, ORDER],
}
"""Headings of the sections in their order, by picture."""


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", HEADINGS)
def test_sections(pages: Pages, shots: Path | None, language: str, name: str) -> None:
    """A contract has the parts for which it has something to show, and no others."""
    stage = pages.stage(language, "tablet")
    view = stage.show_dashboard(name)
    headings = view.locator("hui-heading-card .title")
    expect(headings).to_have_text([each[language] for each in HEADINGS[name]])
    expect(view.locator("hui-error-card")).to_have_count(0)
    if shots:
        stage.shoot(shots / f"{name}-{language}.png")


def test_two_contracts(pages: Pages) -> None:
    """Each contract has a view, which has its name."""
    view = pages.stage("en", "tablet").show_dashboard("two_contracts")
    tabs = view.get_by_role("tab")
    expect(tabs).to_have_text(["Gartenstraße 21", "Hafenstraße 40"])
    tabs.last.click()
    expect(title(view, "Usage and cost")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "saved", "averages", "compare"),
    [
        (
            "de",
            "7,63 €",
            (
                "Bezahlter Preis im Mittel diesen Monat: 31,7 ct/kWh, "
                "Mittel aller Preise: 28,4 ct/kWh."
            ),
            "Mit festem Preis vergleichen",
        ),
        (
            "en",
            "€7.63",
            (
                "Average price paid this month: 31.7 ct/kWh, "
                "average of all prices: 28.4 ct/kWh."
            ),
            "Compare with a fixed price",
        ),
    ],
)
def test_savings(
    pages: Pages, language: str, saved: str, averages: str, compare: str
) -> None:
    """What was saved stands below the name of the other tariff, and asks for no more."""
    stage = pages.stage(language, "tablet")
    view = stage.show_dashboard("savings")
    expect(title(view, "Stadtwerke")).to_be_visible()
    total = view.locator("hui-tile-card").filter(has_text="Total savings")
    expect(total).to_contain_text(saved)
    expect(view.get_by_text(compare)).to_have_count(0)
    expect(view.get_by_text(averages)).to_be_visible()
    stage.show_dashboard("tariff_with_load")
    expect(view.get_by_text(compare)).to_be_visible()


def test_averages_follow_the_imports(pages: Pages) -> None:
    """The averages are those of today, also on a page that has been open for days."""
    stage = pages.stage("en", "tablet")
    view = stage.show_dashboard("savings")
    entity_id = "sensor.hafenstrasse_40_cost_this_month"
    attributes = read_fixture("savings")["states"][entity_id]["attributes"]
    expect(view.get_by_text("average of all prices: 28.4 ct/kWh")).to_be_visible()
    changed = attributes | {"unweighted_average_price": 0.21049}
    stage.change(**{entity_id: {"attributes": changed}})
    expect(view.get_by_text("average of all prices: 21.0 ct/kWh")).to_be_visible()
    changed |= {"average_price": None}
    stage.change(**{entity_id: {"attributes": changed}})
    expect(view.get_by_text("average of all prices")).to_have_count(0)


@pytest.mark.parametrize("size", ["phone", "tablet"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "name", ["scheduled", "activated_today", "savings", "tariff_with_load"]
)
def test_sizes(
    pages: Pages, shots: Path | None, size: str, dark: bool, name: str
) -> None:
    """Nothing is wider than the page, and axe finds no serious fault in our cards."""
    stage = pages.stage("de", size, dark)
    view = stage.show_dashboard(name)
    cards = view.locator("nomos-journey-card, nomos-price-card")
    expect(cards.first).to_be_visible()
    expect(cards.locator("ha-card").first).to_be_visible()
    too_wide = stage.page.evaluate(
        "() => document.documentElement.scrollWidth > window.innerWidth"
    )
    assert not too_wide
    if shots:
        stage.shoot(shots / f"{name}-{size}-{'dark' if dark else 'light'}.png")
    assert not stage.serious_faults("nomos-journey-card", "nomos-price-card")
