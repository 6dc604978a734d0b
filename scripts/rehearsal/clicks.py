"""Set-up of the integration in a browser, in German, with each click counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright import sync_api  # type: ignore[import-not-found,unused-ignore]

from scripts.browser import BROWSERS, OPTIONS, find_program
from scripts.demo_home import CREDENTIALS, DOMAIN, USER
from scripts.moved_clock import MovedClock

from .house import PASSWORD, TARGET

TIMEOUT = 60_000
"""Milliseconds until something that does not appear ends the rehearsal."""

LOAD = "Poolpumpe"
CONTRACT = "Hafenstraße 40"

READ = """function read(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.localName === "style") return "";
  const nodes = [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes];
  return nodes.map(read).join(" ");
}"""
"""Reads the text of an element, also of those inside it that have a shadow root."""


@dataclass
class Clicks:
    """Page of a user who sets everything up."""

    page: sync_api.Page
    address: str
    count: int = 0

    def set_up(self) -> Iterator[tuple[str, str]]:
        """Yield each step with what it showed."""
        self._log_in()
        yield "Wrong secret", self._add_integration()
        yield "Right secret", self._finish_integration()
        yield "Dashboard", self._add_dashboard()
        yield "Planned load", self._add_load()
        yield "Energy dashboard", self._add_to_energy_dashboard()

    def _click(self, target: sync_api.Locator) -> None:
        target.click()
        self.count += 1

    def _button(self, name: str, *, exact: bool = True) -> None:
        self._click(self.page.get_by_role("button", name=name, exact=exact).first)

    def _read(self, selector: str) -> str:
        """Return the text of an element."""
        element = self.page.locator(selector).first
        element.wait_for()
        self.page.wait_for_timeout(1_000)
        text = " ".join(str(element.evaluate(READ)).split())
        return text if len(text) < 100 else f"{text[:99]}…"

    def _log_in(self) -> None:
        page = self.page
        page.goto(self.address)
        page.locator("input[name=username]").fill(USER)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.locator("home-assistant-main").wait_for(state="attached")

    def _add_integration(self) -> str:
        """Search for the integration, and enter a wrong secret; return the error."""
        page = self.page
        page.goto(f"{self.address}/config/integrations/dashboard")
        self._button("Integration hinzufügen")
        # Keys typed before the field has the focus would open the quick search.
        search = page.locator("dialog-add-integration input").first
        search.fill("Nomos")
        self._click(page.locator("dialog-add-integration").get_by_text("Nomos Energy"))
        self._click(page.get_by_text("API-Zugangsdaten verwenden"))
        self._enter_credentials("wrong")
        return page.locator("step-flow-form ha-alert").first.inner_text()

    def _enter_credentials(self, secret: str) -> None:
        form = self.page.locator("step-flow-form")
        form.locator("input[name=client_id]").fill(CREDENTIALS["client_id"])
        form.locator("input[name=client_secret]").fill(secret)
        self._button("OK")

    def _finish_integration(self) -> str:
        """Correct the secret, and include all contracts."""
        page = self.page
        self._enter_credentials(CREDENTIALS["client_secret"])
        self._click(page.locator("step-flow-form ha-switch").first)
        self._button("OK")
        text = self._read("step-flow-create-entry")
        self._button("Überspringen und fertigstellen", exact=False)
        return text

    def _add_dashboard(self) -> str:
        """Add the dashboard of the integration."""
        page = self.page
        page.goto(f"{self.address}/config/lovelace/dashboards")
        self._button("Dashboard hinzufügen")
        self._click(page.get_by_text("Nomos Energy", exact=True).last)
        self._button("Erstellen")
        page.locator(f"ha-sidebar [href='/{DOMAIN.replace('_', '-')}']").wait_for()
        page.goto(f"{self.address}/{DOMAIN.replace('_', '-')}")
        card = page.locator("nomos-journey-card, nomos-price-card").first
        card.wait_for()
        return self._read("nomos-journey-card, nomos-price-card")

    def _add_load(self) -> str:
        """Add a load that runs in the night and switches something."""
        page = self.page
        page.goto(f"{self.address}/config/integrations/integration/{DOMAIN}")
        self._button("Geplanten Verbraucher hinzufügen")
        self._click(page.get_by_text("Laufzeit pro Tag", exact=True))
        form = page.locator("step-flow-form")
        form.locator("input[name=name]").fill(LOAD)
        self._click(form.locator("ha-selector-select"))
        listed = page.locator("ha-dropdown-item, [role=option]")
        self._click(listed.filter(has_text=CONTRACT).last)
        form.locator("input[name=hours]").fill("3")
        form.locator("input[name=minutes]").fill("0")
        self._button("Weiter")
        times = form.locator("ha-selector-time")
        for place, hour in enumerate(("18", "6")):
            for name, value in (("hours", hour), ("minutes", "0"), ("seconds", "0")):
                times.nth(place).locator(f"input[name={name}]").fill(value)
        self._button("Weiter")
        self._click(form.locator("ha-entities-picker ha-picker-field"))
        page.locator("ha-picker-combo-box input").first.fill(TARGET)
        found = page.locator("ha-picker-combo-box ha-combo-box-item")
        self._click(found.filter(has_text="Wallbox").first)
        self._button("OK")
        text = self._read("step-flow-create-entry")
        self._button("Fertigstellen")
        return text

    def _add_to_energy_dashboard(self) -> str:
        """Add the contract with prices to the Energy dashboard."""
        page = self.page
        self._button("Konfigurieren")
        self._click(page.get_by_text("Zum Energie-Dashboard hinzufügen"))
        self._button("Hinzufügen")
        text = self._read("step-flow-abort")
        self._button("Schließen")
        return text


@contextmanager
def open_clicks(address: str, clock: MovedClock) -> Iterator[Clicks]:
    """Open a page in Chromium, with the clock of Home Assistant."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program(*BROWSERS), args=list(OPTIONS)
        )
        try:
            context = browser.new_context(
                locale="de-DE",
                timezone_id="Europe/Berlin",
                viewport={"width": 1280, "height": 1000},
                service_workers="block",
            )
            context.clock.install(time=clock.now())
            page = context.new_page()
            page.set_default_timeout(TIMEOUT)
            try:
                yield Clicks(page, address)
            except sync_api.Error:
                page.screenshot(path=clock.folder / "failed.png")
                raise
        finally:
            browser.close()
