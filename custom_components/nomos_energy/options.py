"""Options of a config entry, as far as they are valid."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_NAME
from homeassistant.core import callback

from .const import (
    CONF_BASE_FEE,
    CONF_CONTRACTS,
    CONF_SUBSCRIPTIONS,
    CONF_WEBHOOK_SECRET,
    CONF_WEBHOOK_URL,
    CONF_YEARLY_USAGE,
    LOGGER,
)
from .nomos.fields import text
from .nomos.quotes import LEAST_USAGE, MOST_USAGE

MAX_BASE_FEE = 500.0
"""EUR per month; a household pays less."""


def chosen_subscriptions(entry: ConfigEntry) -> list[str] | None:
    """Return the IDs of the included subscriptions; None if all are included.

    Of a damaged choice, what is readable counts. Without anything readable all
    contracts are included, because the choice is lost.
    """
    chosen = entry.options.get(CONF_SUBSCRIPTIONS)
    if not isinstance(chosen, list):
        return None
    return [key for key in chosen if key and isinstance(key, str)] or None


def contract_options(entry: ConfigEntry, subscription_id: str) -> Mapping[str, Any]:
    """Return the settings of a contract as they are stored; empty if unreadable."""
    contracts = entry.options.get(CONF_CONTRACTS)
    own = contracts.get(subscription_id) if isinstance(contracts, Mapping) else None
    return own if isinstance(own, Mapping) else MappingProxyType({})


def own_name(entry: ConfigEntry, subscription_id: str) -> str | None:
    """Return the name that a person has given a contract, as one line of text."""
    return text(contract_options(entry, subscription_id).get(CONF_NAME))


def entered_base_fee(entry: ConfigEntry, subscription_id: str) -> float | None:
    """Return the base fee (EUR per month) that a person has entered for a contract."""
    return _number(entry, subscription_id, CONF_BASE_FEE, 0, MAX_BASE_FEE)


def entered_yearly_usage(entry: ConfigEntry, subscription_id: str) -> float | None:
    """Return the usage (kWh per year) that a person has entered for a contract."""
    return _number(entry, subscription_id, CONF_YEARLY_USAGE, LEAST_USAGE, MOST_USAGE)


def _number(
    entry: ConfigEntry, subscription_id: str, option: str, lowest: float, highest: float
) -> float | None:
    entered = contract_options(entry, subscription_id).get(option)
    if isinstance(entered, bool) or not isinstance(entered, int | float):
        return None
    return float(entered) if lowest <= entered <= highest else None


def webhook_secret(entry: ConfigEntry) -> str | None:
    """Return the signing secret of the webhooks, or None if there are none."""
    return _text(entry, CONF_WEBHOOK_SECRET)


def webhook_url(entry: ConfigEntry) -> str | None:
    """Return the address that was registered with Nomos, if known."""
    return _text(entry, CONF_WEBHOOK_URL)


def _text(entry: ConfigEntry, option: str) -> str | None:
    value = entry.options.get(option)
    # Anybody could sign with an empty secret.
    return value if value and isinstance(value, str) else None


@callback
def async_check_options(entry: ConfigEntry) -> None:
    """Log each option that is invalid, without its value."""
    options = entry.options
    chosen = chosen_subscriptions(entry)
    if CONF_SUBSCRIPTIONS in options and (
        chosen is None or options[CONF_SUBSCRIPTIONS] != chosen
    ):
        LOGGER.warning(
            "The option %s is invalid and set aside: %s",
            CONF_SUBSCRIPTIONS,
            "all contracts are included"
            if chosen is None
            else "only its valid part counts",
        )
    if not _are_contracts_valid(entry):
        LOGGER.warning(
            "The option %s is invalid and set aside: only its valid part counts",
            CONF_CONTRACTS,
        )
    for option in (CONF_WEBHOOK_SECRET, CONF_WEBHOOK_URL):
        if option in options and _text(entry, option) is None:
            LOGGER.warning("The option %s is invalid and set aside", option)


def _are_contracts_valid(entry: ConfigEntry) -> bool:
    contracts = entry.options.get(CONF_CONTRACTS, {})
    return isinstance(contracts, Mapping) and all(
        isinstance(each, Mapping)
        and (CONF_NAME not in each or own_name(entry, key) is not None)
        and (CONF_BASE_FEE not in each or entered_base_fee(entry, key) is not None)
        and (
            CONF_YEARLY_USAGE not in each
            or entered_yearly_usage(entry, key) is not None
        )
        for key, each in contracts.items()
    )
