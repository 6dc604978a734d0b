"""Logging in, choosing what to follow, repairing a login."""

from asyncio import timeout
from collections.abc import Mapping
from dataclasses import dataclass
import logging
from typing import Any, override

from homeassistant.components.cloud import CloudNotAvailable
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlowWithReload,
)
from homeassistant.const import (
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_TOKEN,
    CONF_WEBHOOK_ID,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
)
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import AbstractOAuth2FlowHandler
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .api import api_url, async_create_client
from .const import (
    CONF_SUBSCRIPTIONS,
    CONF_WEBHOOK_SECRET,
    CONF_WEBHOOK_URL,
    DOMAIN,
    SUBENTRY_PLANNED_LOAD,
)
from .coordinator import NomosConfigEntry, devices_of
from .loads.flow import PlannedLoadFlow
from .nomos import (
    ClientCredentials,
    FixedToken,
    NomosAuthError,
    NomosClient,
    NomosError,
    NomosForbiddenError,
    NomosRateLimitError,
    Subscription,
)
from .webhooks.receiver import async_forget_webhook, async_webhook_url

_LOGGER = logging.getLogger(__name__)

CONF_FOLLOW_ALL = "follow_all"

READ_ADDRESSES_FOR = 20
"""Seconds to read addresses for; who has thousands gets numbers for the rest."""

API_CREDENTIALS_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_CLIENT_ID): TextSelector(),
        vol.Required(CONF_CLIENT_SECRET): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        ),
    }
)

CONF_WEBHOOKS = "webhooks"

