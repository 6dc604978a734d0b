"""Planned load that is added by clicking, and the switch that is seen going on.

A new load begins at the next quarter-hour. The clock of a Home Assistant of its own is
ahead by so much that this is soon after its start.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
import re
import shutil
import sys
from zoneinfo import ZoneInfo

from playwright import sync_api
from playwright.sync_api import expect
import pytest

from custom_components.nomos_energy.nomos import QUARTER
from scripts.moved_clock import MovedClock

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

LEAD = timedelta(seconds=90)
"""Time from the start of Home Assistant until a quarter-hour begins."""

BERLIN = ZoneInfo("Europe/Berlin")

STEPS = timedelta(seconds=40)
"""Time that the steps take at most."""

TILE = "hui-tile-card"
OFF, ON = re.compile(r"\bAus\b"), re.compile(r"\bEin\b")


def next_quarter(now: datetime) -> datetime:
    """Return the start of the next quarter-hour."""
    length = QUARTER.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // length + 1) * length, UTC)


def until_quarter(clock: MovedClock) -> timedelta:
    """Return the time until that moment by a clock."""
    now = clock.now()
    return next_quarter(now) - now


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> MovedClock:
    """Return a clock for Home Assistant."""
    if shutil.which("cc") is None or sys.platform != "linux":
        pytest.skip("The clock of a process can't be set here")
    return MovedClock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def house(
    clock: MovedClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Run Home Assistant with a clock that is ahead; once more if its start was slow."""
    for _ in range(2):
        folder = tmp_path_factory.mktemp("house-ahead")
        clock.advance((until_quarter(clock) - LEAD) % QUARTER)
        with run_house(folder, clock.environment) as house:
            if STEPS < until_quarter(clock) < LEAD:
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


@pytest.mark.timeout(LEAD.total_seconds() + 120)
@pytest.mark.usefixtures("pump")
def test_pump_goes_on(open_page: Open, clock: MovedClock) -> None:
    """Three steps, then the pump is seen going on at the next quarter-hour."""
    form, dashboard = open_page("de"), open_page("de")
    for each in (form, dashboard):
        each.page.clock.install(time=clock.now())
    dashboard.go(f"/{STAGE}")
    tile = dashboard.page.locator(TILE).filter(has_text=PUMP)
    expect(tile).to_contain_text(OFF)

    form.go(PAGE)
    choose_need(form.page)
    enter_need(form.page, CONTRACT, 24)
    enter_hours(form.page, 0)
    enter_target(form.page)
    border = next_quarter(clock.now())
    start = f"{border.astimezone(BERLIN):%H:%M}"
    expect(form.page.locator("step-flow-create-entry")).to_contain_text(f"{start}–")
    form.page.get_by_role("button", name="Fertigstellen").click()

    expect(tile).to_contain_text(OFF)
    rest = until_quarter(clock)
    assert rest < LEAD
    expect(tile).to_contain_text(ON, timeout=(rest.total_seconds() + 30) * 1000)
    assert clock.now() >= border
