"""JavaScript modules of the dashboard and its cards, served to Home Assistant's frontend."""

import hashlib
from pathlib import Path
from typing import Final

from aiohttp.hdrs import CACHE_CONTROL, LOCATION
from aiohttp.web import Request, Response
from homeassistant.components import frontend
from homeassistant.components.http import HomeAssistantView, StaticPathConfig
from homeassistant.core import HomeAssistant

from ..const import DOMAIN

ENTRY_MODULE: Final = "nomos-energy.js"
"""The module that each page loads; it loads the others when they are needed."""

_FOLDER = Path(__file__).parent


async def async_setup_frontend(hass: HomeAssistant) -> None:
    """Serve the modules, and make the first one known to the frontend.

    Without the frontend, Home Assistant has no pages that could load them.
    """
    if frontend.DOMAIN not in hass.config.components:
        return
    modules, version = await hass.async_add_executor_job(read_modules, _FOLDER)
    await hass.http.async_register_static_paths(
        [
            StaticPathConfig(_url(version, module.name), str(module), True)
            for module in modules
        ]
    )
    hass.http.register_view(OldModuleView(version))
    frontend.add_extra_js_url(hass, _url(version, ENTRY_MODULE))


def read_modules(folder: Path) -> tuple[list[Path], str]:
    """Return the modules of a folder, and the hash of their names and contents."""
    modules = sorted(folder.glob("*.js"))
    content = hashlib.sha256()
    for module in modules:
        content.update(module.name.encode() + b"\0" + module.read_bytes() + b"\0")
    return modules, content.hexdigest()[:16]


def _url(version: str, name: str) -> str:
    """Return the path of a module. A relative import keeps a path, but not a query."""
    return f"/{DOMAIN}/{version}/{name}"


class OldModuleView(HomeAssistantView):
    """View that leads a page from before an update to the modules of today.

    The service worker of the frontend shows the page of the last visit once more, and
    a page that is open loads the other modules hours later. Relative imports follow
    the redirect, so that all modules loaded from then on are of one version.
    """

    name = f"{DOMAIN}:module"
    url = _url("{version:[0-9a-f]{16}}", r"{module:[a-z0-9-]+\.js}")
    requires_auth = False

    def __init__(self, version: str) -> None:
        """Initialize the view."""
        self._version = version

    async def get(self, request: Request, version: str, module: str) -> Response:
        """Redirect to the module of this version, if it is another one."""
        if version == self._version:
            return Response(status=404)
        return Response(
            status=302,
            headers={LOCATION: _url(self._version, module), CACHE_CONTROL: "no-store"},
        )
