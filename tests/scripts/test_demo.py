"""Tests of the demo: of what does not need a running Home Assistant."""

import asyncio
import json
from pathlib import Path
import re
import socket
import sys
from typing import Any
from unittest.mock import AsyncMock, Mock, patch

import pytest
import yaml  # type: ignore[import-untyped]

from custom_components.nomos_energy.binary_sensor import BLOCKED, GATE
from custom_components.nomos_energy.calendar import INSTALLATION
from custom_components.nomos_energy.event import ORDER_UPDATE
from custom_components.nomos_energy.order_sensors import ORDER_SENSORS
from scripts.demo_home import DASHBOARD, Home, filled, prepare_config
from scripts.demo_processes import Child, DemoError, choose_port, until, while_running
from scripts.run_demo import Watch

ENTITIES = {
    description.key: f"sensor.{description.key}"
    for description in (
        *ORDER_SENSORS,
        BLOCKED,
        GATE,
        INSTALLATION,
        ORDER_UPDATE,
    )
}


@pytest.fixture(name="content")
def content_fixture() -> dict[str, Any]:
    """Return the dashboard as it is written."""
    content: dict[str, Any] = yaml.safe_load(DASHBOARD.read_text())
    return content


@pytest.mark.parametrize("language", ["de", "en"])
def test_dashboard_names_what_there_is(content: dict[str, Any], language: str) -> None:
    """Nothing is left out for naming an entity or a text that isn't there."""
    dashboard = json.dumps(content["dashboard"])
    names = ENTITIES | content["texts"][language]
    assert set(re.findall(r"\$(\w+)", dashboard)) <= names.keys()
    assert set(content["texts"][language]) <= set(re.findall(r"\$(\w+)", dashboard))
    assert "$" not in json.dumps(filled(content["dashboard"], names))


def test_dashboard_leaves_out_what_is_disabled() -> None:
    """A card that names a missing entity goes, and its neighbours stay."""
    cards = [
        {"type": "tile", "entity": "$installed", "visibility": [{"entity": "$other"}]},
        {"type": "tile", "entity": "$activated"},
        {"type": "history-graph", "entities": ["$installed", "$activated"]},
    ]
    assert filled({"cards": cards}, {"installed": "sensor.installed"}) == {
        "cards": [
            {"type": "tile", "entity": "sensor.installed", "visibility": []},
            {"type": "history-graph", "entities": ["sensor.installed"]},
        ]
    }


def test_config_starts_over(tmp_path: Path) -> None:
    """Every start gets a fresh folder, and listens on this machine only."""
    folder = tmp_path / "config"
    prepare_config(folder, "de", 8123)
    (folder / "home-assistant_v2.db").touch()
    prepare_config(folder, "en", 8124)

    assert not (folder / "home-assistant_v2.db").exists()
    assert (folder / "custom_components" / "nomos_energy" / "manifest.json").exists()
    settings = yaml.safe_load((folder / "configuration.yaml").read_text())
    assert settings["homeassistant"]["language"] == "en"
    # Without it, the integration has no address for webhooks.
    assert settings["homeassistant"]["external_url"].startswith("https://")
    http = json.loads((folder / ".storage" / "http").read_text())
    assert http["data"] == {"server_host": ["127.0.0.1"], "server_port": 8124}


async def test_webhook_is_registered_on_this_machine() -> None:
    """Nomos sends to the path that the options show, and never to the outside."""
    ask = AsyncMock(
        side_effect=[
            {
                "type": "form",
                "flow_id": "flow",
                "description_placeholders": {
                    "address": "https://demo.example/api/webhook/abc"
                },
            },
            {"type": "create_entry"},
        ]
    )
    register = AsyncMock(return_value="secret")
    home = Home(Mock(), "http://127.0.0.1:8123")
    with patch.object(Home, "ask", ask):
        path = await home.switch_webhooks_on("entry", register)

    assert path == "/api/webhook/abc"
    register.assert_awaited_once_with("http://127.0.0.1:8123/api/webhook/abc")
    assert ask.await_args
    assert ask.await_args.args == (
        "POST",
        "/api/config/config_entries/options/flow/flow",
        {"webhooks": True, "webhook_secret": "secret"},
    )


async def test_options_flow_that_ends_early() -> None:
    """An options flow that has no address to show says why."""
    ask = AsyncMock(return_value={"type": "abort", "reason": "no_address"})
    home = Home(Mock(), "http://127.0.0.1:8123")
    with (
        patch.object(Home, "ask", ask),
        pytest.raises(DemoError, match="no_address"),
    ):
        await home.switch_webhooks_on("entry", AsyncMock())


@pytest.mark.parametrize("poll", [False, True])
async def test_only_polling_makes_it_look(poll: bool) -> None:
    """With webhooks on, nobody but Nomos makes Home Assistant look."""
    ask = AsyncMock(return_value={"state": "off"})
    watch = Watch(
        Home(Mock(), "http://127.0.0.1:8123"),
        {"order_status": "sensor.status", "smart_meter_active": "binary_sensor.gate"},
        poll,
    )
    with patch.object(Home, "ask", ask):
        await watch.look()
    looks = [call.args[:2] for call in ask.await_args_list if call.args[0] == "POST"]
    asked = [("POST", "/api/services/homeassistant/update_entity")]
    assert looks == (asked if poll else [])


@pytest.mark.usefixtures("socket_enabled")
def test_port_in_use() -> None:
    """A port that was asked for is taken or refused; none is the next free one."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(DemoError, match=f"Port {taken} is in use"):
            choose_port(taken)
    assert choose_port(taken) == taken
    assert choose_port(None) >= 8123


async def test_waiting_ends() -> None:
    """Nothing is waited for without end."""

    async def never() -> None:
        return None

    with pytest.raises(DemoError, match="Something happens: not within 0 seconds"):
        await until(never, "Something happens", 0)


def child(folder: Path, code: str) -> Child:
    """Start a process that runs some Python."""
    process = Child("The process", [sys.executable, "-c", code], folder / "log", folder)
    process.start()
    return process


async def test_process_ends_by_itself(tmp_path: Path) -> None:
    """Work does not go on without a process that it needs."""
    process = child(tmp_path, "print('Oh no'); raise SystemExit(3)")
    with pytest.raises(
        DemoError, match="The process ended by itself, with exit code 3"
    ):
        await while_running(asyncio.sleep(30), process)
    assert process.log.read_text() == "Oh no\n"


async def test_processes_of_processes_end(tmp_path: Path) -> None:
    """Stopping a process stops what it started, too."""
    process = child(
        tmp_path,
        "import subprocess, time; subprocess.Popen(['sleep', '60']);"
        "print('started', flush=True); time.sleep(60)",
    )

    async def started() -> bool | None:
        return "started" in process.log.read_text() or None

    async def gone() -> bool | None:
        return not process.group_is_alive() or None

    await until(started, "It starts", 10)
    await process.stop(grace=0.5)
    await until(gone, "All of it ends", 10)
