"""Fixtures: a Home Assistant for all tests, and pages of a browser that is logged in to it."""

from collections.abc import Callable, Iterator
from pathlib import Path
import re
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

LIMIT = 30_000
"""Milliseconds until something that does not appear fails a test."""

OURS = re.compile(r"/nomos_energy/[0-9a-f]{16}/|nomos-")
"""Address of a module of the integration, or name of an element."""

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


def log_in(house: House, browser: sync_api.Browser) -> Any:
    """Log in with the form of Home Assistant; return what the browser keeps."""
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


class Pages:
    """Pages of the browser, and the errors that they have logged."""

    def __init__(self, house: House, browser: sync_api.Browser, login: Any) -> None:
        """Initialize without a page."""
        self._house, self._browser, self._login = house, browser, login
        self._stages: dict[tuple[str, str, bool], Dashboard] = {}
        self.errors: list[str] = []

    def open(
        self, language: str = "en", size: str = "tablet", dark: bool = False
    ) -> Dashboard:
        """Open a page that is logged in."""
        context = self._browser.new_context(
            base_url=self._house.home.address,
            storage_state=self._login,
            locale=LOCALES[language],
            timezone_id="Europe/Berlin",
            viewport=SIZES[size],
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            # Its cache would show a page of before.
            service_workers="block",
        )
        page = context.new_page()
        page.set_default_timeout(LIMIT)
        page.on("pageerror", lambda error: self._note(page, f"{error}\n{error.stack}"))
        page.on("console", lambda message: self._read(page, message))
        return Dashboard(page, self._house)

    def stage(self, language: str, size: str, dark: bool = False) -> Dashboard:
        """Return a page on which pictures are shown; there is one of each kind."""
        key = (language, size, dark)
        if key not in self._stages:
            self._stages[key] = self.open(*key)
        return self._stages[key]

    def _read(self, page: sync_api.Page, message: sync_api.ConsoleMessage) -> None:
        if message.type == "error":
            self._note(page, f"{message.text} ({message.location.get('url', '')})")

    def _note(self, page: sync_api.Page, text: str) -> None:
        """Note an error, unless all addresses in it are Home Assistant's.

        Without internet, it does not find brands and sources.
        """
        if OURS.search(text) or "://" not in text:
            self.errors.append(f"{page.url}: {text}")


@pytest.fixture(scope="session")
def pages(house: House, browser: sync_api.Browser) -> Pages:
    """Return the pages of all tests, after one login."""
    sync_api.expect.set_options(timeout=LIMIT)
    return Pages(house, browser, log_in(house, browser))


@pytest.fixture(autouse=True)
def no_errors(pages: Pages) -> Iterator[None]:
    """Fail a test whose pages have logged errors."""
    pages.errors.clear()
    yield
    assert not pages.errors


@pytest.fixture
def open_page(pages: Pages) -> Iterator[Open]:
    """Open pages that are closed after the test."""
    opened: list[Dashboard] = []

    def open_page(*args: Any, **kwargs: Any) -> Dashboard:
        opened.append(pages.open(*args, **kwargs))
        return opened[-1]

    yield open_page
    for each in opened:
        each.page.context.close()


@pytest.fixture(scope="session")
def shots(request: pytest.FixtureRequest) -> Path | None:
    """Return the folder for screenshots; None if none are wanted."""
    folder = request.config.getoption("--shots")
    return Path(folder) if folder else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option for screenshots, to look at."""
    parser.addoption("--shots", help="folder for a screenshot of each picture")
