"""Page of Home Assistant, with its dashboards and cards."""

from dataclasses import dataclass
from datetime import datetime
import json
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright import sync_api

from .house import House

FIXTURES = Path(__file__).parent / "fixtures"

OURS = ["nomos-journey-card", "nomos-price-card", "nomos-energy-strategy-editor"]
"""Elements of the integration, which axe checks; the others are Home Assistant's."""

READY = """() => {
  const hass = document.querySelector("home-assistant")?.hass;
  return hass?.states && hass.entities && hass.devices && hass.config?.state === "RUNNING";
}"""

REPLACE = """picture => {
  const app = document.querySelector("home-assistant");
  const update = app._updateHass.bind(app);
  const { states, entities, devices } = picture;
  // What Home Assistant really holds no longer arrives.
  app._updateHass = ({ states: s, entities: e, devices: d, ...rest }) => update(rest);
  window.setPicture = change => update(change);
  update({ states, entities, devices });
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


@dataclass
class Dashboard:
    """Page of a browser that is logged in to Home Assistant."""

    page: sync_api.Page
    house: House

    def go(self, path: str) -> None:
        """Open a page of Home Assistant and wait until it knows all states."""
        self.page.goto(path)
        self.page.wait_for_function(READY)

    def show_picture(self, name: str) -> dict[str, Any]:
        """Show Home Assistant as recorded in a picture, at the time of the picture."""
        picture = read_fixture(name)
        # Playwright's clock is still then; timers go on.
        self.page.clock.set_fixed_time(datetime.fromisoformat(picture["now"]))
        self.go("/profile/general")
        self.page.evaluate(REPLACE, picture)
        return picture

    def show_card(
        self, name: str, config: dict[str, Any], width: int | None = None
    ) -> sync_api.Locator:
        """Show a card alone, with the states of a picture; return the card.

        Without a device ID, the card gets the first contract of the picture.
        """
        picture = self.show_picture(name)
        device = next(
            key
            for key, each in picture["devices"].items()
            if each["manufacturer"] == "Nomos"
        )
        # The helpers are there once a dashboard was shown.
        self.page.wait_for_function("() => window.loadCardHelpers")
        self.page.evaluate(SHOW_CARD, [{"device_id": device} | config, width])
        return self.page.locator("main#picture")

    def change(self, **changes: dict[str, Any] | None) -> None:
        """Change states of the picture, by entity ID with two underscores for the dot."""
        states = {key.replace("__", "."): value for key, value in changes.items()}
        self.page.evaluate(CHANGE_STATES, states)

    def serious_faults(self, *roots: str) -> list[str]:
        """Return the serious findings of axe in elements of the integration."""
        context = {"include": [[root] for root in roots or OURS if self._has(root)]}
        found = Axe().run(self.page, context=context).response["violations"]
        return [
            f"{each['id']}: {each['help']}: {node['html'][:200]}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    def _has(self, selector: str) -> bool:
        return self.page.locator(selector).count() > 0
