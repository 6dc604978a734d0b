"""Dashboard in a running Home Assistant: added by clicking, used, and left open."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import expect
import pytest

from scripts.demo_home import DOMAIN

from .conftest import Open, Pages
from .dashboard import title
from .house import DASHBOARD, WALKING, House

IS_SAME_PAGE = "() => window.isSamePage === true"


@dataclass(frozen=True)
class Texts:
    """Texts of Home Assistant and of the integration."""

    add: str
    about: str
    create: str
    order: str
    prices: str
    loads: str
    live: str
    installed: str
    edit: str
    save: str
    not_loaded: str
    next_load: str


TEXTS = {
    "de": Texts(
        add="Dashboard hinzufügen",
        about="Bestellung, Strompreise, geplante Verbraucher und Kosten",
        create="Erstellen",
        order="Bestellung des Zählers",
        prices="Strompreise",
        loads="Geplante Verbraucher",
        live="Ihr Zähler ist freigeschaltet",
        installed="Eingebaut",
        edit="Dashboard bearbeiten",
        save="Speichern",
        not_loaded="Nomos Energy ist nicht geladen",
        next_load="Verbraucher einplanen",
    ),
    "en": Texts(
        add="Add dashboard",
        about="Order, prices, planned loads and cost",
        create="Create",
        order="Order of the smart meter",
        prices="Prices",
        loads="Planned loads",
        live="Your meter is active",
        installed="Installed",
        edit="Edit dashboard",
        save="Save",
        not_loaded="Nomos Energy is not loaded",
        next_load="Add a planned load",
    ),
}


@pytest.mark.parametrize("language", TEXTS)
def test_add_by_clicking(open_page: Open, house: House, language: str) -> None:
    """The dashboard is offered by name and text, and needs no further settings."""
    dashboard, texts = open_page(language), TEXTS[language]
    page = dashboard.page
    dashboard.go("/config/lovelace/dashboards")
    page.get_by_role("button", name=texts.add).click()
    offered = page.get_by_role("button", name="Nomos Energy")
    expect(offered).to_contain_text(texts.about)
    offered.click()
    page.get_by_role("button", name=texts.create).click()
    page.locator("ha-sidebar").get_by_text("Nomos Energy").click()
    expect(page.locator("hui-root")).to_contain_text("Isarufer 25")
    for listed in house.command("lovelace/dashboards/list"):
        if listed["url_path"] == "nomos-energy":
            assert listed["title"] == "Nomos Energy"
            assert listed["icon"] == "mdi:meter-electric"
            house.command("lovelace/dashboards/delete", dashboard_id=listed["id"])
            break
    else:
        pytest.fail("There is no dashboard")


def test_gate_opens(open_page: Open, house: House) -> None:
    """An open page follows the order to the prices, without being loaded again."""
    dashboard, texts = open_page("de", "phone"), TEXTS["de"]
    page = dashboard.page
    dashboard.go(f"/{DASHBOARD}/{house.device_id(WALKING)}")
    page.evaluate("() => { window.isSamePage = true }")
    view = page.locator("hui-sections-view")
    expect(title(view, texts.order)).to_be_visible()
    expect(title(view, texts.prices)).to_have_count(0)
    house.advance(WALKING, "installed")
    expect(view.get_by_role("heading", name=texts.installed)).to_be_visible()
    house.advance(WALKING, "activated")
    expect(title(view, texts.prices)).to_be_visible()
    expect(title(view, texts.live)).to_be_visible()
    expect(view.locator("nomos-price-card svg").first).to_be_visible()
    assert page.evaluate(IS_SAME_PAGE)


@pytest.mark.parametrize("language", TEXTS)
def test_editor(open_page: Open, house: House, language: str) -> None:
    """The form leaves out contracts and parts; what is not left out comes by itself."""
    dashboard, texts = open_page(language), TEXTS[language]
    page = dashboard.page
    dashboard.go(f"/{DASHBOARD}/{house.device_id('dynamic')}")
    view = page.locator("hui-sections-view")
    loads = title(view, texts.loads)
    expect(loads).to_be_visible()
    page.get_by_role("button", name=texts.edit).first.click()
    page.get_by_role("checkbox", name=texts.loads).press("Space")
    page.get_by_role("button", name=texts.save).click()
    expect(loads).to_have_count(0)
    saved = house.command("lovelace/config", url_path=DASHBOARD)
    assert saved == {"strategy": {"type": "custom:nomos-energy", "hide": ["loads"]}}
    page.get_by_role("button", name=texts.edit).first.click()
    page.get_by_role("checkbox", name=texts.loads).press("Space")
    page.get_by_role("button", name=texts.save).click()
    expect(loads).to_be_visible()
    saved = house.command("lovelace/config", url_path=DASHBOARD)
    assert saved == {"strategy": {"type": "custom:nomos-energy"}}


def test_energy_cards(open_page: Open, house: House, shots: Path | None) -> None:
    """A contract of the Energy dashboard has Home Assistant's graph of all sources."""
    (entry,) = house.command("config_entries/get", domain=DOMAIN)
    dynamic = house.households["dynamic"].subscription_id
    house.call(house.home.add_to_energy_dashboard(entry["entry_id"], dynamic))
    try:
        dashboard = open_page("de")
        dashboard.go(f"/{DASHBOARD}/{house.device_id('dynamic')}")
        view = dashboard.page.locator("hui-sections-view")
        graph = view.locator("hui-energy-usage-graph-card")
        expect(graph).to_contain_text("Energie im Haushalt")
        expect(graph.locator("canvas")).to_be_visible()
        # Today has no usage yet: the graph begins a week ago.
        chosen = view.locator("hui-energy-date-selection-card")
        expect(chosen).to_contain_text("–")
        if shots:
            dashboard.shoot(shots / "energy.png")
        dashboard.go(f"/{DASHBOARD}/{house.device_id('feed_in')}")
        expect(title(view, "Einspeisung und Erlös")).to_be_visible()
        expect(graph).to_have_count(0)
    finally:
        house.command("energy/save_prefs", energy_sources=[])


