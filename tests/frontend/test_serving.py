"""JavaScript modules: how Home Assistant serves them, and makes them known."""

from http import HTTPStatus
from pathlib import Path
import re
import shutil
from typing import Any

from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.nomos_energy import frontend
from custom_components.nomos_energy.const import DOMAIN
from simulator import Simulator, scenarios
from tests import state
from tests.conftest import SetUp

FOLDER = Path(frontend.__file__).parent
MODULES = sorted(path.name for path in FOLDER.glob("*.js"))
PAGE = "{% for module in extra_modules %}{{ module }}\n{% endfor %}"

LARGEST_ENTRY = 5_000
LARGEST = 120_000
"""Bytes of all modules, uncompressed as they are served."""


type Client = TestClient[Request, Application]


@pytest.fixture
async def pages(hass: HomeAssistant, storage: dict[str, Any], tmp_path: Path) -> None:
    """Run a frontend whose page lists the modules that it loads."""
    root = tmp_path / "hass_frontend"
    root.mkdir()
    (root / "index.html").write_text(PAGE)
    steps = ["user", "core_config", "analytics", "integration"]
    storage["onboarding"] = {"version": 4, "data": {"done": steps}}
    config = {"frontend": {"development_repo": str(tmp_path)}}
    assert await async_setup_component(hass, "frontend", config)


@pytest.fixture
async def client(
    pages: None, set_up: SetUp, hass_client: ClientSessionGenerator
) -> Client:
    """Return a browser. The server of the tests takes no routes once it has one."""
    await set_up()
    return await hass_client()


async def entry_module(client: Client) -> str:
    """Return the path of the only module that a page loads."""
    [path] = (await (await client.get("/")).text()).split()
    return path


async def test_page_loads_entry_module(client: Client) -> None:
    """A page loads one module, and a browser keeps it for as long as it is the same."""
    path = await entry_module(client)
    assert re.fullmatch(r"/nomos_energy/[0-9a-f]{16}/nomos-energy\.js", path)
    response = await client.get(path)
    assert response.content_type.endswith("javascript")
    assert "max-age=2678400" in response.headers["Cache-Control"]
    assert await response.read() == (FOLDER / "nomos-energy.js").read_bytes()


async def test_relative_imports(client: Client) -> None:
    """Each module that another one imports is served beside it, and nothing else."""
    folder = (await entry_module(client)).rpartition("/")[0]
    for name in MODULES:
        text = await (await client.get(f"{folder}/{name}")).text()
        for imported in re.findall(r'(?:from|import\() ?"\./(.*?)"', text):
            response = await client.get(f"{folder}/{imported}")
            assert response.status == HTTPStatus.OK, f"{name} imports {imported}"
    for name in ("__init__.py", "../manifest.json", ""):
        response = await client.get(f"{folder}/{name}", allow_redirects=False)
        assert response.status == HTTPStatus.NOT_FOUND


async def test_two_accounts(
    hass: HomeAssistant,
    pages: None,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """Further accounts and reloads leave it at one module."""
    first = await set_up()
    await set_up(entry=MockConfigEntry(domain=DOMAIN, data=dict(first.data)))
    assert await hass.config_entries.async_reload(first.entry_id)
    await entry_module(await hass_client())


async def test_old_version(client: Client) -> None:
    """After an update, an open page gets today's modules; no browser keeps the way."""
    path = await entry_module(client)
    old = f"/nomos_energy/{'0' * 16}/strategy.js"
    response = await client.get(old, allow_redirects=False)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Location"] == path.replace(
        "nomos-energy.js", "strategy.js"
    )
    assert await (await client.get(old)).read() == (FOLDER / "strategy.js").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        f"/nomos_energy/{'0' * 16}/unknown.js",
        f"/nomos_energy/{'0' * 16}/%2f%2fexample.com%2fa.js",
        "/nomos_energy/latest/strategy.js",
    ],
)
async def test_no_such_module(client: Client, path: str) -> None:
    """What does not exist, exists under no version and leads nowhere else."""
    assert (await client.get(path)).status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("name", MODULES)
def test_hash_follows_content(tmp_path: Path, name: str) -> None:
    """A change of any module gives all of them another path."""
    modules, version = frontend.read_modules(FOLDER)
    assert [module.name for module in modules] == MODULES
    copy = shutil.copytree(FOLDER, tmp_path / "copy")
    assert frontend.read_modules(copy)[1] == version
    with (copy / name).open("a") as module:
        module.write("// changed")
    assert frontend.read_modules(copy)[1] != version


async def test_without_frontend(
    hass: HomeAssistant, set_up: SetUp, simulator: Simulator
) -> None:
    """Without a frontend, all else works."""
    home = simulator.add(scenarios.happy_path())
    await set_up()
    assert "frontend" not in hass.config.components
    assert state(hass, home, "smart_meter_active") == "off"


def test_sizes() -> None:
    """What each page loads is small, and all of it is not large."""
    sizes = {name: (FOLDER / name).stat().st_size for name in MODULES}
    assert sizes["nomos-energy.js"] <= LARGEST_ENTRY
    assert sum(sizes.values()) <= LARGEST
