"""Configuration flow: login, choice of the contracts, reauthentication."""

from collections.abc import Mapping
import logging
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_TOKEN
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
)
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    SelectOptionDict,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .api import api_url, async_create_client
from .comparison.flow import ComparisonFlow
from .const import (
    CONF_SUBSCRIPTIONS,
    DOMAIN,
    LOGGER,
    SUBENTRY_COMPARISON,
    SUBENTRY_PLANNED_LOAD,
)
from .coordinator import ContractCoordinator
from .device import account_name, contract_devices
from .flow_account import (
    CONF_FOLLOW_ALL,
    Account,
    Problem,
    async_read_account,
    async_subscription_options,
    left_out_placeholders,
    subscriptions_schema,
    unused_title,
)
from .flow_sign_in import SignInFlow
from .loads.flow import PlannedLoadFlow
from .localize import async_get_texts
from .nomos import ClientCredentials, FixedToken, NomosClient, PriceSeries
from .options import chosen_subscriptions
from .options_flow import NomosOptionsFlow
from .runtime import NomosConfigEntry, known_prices, loaded_contracts

API_CREDENTIALS_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_CLIENT_ID): TextSelector(),
        vol.Required(CONF_CLIENT_SECRET): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        ),
    }
)


class NomosPlannedLoadFlow(PlannedLoadFlow):
    """Subentry flow of planned loads, with the contracts of the account."""

    @override
    def contracts(self) -> ContractCoordinator | None:
        """Return the contracts of the account, or None if it is not loaded."""
        return loaded_contracts(self._get_entry())

    @override
    def known_prices(self, subscription_id: str) -> PriceSeries:
        """Return the prices of a contract that need no request."""
        return known_prices(self._get_entry().runtime_data, subscription_id)


class NomosComparisonFlow(ComparisonFlow):
    """Subentry flow of comparison tariffs, with the contracts of the account."""

    @override
    def contracts(self) -> ContractCoordinator | None:
        """Return the contracts of the account, or None if it is not loaded."""
        return loaded_contracts(self._get_entry())


