"""Repair issues of planned loads: targets that could not be switched."""

from collections.abc import Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..issues import async_create_issue, async_delete_issue
from .coordinator import LoadCoordinator
from .history import Missed

TARGET_MISSED = "target_missed"


@callback
def async_show_missed(
    hass: HomeAssistant,
    entry: ConfigEntry,
    load: LoadCoordinator,
    missed: Iterable[Missed],
) -> None:
    """Create an issue for each target that missed a run."""
    subscription_id = load.load.subscription_id
    for each in missed:
        start, end = dt_util.as_local(each.start), dt_util.as_local(each.end)
        async_create_issue(
            hass,
            entry,
            TARGET_MISSED,
            _subject(load.key, each),
            {
                "contract": load.contracts.names.get(subscription_id, "–"),
                "load": load.load.name,
                "entity": each.entity,
                "start": f"{start:%Y-%m-%d %H:%M}",
                "end": f"{end:%H:%M}",
            },
        )


@callback
def async_delete_missed(
    hass: HomeAssistant, key: str, missed: Iterable[Missed]
) -> None:
    """Delete the issues of a load."""
    for each in missed:
        async_delete_issue(hass, TARGET_MISSED, _subject(key, each))


def _subject(key: str, missed: Missed) -> str:
    return f"{key}_{missed.entity}"
