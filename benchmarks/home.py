"""Home Assistant instance to measure in, with nothing else set up."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, nullcontext
import logging
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from aiohttp.resolver import ThreadedResolver
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.loader import DATA_CUSTOM_COMPONENTS, async_get_integration
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.nomos_energy import PLATFORMS
from custom_components.nomos_energy.const import CONF_SUBSCRIPTIONS, DOMAIN
from simulator import ORGANISATION


class Resolver(ThreadedResolver):
    """DNS resolver without Home Assistant's mDNS, which needs a network."""

    async def real_close(self) -> None:
        """Close, as Home Assistant does when it stops."""
        await self.close()


@asynccontextmanager
async def home_assistant(folder: str | None = None) -> AsyncIterator[HomeAssistant]:
    """Run Home Assistant with the integration's dependencies and platforms set up.

    Its registries are in memory only: writing them to disk is not measured. Stores are
    in the folder, in which the next run finds them again.
    """
    logging.basicConfig(level=logging.ERROR)
    http = "homeassistant.components.http.HomeAssistantHTTP"
    with (
        nullcontext(folder) if folder else TemporaryDirectory() as config_dir,
        # No request is sent to this instance, and its port may be taken.
        patch(f"{http}.async_bind"),
        patch(f"{http}.start"),
        patch(
            "homeassistant.helpers.aiohttp_client._async_make_resolver",
            lambda _hass: Resolver(),
        ),
    ):
        async with async_test_home_assistant(config_dir=config_dir) as hass:
            frame.async_setup(hass)
            # The test package disables custom integrations at first.
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            try:
                integration = await async_get_integration(hass, DOMAIN)
                for domain in (*integration.dependencies, *PLATFORMS):
                    if not await async_setup_component(hass, domain, {}):
                        raise RuntimeError(f"Home Assistant did not set up {domain}")
                yield hass
            finally:
                await hass.async_stop(force=True)


def add_entry(
    hass: HomeAssistant,
    *subscriptions: str,
    subentries: Iterable[Mapping[str, Any]] = (),
    options: Mapping[str, Any] | None = None,
) -> MockConfigEntry:
    """Add the config entry of an account; without subscriptions all are included."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Nomos Energy",
        unique_id=ORGANISATION.client_id,
        data={
            CONF_CLIENT_ID: ORGANISATION.client_id,
            CONF_CLIENT_SECRET: ORGANISATION.client_secret,
        },
        # Stores are found again by the ID, also after a restart.
        entry_id="nomos",
        options={
            **({CONF_SUBSCRIPTIONS: [*subscriptions]} if subscriptions else {}),
            **(options or {}),
        },
        subentries_data=[*subentries],
    )
    entry.add_to_hass(hass)
    return entry


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up an account, its background tasks included.

    Raises RuntimeError if the set-up fails.
    """
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    if entry.state is not ConfigEntryState.LOADED:
        raise RuntimeError(f"The account was not set up: {entry.state}, {entry.reason}")
