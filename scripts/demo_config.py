"""Configuration folder of the demo's Home Assistant."""

import json
from pathlib import Path
import shutil
from typing import Any

import yaml  # type: ignore[import-untyped]

from . import ROOT

EXTERNAL_URL = "https://demo.example"
"""Home Assistant offers no webhooks without an external URL. This one is reserved (RFC 2606)."""


def prepare_config(folder: Path, language: str, port: int) -> None:
    """Write the folder that Home Assistant starts from.

    It is a fresh one each time, so that the order starts from the beginning;
    what takes long, the installed packages, lives in .venv.
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
        # Instead of default_config, which looks for devices in the house.
        **dict.fromkeys(
            (
                "application_credentials",
                "automation",
                "calendar",
                "config",
                "energy",
                "frontend",
                "history",
                "logbook",
                "my",
                "webhook",
            )
        ),
        "logger": {
            "default": "warning",
            "logs": {
                "homeassistant.util.package": "info",
                # They miss programs that the demo has no use for.
                "haffmpeg": "fatal",
                "homeassistant.components.camera.img_util": "fatal",
            },
        },
    }
    (folder / "configuration.yaml").write_text(yaml.safe_dump(settings))
    # In YAML the address would be on trial for five minutes, and a repair
    # would ask to remove it from there.
    store(storage, "http", 1, {"server_host": ["127.0.0.1"], "server_port": port})
    # These steps ask questions that are answered above, and add integrations
    # that fetch weather and radio stations.
    store(
        storage, "onboarding", 4, {"done": ["core_config", "analytics", "integration"]}
    )


def store(folder: Path, key: str, version: int, data: dict[str, Any]) -> None:
    """Write what Home Assistant keeps about one of its parts."""
    (folder / key).write_text(
        json.dumps({"version": version, "minor_version": 1, "key": key, "data": data})
    )