class NomosConfigFlow(SignInFlow, domain=DOMAIN):
    """Configuration flow of an account."""

    DOMAIN = DOMAIN

    _account: Account
    _options: list[SelectOptionDict] | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> NomosOptionsFlow:
        """Return the options flow."""
        return NomosOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the subentry flows."""
        return {
            SUBENTRY_PLANNED_LOAD: NomosPlannedLoadFlow,
            SUBENTRY_COMPARISON: NomosComparisonFlow,
        }

    @property
    @override
    def logger(self) -> logging.Logger:
        """Return the logger of the integration."""
        return LOGGER

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the ways to log in."""
        await _async_prepare(self.hass)
        return self.async_show_menu(
            step_id="user", menu_options=["api_credentials", "pick_implementation"]
        )

    async def async_step_api_credentials(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Log in with API credentials."""
        problem: Problem | None = None
        if user_input is not None:
            data = {key: value.strip() for key, value in user_input.items()}
            session = async_get_clientsession(self.hass)
            tokens = ClientCredentials(
                session, api_url(), data[CONF_CLIENT_ID], data[CONF_CLIENT_SECRET]
            )
            problem = await self._async_log_in(
                NomosClient(session, tokens, api_url()), data, data[CONF_CLIENT_ID]
            )
            if problem is None:
                return await self._async_logged_in()
        known = user_input or (self._entry.data if self._entry else {})
        return self.async_show_form(
            step_id="api_credentials",
            data_schema=self.add_suggested_values_to_schema(
                API_CREDENTIALS_SCHEMA, {CONF_CLIENT_ID: known.get(CONF_CLIENT_ID)}
            ),
            errors={"base": problem.key} if problem else None,
            description_placeholders=problem.placeholders if problem else None,
        )

    @override
    async def async_oauth_create_entry(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Read the account of a customer who has just signed in."""
        tokens = FixedToken(data[CONF_TOKEN])
        client = NomosClient(async_get_clientsession(self.hass), tokens, api_url())
        if problem := await self._async_log_in(client, data):
            return self._sign_in_failed(problem)
        return await self._async_logged_in()

    async def async_step_subscriptions(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the choice of the contracts that no other entry includes."""
        account = self._account
        left_out = left_out_placeholders(self.hass, account)
        if not account.available:
            return self.async_abort(
                reason="all_included", description_placeholders=left_out
            )
        errors = {}
        if user_input is not None:
            chosen = user_input.get(CONF_SUBSCRIPTIONS)
            if user_input[CONF_FOLLOW_ALL]:
                return self._finish(None)
            if chosen:
                return self._finish(chosen)
            errors[CONF_SUBSCRIPTIONS] = "nothing_chosen"
        if self._options is None:
            self._options = await async_subscription_options(account, self._entry)
        return self.async_show_form(
            step_id="other_subscriptions" if account.others else "subscriptions",
            data_schema=self.add_suggested_values_to_schema(
                subscriptions_schema(self._options),
                user_input or self._current_choice(),
            ),
            errors=errors,
            description_placeholders=left_out,
        )

    # The same form, with a description that names what it leaves out.
    async_step_other_subscriptions = async_step_subscriptions

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Start reauthentication."""
        await _async_prepare(self.hass)
        account = account_name(self.hass, self._get_reauth_entry())
        self.context["title_placeholders"] = {"name": account}
        if CONF_CLIENT_SECRET in entry_data:
            return await self.async_step_api_credentials()
        return await self.async_step_reauth_confirm()

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what can be changed."""
        await _async_prepare(self.hass)
        by_key = CONF_CLIENT_SECRET in self._get_reconfigure_entry().data
        return self.async_show_menu(
            step_id="reconfigure",
            menu_options=[
                "choose_subscriptions",
                "api_credentials" if by_key else "sign_in_again",
            ],
        )

    async def async_step_choose_subscriptions(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Read the account with the existing login."""
        entry = self._get_reconfigure_entry()
        try:
            client = await _async_client_of(self.hass, entry)
        except ConfigEntryAuthFailed:
            return self._abort_for(Problem(key="invalid_auth"))
        except ConfigEntryNotReady:
            return self._abort_for(Problem(key="cannot_connect"))
        # The data stay as they are: the token may be refreshed during the choice.
        if problem := await self._async_read_account(client, {}, entry.unique_id):
            return self._abort_for(problem)
        return await self.async_step_subscriptions()

    async def _async_read_account(
        self, client: NomosClient, data: Mapping[str, Any], unique_id: str | None = None
    ) -> Problem | None:
        """Read the account of a login; return the problem with it, if any."""
        account = await async_read_account(
            self.hass, self._entry, client, data, unique_id
        )
        if isinstance(account, Problem):
            return account
        self._account = account
        return None

    async def _async_log_in(
        self, client: NomosClient, data: Mapping[str, Any], unique_id: str | None = None
    ) -> Problem | None:
        """Read the account of a new login; return the problem with it, if any."""
        return (
            await self._async_read_account(client, data, unique_id) or self._mismatch()
        )

    def _mismatch(self) -> Problem | None:
        """Return the problem with a login that does not belong to the entry, if any."""
        entry, account = self._entry, self._account
        if entry is None or account.unique_id == entry.unique_id:
            return None
        # API credentials may be replaced by others that see the same contracts.
        seen = {record.id for record in account.subscriptions}
        if CONF_CLIENT_SECRET not in account.data or seen.isdisjoint(
            contract_devices(self.hass, entry)
        ):
            return Problem(key="wrong_account")
        is_taken = self.hass.config_entries.async_entry_for_domain_unique_id(
            DOMAIN, account.unique_id
        )
        return Problem(key="already_configured") if is_taken else None

    async def _async_logged_in(self) -> ConfigFlowResult:
        """Continue with the choice of the contracts, if there is one."""
        # A flow that was left open must not lock the account out.
        await self.async_set_unique_id(self._account.unique_id, raise_on_progress=False)
        if self._entry is None:
            self._abort_if_unique_id_configured()
        if self.source == SOURCE_REAUTH or not self._account.has_choice(self._entry):
            return self._finish(self._chosen)
        return await self.async_step_subscriptions()

    def _finish(self, chosen: list[str] | None) -> ConfigFlowResult:
        options = {CONF_SUBSCRIPTIONS: chosen} if chosen else {}
        if entry := self._entry:
            options = {
                key: value
                for key, value in entry.options.items()
                if key != CONF_SUBSCRIPTIONS
            } | options
            return self.async_update_reload_and_abort(
                entry,
                unique_id=self._account.unique_id,
                data_updates=self._account.data,
                options=options,
            )
        # Another flow may have set the account up during the choice.
        self._abort_if_unique_id_configured()
        return self.async_create_entry(
            title=unused_title(self.hass), data=self._account.data, options=options
        )

    @property
    def _chosen(self) -> list[str] | None:
        return chosen_subscriptions(self._entry) if self._entry else None

    def _current_choice(self) -> dict[str, Any]:
        """Return the suggested values: all contracts of a household, none of thousands."""
        seen = {record.id for record in self._account.available}
        follows_all = (
            self._chosen is None if self._entry else self._account.is_household
        )
        return {
            CONF_FOLLOW_ALL: follows_all,
            CONF_SUBSCRIPTIONS: [key for key in self._chosen or () if key in seen],
        }


async def _async_prepare(hass: HomeAssistant) -> None:
    """Load the texts of errors; abort a flow that would send secrets unencrypted."""
    await async_get_texts(hass)
    try:
        api_url()
    except ConfigEntryError as err:
        raise AbortFlow("insecure_url") from err


async def _async_client_of(hass: HomeAssistant, entry: NomosConfigEntry) -> NomosClient:
    """Return the client of an entry.

    A second client would spend refresh tokens that the first one still holds.
    """
    if entry.state is ConfigEntryState.LOADED:
        return entry.runtime_data.client
    return await async_create_client(hass, entry)
