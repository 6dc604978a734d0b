"""Card of the order, drawn by the real frontend and told by role and text."""

from pathlib import Path

from playwright.sync_api import expect
import pytest

from .conftest import Pages

CARD = {"type": "custom:nomos-journey-card"}

PICTURES = {
    "walk_created": {},
    "walk_placed": {},
    "walk_check_submitted": {},
    "walk_check_reviewed": {},
    "walk_scheduled": {},
    "walk_appointment_today": {},
    "walk_appointment_missed": {},
    "walk_installed": {},
    "walk_activated": {},
    "walk_overdue": {},
    "walk_long_overdue": {},
    "walk_blocked_details": {},
    "walk_blocked_grid_operator": {},
    "walk_blocked_unknown": {},
    "walk_cancelled": {},
    "walk_pre_existing": {},
    "walk_unknown_status": {},
    "walk_unavailable": {},
    "no_order": {},
    "smart_already": {},
    "feed_in": {},
}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", PICTURES)
def test_card(pages: Pages, shots: Path | None, language: str, name: str) -> None:
    """Each picture is told by role and text."""
    stage = pages.stage(language, "phone")
    card = stage.show_card(name, CARD)
    expect(card.get_by_role("heading", level=2)).to_be_visible()
    if shots:
        card.screenshot(path=shots / f"journey-{name}-{language}.png")
    print(f"=== {name} {language}\n" + card.aria_snapshot())