WEBHOOK_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_WEBHOOKS): BooleanSelector(),
        vol.Optional(CONF_WEBHOOK_SECRET): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """What a login can see, and what the config entry has to keep of it."""

    client: NomosClient
    data: Mapping[str, Any]
    unique_id: str
    subscriptions: tuple[Subscription, ...]

    @property
    def is_household(self) -> bool:
        """Whether all subscriptions are those of one customer."""
        return len({record.customer_id for record in self.subscriptions}) == 1


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why an account could not be read: a key of the translations."""

    key: str
    request_id: str = "–"
    wait: str = "–"

    @property
    def placeholders(self) -> dict[str, str]:
        """What the translation may name."""
        return {"request_id": self.request_id, "wait": self.wait}


class NomosConfigFlow(AbstractOAuth2FlowHandler, domain=DOMAIN):
    """Set up an account with Nomos."""

    DOMAIN = DOMAIN

    _account: Account
    _labels: list[SelectOptionDict] | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> NomosOptionsFlow:
        """Return the options of an account."""
        return NomosOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to an account."""
        return {SUBENTRY_PLANNED_LOAD: PlannedLoadFlow}

    @property
    @override
    def logger(self) -> logging.Logger:
        """Return the logger of the integration."""
        return _LOGGER

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how to log in."""
        _check_address()
        return self.async_show_menu(
            step_id="user", menu_options=["pick_implementation", "api_credentials"]
        )

    async def async_step_api_credentials(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Log in with an organisation's own key."""
        problem: Problem | None = None
        if user_input is not None:
            data = {key: value.strip() for key, value in user_input.items()}
            session = async_get_clientsession(self.hass)
            tokens = ClientCredentials(
                session, api_url(), data[CONF_CLIENT_ID], data[CONF_CLIENT_SECRET]
            )
            problem = await self._async_read_account(
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
        """Look at the account of a customer who has just signed in."""
        tokens = FixedToken(data[CONF_TOKEN])
        client = NomosClient(async_get_clientsession(self.hass), tokens, api_url())
        if problem := await self._async_read_account(client, data):
            return self._abort_for(problem)
        return await self._async_logged_in()

    async def async_step_subscriptions(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what to follow."""
        errors = {}
        if user_input is not None:
            chosen = user_input.get(CONF_SUBSCRIPTIONS)
            if user_input[CONF_FOLLOW_ALL]:
                return self._finish(None)
            if chosen:
                return self._finish(chosen)
            errors[CONF_SUBSCRIPTIONS] = "nothing_chosen"
        if self._labels is None:
            self._labels = await _async_labels(self._account)
        return self.async_show_form(
            step_id="subscriptions",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(
                    {
                        vol.Required(CONF_FOLLOW_ALL): BooleanSelector(),
                        vol.Optional(CONF_SUBSCRIPTIONS): SelectSelector(
                            SelectSelectorConfig(
                                options=self._labels,
                                multiple=True,
                                mode=SelectSelectorMode.DROPDOWN,
                            )
                        ),
                    }
                ),
                user_input or self._current_choice(),
            ),
            errors=errors,
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Repair a login that Nomos does not accept any more."""
        _check_address()
        if CONF_CLIENT_SECRET in entry_data:
            return await self.async_step_api_credentials()
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Tell the customer what is about to happen."""
        if user_input is None:
            return self.async_show_form(step_id="reauth_confirm")
        return await self.async_step_sign_in_again()

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what to change."""
        _check_address()
        by_key = CONF_CLIENT_SECRET in self._get_reconfigure_entry().data
        return self.async_show_menu(
            step_id="reconfigure",
            menu_options=[
                "choose_subscriptions",
                "api_credentials" if by_key else "sign_in_again",
            ],
        )

    async def async_step_sign_in_again(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send the customer to Nomos once more."""
        assert self._entry
        return await self.async_step_pick_implementation(
            {"implementation": self._entry.data["auth_implementation"]}
        )

    async def async_step_choose_subscriptions(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Look at the account with the login that is there."""
        entry = self._get_reconfigure_entry()
        try:
            client = await _async_client_of(self.hass, entry)
        except ConfigEntryAuthFailed:
            return self._abort_for(Problem(key="invalid_auth"))
        except ConfigEntryNotReady:
            return self._abort_for(Problem(key="cannot_connect"))
        # The login stays as it is: it may be renewed while somebody chooses.
        if problem := await self._async_read_account(client, {}, entry.unique_id):
            return self._abort_for(problem)
        return await self.async_step_subscriptions()

    async def _async_read_account(
        self, client: NomosClient, data: Mapping[str, Any], unique_id: str | None = None
    ) -> Problem | None:
        """Try a login, and return what is wrong with it.

        Without a unique id, the account is the customer whom the login shows.
        """
        try:
            subscriptions = (await client.subscriptions()).records
            await client.meter_orders()
        except NomosError as err:
            _LOGGER.debug("Logging in did not work: %s", err)
            return _problem(err)
        except Exception:
            _LOGGER.exception("Unexpected error while logging in")
            return Problem(key="unknown")
        if not subscriptions:
            return Problem(key="no_subscription")
        self._account = Account(
            client=client,
            data=data,
            unique_id=unique_id or subscriptions[0].customer_id,
            subscriptions=subscriptions,
        )
        return None

    async def _async_logged_in(self) -> ConfigFlowResult:
        """Make sure that it is the right account, and go on."""
        await self.async_set_unique_id(self._account.unique_id)
        entry = self._entry
        if entry is None or self.unique_id != entry.unique_id:
            self._abort_if_unique_id_configured()
        if entry and not self._is_account_of(entry):
            return self.async_abort(reason="wrong_account")
        if self.source == SOURCE_REAUTH or len(self._account.subscriptions) == 1:
            return self._finish(self._chosen)
        return await self.async_step_subscriptions()

    def _is_account_of(self, entry: NomosConfigEntry) -> bool:
        """Whether the login is the entry's, or an organisation's new key for it."""
        if self.unique_id == entry.unique_id:
            return True
        seen = {record.id for record in self._account.subscriptions}
        return CONF_CLIENT_SECRET in self._account.data and bool(
            seen & devices_of(self.hass, entry).keys()
        )

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
        # The entry's title is in Home Assistant's logs: nothing personal here.
        return self.async_create_entry(
            title="Nomos Energy", data=self._account.data, options=options
        )

    def _abort_for(self, problem: Problem) -> ConfigFlowResult:
        return self.async_abort(
            reason=problem.key, description_placeholders=problem.placeholders
        )

    @property
    def _entry(self) -> NomosConfigEntry | None:
        """The entry that is repaired or changed; none when one is created."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None

    @property
    def _chosen(self) -> list[str] | None:
        return self._entry.options.get(CONF_SUBSCRIPTIONS) if self._entry else None

    def _current_choice(self) -> dict[str, Any]:
        """Return what the form shows first.

        A household follows all that it has; nobody wants to follow thousands.
        """
        seen = {record.id for record in self._account.subscriptions}
        follows_all = (
            self._chosen is None if self._entry else self._account.is_household
        )
        return {
            CONF_FOLLOW_ALL: follows_all,
            CONF_SUBSCRIPTIONS: [key for key in self._chosen or () if key in seen],
        }


class NomosOptionsFlow(OptionsFlowWithReload):
    """Let Nomos tell when something happens."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the address for Nomos' dashboard, and take the secret from there."""
        webhook_id = self.config_entry.data[CONF_WEBHOOK_ID]
        options = dict(self.config_entry.options)
        # Who has no address any more can still switch off.
        address = await _async_address(self.hass, webhook_id) or options.get(
            CONF_WEBHOOK_URL
        )
        if address is None:
            return self.async_abort(reason="no_address")
        errors = {}
        if user_input is not None:
            known = options.pop(CONF_WEBHOOK_SECRET, "")
            options.pop(CONF_WEBHOOK_URL, None)
            secret = user_input.get(CONF_WEBHOOK_SECRET, "").strip() or known
            if not user_input[CONF_WEBHOOKS]:
                await async_forget_webhook(self.hass, webhook_id)
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
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                WEBHOOK_SCHEMA,
                {
                    CONF_WEBHOOKS: user_input[CONF_WEBHOOKS]
                    if user_input
                    else CONF_WEBHOOK_SECRET in options
                },
            ),
            errors=errors,
            description_placeholders={"address": address},
        )


async def _async_address(hass: HomeAssistant, webhook_id: str) -> str | None:
    try:
        return await async_webhook_url(hass, webhook_id)
    except CloudNotAvailable:
        return None


def _check_address() -> None:
    """End a flow that would send secrets in plain text, before it begins."""
    try:
        api_url()
    except ConfigEntryError as err:
        raise AbortFlow("insecure_url") from err


def _problem(err: NomosError) -> Problem:
    match err:
        case NomosAuthError():
            key = "invalid_auth"
        case NomosForbiddenError():
            key = "no_permission"
        case NomosRateLimitError():
            key = "rate_limited"
        case _:
            key = "cannot_connect"
    return Problem(
        key=key,
        request_id=err.request_id or "–",
        wait=str(round(err.retry_after or 0)),
    )


async def _async_client_of(hass: HomeAssistant, entry: NomosConfigEntry) -> NomosClient:
    """Return the client that the entry uses.

    A second one beside it would spend refresh tokens that the first one holds.
    """
    if entry.state is ConfigEntryState.LOADED:
        return entry.runtime_data.client
    return await async_create_client(hass, entry)


async def _async_labels(account: Account) -> list[SelectOptionDict]:
    """Label subscriptions with what people know them by."""
    labels = {record.id: _label(record) for record in account.subscriptions}
    try:
        async with timeout(READ_ADDRESSES_FOR):
            async for key, answer in account.client.subscription_details(list(labels)):
                if not isinstance(answer, Subscription):
                    continue
                labels[key] = _label(answer)
    except (NomosError, TimeoutError) as err:
        _LOGGER.debug("Not all addresses could be read: %s", err)
    return [
        SelectOptionDict(value=key, label=label)
        for key, label in sorted(labels.items(), key=lambda item: item[1].casefold())
    ]


def _label(record: Subscription) -> str:
    number = record.number or record.id
    if (address := record.address) is None:
        return number
    return f"{number} · {address.in_full}"
