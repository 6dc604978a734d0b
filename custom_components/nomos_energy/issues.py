"""Repair issues of an account.

Not named `repairs.py`: Home Assistant expects fix flows in a module of that name.
"""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN


@callback
def async_create_issue(
    hass: HomeAssistant,
    entry: ConfigEntry,
    key: str,
    subject: str,
    placeholders: dict[str, str],
) -> None:
    """Create or update an issue; the subject tells several of one kind apart."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(key, subject),
        data={"entry_id": entry.entry_id, "key": key},
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders=placeholders,
    )


@callback
def async_delete_issue(hass: HomeAssistant, key: str, subject: str) -> None:
    """Delete an issue if it exists."""
    ir.async_delete_issue(hass, DOMAIN, issue_id(key, subject))


@callback
def async_delete_issues(
    hass: HomeAssistant,
    entry: ConfigEntry,
    *,
    keys: frozenset[str] | None = None,
    keep: frozenset[str] = frozenset(),
) -> None:
    """Delete the issues of an account, those with certain keys or all of them."""
    for issue in list(ir.async_get(hass).issues.values()):
        data = issue.data or {}
        if (
            issue.domain == DOMAIN
            and issue.active
            and data.get("entry_id") == entry.entry_id
            and (keys is None or data.get("key") in keys)
            and issue.issue_id not in keep
        ):
            ir.async_delete_issue(hass, DOMAIN, issue.issue_id)


def issue_id(key: str, subject: str) -> str:
    """Return the ID of an issue."""
    return f"{key}_{subject}"
