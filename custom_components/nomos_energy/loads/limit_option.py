"""Limit of the power of all planned loads, a setting of a contract."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
import voluptuous as vol

from ..const import LOGGER, SUBENTRY_PLANNED_LOAD
from ..contract_selector import CONF_SUBSCRIPTION, contract_label, contract_selector
from ..coordinator import ContractCoordinator
from ..issues import escape_markdown
from ..number_field import InvalidNumberError
from ..options import contract_options
from .form_fields import POWER
from .need import HIGHEST_POWER, parse_power

CONF_POWER_LIMIT = "power_limit"


def limit_schema(suggested: str | None = None) -> vol.Schema:
    """Return the form's schema, for a suggested value."""
    return vol.Schema({vol.Optional(CONF_POWER_LIMIT): POWER.selector(suggested)})


def power_limit(entry: ConfigEntry, subscription_id: str) -> float | str | None:
    """Return the limit in kW, an entity, or None if there is no valid one."""
    stored = contract_options(entry, subscription_id).get(CONF_POWER_LIMIT)
    if stored is None:
        return None
    try:
        return parse_power(stored)
    except TypeError, ValueError:
        LOGGER.warning(
            "The option %s is invalid and set aside: there is no limit",
            CONF_POWER_LIMIT,
        )
        return None


class LimitOptionsSteps(OptionsFlowWithReload):
    """Steps of the options flow: choice of the contract, and its limit."""

    _limited: str
    """Contract whose limit is changed."""

    @abstractmethod
    def contracts(self) -> ContractCoordinator | None:
        """Return the contracts of the account, or None if it is not loaded."""

    @abstractmethod
    def options_with(
        self, subscription_id: str, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the options with other settings of a contract."""

    async def async_step_load_limit(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let a contract be chosen, if several have planned loads."""
        contracts = self.contracts()
        if contracts is None or not contracts.data:
            return self.async_abort(reason="not_loaded")
        possible = [key for key in contracts.data if self._loads(key)]
        if not possible:
            return self.async_abort(reason="no_loads")
        if user_input is None and len(possible) > 1:
            selector = contract_selector(contracts, possible)
            return self.async_show_form(
                step_id="load_limit",
                data_schema=vol.Schema({vol.Required(CONF_SUBSCRIPTION): selector}),
                last_step=False,
            )
        self._limited = user_input[CONF_SUBSCRIPTION] if user_input else possible[0]
        return await self.async_step_power_limit()

    async def async_step_power_limit(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the limit; an empty field removes it."""
        contracts, key = self.contracts(), self._limited
        if contracts is None or key not in contracts.data:
            return self.async_abort(reason="not_loaded")
        errors = {}
        stored = contract_options(self.config_entry, key).get(CONF_POWER_LIMIT)
        shown = POWER.show(self.hass, stored)
        if user_input is not None:
            entered = user_input.get(CONF_POWER_LIMIT) or ""
            try:
                limit = POWER.parse(entered) if entered else None
            except InvalidNumberError as err:
                errors[CONF_POWER_LIMIT] = err.key
                shown = entered
            else:
                settings = {CONF_POWER_LIMIT: limit}
                return self.async_create_entry(data=self.options_with(key, settings))
        suggested = {CONF_POWER_LIMIT: shown} if shown else {}
        return self.async_show_form(
            step_id="power_limit",
            data_schema=self.add_suggested_values_to_schema(
                limit_schema(shown), suggested
            ),
            errors=errors,
            description_placeholders={
                "contract": escape_markdown(contract_label(contracts, key)),
                "highest_power": str(HIGHEST_POWER),
                "loads": ", ".join(map(escape_markdown, self._without_power(key)))
                or "–",
            },
        )

    def _loads(self, subscription_id: str) -> dict[str, Mapping[str, Any]]:
        """Return the settings of the planned loads of a contract, by name."""
        return {
            each.title: each.data
            for each in self.config_entry.subentries.values()
            if each.subentry_type == SUBENTRY_PLANNED_LOAD
            and each.data.get(CONF_SUBSCRIPTION) == subscription_id
        }

    def _without_power(self, subscription_id: str) -> list[str]:
        """Return the names of the loads that can't be limited."""
        loads = self._loads(subscription_id)
        return [
            name
            for name, data in loads.items()
            if not data.get("power") and not data.get("number")
        ]
