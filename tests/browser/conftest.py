"""Fixtures: a Home Assistant for all tests, and pages of a browser that is logged in to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright import sync_api
import pytest

from scripts.browser import BROWSERS, OPTIONS, find_program
from scripts.demo_home import USER

from .dashboard import Dashboard
from .house import PASSWORD, House, run_house

LOCALES = {"de": "de-DE", "en": "en-GB"}
SIZES: dict[str, sync_api.ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "tablet": {"width": 1280, "height": 800},
}

LIMIT = 15_000
"""Milliseconds until something that does not appear fails a test."""

type Open = Callable[..., Dashboard]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run Home Assistant and the simulated Nomos."""
    with run_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="session")
def browser() -> Iterator[sync_api.Browser]:
    """Run Chromium."""
    with sync_api.sync_playwright() as playwright:
        program = find_program(*BROWSERS)
        browser = playwright.chromium.launch(
            executable_path=program, args=list(OPTIONS)
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def login(house: House, browser: sync_api.Browser) -> Any:
    """Log in with the form of Home Assistant, once; return what the browser keeps."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(house.home.address)
    page.locator("input[name=username]").fill(USER)
    password = page.locator("input[name=password]")
    password.fill(PASSWORD)
    password.press("Enter")
    page.locator("home-assistant-main").wait_for(state="attached", timeout=60_000)
    kept = context.storage_state()
    context.close()
    return kept


@dataclass(frozen=True)
class Complaint:
    """Error that a page has logged."""

    url: str
    text: str


@pytest.fixture
def complaints() -> list[Complaint]:
    """Return the errors that the pages of a test log; a test may remove expected ones."""
    return []


@pytest.fixture
def open_page(
    house: House,
    browser: sync_api.Browser,
    login: Any,
    complaints: list[Complaint],
    request: pytest.FixtureRequest,
) -> Iterator[Open]:
    """Open a page of Home Assistant that is logged in; no page may log an error."""
    with ExitStack() as stack:

        def open_page(
            language: str = "en",
            size: str = "tablet",
            *,
            dark: bool = False,
            motion: bool = False,
        ) -> Dashboard:
            context = browser.new_context(
                base_url=house.home.address,
                storage_state=login,
                locale=LOCALES[language],
                timezone_id="Europe/Berlin",
                viewport=SIZES[size],
                color_scheme="dark" if dark else "light",
                reduced_motion="no-preference" if motion else "reduce",
                # Its cache would show a page of before.
                service_workers="block",
            )
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(LIMIT)
            sync_api.expect.set_options(timeout=LIMIT)

            def complain(text: str) -> None:
                complaints.append(Complaint(page.url, text))

            page.on("pageerror", lambda error: complain(str(error)))
            page.on(
                "console",
                lambda message: (
                    complain(message.text) if message.type == "error" else None
                ),
            )
            return Dashboard(page, house)

        yield open_page
    assert not complaints


@pytest.fixture(scope="session")
def shots(request: pytest.FixtureRequest) -> Path | None:
    """Return the folder for screenshots; None if none are wanted."""
    folder = request.config.getoption("--shots")
    return Path(folder) if folder else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option for screenshots, to look at."""
    parser.addoption("--shots", help="folder for a screenshot of each picture")
