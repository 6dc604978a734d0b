"""Options flow: the menu behind Configure, and the settings of a contract."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import TextSelector
import voluptuous as vol

from .const import CONF_CONTRACTS
from .contract_selector import CONF_SUBSCRIPTION, contract_label, contract_selector
from .coordinator import ContractCoordinator
from .issues import escape_markdown
from .nomos.fields import text
from .options import contract_options
from .orders.options_flow import OrderOptionsSteps
from .runtime import loaded_contracts
from .usage.options_flow import EnergyOptionsSteps
from .webhooks.options_flow import WebhookOptionsSteps

MAX_NAME = 60
"""Characters of a contract's name; names of entities and statistics begin with it."""

CONTRACT_SCHEMA = vol.Schema({vol.Optional(CONF_NAME): TextSelector()})


class NomosOptionsFlow(
    EnergyOptionsSteps, OrderOptionsSteps, WebhookOptionsSteps, OptionsFlowWithReload
):
    """Options flow of an account."""

    _subscription_id: str
    """Contract whose settings are changed."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what can be configured."""
        return self.async_show_menu(
            step_id="init",
            menu_options=[
                "order_smart_meter",
                "energy_dashboard",
                "contract_settings",
                "webhooks",
            ],
        )

    @override
    def contracts(self) -> ContractCoordinator | None:
        """Return the contracts of the account, or None if it is not loaded."""
        return loaded_contracts(self.config_entry)

    async def async_step_contract_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let a contract be chosen, if there are several."""
        contracts = self.contracts()
        if contracts is None or not contracts.data:
            return self.async_abort(reason="not_loaded")
        if user_input is None and len(contracts.data) > 1:
            selector = contract_selector(contracts, contracts.data)
            return self.async_show_form(
                step_id="contract_settings",
                data_schema=vol.Schema({vol.Required(CONF_SUBSCRIPTION): selector}),
                last_step=False,
            )
        self._subscription_id = (
            user_input[CONF_SUBSCRIPTION] if user_input else next(iter(contracts.data))
        )
        return await self.async_step_contract()

    async def async_step_contract(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the settings of a contract."""
        contracts, key = self.contracts(), self._subscription_id
        if contracts is None or key not in contracts.data:
            return self.async_abort(reason="not_loaded")
        errors = {}
        if user_input is not None:
            name = text(user_input.get(CONF_NAME)) or ""
            if len(name) <= MAX_NAME:
                return self.async_create_entry(
                    data=self._options_with(key, {CONF_NAME: name})
                )
            errors[CONF_NAME] = "name_too_long"
        known = contract_options(self.config_entry, key)
        return self.async_show_form(
            step_id="contract",
            data_schema=self.add_suggested_values_to_schema(
                CONTRACT_SCHEMA, user_input or known
            ),
            errors=errors,
            description_placeholders={
                "contract": escape_markdown(contract_label(contracts, key)),
                "limit": str(MAX_NAME),
            },
        )

    def _options_with(
        self, subscription_id: str, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the options with other settings of a contract; empty ones are left out."""
        options = dict(self.config_entry.options)
        others = options.pop(CONF_CONTRACTS, None)
        contracts = dict(others) if isinstance(others, Mapping) else {}
        known = contract_options(self.config_entry, subscription_id)
        contracts[subscription_id] = {
            option: value
            for option, value in {**known, **settings}.items()
            if option not in settings or value
        }
        contracts = {key: each for key, each in contracts.items() if each}
        return {**options, CONF_CONTRACTS: contracts} if contracts else options
