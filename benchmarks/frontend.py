"""Bytes that a page loads, and the time in which the price card is drawn and redrawn."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from custom_components.nomos_energy import frontend
from scripts.browser import BROWSERS, OPTIONS, find_program

from .table import Row, Section, spread

LARGEST_ENTRY = 5_000
LARGEST = 120_000
"""Bytes, uncompressed as Home Assistant serves them."""

LONGEST = 5
"""Milliseconds in which 192 bars are drawn."""

PICTURE = "tariff_with_load"
REPETITIONS, QUICK = 200, 30

REDRAW = """async times => {
  const app = document.querySelector("home-assistant");
  const card = window.shownCard;
  const measure = change => {
    const measured = [];
    for (let each = 0; each < times; each++) {
      const states = { ...app.hass.states };
      if (change)
        for (const [id, state] of Object.entries(states)) states[id] = { ...state };
      const hass = { ...app.hass, states };
      const begin = performance.now();
      card.hass = hass;
      card.getBoundingClientRect();
      measured.push(performance.now() - begin);
    }
    return measured;
  };
  return [measure(true), measure(false)];
}"""
"""Hands the card new states, then the same ones again; returns milliseconds."""


def section(quick: bool) -> Section:
    """Measure the frontend."""
    folder = Path(frontend.__file__).parent
    sizes = {each.name: each.stat().st_size for each in folder.glob("*.js")}
    entry, all_modules = sizes[frontend.ENTRY_MODULE], sum(sizes.values())
    rows = [
        Row(
            "module that each page loads, bytes",
            f"{entry:,}",
            f"≤ {LARGEST_ENTRY:,}",
            entry <= LARGEST_ENTRY,
        ),
        Row(
            f"all {len(sizes)} modules, bytes",
            f"{all_modules:,}",
            f"≤ {LARGEST:,}",
            all_modules <= LARGEST,
        ),
        *_redraws(QUICK if quick else REPETITIONS),
    ]
    return Section(
        "Dashboard", tuple(rows), f"picture {PICTURE}: median (lowest – highest)"
    )


def _redraws(times: int) -> Iterator[Row]:
    try:
        program = find_program(*BROWSERS)
    except SystemExit as err:
        yield Row("redraw of the price card", str(err))
        return
    with _measured(program, times) as (changed, unchanged):
        yield Row(
            "redraw of the price card, ms",
            spread(changed),
            f"median < {LONGEST}",
            sorted(changed)[len(changed) // 2] < LONGEST,
        )
        yield Row("price card told that nothing changed, ms", spread(unchanged))


@contextmanager
def _measured(program: str, times: int) -> Iterator[tuple[list[float], list[float]]]:
    # Needed here only: the other sections run without a browser.
    from playwright import sync_api

    from tests.browser.conftest import Pages, log_in
    from tests.browser.house import run_house

    with (
        TemporaryDirectory() as folder,
        run_house(Path(folder)) as house,
        sync_api.sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=program, args=list(OPTIONS)
        )
        page = Pages(house, browser, log_in(house, browser)).open()
        card = page.show_card(PICTURE, {"type": "custom:nomos-price-card"})
        card.locator("svg").first.wait_for()
        changed, unchanged = page.page.evaluate(REDRAW, times)
        yield changed, unchanged
        browser.close()
