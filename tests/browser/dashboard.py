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
  return hass?.states && hass.entities && hass.devices && hass.config?.state === "RUNNING"
    && hass.localize("component.nomos_energy.entity.sensor.order_status.name");
}"""
"""Tells if Home Assistant runs, and the page has its states and the entities' texts."""

PREPARE = """() => {
  const app = document.querySelector("home-assistant");
  const update = app._updateHass.bind(app);
  window.setPicture = changes => {
    update(changes);
    if (window.shownCard) window.shownCard.hass = app.hass;
  };
  // What Home Assistant really holds no longer arrives; texts and settings do.
  app._updateHass = ({ states, entities, devices, ...rest }) => window.setPicture(rest);
  // Home Assistant does not know the calendar of a picture.
  const { connection } = app.hass;
  const subscribe = connection.subscribeMessage.bind(connection);
  connection.subscribeMessage = (callback, message, ...rest) => {
    if (!message.type.startsWith("calendar/")) return subscribe(callback, message, ...rest);
    callback({ events: [] });
    return Promise.resolve(() => {});
  };
}"""
"""Lets pictures take the place of what the page knows of Home Assistant."""

REPLACE = """({ states, entities, devices, user }) => {
  const { hass } = document.querySelector("home-assistant");
  window.setPicture({ states, entities, devices, user: { ...hass.user, ...user } });
}"""
"""Replaces what the page knows of Home Assistant by a recorded picture."""

SHOW_CARD = """([config, width]) => {
  const app = document.querySelector("home-assistant");
  const main = document.createElement("main");
  main.id = "picture";
  main.style.cssText = `position:fixed;inset:0;z-index:99;overflow:auto;padding:16px;
    background:var(--primary-background-color);box-sizing:border-box`;
  const place = document.createElement("div");
  if (width) place.style.width = `${width}px`;
  const card = document.createElement(config.type.replace("custom:", ""));
  card.setConfig(config);
  card.hass = app.hass;
  place.append(card);
  main.append(place);
  document.body.append(main);
  window.shownCard = card;
}"""
"""Shows a card alone, above everything else. It follows Home Assistant."""

REMOVE_CARD = """() => {
  document.querySelector("main#picture")?.remove();
  window.shownCard = undefined;
}"""

CARD_IS_DRAWN = """() => window.shownCard.firstElementChild?.shadowRoot
  ?.querySelector(".body").hasChildNodes()"""

DASHBOARD_IS_DRAWN = """([path, isEmpty]) => {
  const panel = document.querySelector("home-assistant").shadowRoot
    .querySelector("home-assistant-main")?.shadowRoot.querySelector("ha-panel-lovelace");
  if (panel?.lovelace?.urlPath !== path) return false;
  const cards = [];
  const collect = node => {
    for (const each of node.children) {
      if (each.localName === "hui-card") cards.push(each.firstElementChild);
      else collect(each);
    }
    if (node.shadowRoot) collect(node.shadowRoot);
  };
  collect(panel);
  const isDrawn = card => {
    if (!card?.matches(":defined")) return false;
    if (!card.localName.startsWith("nomos-")) return true;
    const shown = card.firstElementChild;
    return shown?.localName === "ha-alert" || shown?.shadowRoot
      ?.querySelector(".body").hasChildNodes();
  };
  const view = panel.shadowRoot.querySelector("hui-root")?.shadowRoot
    .querySelector("#view hui-view")?.children[0];
  return view && cards.every(isDrawn) && (isEmpty || cards.length > 0);
}"""
"""Tells if a dashboard is there, with all of its cards."""

RUN_AXE = "async element => (await window.axe.run(element)).violations"

HEIGHT = """() => {
  const root = document.querySelector("home-assistant").shadowRoot
    .querySelector("home-assistant-main").shadowRoot
    .querySelector("ha-panel-lovelace").shadowRoot.querySelector("hui-root").shadowRoot;
  return Math.max(800, root.querySelector("#view").scrollHeight + 80);
}"""

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
        self._clear()
        self.page.evaluate(REPLACE, picture)
        return picture

    def _clear(self) -> None:
        """Show the empty dashboard, so that a picture changes nothing that is shown."""
        if self.page.evaluate("() => Boolean(window.setPicture)"):
            self.page.evaluate(REMOVE_CARD)
            self._navigate(STAGE)
        else:
            self.go(f"/{STAGE}")
            self._wait_until(DASHBOARD_IS_DRAWN, [STAGE, True])
            self.page.evaluate(PREPARE)

    def _navigate(self, path: str, view: str = "") -> None:
        """Go to a dashboard without loading the page, and wait until it is drawn."""
        self.page.evaluate(NAVIGATE, f"/{path}/{view}" if view else f"/{path}")
        self._wait_until(DASHBOARD_IS_DRAWN, [path, path == STAGE])

    def _wait_until(self, condition: str, argument: Any = None) -> None:
        self.page.wait_for_function(condition, arg=argument, polling=50)

    def show_card(
        self, name: str, config: dict[str, Any], width: int | None = None
    ) -> sync_api.Locator:
        """Show a card alone, with the states of a picture; return the card."""
        return self.place_card(self.show_picture(name), config, width)

    def place_card(
        self, picture: dict[str, Any], config: dict[str, Any], width: int | None
    ) -> sync_api.Locator:
        """Place a card on the picture that is shown; return the card.

        Without a device ID, the card gets the first contract of the picture.
        """
        device = contract_of(picture)
        self.page.evaluate(SHOW_CARD, [{"device_id": device} | config, width])
        self._wait_until(CARD_IS_DRAWN)
        return self.page.locator("main#picture")

    def show_dashboard(self, name: str, *, is_admin: bool = True) -> sync_api.Locator:
        """Show the dashboard of all contracts, with the states of a picture."""
        picture = self.show_picture(name, is_admin=is_admin)
        self._navigate(DASHBOARD, contract_of(picture))
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
