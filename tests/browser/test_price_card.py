"""Card of the prices, drawn by the real frontend and told by role and text."""

from pathlib import Path

from playwright.sync_api import expect
import pytest

from .conftest import Pages

CARD = {"type": "custom:nomos-price-card"}

ANSWER = """windows => {
  window.asked = [];
  window.setPicture({
    callService: async (domain, service, data) => {
      window.asked.push(data);
      const { hours = 0, minutes = 0 } = data.duration;
      const response = windows[String(hours * 60 + minutes)];
      if (!response) throw { code: "service_validation_error" };
      return { response };
    },
  });
}"""
"""Answers find_cheapest_window as Home Assistant did when the picture was recorded."""

PICTURES = {
    "prices_quarters": {},
    "prices_morning": {},
    "prices_hours": {},
    "prices_negative": {},
    "prices_gaps": {},
    "prices_spring": {},
    "prices_autumn": {},
    "prices_standard_only": {},
    "prices_plain": {},
    "prices_feed_in": {},
    "prices_unavailable": {},
    "load_planned": {},
    "load_running": {},
    "load_switched": {},
    "load_off": {},
    "walk_created": {},
}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", PICTURES)
def test_card(pages: Pages, shots: Path | None, language: str, name: str) -> None:
    """Each picture is told by role and text."""
    stage = pages.stage(language, "phone")
    picture = stage.show_picture(name)
    stage.page.evaluate(ANSWER, picture.get("windows", {}))
    card = stage.show_card(name, CARD)
    expect(card.get_by_role("heading", level=2)).to_be_visible()
    if shots:
        stage.page.wait_for_timeout(300)
        card.screenshot(path=shots / f"price-{name}-{language}.png")
    print(f"=== {name} {language}\n" + card.aria_snapshot())