def test_chosen_contract(open_page: Open, house: House) -> None:
    """A dashboard may show some contracts only."""
    device = house.device_id("feed_in")
    strategy = {"type": "custom:nomos-energy", "contracts": [device]}
    house.command("lovelace/dashboards/create", url_path="one-contract", title="One")
    house.command(
        "lovelace/config/save", url_path="one-contract", config={"strategy": strategy}
    )
    dashboard = open_page()
    dashboard.go("/one-contract")
    view = dashboard.page.locator("hui-sections-view")
    expect(title(view, "Feed-in and earnings")).to_be_visible()
    expect(dashboard.page.locator("hui-root ha-tab-group-tab")).to_have_count(0)


def test_keyboard(open_page: Open, house: House) -> None:
    """A link of the dashboard is reached and followed by the keyboard alone."""
    dashboard = open_page()
    page = dashboard.page
    dashboard.show_dashboard("activated_today")
    link = page.get_by_role("button", name="Add a planned load").first
    expect(link).to_be_visible()
    page.locator("hui-root").click(position={"x": 5, "y": 5})
    for _ in range(40):
        page.keyboard.press("Tab")
        if link.evaluate("each => each.matches(':focus-within')"):
            break
    else:
        pytest.fail("The link gets no focus")
    page.keyboard.press("Enter")
    page.wait_for_url("**/config/integrations/integration/nomos_energy**")


def test_no_settings_for_others(open_page: Open) -> None:
    """Without administration rights, nothing leads to settings."""
    dashboard = open_page()
    view = dashboard.show_dashboard("activated_today")
    link = view.get_by_role("button", name="Add a planned load")
    expect(link).to_be_visible()
    dashboard.show_dashboard("activated_today", is_admin=False)
    expect(title(view, "Your meter is active")).to_be_visible()
    expect(link).to_have_count(0)


@pytest.mark.parametrize("module", ["price-card", "strategy"])
def test_module_is_missing(open_page: Open, pages: Pages, module: str) -> None:
    """A module that does not load leaves a notice in its place, and a page that works."""
    dashboard = open_page("de")
    page = dashboard.page
    page.route(f"**/{module}.js", lambda route: route.abort())
    view = dashboard.show_dashboard("activated")
    notice = page.get_by_text(TEXTS["de"].not_loaded)
    expect(notice.first).to_be_visible()
    if module == "price-card":
        expect(title(view, "Geplante Verbraucher")).to_be_visible()
    dashboard.go("/config/integrations/dashboard")
    expect(page.get_by_text("Nomos Energy").first).to_be_visible()
    assert pages.errors
    assert all(f"/{module}.js" in error for error in pages.errors)
    pages.errors.clear()
