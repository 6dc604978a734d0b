"""Fixtures: Home Assistant and a simulated Nomos API, over real HTTP."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from datetime import datetime
import logging
from typing import Any
from unittest.mock import patch

from aiohttp.test_utils import TestServer
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.components.recorder import (
    CONF_COMMIT_INTERVAL,
    DEFAULT_COMMIT_INTERVAL,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from hypothesis import settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion
from syrupy.filters import props

from custom_components.nomos_energy.const import DOMAIN
from custom_components.nomos_energy.nomos import once, transport
from simulator import APP, Simulator
from tests import organisation_entry

collect_ignore = ["browser"]

NOW = "2026-11-23T10:00:00+00:00"

# Other load on a machine must not fail a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant find the integration."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave asyncio's debug mode off, which takes half of the suite's time.

    It records a stack for each task and request. `--asyncio-debug` turns it on.
    """


@pytest.fixture
def mock_recorder_before_hass(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prepare what a recorder needs before there is a Home Assistant."""
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("async_test_recorder")
        # Every statement would be logged.
        for name in ("sqlalchemy.engine", "sqlalchemy.pool"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # It searches for each row that is imported, which takes most of the time.
        monkeypatch.setattr(
            "homeassistant.components.recorder.statistics._statistics_exists",
            _statistics_exists,
            raising=False,
        )


def _statistics_exists(
    session: Any, table: Any, metadata_id: int, start: datetime
) -> int | None:
    """Return the ID of a row; a transaction reads all rows of a statistic once."""
    key = table, metadata_id
    transaction, rows = session.info.get(key, (None, {}))
    if transaction is None or transaction is not session.get_transaction():
        query = session.query(table.start_ts, table.id)
        rows = dict(query.filter_by(metadata_id=metadata_id).tuples().all())
        session.info[key] = session.get_transaction(), rows
    found: int | None = rows.get(start.timestamp())
    return found


@pytest.fixture
def recorder_config() -> dict[str, Any]:
    """Commit states as seldom as Home Assistant does by default, not each by itself."""
    return {CONF_COMMIT_INTERVAL: DEFAULT_COMMIT_INTERVAL}


@pytest.fixture
def persistent_database() -> bool:
    """Let a recorder keep a file."""
    return True


@pytest.fixture(autouse=True)
def storage(hass_storage: dict[str, Any]) -> dict[str, Any]:
    """Keep what Home Assistant stores in memory."""
    return hass_storage


@pytest.fixture(autouse=True)
def forget_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget which warnings were logged already."""
    monkeypatch.setattr(once, "_logged", set())


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds that the client would have waited between its attempts."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(transport, "sleep", sleep)
    return waited


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Use snapshots without what differs from run to run or with the version."""
    return snapshot.with_defaults(
        extension_class=HomeAssistantSnapshotExtension, exclude=props("compat_name")
    )


@pytest.fixture
def all_entities_enabled() -> Generator[None]:
    """Enable also the entities that are disabled by default."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        new=True,
    ):
        yield


@pytest.fixture
async def simulator(
    socket_enabled: None,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[Simulator]:
    """Run the simulator without households, and point Home Assistant at it."""
    freezer.move_to(NOW)
    simulator = Simulator(households=[])
    server = TestServer(simulator.app, host="127.0.0.1")
    await server.start_server(access_log=None)
    monkeypatch.setenv("NOMOS_API_URL", str(server.make_url("")))
    yield simulator
    await server.close()


@pytest.fixture
async def credentials(
    hass: HomeAssistant, simulator: Simulator, current_request_with_host: None
) -> None:
    """Import the credentials of the application."""
    assert await async_setup_component(hass, "application_credentials", {})
    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(APP.client_id, APP.client_secret, "Nomos app")
    )


type SetUp = Callable[..., Awaitable[MockConfigEntry]]


@pytest.fixture
def set_up(hass: HomeAssistant, simulator: Simulator) -> SetUp:
    """Set up an entry for the organisation's key."""

    async def set_up(
        *subscriptions: str, entry: MockConfigEntry | None = None
    ) -> MockConfigEntry:
        if entry is None:
            options = {"subscriptions": list(subscriptions)} if subscriptions else {}
            entry = organisation_entry(options=options)
        entry.add_to_hass(hass)
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        return entry

    return set_up
