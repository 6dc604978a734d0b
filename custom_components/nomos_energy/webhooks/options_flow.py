"""Step of the options flow for the webhooks."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..const import CONF_WEBHOOK_SECRET, CONF_WEBHOOK_URL
from ..options import webhook_secret, webhook_url
from .address import CloudAwayError, async_delete_cloudhook, async_webhook_url

CONF_WEBHOOKS = "webhooks"

SCHEMA = vol.Schema(
    {
        vol.Required(CONF_WEBHOOKS): BooleanSelector(),
        vol.Optional(CONF_WEBHOOK_SECRET): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        ),
    }
)


class WebhookOptionsSteps(OptionsFlow):
    """Step that turns webhooks on and off."""

    async def async_step_webhooks(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the address for the partner dashboard, and ask for the signing secret."""
        webhook_id = self.config_entry.data[CONF_WEBHOOK_ID]
        options = dict(self.config_entry.options)
        # Webhooks can be turned off also after the address is gone.
        address = await _async_address(self.hass, webhook_id) or webhook_url(
            self.config_entry
        )
        if address is None:
            return self.async_abort(reason="no_address")
        errors = {}
        if user_input is not None:
            known = webhook_secret(self.config_entry)
            options.pop(CONF_WEBHOOK_SECRET, None)
            options.pop(CONF_WEBHOOK_URL, None)
            secret = user_input.get(CONF_WEBHOOK_SECRET, "").strip() or known
            if not user_input[CONF_WEBHOOKS]:
                await async_delete_cloudhook(self.hass, webhook_id)
                return self.async_create_entry(data=options)
            if secret:
                return self.async_create_entry(
                    data={
                        **options,
                        CONF_WEBHOOK_SECRET: secret,
                        CONF_WEBHOOK_URL: address,
                    }
                )
            errors[CONF_WEBHOOK_SECRET] = "secret_missing"
        return self.async_show_form(
            step_id="webhooks",
            data_schema=self.add_suggested_values_to_schema(
                SCHEMA,
                {
                    CONF_WEBHOOKS: user_input[CONF_WEBHOOKS]
                    if user_input
                    else webhook_secret(self.config_entry) is not None
                },
            ),
            errors=errors,
            description_placeholders={"address": address},
        )


async def _async_address(hass: HomeAssistant, webhook_id: str) -> str | None:
    try:
        return await async_webhook_url(hass, webhook_id)
    except CloudAwayError:
        return None
