"""A Home Assistant to measure in: real, and without anything else going on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import logging
from tempfile import TemporaryDirectory
from unittest.mock import patch

from aiohttp.resolver import ThreadedResolver
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.loader import DATA_CUSTOM_COMPONENTS, async_get_integration
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.nomos_energy import PLATFORMS
from custom_components.nomos_energy.const import DOMAIN


class Resolver(ThreadedResolver):
    """Reads addresses as Home Assistant's does, but not by the local network."""

    async def real_close(self) -> None:
        """Close, as Home Assistant asks to at its end."""
        await self.close()


@asynccontextmanager
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run Home Assistant with all that the integration builds upon already set up.

    Its registries live in memory alone: writing them to disk is not measured.
    """
    logging.basicConfig(level=logging.ERROR)
    http = "homeassistant.components.http.HomeAssistantHTTP"
    with (
        TemporaryDirectory() as config_dir,
        # Nobody asks this Home Assistant anything, and its port may be taken.
        patch(f"{http}.async_bind"),
        patch(f"{http}.start"),
        patch(
            "homeassistant.helpers.aiohttp_client._async_make_resolver",
            lambda _hass: Resolver(),
        ),
    ):
        async with async_test_home_assistant(config_dir=config_dir) as hass:
            frame.async_setup(hass)
            # The test package hides custom integrations at first.
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            try:
                nomos = await async_get_integration(hass, DOMAIN)
                for domain in (*nomos.dependencies, *PLATFORMS):
                    if not await async_setup_component(hass, domain, {}):
                        raise RuntimeError(f"Home Assistant did not set up {domain}")
                yield hass
            finally:
                await hass.async_stop(force=True)


async def set_up(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Set an account up; raises RuntimeError where that fails."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    if entry.state is not ConfigEntryState.LOADED:
        raise RuntimeError(f"The account was not set up: {entry.state}, {entry.reason}")
