"""Repair issues of an account.

Not named `repairs.py`: Home Assistant expects fix flows in a module of that name.
"""

from collections.abc import Mapping
import re
from types import MappingProxyType

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

_MARKDOWN = re.compile(
    r"[\\`*_\[\]<>~|@]|&(?=#?\w)|:(?=//)|(?<=www)\.", re.ASCII | re.IGNORECASE
)
"""Characters with a meaning within a line, and those that make a bare address a link."""


def escape_markdown(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\g<0>", text)


@callback
def async_create_issue(
    hass: HomeAssistant,
    entry: ConfigEntry,
    key: str,
    subject: str,
    placeholders: Mapping[str, str],
    *,
    links: Mapping[str, str] = MappingProxyType({}),
    learn_more_url: str | None = None,
) -> None:
    """Create or update an issue; the subject tells several of one kind apart.

    Issues are shown as Markdown. Placeholders are shown as they are: names and
    addresses come from outside. Links are our own.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(key, subject),
        data={"entry_id": entry.entry_id, "key": key},
        is_fixable=False,
        learn_more_url=learn_more_url,
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders={
            **{name: escape_markdown(value) for name, value in placeholders.items()},
            **links,
        },
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
