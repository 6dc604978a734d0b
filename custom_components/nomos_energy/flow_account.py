"""Account behind a login, as the configuration flow reads it."""

from asyncio import timeout
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from .const import CONF_SUBSCRIPTIONS, DOMAIN
from .errors import form_error_key, placeholders
from .nomos import NomosClient, NomosError, Subscription
from .options import own_name
from .ownership import contracts_of_others

_LOGGER = logging.getLogger(__name__)

CONF_FOLLOW_ALL = "follow_all"

TITLE = "Nomos Energy"

READ_ADDRESSES_FOR = 20
"""Seconds for reading addresses; of thousands, the rest is shown by number."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Subscriptions that a login can read, and the data for the config entry."""

    client: NomosClient
    data: Mapping[str, Any]
    unique_id: str
    subscriptions: tuple[Subscription, ...]
    others: Mapping[str, str]
    """IDs of the other entries, by subscription ID, that include some of them."""

    @property
    def available(self) -> list[Subscription]:
        """Subscriptions that no other entry includes."""
        return [each for each in self.subscriptions if each.id not in self.others]

    def has_choice(self, entry: ConfigEntry | None) -> bool:
        """Return if the contracts are a question, or a reason to refuse a new entry.

        The new login of an existing entry is kept also if there is nothing to include.
        """
        return len(self.subscriptions) > 1 if self.available else entry is None

    @property
    def is_household(self) -> bool:
        """Return if all subscriptions belong to one customer."""
        return len({record.customer_id for record in self.subscriptions}) == 1


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Reason for which an account could not be read."""

    key: str
    """Translation key."""
    error: NomosError | None = None

    @property
    def placeholders(self) -> dict[str, str]:
        """Placeholders of the translation."""
        return placeholders(self.error)


async def async_read_account(
    hass: HomeAssistant,
    entry: ConfigEntry | None,
    client: NomosClient,
    data: Mapping[str, Any],
    unique_id: str | None = None,
) -> Account | Problem:
    """Return the account of a login, or the problem with it.

    `entry` is the one that is repaired or changed, if any. Without a unique ID, the
    account is that of the first customer.
    """
    try:
        subscriptions = (await client.subscriptions()).records
        await client.meter_orders()
    except NomosError as err:
        _LOGGER.debug("The login failed: %s", err)
        return Problem(key=form_error_key(err), error=err)
    except Exception:
        _LOGGER.exception("Unexpected error during the login")
        return Problem(key="unknown")
    if not subscriptions:
        return Problem(key="no_subscription")
    ids = {each.id for each in subscriptions}
    return Account(
        client=client,
        data=data,
        unique_id=unique_id or subscriptions[0].customer_id,
        subscriptions=subscriptions,
        others={
            key: owner
            for key, owner in contracts_of_others(hass, entry).items()
            if key in ids
        },
    )


@callback
def left_out_placeholders(hass: HomeAssistant, account: Account) -> dict[str, str]:
    """Return how many contracts of an account are left out, and who includes them."""
    owners = set(account.others.values())
    entries = (hass.config_entries.async_get_entry(each) for each in owners)
    return {
        "count": str(len(account.others)),
        "total": str(len(account.subscriptions)),
        "entries": ", ".join(sorted(entry.title for entry in entries if entry)),
    }


@callback
def unused_title(hass: HomeAssistant) -> str:
    """Return a title that no other entry has.

    Titles appear in Home Assistant's logs, so they contain nothing personal.
    """
    titles = {entry.title for entry in hass.config_entries.async_entries(DOMAIN)}
    if TITLE not in titles:
        return TITLE
    numbered = (f"{TITLE} {number}" for number in count(2))
    return next(title for title in numbered if title not in titles)


def subscriptions_schema(options: list[SelectOptionDict]) -> vol.Schema:
    """Return the schema of the choice of contracts."""
    return vol.Schema(
        {
            vol.Required(CONF_FOLLOW_ALL): BooleanSelector(),
            vol.Optional(CONF_SUBSCRIPTIONS): SelectSelector(
                SelectSelectorConfig(
                    options=options, multiple=True, mode=SelectSelectorMode.DROPDOWN
                )
            ),
        }
    )


async def async_subscription_options(
    account: Account, entry: ConfigEntry | None
) -> list[SelectOptionDict]:
    """Return what can be included, for a selector, by contract number and address.

    The entry of the account may have names for contracts.
    """
    labels = {record.id: _label(record, entry) for record in account.available}
    try:
        async with timeout(READ_ADDRESSES_FOR):
            async for key, answer in account.client.subscription_details(list(labels)):
                if isinstance(answer, Subscription):
                    labels[key] = _label(answer, entry)
    except (NomosError, TimeoutError) as err:
        _LOGGER.debug("Some addresses could not be read: %s", err)
    return [
        SelectOptionDict(value=key, label=label)
        for key, label in sorted(labels.items(), key=lambda item: item[1].casefold())
    ]


def _label(record: Subscription, entry: ConfigEntry | None) -> str:
    name = own_name(entry, record.id) if entry else None
    address = record.address.in_full if record.address else None
    return " · ".join(filter(None, (name, record.number or record.id, address)))
