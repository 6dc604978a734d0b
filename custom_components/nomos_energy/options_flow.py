"""Options flow: the menu behind Configure, and the settings of a contract."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import TextSelector
import voluptuous as vol

from .const import CONF_BASE_FEE, CONF_CONTRACTS, CONF_YEARLY_USAGE
from .contract_selector import CONF_SUBSCRIPTION, contract_label, contract_selector
from .coordinator import ContractCoordinator
from .issues import escape_markdown
from .loads.limit_option import LimitOptionsSteps
from .nomos.fields import text
from .nomos.quotes import LEAST_USAGE, MOST_USAGE
from .number_field import InvalidNumberError, NumberField
from .options import MAX_BASE_FEE, contract_options
from .orders.options_flow import OrderOptionsSteps
from .runtime import loaded_contracts
from .usage.options_flow import EnergyOptionsSteps
from .webhooks.options_flow import WebhookOptionsSteps

MAX_NAME = 60
"""Characters of a contract's name; names of entities and statistics begin with it."""

NUMBERS = {
    CONF_YEARLY_USAGE: NumberField(
        unit="kWh",
        lowest=LEAST_USAGE,
        highest=MOST_USAGE,
        out_of_range="yearly_usage_out_of_range",
    ),
    CONF_BASE_FEE: NumberField(
        unit="€", lowest=0, highest=MAX_BASE_FEE, out_of_range="base_fee_out_of_range"
    ),
}
"""Numbers that a person may enter for a contract; feed-in has none of them."""


class NomosOptionsFlow(
    EnergyOptionsSteps, OrderOptionsSteps, WebhookOptionsSteps, LimitOptionsSteps
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
                "load_limit",
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
        errors: dict[str, str] = {}
        if user_input is not None:
            settings, errors = _read_settings(user_input)
            if not errors:
                return self.async_create_entry(data=self.options_with(key, settings))
        known = contract_options(self.config_entry, key)
        shown = {
            option: number.show(self.hass, known.get(option))
            for option, number in NUMBERS.items()
        }
        suggested = {**known, **shown} if user_input is None else user_input
        return self.async_show_form(
            step_id="contract",
            data_schema=self.add_suggested_values_to_schema(
                _contract_schema(feeds_in=contracts.data[key].feeds_in),
                {key: each for key, each in suggested.items() if each is not None},
            ),
            errors=errors,
            description_placeholders={
                "contract": escape_markdown(contract_label(contracts, key)),
                "limit": str(MAX_NAME),
                "highest": f"{MAX_BASE_FEE:.0f}",
                "least_usage": str(LEAST_USAGE),
                "most_usage": str(MOST_USAGE),
            },
        )

    @override
    def options_with(
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
            if option not in settings or value not in (None, "")
        }
        contracts = {key: each for key, each in contracts.items() if each}
        return {**options, CONF_CONTRACTS: contracts} if contracts else options


def _contract_schema(*, feeds_in: bool) -> vol.Schema:
    numbers = {} if feeds_in else NUMBERS
    return vol.Schema(
        {
            vol.Optional(CONF_NAME): TextSelector(),
            **{vol.Optional(key): each.selector for key, each in numbers.items()},
        }
    )


def _read_settings(
    user_input: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings of a contract as they were entered, and the errors by field."""
    name = text(user_input.get(CONF_NAME)) or ""
    errors = {CONF_NAME: "name_too_long"} if len(name) > MAX_NAME else {}
    settings: dict[str, Any] = {CONF_NAME: name}
    for option, number in NUMBERS.items():
        entered = user_input.get(option, "").strip()
        try:
            settings[option] = number.parse(entered) if entered else None
        except InvalidNumberError as err:
            errors[option] = err.key
    return settings, errors
