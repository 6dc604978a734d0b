"""Planned load that is added by clicking, and the switch that is seen going on.

A new load begins at the next quarter-hour. The clock of a Home Assistant of its own is
ahead by so much that this is soon after its start.
"""

from collections.abc import Iterator
import re
from zoneinfo import ZoneInfo

from playwright import sync_api
from playwright.sync_api import expect
import pytest

from .clock import (
    environment_ahead,
    next_quarter,
    now_ahead,
    seconds_ahead,
    until_quarter,
)
from .conftest import Open, Pages, log_in
from .house import STAGE, House, run_house
from .test_planned_load import (
    CONTRACT,
    PAGE,
    PUMP,
    choose_need,
    enter_hours,
    enter_need,
    enter_target,
)

LEAD = 90
"""Seconds from the start of Home Assistant until a quarter-hour begins."""

BERLIN = ZoneInfo("Europe/Berlin")

STEPS = 40
"""Seconds that the steps take at most."""

TILE = "hui-tile-card"
OFF, ON = re.compile(r"\bAus\b"), re.compile(r"\bEin\b")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run Home Assistant with a clock that is ahead; once more if its start was slow."""
    for _ in range(2):
        folder = tmp_path_factory.mktemp("house-ahead")
        ahead = seconds_ahead(LEAD)
        if (environment := environment_ahead(ahead, folder)) is None:
            pytest.skip("The clock of a process can't be set here")
        with run_house(folder, environment) as house:
            if STEPS < until_quarter(ahead) < LEAD:
                yield house
                return
    pytest.fail("Home Assistant took too long to start")


@pytest.fixture(scope="module")
def pages(house: House, browser: sync_api.Browser) -> Pages:
    """Return the pages of that Home Assistant."""
    return Pages(house, browser, log_in(house, browser))


@pytest.fixture
def pump(house: House) -> str:
    """Return an entity that can be switched, shown by a tile."""
    made = house.command("input_boolean/create", name=PUMP)
    entity = f"input_boolean.{made['id']}"
    tile = {"type": "tile", "entity": entity}
    config = {"views": [{"type": "sections", "sections": [{"cards": [tile]}]}]}
    house.command("lovelace/config/save", url_path=STAGE, config=config)
    return entity


@pytest.mark.timeout(LEAD + 120)
@pytest.mark.usefixtures("pump")
def test_pump_goes_on(open_page: Open, house: House) -> None:
    """Three steps, then the pump is seen going on at the next quarter-hour."""
    ahead = int(house.environment["CLOCK_AHEAD"])
    form, dashboard = open_page("de"), open_page("de")
    for each in (form, dashboard):
        each.page.clock.install(time=now_ahead(ahead))
    dashboard.go(f"/{STAGE}")
    tile = dashboard.page.locator(TILE).filter(has_text=PUMP)
    expect(tile).to_contain_text(OFF)

    form.go(PAGE)
    choose_need(form.page)
    enter_need(form.page, CONTRACT, 24)
    enter_hours(form.page, 0)
    enter_target(form.page)
    border = next_quarter(ahead)
    start = f"{border.astimezone(BERLIN):%H:%M}"
    expect(form.page.locator("step-flow-create-entry")).to_contain_text(f"{start}–")
    form.page.get_by_role("button", name="Fertigstellen").click()

    expect(tile).to_contain_text(OFF)
    rest = until_quarter(ahead)
    assert rest < LEAD
    expect(tile).to_contain_text(ON, timeout=(rest + 30) * 1000)
    assert now_ahead(ahead) >= border
