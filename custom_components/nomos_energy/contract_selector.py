"""Selector of a contract in forms."""

from collections.abc import Iterable

from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .coordinator import ContractCoordinator

CONF_SUBSCRIPTION = "subscription"


def contract_selector(
    contracts: ContractCoordinator, keys: Iterable[str]
) -> SelectSelector:
    """Return a selector of contracts by subscription ID."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=key, label=contract_label(contracts, key))
                for key in keys
            ],
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def contract_label(contracts: ContractCoordinator, key: str) -> str:
    """Return the name of a contract with its number, which stands in letters."""
    name = contracts.names[key]
    number = contracts.data[key].subscription.number or key
    return name if number in name else f"{name} ({number})"
