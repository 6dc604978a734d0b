"""Grid connections of the Energy dashboard.

Home Assistant has no public interface to its energy preferences. All that is used of
the internal one is in this module; where it is missing or different, the household is
told what to choose by itself.
"""

from copy import deepcopy
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from homeassistant.core import HomeAssistant
import voluptuous as vol

from ..const import DOMAIN, LOGGER
from ..disk import UNREADABLE

ENERGY = "energy"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridConnection:
    """Statistic IDs of a contract, and of the feed-in contract at its address."""

    consumption: str
    cost: str
    returned: str | None = None
    compensation: str | None = None


class Outcome(Enum):
    """What can be done, or was done, for a grid connection."""

    MISSING = auto()
    """Home Assistant runs without its energy integration."""
    UNKNOWN = auto()
    """The energy integration has another interface than expected."""
    OTHER_METER = auto()
    """Another meter counts what the household consumes: both would count it twice."""
    ALREADY = auto()
    POSSIBLE = auto()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Energy sources as they would be with a grid connection."""

    outcome: Outcome
    sources: list[dict[str, Any]]
    feeds_in: bool
    """True if the returned energy is part of the grid connection."""


async def async_propose(hass: HomeAssistant, wanted: GridConnection) -> Proposal:
    """Return what adding a grid connection would change, and change nothing."""
    return await _async_run(hass, wanted, is_saved=False)


async def async_add(hass: HomeAssistant, wanted: GridConnection) -> Proposal:
    """Add a grid connection if that is possible; all other preferences stay."""
    return await _async_run(hass, wanted, is_saved=True)


async def _async_run(
    hass: HomeAssistant, wanted: GridConnection, *, is_saved: bool
) -> Proposal:
    if ENERGY not in hass.config.components:
        return Proposal(Outcome.MISSING, [], feeds_in=False)
    try:
        # Not part of what every start imports, and it may move.
        from homeassistant.components.energy import data as energy

        manager: Any = await energy.async_get_manager(hass)
        known: list[dict[str, Any]] = deepcopy(
            manager.data["energy_sources"] if manager.data else []
        )
        proposal = _propose(known, wanted)
        if proposal.outcome is Outcome.POSSIBLE:
            # The manager itself accepts anything.
            valid = energy.ENERGY_SOURCE_SCHEMA(proposal.sources)
            if is_saved:
                await manager.async_update({"energy_sources": valid})
    except (ImportError, vol.Invalid, *UNREADABLE) as err:
        LOGGER.warning("The Energy dashboard cannot be set: %s", type(err).__name__)
        return Proposal(Outcome.UNKNOWN, [], feeds_in=False)
    return proposal


def _propose(known: list[dict[str, Any]], wanted: GridConnection) -> Proposal:
    """Return the known sources with the grid connection added or completed."""
    sources = deepcopy(known)
    grid = [each for each in sources if each["type"] == "grid"]
    imports = [each["stat_energy_from"] for each in grid]
    if not all(_is_own(each) for each in imports if each):
        return Proposal(Outcome.OTHER_METER, [], feeds_in=False)
    if wanted.consumption in imports:
        source = grid.pop(imports.index(wanted.consumption))
    else:
        source = {"type": "grid", "cost_adjustment_day": 0.0}
        sources.append(source)
    _set(source, "stat_energy_from", wanted.consumption, "stat_cost", wanted.cost)
    exports = [each["stat_energy_to"] for each in grid if each["stat_energy_to"]]
    if wanted.returned not in exports and all(_is_own(each) for each in exports):
        returned, money = wanted.returned, wanted.compensation
        _set(source, "stat_energy_to", returned, "stat_compensation", money)
    return Proposal(
        Outcome.ALREADY if sources == known else Outcome.POSSIBLE,
        sources,
        feeds_in=wanted.returned is not None
        and source.get("stat_energy_to") == wanted.returned,
    )


def _set(
    source: dict[str, Any],
    energy_key: str,
    energy: str | None,
    key: str,
    money: str | None,
) -> None:
    """Set energy with its money, unless a person has chosen another one."""
    if energy and source.get(energy_key) in (None, energy):
        source[energy_key] = energy
        source[key] = source.get(key) or money


def _is_own(statistic_id: str) -> bool:
    return statistic_id.startswith(f"{DOMAIN}:")
