"""Pictures: what Home Assistant holds of a household at a moment, for the browser tests.

They are stored as JSON in tests/browser/fixtures/.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import json
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.nomos_energy.const import DOMAIN
from simulator import Household, Simulator, scenarios
from tests import devices, pass_time
from tests.conftest import SetUp
from tests.loads.common import a_wallbox, add_load

FOLDER = Path(__file__).parents[1] / "browser" / "fixtures"

RECENT = timedelta(days=32)
"""Age of contracts with few weeks of usage, which takes long to import."""

MONTHS = timedelta(days=100)
"""Age of contracts that had to wait for their meter."""


def tariff(elapsed: timedelta = timedelta(days=71), **overrides: Any) -> Household:
    """Return a household with modules 1 and 3, activated 56 days after the order."""
    return scenarios.dynamic_tariff(elapsed=elapsed, age=MONTHS, **overrides)


@dataclass
class Studio:
    """Home Assistant and Nomos, as a picture needs them."""

    hass: HomeAssistant
    simulator: Simulator
    freezer: FrozenDateTimeFactory
    set_up: SetUp

    def at(self, moment: str) -> None:
        """Set the clock, before a household is added."""
        self.freezer.move_to(datetime.fromisoformat(moment))

    async def of(self, *households: Household) -> MockConfigEntry:
        """Add the account of households."""
        for household in households:
            if household.world is None:
                self.simulator.add(household)
        return await self.set_up()

    async def with_load(self, household: Household, **changes: Any) -> str:
        """Add the account of a household with a wallbox; return the load's subentry."""
        entry = await self.of(household)
        return await add_load(self.hass, entry, a_wallbox(household, **changes))

    async def wait_until(self, moment: str) -> None:
        """Let time pass until a moment."""
        ahead = datetime.fromisoformat(moment) - dt_util.utcnow()
        await pass_time(self.hass, self.freezer, ahead)


def take(hass: HomeAssistant) -> dict[str, Any]:
    """Return the registries and states of the integration, as its frontend has them.

    IDs that are drawn by chance are replaced: a contract's device has the ID of its
    subscription, that of a load is "load" with a number.
    """
    ours = sorted(devices(hass), key=lambda device: device.created_at)
    ids: dict[str | None, str | None] = {None: None}
    for number, device in enumerate(ours):
        [(_, key)] = device.identifiers
        ids[device.id] = key if device.manufacturer == "Nomos" else f"load_{number}"
    entities = sorted(
        (
            entry
            for entry in er.async_get(hass).entities.values()
            if entry.platform == DOMAIN and not entry.disabled
        ),
        key=lambda entry: entry.entity_id,
    )
    picture = {
        "now": dt_util.utcnow().isoformat(),
        "devices": {ids[device.id]: _device(device, ids) for device in ours},
        "entities": {entry.entity_id: _entity(entry, ids) for entry in entities},
        "states": {
            state.entity_id: _state(state.as_dict())
            for entry in entities
            if (state := hass.states.get(entry.entity_id))
        },
    }
    # As Home Assistant sends it, without classes such as enums.
    return json.loads(json_bytes(picture))  # type: ignore[no-any-return]


def _device(
    device: dr.DeviceEntry, ids: dict[str | None, str | None]
) -> dict[str, Any]:
    key = ids[device.id]
    return {
        "id": key,
        "name": device.name,
        "name_by_user": device.name_by_user,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "identifiers": [[DOMAIN, key]],
        "connections": [],
        "config_entries": ["account"],
        "primary_config_entry": "account",
        "configuration_url": device.configuration_url,
        "via_device_id": ids[device.via_device_id],
        "entry_type": device.entry_type,
        "area_id": None,
        "disabled_by": None,
        "labels": [],
    }


def _entity(
    entry: er.RegistryEntry, ids: dict[str | None, str | None]
) -> dict[str, Any]:
    sensor: Mapping[str, Any] = entry.options.get("sensor", {})
    return {
        "entity_id": entry.entity_id,
        "name": entry.original_name,
        "platform": entry.platform,
        "translation_key": entry.translation_key,
        "device_id": ids[entry.device_id],
        "area_id": None,
        "labels": [],
        "hidden": entry.hidden,
        "entity_category": entry.entity_category,
        "has_entity_name": entry.has_entity_name,
        "display_precision": sensor.get("suggested_display_precision"),
    }


def _state(state: dict[str, Any]) -> dict[str, Any]:
    return {
        key: dict(value) if key == "attributes" else value
        for key, value in state.items()
        if key in ("entity_id", "state", "attributes", "last_changed", "last_updated")
    }


def stored(name: str) -> Any:
    """Return a stored picture; None if there is none."""
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def store(name: str, picture: dict[str, Any]) -> None:
    """Store a picture: a line for each device, entity and state."""
    parts = []
    for key, value in picture.items():
        if isinstance(value, dict):
            lines = [f"{_text(name)}: {_text(each)}" for name, each in value.items()]
            parts.append(f"{_text(key)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{_text(key)}: {_text(value)}")
    FOLDER.mkdir(exist_ok=True)
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
