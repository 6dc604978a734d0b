"""Account behind a login, as the configuration flow reads it."""

from asyncio import timeout
from collections.abc import Mapping
from dataclasses import dataclass
import logging
from typing import Any

from homeassistant.helpers.selector import SelectOptionDict

from .errors import form_error_key, placeholders
from .nomos import NomosClient, NomosError, Subscription

_LOGGER = logging.getLogger(__name__)

READ_ADDRESSES_FOR = 20
"""Seconds for reading addresses; of thousands, the rest is shown by number."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Subscriptions that a login can read, and the data for the config entry."""

    client: NomosClient
    data: Mapping[str, Any]
    unique_id: str
    subscriptions: tuple[Subscription, ...]

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
    client: NomosClient, data: Mapping[str, Any], unique_id: str | None = None
) -> Account | Problem:
    """Return the account of a login, or the problem with it.

    Without a unique ID, the account is that of the first customer.
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
    return Account(
        client=client,
        data=data,
        unique_id=unique_id or subscriptions[0].customer_id,
        subscriptions=subscriptions,
    )


async def async_subscription_options(account: Account) -> list[SelectOptionDict]:
    """Return the subscriptions for a selector, by contract number and address."""
    labels = {record.id: _label(record) for record in account.subscriptions}
    try:
        async with timeout(READ_ADDRESSES_FOR):
            async for key, answer in account.client.subscription_details(list(labels)):
                if isinstance(answer, Subscription):
                    labels[key] = _label(answer)
    except (NomosError, TimeoutError) as err:
        _LOGGER.debug("Some addresses could not be read: %s", err)
    return [
        SelectOptionDict(value=key, label=label)
        for key, label in sorted(labels.items(), key=lambda item: item[1].casefold())
    ]


def _label(record: Subscription) -> str:
    number = record.number or record.id
    address = record.address.in_full if record.address else None
    return f"{number} · {address}" if address else number
