"""Configuration folder of the demo's Home Assistant."""

import json
from pathlib import Path
import shutil
from typing import Any

import yaml  # type: ignore[import-untyped]

from . import ROOT
from .demo_car import car_config

EXTERNAL_URL = "https://demo.example"
"""Home Assistant offers no webhooks without an external URL. This one is reserved (RFC 2606)."""

PERIOD = Path(__file__).with_name("demo_period.js")
"""Module of the frontend that lets the Energy dashboard open on days with data."""


def prepare_config(folder: Path, language: str, port: int) -> None:
    """Write the configuration folder of Home Assistant.

    Replace an existing folder, so that the demo starts from the beginning. The
    packages that Home Assistant installs are kept: they are in .venv.
    """
    if folder.exists():
        shutil.rmtree(folder)
    storage = folder / ".storage"
    storage.mkdir(parents=True)
    (folder / "custom_components").symlink_to(ROOT / "custom_components")
    settings = {
        "homeassistant": {
            "name": "Demo",
            "language": language,
            "country": "DE",
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
            "unit_system": "metric",
            "external_url": EXTERNAL_URL,
            "latitude": 52.52,
            "longitude": 13.405,
            "elevation": 34,
        },
        # default_config would search the network for devices.
        **dict.fromkeys(
            (
                "application_credentials",
                "calendar",
                "config",
                "energy",
                "history",
                "logbook",
                "my",
                "webhook",
            )
        ),
        **car_config(language),
        "frontend": {"extra_module_url": [f"/local/{PERIOD.name}"]},
        "logger": {
            "default": "warning",
            "logs": {
                "homeassistant.util.package": "info",
                # Both report programs that the demo does not need.
                "haffmpeg": "fatal",
                "homeassistant.components.camera.img_util": "fatal",
            },
        },
    }
    (folder / "www").mkdir()
    shutil.copy(PERIOD, folder / "www")
    (folder / "configuration.yaml").write_text(yaml.safe_dump(settings))
    # From YAML, Home Assistant would revert the address after five minutes without a
    # confirmation, and create a repair issue.
    write_store(storage, "http", 1, {"server_host": ["127.0.0.1"], "server_port": port})
    # The settings above replace these steps, which would also add integrations for
    # weather and radio stations.
    write_store(
        storage, "onboarding", 4, {"done": ["core_config", "analytics", "integration"]}
    )


def write_store(folder: Path, key: str, version: int, data: dict[str, Any]) -> None:
    """Write a storage file of Home Assistant."""
    (folder / key).write_text(
        json.dumps({"version": version, "minor_version": 1, "key": key, "data": data})
    )
