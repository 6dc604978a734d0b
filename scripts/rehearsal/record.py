"""Record of everything that has to survive an update."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import json
from pathlib import Path
import sqlite3
from typing import Any

from scripts.demo_home import DOMAIN
from scripts.demo_socket import Socket

from .house import House

type Rows = Mapping[str, Any]

ANSWERED = "answered_at"
"""Key of the time of an answer in a stored file: a start asks again."""

VOLATILE = {"last_update"}
"""Translation keys of entities whose state is the time of an answer."""


@dataclass(frozen=True)
class Record:
    """Entities, states, statistics, settings and files of the integration."""

    parts: Mapping[str, Rows]
    rows: int
    """Rows of statistics."""

    @property
    def summary(self) -> str:
        """Numbers of what there is."""
        found = ", ".join(f"{len(rows)} {part}" for part, rows in self.parts.items())
        return f"{found}, {self.rows} rows"


async def read_record(house: House) -> Record:
    """Read everything, once the recorder has written what it has."""
    # Stores are saved a second after a change.
    await asyncio.sleep(3)
    async with Socket.connect(house.home) as socket:
        entities = {
            each["entity_id"]: each
            for each in await socket.command("config/entity_registry/list")
            if each["platform"] == DOMAIN
        }
        devices = {
            each["id"]: _stable(each)
            for each in await socket.command("config/device_registry/list")
            if any(domain == DOMAIN for domain, _ in each["identifiers"])
        }
        states = {
            each["entity_id"]: each for each in await socket.command("get_states")
        }
        dashboards = {
            each["url_path"]: each
            for each in await socket.command("lovelace/dashboards/list")
        }
        energy = await socket.command("energy/get_prefs")
    sums, rows = _read_statistics(house.config / "home-assistant_v2.db")
    parts: dict[str, Rows] = {
        "entities": {key: _stable(each) for key, each in entities.items()},
        "devices": devices,
        "states": {
            key: {
                "state": states[key]["state"],
                "plan": states[key]["attributes"].get("plan"),
            }
            for key, each in entities.items()
            if key in states and each["translation_key"] not in VOLATILE
        },
        "statistics": sums,
        "entries": _read_entries(house.config / ".storage"),
        "stored files": _read_stores(house.config / ".storage"),
        "dashboards": dashboards,
        "energy sources": {"preferences": energy},
    }
    return Record(parts, rows)


def _stable(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a registry entry without what each start writes."""
    changing = {"modified_at", "sw_version"}
    return {key: value for key, value in entry.items() if key not in changing}


def _read_statistics(database: Path) -> tuple[Rows, int]:
    """Return the last sum and the number of rows of each statistic, and all rows."""
    query = """
        select statistic_id, count(*), max(start_ts),
          (select sum from statistics last where last.metadata_id = meta.id
           order by start_ts desc limit 1)
        from statistics_meta meta join statistics on metadata_id = meta.id
        where source = ? group by meta.id"""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        found = connection.execute(query, (DOMAIN,)).fetchall()
    connection.close()
    sums = {
        name: {"rows": count, "last": last, "sum": total}
        for name, count, last, total in found
    }
    return sums, sum(each["rows"] for each in sums.values())


def _read_entries(storage: Path) -> Rows:
    """Return data, options and subentries of the config entries."""
    content = json.loads((storage / "core.config_entries").read_text("utf-8"))
    return {
        entry["entry_id"]: {
            key: entry[key] for key in ("data", "options", "subentries", "unique_id")
        }
        for entry in content["data"]["entries"]
        if entry["domain"] == DOMAIN
    }


def _read_stores(storage: Path) -> Rows:
    """Return the files of the integration."""
    return {
        file.name: json.loads(file.read_text("utf-8"))
        for file in sorted(storage.glob(f"{DOMAIN}*"))
    }


def differences(before: Record, after: Record) -> dict[str, list[str]]:
    """Return what differs, by part."""
    return {
        part: [*_compare(rows, after.parts[part])]
        for part, rows in before.parts.items()
    }


def _compare(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of values that differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in (before.keys() | after.keys()) - {ANSWERED}:
            yield from _compare(before.get(key), after.get(key), f"{path}/{key}")
    elif before != after:
        yield f"{path}: {_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 80 else f"{text[:77]}…"
