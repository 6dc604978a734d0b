"""Page of Home Assistant, with its dashboards and cards."""

from dataclasses import dataclass
from datetime import datetime
import json
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright import sync_api

from .house import DASHBOARD, STAGE, House

FIXTURES = Path(__file__).parent / "fixtures"

OURS = ["nomos-journey-card", "nomos-price-card", "nomos-energy-strategy-editor"]
"""Elements of the integration, which axe checks; the others are Home Assistant's."""

READY = """() => {
  const hass = document.querySelector("home-assistant")?.hass;
  return hass?.states && hass.entities && hass.devices && hass.config?.state === "RUNNING";
}"""

REPLACE = """picture => {
  const app = document.querySelector("home-assistant");
  const update = (window.setPicture ??= app._updateHass.bind(app));
  const { states, entities, devices, user } = picture;
  // Home Assistant does not know the calendar of a picture.
  const connection = app.hass.connection;
  const subscribe = (window.subscribe ??= connection.subscribeMessage.bind(connection));
  connection.subscribeMessage = (callback, message, ...rest) => {
    if (!message.type.startsWith("calendar/")) return subscribe(callback, message, ...rest);
    callback({ events: [] });
    return Promise.resolve(() => {});
  };
  // What Home Assistant really holds no longer arrives.
  app._updateHass = ({ states: s, entities: e, devices: d, ...rest }) => update(rest);
  update({ states, entities, devices, user: { ...app.hass.user, ...user } });
}"""
"""Replaces what the frontend knows of Home Assistant by a recorded picture."""

SHOW_CARD = """async ([config, width]) => {
  const app = document.querySelector("home-assistant");
  const { createCardElement } = await window.loadCardHelpers();
  document.querySelector("main#picture")?.remove();
  const main = document.createElement("main");
  main.id = "picture";
  main.style.cssText = `position:fixed;inset:0;z-index:99;overflow:auto;padding:16px;
    background:var(--primary-background-color);box-sizing:border-box`;
  const place = document.createElement("div");
  if (width) place.style.width = `${width}px`;
  const card = createCardElement(config);
  card.hass = app.hass;
  place.append(card);
  main.append(place);
  document.body.append(main);
  window.shownCard = card;
}"""
"""Shows a card alone, above everything else."""

RUN_AXE = "async element => (await window.axe.run(element)).violations"

HEIGHT = """() => {
  const root = document.querySelector("home-assistant").shadowRoot
    .querySelector("home-assistant-main").shadowRoot
    .querySelector("ha-panel-lovelace").shadowRoot.querySelector("hui-root").shadowRoot;
  return Math.max(800, root.querySelector("#view").scrollHeight + 80);
}"""

REMOVE_CARD = """() => document.querySelector("main#picture")?.remove()"""

NAVIGATE = """path => {
  history.pushState(null, "", path);
  window.dispatchEvent(new CustomEvent("location-changed"));
}"""
"""Goes to a page as a click does, without loading anew."""

CHANGE_STATES = """changes => {
  const app = document.querySelector("home-assistant");
  const states = { ...app.hass.states };
  for (const [id, change] of Object.entries(changes))
    states[id] = change && { ...states[id], ...change };
  window.setPicture({ states });
  if (window.shownCard) window.shownCard.hass = app.hass;
}"""


def read_fixture(name: str) -> dict[str, Any]:
    """Return a recorded picture."""
    text = (FIXTURES / f"{name}.json").read_text(encoding="utf-8")
    picture: dict[str, Any] = json.loads(text)
    return picture


def contract_of(picture: dict[str, Any]) -> str:
    """Return the device ID of the first contract of a picture."""
    return next(
        str(key)
        for key, each in picture["devices"].items()
        if each["manufacturer"] == "Nomos"
    )


def title(view: sync_api.Locator, text: str) -> sync_api.Locator:
    """Return the title of a section. Before 2026.9, it is no heading to a reader."""
    return view.locator("hui-heading-card").get_by_text(text, exact=True)


@dataclass
class Dashboard:
    """Page of a browser that is logged in to Home Assistant."""

    page: sync_api.Page
    house: House

    def go(self, path: str) -> None:
        """Open a page of Home Assistant and wait until it knows all states."""
        self.page.goto(path)
        self.page.wait_for_function(READY)

    def show_picture(self, name: str, *, is_admin: bool = True) -> dict[str, Any]:
        """Show Home Assistant as recorded in a picture, at the time of the picture."""
        picture = read_fixture(name) | {"user": {"is_admin": is_admin}}
        # Playwright's clock is still then; timers go on.
        self.page.clock.set_fixed_time(datetime.fromisoformat(picture["now"]))
        if not self.page.evaluate("() => Boolean(window.setPicture)"):
            self.go(f"/{STAGE}")
        self.page.evaluate(REPLACE, picture)
        return picture

    def show_card(
        self, name: str, config: dict[str, Any], width: int | None = None
    ) -> sync_api.Locator:
        """Show a card alone, with the states of a picture; return the card.

        Without a device ID, the card gets the first contract of the picture.
        """
        picture = self.show_picture(name)
        device = contract_of(picture)
        # The helpers are there once a dashboard was shown.
        self.page.wait_for_function("() => window.loadCardHelpers")
        self.page.evaluate(SHOW_CARD, [{"device_id": device} | config, width])
        return self.page.locator("main#picture")

    def show_dashboard(self, name: str, *, is_admin: bool = True) -> sync_api.Locator:
        """Show the dashboard of all contracts, with the states of a picture."""
        picture = self.show_picture(name, is_admin=is_admin)
        self.page.evaluate(REMOVE_CARD)
        self.page.evaluate(NAVIGATE, f"/{STAGE}")
        self.page.locator("hui-card").first.wait_for(state="detached")
        self.page.evaluate(NAVIGATE, f"/{DASHBOARD}/{contract_of(picture)}")
        return self.page.locator("hui-root")

    def change(self, **changes: dict[str, Any] | None) -> None:
        """Change states of the picture, by entity ID with two underscores for the dot."""
        states = {key.replace("__", "."): value for key, value in changes.items()}
        self.page.evaluate(CHANGE_STATES, states)

    def shoot(self, file: Path) -> None:
        """Take a screenshot of all of the view, once everything is drawn."""
        size = self.page.viewport_size
        assert size
        self.page.wait_for_timeout(1000)
        height = self.page.evaluate(HEIGHT)
        self.page.set_viewport_size({"width": size["width"], "height": height})
        self.page.wait_for_timeout(1500)
        self.page.screenshot(path=file)
        self.page.set_viewport_size(size)

    def serious_faults(self, *tags: str) -> list[str]:
        """Return the serious findings of axe in elements of the integration."""
        self.page.evaluate(Axe().axe_script)
        found: list[dict[str, Any]] = []
        for each in self.page.locator(", ".join(tags or OURS)).all():
            found += each.evaluate(RUN_AXE)
        return [
            f"{each['id']}: {each['help']}: {node['html'][:200]}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]
