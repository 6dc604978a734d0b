"""Steps of the options flow that order a smart meter."""

from abc import abstractmethod
from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import BooleanSelector
import voluptuous as vol

from ..contract_selector import CONF_SUBSCRIPTION, contract_label, contract_selector
from ..coordinator import ContractCoordinator
from ..issues import escape_markdown
from .placing import async_order_smart_meter

CONF_CONFIRM = "confirm"

CONFIRM_SCHEMA = vol.Schema({vol.Required(CONF_CONFIRM): BooleanSelector()})


class OrderOptionsSteps(OptionsFlow):
    """Steps that order a smart meter: choice of the contract, confirmation."""

    _ordered_for: str
    """Contract that a meter is ordered for."""

    @abstractmethod
    def contracts(self) -> ContractCoordinator | None:
        """Return the contracts of the account, or None if it is not loaded."""

    async def async_step_order_smart_meter(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let a contract be chosen, if several can order."""
        contracts = self.contracts()
        if contracts is None or not contracts.data:
            return self.async_abort(reason="not_loaded")
        possible = [key for key, each in contracts.data.items() if each.can_be_ordered]
        if not possible:
            feeds_in = all(each.feeds_in for each in contracts.data.values())
            return self.async_abort(
                reason="only_feed_in" if feeds_in else "nothing_to_order"
            )
        if user_input is None and len(possible) > 1:
            selector = contract_selector(contracts, possible)
            return self.async_show_form(
                step_id="order_smart_meter",
                data_schema=vol.Schema({vol.Required(CONF_SUBSCRIPTION): selector}),
                last_step=False,
            )
        self._ordered_for = user_input[CONF_SUBSCRIPTION] if user_input else possible[0]
        return await self.async_step_confirm_order()

    async def async_step_confirm_order(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what happens next, and order once that is confirmed."""
        contracts, key = self.contracts(), self._ordered_for
        if contracts is None or key not in contracts.data:
            return self.async_abort(reason="not_loaded")
        # The scopes of a login are unknown until the first answer.
        if contracts.last_update_success and not contracts.may_write:
            return self._abort_read_only(contracts, key)
        errors = {}
        placeholders = {"contract": escape_markdown(contract_label(contracts, key))}
        if user_input is not None:
            if not user_input[CONF_CONFIRM]:
                errors[CONF_CONFIRM] = "not_confirmed"
            elif (refusal := await _async_order(contracts, key)) is None:
                return self.async_abort(
                    reason="ordered", description_placeholders=placeholders
                )
            elif refusal.translation_key == "read_only":
                return self._abort_read_only(contracts, key)
            else:
                errors["base"] = refusal.translation_key or "order_failed"
                placeholders |= refusal.translation_placeholders or {}
        return self.async_show_form(
            step_id="confirm_order",
            data_schema=self.add_suggested_values_to_schema(
                CONFIRM_SCHEMA, user_input or {CONF_CONFIRM: False}
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _abort_read_only(
        self, contracts: ContractCoordinator, key: str
    ) -> ConfigFlowResult:
        """Say where to order with a login that may only read."""
        if portal := contracts.data[key].portal_url:
            return self.async_abort(
                reason="read_only_portal", description_placeholders={"portal": portal}
            )
        return self.async_abort(reason="read_only")


async def _async_order(
    contracts: ContractCoordinator, key: str
) -> HomeAssistantError | None:
    """Order a smart meter; return the reason if that is refused."""
    try:
        await async_order_smart_meter(contracts, key)
    except HomeAssistantError as err:
        return err
    return None
