"""Dashboard of a running Home Assistant, which follows the simulated Nomos."""

from .conftest import Open


def test_hello(open_page: Open) -> None:
    """Cards are shown alone."""
    page = open_page("de")
    card = page.show_card("scheduled", {"type": "custom:nomos-journey-card"})
    page.page.wait_for_timeout(2000)
    page.page.screenshot(path="/tmp/h17a-card.png")
    print(card.aria_snapshot())
    print(page.serious_faults())
